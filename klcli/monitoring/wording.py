"""Shares, numbers and names for sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence


def percent(share: float) -> str:
    """Return a share of the rows in per cent.

    >>> percent(0.1234), percent(0.000012), percent(1.0), percent(0.0)
    ('12 %', '0.0012 %', '100 %', '0 %')
    """
    if share > 0.99:
        return f"{100 * share:.4g} %"
    return f"{100 * share:.2g} %"


def number(value: float, kind: str = Kind.NUMERIC) -> str:
    """Return a number, or a time in words of the calendar.

    >>> number(0.1), number(86400.0, "datetime")
    ('0.1', '1970-01-02')
    """
    if kind == Kind.DATETIME:
        try:
            moment = datetime.fromtimestamp(value, tz=UTC)
        except (OverflowError, ValueError, OSError):
            return f"{value:.6g}"
        return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00").removesuffix(" 00:00")
    return f"{value:.6g}"


def with_shares(names: Sequence[str], shares: Sequence[float], most: int = 3) -> str:
    """Return names in quotes, each with its share of the rows, and how many are left out.

    >>> with_shares(["a", "b"], [0.2, 0.01])
    "'a' (20 %), 'b' (1 %)"
    """
    parts = [
        f"{name!r} ({percent(share)})"
        for name, share in zip(names[:most], shares[:most], strict=True)
    ]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(parts) + more
