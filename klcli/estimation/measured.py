"""Divergences other than D(P‖Q), of one column, beside it or instead of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.errors import UsageError
from klcli.estimation.column import Examined, examine_column
from klcli.results import SYMMETRIC, Direction, Estimate, Finding, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import ColumnTable
    from klcli.estimation.choice import Method
    from klcli.estimation.request import Request
    from klcli.measures.contract import Measure, Measured
    from klcli.measures.material import Material

_BOTH: Final = (Direction.FORWARD, Direction.REVERSE)
#: What the others can be estimated from; kl alone takes every density, estimator and interval.
_DENSITIES: Final = ("auto", "ratio", "frequency", "histogram")
#: Unit of a measure → unit of numbers, and of times, which are counted in seconds.
_UNITS: Final = {
    "information": ("nats", "nats"),
    "none": ("none", "none"),
    "column": ("column", "seconds"),
    "root-column": ("root-column", "root-seconds"),
}


def chosen(
    names: Sequence[str], method: Method, direction: str
) -> tuple[tuple[Measure, ...], str]:
    """Return the divergences that were asked for, none if it is D(P‖Q) alone, and the direction.

    Raises
    ------
    UsageError
        If one is unknown, or does not go with the method.
    """
    if isinstance(names, str):
        names = (names,)
    if tuple(names) == ("kl",):
        return (), direction
    from klcli.measures.names import measures

    found = measures(names)
    if not found:
        raise UsageError("there is no divergence to estimate", "name one with --divergence")
    for measure in found:
        if measure.only is not None and direction == Direction.FORWARD:
            raise UsageError(
                f"--divergence {measure.name} is D(Q‖P), and --direction forward leaves it out",
                "leave --direction out",
            )
    others = [measure for measure in found if not measure.given]
    if others:
        _check(others[0].label, method)
        return found, direction
    only = {measure.only for measure in found}
    return (), direction if None in only else Direction.REVERSE


def _check(name: str, method: Method) -> None:
    """Refuse what only D(P‖Q) can be estimated by."""
    if method.joint:
        raise UsageError(
            f"--divergence {name} looks at one column at a time",
            "leave --joint out, or use --divergence kl",
        )
    for option, value, known in (
        ("density", method.density, _DENSITIES),
        ("estimator", method.estimator, ("auto", "plug-in", "empirical-bayes")),
        ("interval", method.interval, ("auto", "influence")),
    ):
        if value not in known:
            raise UsageError(
                f"--{option} {value} is for --divergence kl, not for {name}",
                f"leave --{option} out, or choose one of: {', '.join(known)}",
            )
    for option in ("bandwidth", "neighbors"):
        if getattr(method, option) is not None:
            raise UsageError(
                f"--{option} is for --divergence kl, not for {name}", f"leave --{option} out"
            )


def measure_column(
    column: ColumnTable, request: Request, measures: Sequence[Measure]
) -> list[Estimate]:
    """Estimate divergences of one column, in nats where they are information.

    One result for each divergence that is symmetric, else one for each direction, in the order
    of `measures`. What cannot be estimated becomes a result with status undefined.
    """
    both = examine_column(column, replace(request, directions=_BOTH))
    own = dict(zip(_BOTH, both, strict=True))
    material: dict[Direction, Material] = {}
    if all(examined.table is not None for examined in both):
        material[Direction.FORWARD] = _material(column, request, own)
        material[Direction.REVERSE] = material[Direction.FORWARD].swapped()
    results = []
    for measure in measures:
        for direction in _directions(measure, request):
            base = own[direction].estimate
            if measure.given:
                results.append(base)
                continue
            found = None
            if material:
                found = measure(material[direction])
            results.append(_result(column, measure, direction, base, found))
    return results


def _directions(measure: Measure, request: Request) -> tuple[Direction, ...]:
    if measure.only is not None:
        return (measure.only,)
    return (Direction.FORWARD,) if measure.symmetric else request.directions


def _material(column: ColumnTable, request: Request, own: dict[Direction, Examined]) -> Material:
    from klcli.measures.material import Judged, Material

    forward, reverse = own[Direction.FORWARD], own[Direction.REVERSE]
    table, choice = forward.table, request.method.for_kind(column.kind)
    ordered = column.kind in (Kind.NUMERIC, Kind.DATETIME)
    density = forward.estimate.density
    fine = column.finer if density == "histogram" else column.table
    said = set(column.findings)

    def judged(examined: Examined) -> Judged:
        estimate = examined.estimate
        findings = [each for each in estimate.warnings if each not in said]
        return Judged(
            Status(estimate.status), estimate.estimate, estimate.ci_low,
            (*findings, *_hidden(column)),
        )  # fmt: skip

    assert table is not None
    low, high = (
        (column.p.minimum, column.q.minimum), (column.p.maximum, column.q.maximum)
    )  # fmt: skip
    null = forward.null_values
    return Material(
        name=column.name,
        kind=column.kind,
        table=table,
        fine=fine if ordered else None,
        span=(float(np.nanmin(low)), float(np.nanmax(high))) if ordered else (0.0, 0.0),
        density=density,
        added=None
        if isinstance(choice, Finding)
        else getattr(choice.density, "pseudocount", None),
        forward=judged(forward),
        reverse=judged(reverse),
        p_value=forward.estimate.p_value,
        null_values=np.empty(0) if null is None else null,
        confidence=request.confidence,
        resamples=0 if column.weighted else request.resamples,
        weighted=column.weighted,
        seed=request.seed,
    )


def _hidden(column: ColumnTable) -> list[Finding]:
    """Return what the reader found that makes estimates too low."""
    return [each for each in column.findings if each.code in ("coarse-profile", "precision")]


def _result(
    column: ColumnTable,
    measure: Measure,
    direction: Direction,
    base: Estimate,
    found: Measured | Finding | None,
) -> Estimate:
    units = _UNITS[measure.unit]
    base = replace(
        base,
        divergence=measure.label,
        direction=SYMMETRIC if measure.symmetric else direction,
        unit=units[column.kind == Kind.DATETIME],
        monte_carlo_error=0.0,
    )
    if found is None or isinstance(found, Finding):
        nan = math.nan
        reasons = base.warnings if found is None else (*column.findings, found)
        return replace(
            base, estimate=nan, standard_error=nan, ci_low=nan, ci_high=nan, p_value=nan,
            noise_floor=nan, status=Status.UNDEFINED, density="", estimator="", interval="",
            finite_estimate=nan, escaped_mass=nan, reason="", warnings=reasons, tuning=(),
        )  # fmt: skip
    finite = found.value if math.isfinite(found.value) else found.finite
    said = dict.fromkeys((*column.findings, *found.findings))
    return replace(
        base, estimate=found.value, standard_error=found.standard_error,
        ci_low=found.low, ci_high=found.high, p_value=found.p_value,
        noise_floor=found.noise_floor, status=found.status, density=found.density,
        estimator=found.estimator, interval=found.interval, finite_estimate=finite,
        reason=found.reason, warnings=tuple(said),
        tuning=base.tuning if found.density == base.density else (),
    )  # fmt: skip
