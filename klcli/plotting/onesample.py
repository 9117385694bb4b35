"""A dataset against a known distribution: the known density exactly, the rest from the rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.counts import CountTable
from klcli.counts import Role as TableRole
from klcli.data.wording import number
from klcli.divergences.models import model
from klcli.estimation.between import between
from klcli.estimation.distribution import known_side
from klcli.estimation.known import examine_known
from klcli.estimation.known_column import Sides
from klcli.onesample.band import band
from klcli.plotting import assemble
from klcli.plotting.axis import Ruler, ruler
from klcli.plotting.report import Cell, Panel, PlotReport, Role
from klcli.results import Direction
from klcli.typing import LogRatio

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.data.selection import Selection
    from klcli.divergences.models import Model
    from klcli.estimation.known_column import ExaminedKnown
    from klcli.estimation.request import Request
    from klcli.known_counts import KnownCounts
    from klcli.plotting.plot import Look
    from klcli.typing import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
#: The axis reaches to these quantiles of the distribution.
_ENDS: Final = np.array([0.005])
#: Most cells of whole numbers.
_MOST: Final = 96


def known_side_plot(
    data: Any,
    known: Any,
    selection: Selection,
    request: Request,
    look: Look,
    *,
    data_first: bool,
    explicit: bool,
    unit: str,
    factor: float,
    progress: Callable[[str, float], None] | None,
) -> PlotReport:
    """Return the picture of a dataset and a distribution.

    Parameters
    ----------
    data, known
        Both sides.
    selection, request, explicit, progress
        As for `klcli.estimation.known.estimate_known`.
    look : Look
        How it is laid out.
    data_first : bool
        Whether the data are P.
    unit, factor : str and float
        Of the report, and what a nat is in it.
    """
    sides = Sides(known_side(known), data_first)
    report, examined = examine_known(
        data, sides, selection, request, explicit=explicit, progress=progress
    )
    panels = [_panel(each, sides, request, look, factor) for each in examined[: look.most]]
    return PlotReport(
        report.klcli_version, report.seed, unit, report.p, report.q, tuple(panels),
        left_out=tuple(each.column.name for each in examined[look.most :]),
        findings=report.findings,
    )  # fmt: skip


def _panel(
    examined: ExaminedKnown, sides: Sides, request: Request, look: Look, factor: float
) -> Panel:
    column, table = examined.column, examined.table
    answers = tuple(assemble.answer(each.scaled(factor)) for each in examined.estimates)
    if examined.both is None or examined.against is None:
        return assemble.nothing(column.name, str(column.kind), answers)
    points = {"forward": examined.both.forward, "reverse": examined.both.reverse}
    # What each cell contributes, as seen from the data.
    parts = {
        str(sides.seen(Direction(each.direction))): _scaled_to(
            points[sides.seen(Direction(each.direction))].contributions, each.finite_estimate
        )
        for each in examined.estimates
    }
    whole = table.n_p + column.outside
    if table.labels:
        shape, scale, cells = "bars", "", _bars(table, whole, parts, look.top)
    else:
        shape = "steps"
        q = model(examined.against.known)
        counts = _counts(table, discrete=q.discrete)
        axis = _axis(counts, q, str(column.kind), look.scale)
        scale = axis.scale
        cells = _along(counts, table, axis, q, whole, parts)
    if column.outside > 0:
        name, share = f"(never in {sides.letters[1]})", column.outside / whole
        nan, none = math.nan, dict.fromkeys(parts, 0.0)
        cells.append(Cell(Role.OTHERS, name, nan, nan, share, 0.0, log_ratio=math.inf, **none))
    if not sides.data_first:
        cells = [_turned(cell) for cell in cells]
    done = assemble.finished(cells, request.confidence)
    panel = Panel(column.name, str(column.kind), shape, scale, request.confidence, answers, done)
    return assemble.scaled(panel, factor)


def _scaled_to(parts: Floats, total: float) -> Floats:
    """Spread over the cells what is taken off or added to the estimate as a whole."""
    sizes = np.abs(parts)
    if not math.isfinite(total) or sizes.sum() == 0:
        return parts
    adjusted: Floats = parts + (total - parts.sum()) * sizes / sizes.sum()
    return adjusted


def _counts(table: KnownCounts, *, discrete: bool) -> CountTable:
    """Return the rows as a table of numbers; Q's column holds nothing."""
    values = table.values
    if table.points:
        lower, upper = values, np.nextafter(values, np.inf)
        roles = np.full(len(values), TableRole.ATOM, dtype=np.int8)
    else:
        upper = values + 0.5 if discrete else values
        lower = np.concatenate([[-np.inf], upper[:-1]])
        roles = np.full(len(values), TableRole.INTERVAL, dtype=np.int8)
    return CountTable(table.p, np.zeros(len(values)), roles, (), lower, upper)


def _axis(counts: CountTable, q: Model, kind: str, scale: str) -> Ruler:
    """Return an axis that shows both the rows and the distribution."""
    ends = q.quantiles(_ENDS)[[0, -1]]
    held = np.flatnonzero(counts.p > 0)
    if q.discrete:
        low = min(math.floor(ends[0]), math.floor(counts.upper[held[0]] - 0.5))
        high = max(math.ceil(ends[1]), math.ceil(counts.upper[held[-1]] - 0.5))
        step = max(1, math.ceil((high - low + 1) / _MOST))
        number = math.ceil((high - low + 1) / step)
        return Ruler(low - 0.5 + step * np.arange(number + 1, dtype=float), "linear")
    # A few rows at the ends of the distribution make the axis reach there.
    lower = np.concatenate([np.where(np.isfinite(counts.lower), counts.lower, counts.upper), ends])
    order = np.argsort(lower, kind="stable")
    weights = np.append(counts.p, np.full(2, counts.n_p / 50))[order]
    upper = np.append(np.where(np.isfinite(counts.upper), counts.upper, counts.lower), ends)
    roles = np.append(counts.roles, np.full(2, TableRole.INTERVAL)).astype(np.int8)
    table = CountTable(
        weights, np.zeros(len(weights)), roles[order], (), lower[order], upper[order]
    )
    return ruler(table, kind, scale)


