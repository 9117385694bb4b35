"""A column of numbers along an axis: densities, log ratio with its band, contributions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role as TableRole
from klcli.data.wording import number
from klcli.densities.bands import of_counts
from klcli.estimation.between import between, lower, special
from klcli.plotting.axis import Ruler, ruler
from klcli.plotting.report import Cell, Role
from klcli.typing import LogRatio

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.plotting.subject import Subject
    from klcli.typing import Bools, Floats

#: So few different numbers are drawn as bars, like categories.
FEW_VALUES: Final = 12
#: Bins of a histogram that are drawn as they are.
_BINS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Numbers of cells in the order of the picture: below, along the axis, above, then the rest."""

    ruler: Ruler
    subject: Subject

    def sums(self, table: CountTable, weights: Floats) -> Floats:
        """Add up weights of a table's cells, shape (cells + 2,)."""
        return between(table, weights, self.ruler.edges)


def few_values(table: CountTable) -> bool:
    """Tell whether all numbers of a table are a few that repeat."""
    numbers = ~special(table)
    return bool(0 < numbers.sum() <= FEW_VALUES and np.all(table.roles[numbers] == TableRole.ATOM))


def along_axis(subject: Subject, scale: str) -> tuple[str, list[Cell]]:
    """Return the scale of the axis and the cells of a column of numbers.

    Parameters
    ----------
    subject : Subject
        The column as it was estimated.
    scale : str
        "auto", "linear" or "log".
    """
    fine = subject.fine
    layout = _Layout(_own_bins(subject) or ruler(fine, subject.kind, scale), subject)
    share_p, share_q = (
        np.maximum(layout.sums(fine, side), 0.0) / side.sum() for side in (fine.p, fine.q)
    )
    ratio = _log_ratio(layout, share_p * fine.n_p, share_q * fine.n_q)
    density_p, density_q = _densities(layout, share_p, share_q)
    parts = {
        direction: layout.sums(table, contributions)
        for direction, (table, contributions) in subject.contributions.items()
    }
    edges = layout.ruler.edges.tolist()
    bounds = list(zip([-math.inf, *edges], [*edges, math.inf], strict=True))
    last = len(bounds) - 1
    cells = []
    for place, (low, high) in enumerate(bounds):
        role = Role.BELOW if place == 0 else Role.ABOVE if place == last else Role.INTERVAL
        own = {name: float(each[place]) for name, each in parts.items()}
        empty = share_p[place] == 0 == share_q[place]
        if role != Role.INTERVAL and empty and all(abs(each) < 1e-12 for each in own.values()):
            continue
        along = place - 1
        curve = role == Role.INTERVAL
        cells.append(
            Cell(
                role, _label(low, high, subject.kind), low, high,
                float(share_p[place]), float(share_q[place]),
                float(density_p[along]) if curve else math.nan,
                float(density_q[along]) if curve else math.nan,
                float(ratio.value[place]), float(ratio.standard_error[place]),
                **own,
            )
        )  # fmt: skip
    return layout.ruler.scale, cells


def _own_bins(subject: Subject) -> Ruler | None:
    """Return the bins of a histogram, if they are not too many to be looked at."""
    if subject.density_name != "histogram":
        return None
    table = subject.table
    numbers = ~special(table)
    bounds = np.concatenate([table.lower[numbers], table.upper[numbers]])
    edges = np.unique(bounds[np.isfinite(bounds)])
    return Ruler(edges, "linear") if 2 <= len(edges) <= _BINS else None


def _log_ratio(layout: _Layout, p: Floats, q: Floats) -> LogRatio:
    """Return the log ratio of each cell of the picture, those beyond the axis included."""
    subject = layout.subject
    table = subject.table
    numbers = ~special(table)
    band = getattr(subject.density, "band", None)
    within = table.subset(numbers)
    counted = of_counts(p, q, subject.pseudocount)
    if band is None or not (within.n_p > 0 and within.n_q > 0):
        return counted
    fitted: LogRatio = band(within)
    # Which rows hold a number is known from counts; the fit is of the numbers alone.
    present = of_counts(
        np.array([within.n_p, table.n_p - within.n_p]),
        np.array([within.n_q, table.n_q - within.n_q]),
        0.0,
    )
    value, error = float(present.value[0]), float(present.standard_error[0])
    along, spread = _averaged(fitted, within, layout.ruler)
    # What lies beyond the axis is no point of the curve.
    return LogRatio(
        np.concatenate([counted.value[:1], along + value, counted.value[-1:]]),
        np.concatenate(
            [counted.standard_error[:1], np.hypot(spread, error), counted.standard_error[-1:]]
        ),
    )


