"""One column against a known distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.known import Known
from klcli.estimation.verdict import Verdict
from klcli.intervals.influence import score_interval
from klcli.intervals.permutation import noise_floor
from klcli.known_counts import KnownColumn, KnownCounts
from klcli.onesample import normal
from klcli.onesample.diagnose import Doubt, doubt_forward, doubt_reverse, few_rows
from klcli.onesample.null import KnownNull, cell_edges, simulate_scores
from klcli.onesample.ratio import Both, estimate_scores
from klcli.onesample.shares import estimate_shares, simulate_shares
from klcli.onesample.tangent import tangent_of
from klcli.results import Direction, Estimate, Finding, Status
from klcli.streams import stream
from klcli.typing import Interval

if TYPE_CHECKING:
    from klcli.estimation.choice import Method
    from klcli.estimation.distribution import KnownSide
    from klcli.estimation.request import Request
    from klcli.known_counts import Against
    from klcli.onesample.ratio import Tangent
    from klcli.typing import Point

_REASONS: Final = {
    "frequency": "categories: corrected frequencies against exact probabilities",
    "ratio": "numbers: their smooth ratio to the known distribution",
}
#: Normal scores up to which sums of fourth powers are numbers.
_FARTHEST: Final = 1e70
#: The direction from the data to the distribution, seen from the data; and the other one.
_AWAY, _BACK = Direction.FORWARD, Direction.REVERSE


@dataclass(frozen=True, slots=True)
class Sides:
    """Which side is known, and what both are called.

    Attributes
    ----------
    known : KnownSide
        The distribution.
    data_first : bool
        Whether the data are P.
    """

    known: KnownSide
    data_first: bool

    @property
    def letters(self) -> tuple[str, str]:
        """The letters of the data and of the distribution."""
        return ("P", "Q") if self.data_first else ("Q", "P")

    def seen(self, direction: Direction) -> Direction:
        """Return the direction as seen from the data."""
        if self.data_first:
            return direction
        return _BACK if direction is _AWAY else _AWAY


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedKnown:
    """One column against a distribution: what is reported, and what is behind it.

    Attributes
    ----------
    estimates : list of Estimate
        One for each direction, in nats.
    column : KnownColumn
        The column.
    against : Against or None
        What it was compared with.
    table : KnownCounts
        What it was estimated from.
    both : Both or None
        Estimates of both directions as seen from the data; None where there is none.
    """

    estimates: list[Estimate]
    column: KnownColumn
    against: Against | None
    table: KnownCounts
    both: Both | None = None


def examine_column(
    column: KnownColumn, against: Against | None, sides: Sides, request: Request
) -> ExaminedKnown:
    """Estimate every direction that was asked for, in nats.

    Parameters
    ----------
    column : KnownColumn
        What the data hold, and why it cannot be compared, if so.
    against : Against or None
        The distribution, with what was fitted.
    sides : Sides
        The distribution as it was given, and where it stands.
    request : Request
        Method, directions, confidence, draws and seed.
    """
    table, named, undefined = _chosen(column, request.method)
    method = ("", "", "", "")
    if column.undefined is None:
        interval = request.method.interval
        reason = "as asked" if request.method.density != "auto" else _REASONS[named]
        method = (named, "plug-in", "influence" if interval == "auto" else interval, reason)
    blanks = {
        direction: _blank(column, direction, sides, request, method, against)
        for direction in request.directions
    }
    if undefined is None and not table.n_p > 0:
        p_value = _null(column, table, None, request).p_value
        beyond = [
            _all_outside(column, replace(blank, p_value=p_value), sides.seen(each))
            for each, blank in blanks.items()
        ]
        return ExaminedKnown(beyond, column, against, table)
    if undefined is not None:
        warnings = (*column.findings, undefined)
        unknown = [replace(blank, warnings=warnings) for blank in blanks.values()]
        return ExaminedKnown(unknown, column, against, table)
    tangent = None
    if against is not None and isinstance(against.known, Known) and against.fitted:
        tangent = tangent_of(table, against.known, [name for name, _ in against.fitted])
    both = estimate_shares(table) if table.labels else estimate_scores(table, tangent)
    null = _null(column, table, tangent, request)
    results = []
    for direction, blank in blanks.items():
        away = sides.seen(direction) is _AWAY
        point, values = (both.forward, null.forward) if away else (both.reverse, null.reverse)
        bounds = _interval(method[2], table, point, request.confidence)
        judge = doubt_forward if away else doubt_reverse
        doubt = judge(table, *sides.letters)
        estimate = _result(column, table, blank, point, bounds, values, doubt, away=away)
        results.append(replace(estimate, p_value=null.p_value))
    return ExaminedKnown(results, column, against, table, both)


def _chosen(column: KnownColumn, method: Method) -> tuple[KnownCounts, str, Finding | None]:
    """Return the counts to estimate from, the density, and why there is nothing to estimate."""
    own = "frequency" if column.table.labels else "ratio"
    ends = column.table.lower[[0, -1]] if column.table.points else np.zeros(1)
    if column.undefined is None and np.abs(ends).max() > _FARTHEST:
        text = f"values lie {np.abs(ends).max():.1g} standard deviations from the middle of the "
        text += "distribution, which squares of numbers cannot hold; check their unit"
        return column.table, own, Finding("not-applicable", text)
    asked = own if method.density == "auto" else method.density
    if column.undefined is not None or asked == own:
        return column.table, own, column.undefined
    if asked == "frequency" and not column.table.points:
        return _as_shares(column.table), asked, None
    what = "named categories have no smooth ratio"
    if asked == "frequency":
        what = "single values of a density have no probability to compare frequencies with"
    reason = f"{what}; --density {own} compares these columns"
    return column.table, asked, Finding("not-applicable", reason)


def _interval(name: str, table: KnownCounts, point: Point, confidence: float) -> Interval:
    """Return the interval for two samples in the limit of ever more rows of the known one."""
    variance = float(table.p @ point.influence_p**2) / table.n_p**2 + point.excess_variance
    if name == "delta":
        error = math.sqrt(max(variance, 0.0))
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
        return Interval(point.value - reach, point.value + reach, error)
    interval = score_interval(
        point.value, variance, point.null_variance, table.n_p, math.inf, confidence
    )
    if point.beyond_support == 0:
        return interval
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * point.beyond_support
    high = point.value + math.hypot(interval.high - point.value, reach)
    return replace(interval, high=high)


def _result(
    column: KnownColumn,
    table: KnownCounts,
    blank: Estimate,
    point: Point,
    interval: Interval,
    values: np.ndarray,
    doubt: Doubt,
    *,
    away: bool,
) -> Estimate:
    status, findings = doubt.status, [*few_rows(table.n_p), *doubt.findings]
    escaped, value, bound = doubt.mass, point.value, doubt.bound
    if away and column.infinite is not None:
        status, escaped = Status.INFINITE, column.outside / (column.outside + table.n_p)
        findings = [column.infinite, *findings]
    hidden = {finding.code for finding in column.findings} & {"saturated", "precision"}
    if hidden and status is Status.OK:
        status = Status.LOWER_BOUND
    if status is Status.INFINITE:
        value = math.inf
    elif status is Status.LOWER_BOUND and not away:
        value = max(bound, min(value, math.log(max(table.n_p, 2.0))))
    floor = math.nan
    if values.size:
        floor, bar = noise_floor(values, blank.confidence)
        # As for two samples: an interval above zero needs an estimate above the noise.
        if not point.value > bar:
            interval = replace(interval, low=0.0)
    verdict = Verdict(status, value, (*column.findings, *findings), escaped, bound)
    blank = replace(blank, noise_floor=floor, warnings=verdict.warnings)
    return verdict.report(blank, point.value, interval)


def _all_outside(column: KnownColumn, blank: Estimate, seen: Direction) -> Estimate:
    """Return what is known where Q can take none of the values."""
    reasons = () if column.infinite is None else (column.infinite,)
    warnings = (*column.findings, *reasons)
    if seen is _BACK:
        text = "no rows have values that the known distribution can take"
        return replace(blank, warnings=(*warnings, Finding("all-missing", text)))
    return replace(
        blank, estimate=math.inf, finite_estimate=0.0, ci_low=0.0, ci_high=math.inf,
        status=Status.INFINITE, escaped_mass=1.0, warnings=warnings,
    )  # fmt: skip


def _null(
    column: KnownColumn, table: KnownCounts, tangent: Tangent | None, request: Request
) -> KnownNull:
    # Rows of unequal weight are not draws from Q, so no test says what those would be.
    draws = 0 if column.summary.weighted else request.resamples
    rng = stream(request.seed, "known", column.name)
    if table.labels:
        return simulate_shares(table, column.outside, draws, rng)
    directions = None if tangent is None else tangent(cell_edges(table))
    return simulate_scores(table, column.outside, draws, rng, directions)


def _as_shares(table: KnownCounts) -> KnownCounts:
    """Take cells of numbers for categories."""
    empty = np.empty(0)
    names = tuple(f"{value:.10g}" for value in table.values)
    log_mass = normal.log_mass(table.lower, table.upper)
    shown = np.isfinite(log_mass)
    names = tuple(name for name, keep in zip(names, shown, strict=True) if keep)
    return KnownCounts(table.p[shown], empty, empty, empty, names, log_mass[shown])


def _blank(
    column: KnownColumn,
    direction: Direction,
    sides: Sides,
    request: Request,
    method: tuple[str, str, str, str],
    against: Against | None,
) -> Estimate:
    rows, missing = column.summary.rows, column.summary.missing
    blank = Estimate.blank(
        column.name,
        column.kind,
        direction,
        confidence=request.confidence,
        method=method,
        rows=(rows, None) if sides.data_first else (None, rows),
        missing=(missing, 0) if sides.data_first else (0, missing),
    )
    return blank if against is None else replace(blank, fitted=dict(against.fitted))