def _along(
    counts: CountTable,
    table: KnownCounts,
    axis: Ruler,
    q: Model,
    whole: float,
    parts: dict[str, Floats],
) -> list[Cell]:
    edges = axis.edges
    share_p = np.maximum(between(counts, counts.p, edges), 0.0) / whole
    share_q, density_q = _exact(axis, q)
    fitted = _ratio_along(band(table), counts, axis)
    sums = {name: between(counts, each, edges) for name, each in parts.items()}
    density_p = share_p[1:-1] / axis.widths
    bounds = [-math.inf, *edges.tolist(), math.inf]
    cells = []
    for place in range(len(bounds) - 1):
        low, high = bounds[place], bounds[place + 1]
        own = {name: float(each[place]) for name, each in sums.items()}
        ends = {0: (Role.BELOW, f"below {number(high)}")}
        ends[len(bounds) - 2] = (Role.ABOVE, f"from {number(low)}")
        role, label = ends.get(place, (Role.INTERVAL, f"{number(low)} … {number(high)}"))
        along = role == Role.INTERVAL
        empty = max(share_p[place], share_q[place]) < 1e-12
        if not along and empty and all(abs(part) < 1e-12 for part in own.values()):
            continue
        cell = Cell(role, label, low, high, float(share_p[place]), float(share_q[place]), **own)
        if along:
            cell = replace(
                cell,
                density_p=float(density_p[place - 1]),
                density_q=float(density_q[place - 1]),
                log_ratio=float(fitted.value[place - 1]),
                standard_error=float(fitted.standard_error[place - 1]),
            )
        cells.append(cell)
    return cells


def _exact(axis: Ruler, q: Model) -> tuple[Floats, Floats]:
    """Return the probability of each cell, those beyond the axis included, and the densities."""
    edges, widths = axis.edges, axis.widths
    if q.discrete:
        x = np.arange(math.ceil(edges[0]), math.floor(edges[-1]) + 1, dtype=float)
        inner = np.bincount(
            np.searchsorted(edges, x) - 1, np.exp(q.log(x)), len(edges) - 1
        ).astype(float)
    else:
        middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
        x = (middle[:, None] + half[:, None] * _NODES).ravel()
        inner = np.exp(q.log(x)).reshape(-1, len(_NODES)) @ _WEIGHTS * half
    ends = q.below(float(edges[0])), q.above(float(edges[-1]))
    density = inner / widths
    if not q.discrete:
        stretch = axis.middles if axis.scale == "log" else 1.0
        density = np.exp(q.log(axis.middles)) * stretch
    return np.concatenate([ends[:1], inner, ends[1:]]), density


def _ratio_along(fitted: LogRatio, counts: CountTable, axis: Ruler) -> LogRatio:
    """Interpolate the log ratio to the middle of each cell; unknown beyond the rows."""
    lower = np.where(np.isfinite(counts.lower), counts.lower, counts.upper)
    upper = np.where(np.isfinite(counts.upper), counts.upper, counts.lower)
    places, middles = (lower + upper) / 2, axis.middles
    held = np.flatnonzero(counts.p > 0)
    value = np.interp(middles, places, fitted.value)
    error = np.interp(middles, places, fitted.standard_error)
    beyond = (axis.edges[1:] <= lower[held[0]]) | (axis.edges[:-1] > upper[held[-1]])
    return LogRatio(np.where(beyond, np.nan, value), np.where(beyond, np.nan, error))


def _bars(table: KnownCounts, whole: float, parts: dict[str, Floats], top: int) -> list[Cell]:
    share = table.p / whole
    with np.errstate(divide="ignore"):
        ratio = np.log(share) - table.log_mass
        error = np.sqrt(np.maximum(1 / table.p - 1 / table.n_p, 0.0))
    sizes = np.max([np.abs(each) for each in parts.values()], axis=0)
    order = np.lexsort((-share, -sizes))
    if len(order) <= top + 1:
        top = len(order)
    mass = np.exp(table.log_mass)
    cells = [
        Cell(
            Role.VALUE, table.labels[place], math.nan, math.nan, float(share[place]),
            float(mass[place]), log_ratio=float(ratio[place]),
            standard_error=float(error[place]) if table.p[place] > 0 else math.nan,
            **{name: float(each[place]) for name, each in parts.items()},
        )
        for place in order[:top].tolist()
    ]  # fmt: skip
    others = order[top:]
    if len(others):
        rows, rest = float(share[others].sum()), float(mass[others].sum())
        cells.append(
            Cell(
                Role.OTHERS, f"({len(others):,} others)", math.nan, math.nan, rows, rest,
                log_ratio=math.log(rows / rest) if rows > 0 else -math.inf,
                **{name: float(each[others].sum()) for name, each in parts.items()},
            )
        )  # fmt: skip
    return cells


def _turned(cell: Cell) -> Cell:
    """Return a cell with the data as Q."""
    return replace(
        cell,
        share_p=cell.share_q,
        share_q=cell.share_p,
        density_p=cell.density_q,
        density_q=cell.density_p,
        log_ratio=-cell.log_ratio,
        forward=cell.reverse,
        reverse=cell.forward,
    )