def _averaged(fitted: LogRatio, table: CountTable, axis: Ruler) -> tuple[Floats, Floats]:
    """Return the log ratio along the axis and its standard error.

    Where cells of the picture hold cells of the fit, the ratio is the mean of theirs under Q; the
    errors of neighbours are taken to go together. Where they are narrower, as in tails, it is
    interpolated.
    """
    places, middles = _middles(table, axis)
    value = np.interp(middles, places, fitted.value)
    error = np.interp(middles, places, fitted.standard_error)
    inside = np.searchsorted(axis.edges, _finite_middles(table), side="right") - 1
    pooled = table.p + table.q
    q = pooled / (1 + np.exp(fitted.value) * table.n_p / table.n_q)
    on_axis = (inside >= 0) & (inside < len(middles)) & (pooled > 0)
    where, number = inside[on_axis], len(middles)
    total = np.bincount(where, q[on_axis], number)
    ratios = np.bincount(where, (q * np.exp(fitted.value))[on_axis], number)
    errors = np.bincount(
        where, (q * np.exp(fitted.value) * fitted.standard_error)[on_axis], number
    )
    held = (total > 0) & (ratios > 0)
    value[held] = np.log(ratios[held] / total[held])
    error[held] = errors[held] / ratios[held]
    return value, error


def _finite_middles(table: CountTable) -> Floats:
    low = lower(table)
    high = np.where((table.roles == TableRole.ATOM) | np.isinf(table.upper), low, table.upper)
    middle: Floats = (low + high) / 2
    return middle


def _middles(table: CountTable, axis: Ruler) -> tuple[Floats, Floats]:
    """Return the middles of a table's cells and of the axis, on the scale of the axis."""
    places, middles = _finite_middles(table), axis.middles
    if axis.scale == "log":
        tiny = axis.edges[0] / 2
        return np.log(np.maximum(places, tiny)), np.log(middles)
    return places, middles


def _densities(layout: _Layout, share_p: Floats, share_q: Floats) -> tuple[Floats, Floats]:
    """Return the densities along the axis: of a kernel density itself, else of the rows."""
    subject, widths = layout.subject, layout.ruler.widths
    if subject.density_name != "kde":
        return share_p[1:-1] / widths, share_q[1:-1] / widths
    numbers = ~special(subject.table)
    within = subject.table.subset(numbers)
    smoother = subject.density.tuned(within)
    grid = smoother.grid
    places = grid.origin + grid.step * (np.arange(grid.size) + 0.5)
    middles = layout.ruler.middles
    stretch = middles if layout.ruler.scale == "log" else np.ones(len(middles))
    found = []
    for log_mass, side, whole in (
        (smoother.log_p(within.p), within.n_p, subject.table.n_p),
        (smoother.log_q(within.q), within.n_q, subject.table.n_q),
    ):
        density = np.interp(middles, places, np.exp(log_mass) / grid.step, left=0.0, right=0.0)
        found.append(density * stretch * side / whole)
    return found[0], found[1]


def outside(subject: Subject) -> list[Cell]:
    """Return the cells that hold no finite number: −inf, inf, missing."""
    fine = subject.fine
    ratio = of_counts(fine.p, fine.q, subject.pseudocount)
    cells = []
    for place in np.flatnonzero(special(fine)).tolist():
        missing = fine.roles[place] == TableRole.MISSING
        cells.append(
            Cell(
                Role.MISSING if missing else Role.INFINITE,
                fine.name(place), math.nan, math.nan,
                float(fine.p[place] / fine.n_p), float(fine.q[place] / fine.n_q),
                log_ratio=float(ratio.value[place]),
                standard_error=float(ratio.standard_error[place]),
                **{
                    direction: float(contributions[_same(table, fine, place)].sum())
                    for direction, (table, contributions) in subject.contributions.items()
                },
            )
        )  # fmt: skip
    return cells


def _same(table: CountTable, fine: CountTable, place: int) -> Bools:
    """Tell which cells of a merged table are one cell of `fine` that holds no finite number."""
    role = table.roles == fine.roles[place]
    if fine.roles[place] == TableRole.MISSING:
        return np.asarray(role)
    same: Bools = role & (table.lower == fine.lower[place])
    return same


def _label(low: float, high: float, kind: str) -> str:
    if low == -math.inf:
        return f"below {number(high, kind)}"
    if high == math.inf:
        return f"from {number(low, kind)}"
    return f"{number(low, kind)} … {number(high, kind)}"
