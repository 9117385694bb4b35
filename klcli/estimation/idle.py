"""Options that mean nothing to any column are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.errors import UsageError
from klcli.estimation.choice import NEEDS, Method

if TYPE_CHECKING:
    from klcli.results import Estimate


def refuse_idle(columns: list[list[Estimate]], method: Method) -> None:
    """Raise if what was asked makes no sense for any column.

    Raises
    ------
    UsageError
        Naming the option that means nothing, and what it is for.
    """
    _refuse_if_nothing_applies(columns)
    _refuse_idle_options(columns, method)


def _refuse_if_nothing_applies(columns: list[list[Estimate]]) -> None:
    """Raise if what was asked makes no sense for any column."""
    last = [results[0].warnings[-1:] for results in columns]
    if last and all(warning and warning[0].code == "not-applicable" for warning in last):
        message, _, hint = last[0][0].message.partition("; ")
        raise UsageError(message, f"{hint}, or leave --density at auto")


def _refuse_idle_options(columns: list[list[Estimate]], method: Method) -> None:
    """Raise if an option was given that meant nothing to any column."""
    used = {results[0].density for results in columns}
    for option, densities in NEEDS.items():
        if getattr(method, option) is not None and used.isdisjoint({*densities, ""}):
            raise UsageError(
                f"--{option} means nothing to these columns",
                f"it is for --density {' or '.join(densities)}",
            )
