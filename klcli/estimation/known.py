"""A dataset against a known distribution, whose probabilities are used exactly."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from klcli import __version__
from klcli.data.known import tabulate_known
from klcli.errors import UsageError
from klcli.estimation.known_column import examine_column
from klcli.results import Direction, Finding, Report, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.data.selection import Selection
    from klcli.estimation.choice import Method
    from klcli.estimation.known_column import ExaminedKnown, Sides
    from klcli.estimation.request import Request
    from klcli.results import Estimate

#: Methods that a known side goes with, by option; the first one is the default.
_ALLOWED: Final = {
    "density": ("auto", "ratio", "frequency"),
    "estimator": ("auto", "plug-in"),
    "interval": ("auto", "influence", "delta"),
}
_WHY_NOT: Final = {
    "density": "models both sides, and one of them is known exactly",
    "estimator": "is for two samples",
    "interval": "is for two samples, or rows",
}
_OPTIONS: Final = {
    "smoothing": "would be added to counts of both sides, and a known side has none",
    "bins": "cuts both sides into bins, and a known side needs none",
    "bandwidth": "smooths both sides, and one of them is known exactly",
    "neighbors": "looks at rows of both sides, and a known side has none",
}


def estimate_known(
    data: Any,
    sides: Sides,
    selection: Selection,
    request: Request,
    *,
    explicit: bool,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Estimate the divergence between every column of a dataset and a distribution, in nats.

    Raises
    ------
    UsageError
        If a method or a direction does not go with a known side.
    InputError
        If the data cannot be read, or no column can be compared.
    """
    return examine_known(data, sides, selection, request, explicit=explicit, progress=progress)[0]


def examine_known(
    data: Any,
    sides: Sides,
    selection: Selection,
    request: Request,
    *,
    explicit: bool,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[Report, list[ExaminedKnown]]:
    """Do what `estimate_known` does, and show what is behind the results, the largest first.

    Parameters
    ----------
    data : path, ndarray, data frame or profile
        The dataset.
    sides : Sides
        The distribution, and where it stands.
    selection : Selection
        Columns and how they are read.
    request : Request
        Method, directions, confidence, draws and seed.
    explicit : bool
        Whether a single direction was asked for.
    progress : callable, optional
        Told what is being done.

    Raises
    ------
    UsageError
        If a method or a direction does not go with a known side.
    InputError
        If the data cannot be read, or no column can be compared.
    """
    _refuse(request.method)
    directions = request.directions
    notes: list[Finding] = []
    if sides.known.family is not None:
        kept = tuple(each for each in directions if sides.seen(each) is Direction.FORWARD)
        if explicit and not kept:
            raise UsageError(
                f"parameters are fitted by D({sides.letters[0]}‖{sides.letters[1]}), and the other "
                "direction of what was fitted has no interval",
                "leave --direction out, or give the parameters",
            )
        if kept != directions:
            text = (
                f"only D({sides.letters[0]}‖{sides.letters[1]}), which the fit makes as small as "
            )
            notes.append(Finding("fitted-direction", text + "it can be, is estimated"))
        directions = kept
    tables = tabulate_known(
        data, sides.known.named, sides.known.against, selection, letters=sides.letters,
        seed=request.seed, progress=progress,
    )  # fmt: skip
    request = replace(request, directions=directions)
    examined = []
    for done, (column, against) in enumerate(tables.columns):
        if progress is not None:
            progress(f"estimating {column.name}", done / len(tables.columns))
        examined.append(examine_column(column, against, sides, request))
    _refuse_if_nothing_applies([each.estimates for each in examined])
    examined.sort(key=lambda each: _largest_first(each.estimates[0].estimate))
    own = SourceInfo(sides.known.source, None)
    p, q = (tables.source, own) if sides.data_first else (own, tables.source)
    results = tuple(result for each in examined for result in each.estimates)
    findings = (*tables.findings, *notes)
    return Report(__version__, request.seed, "nats", p, q, results, findings), examined


def _largest_first(value: float) -> tuple[bool, float]:
    return math.isnan(value), -value


def _refuse_if_nothing_applies(columns: list[list[Estimate]]) -> None:
    last = [results[0].warnings[-1:] for results in columns]
    if last and all(warning and warning[0].code == "not-applicable" for warning in last):
        message, _, hint = last[0][0].message.partition("; ")
        raise UsageError(message, hint)


def _refuse(method: Method) -> None:
    if method.joint:
        raise UsageError(
            "--joint compares rows of two datasets, and a known distribution has none",
            "leave --joint out: each column is compared with the distribution",
        )
    for option, allowed in _ALLOWED.items():
        given = getattr(method, option)
        if given not in allowed:
            raise UsageError(
                f"--{option} {given} {_WHY_NOT[option]}",
                f"against a known distribution, choose one of: {', '.join(allowed)}",
            )
    for option, why in _OPTIONS.items():
        if getattr(method, option) is not None:
            raise UsageError(f"--{option} {why}", f"leave --{option} out")
