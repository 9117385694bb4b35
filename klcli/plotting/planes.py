"""Several columns together, seen along two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.estimation.joint import examine_joint
from klcli.intervals.rows import finite_value
from klcli.plotting import assemble
from klcli.plotting.axis import ruler
from klcli.plotting.report import Axis, Dot, Plane, PlaneCell
from klcli.results import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from klcli.counts import ColumnTable
    from klcli.data.row_samples import RowSamples
    from klcli.estimation.request import Request
    from klcli.estimation.rows import ExaminedRows
    from klcli.rows import RowPair, Rows
    from klcli.typing import Floats, Integers

#: Most cells across and upwards, and categories of an axis.
_ACROSS, _UPWARDS, _LEVELS = 48, 28, 12
#: Rows of each side that are drawn as dots.
_DOTS: Final = 800


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """An axis, with the cell and the place on it of each row of P and of Q.

    Cells count from 0, −1 for what is off the axis; places are NaN there.
    """

    axis: Axis
    cells: tuple[Integers, Integers]
    places: tuple[Floats, Floats]


def plane(
    columns: Sequence[ColumnTable],
    sample: RowSamples,
    request: Request,
    wanted: Sequence[str],
    scale: str,
    factor: float,
) -> Plane:
    """Estimate columns together and return what shows along two of them.

    Parameters
    ----------
    columns, sample, request
        As for `klcli.estimation.joint.estimate_joint`.
    wanted : sequence of str
        Columns of which the first two that can be taken together are the axes; if there are none,
        those that differ most on their own.
    scale : str
        Of axes of numbers.
    factor : float
        What a nat is in the unit of the report.

    Notes
    -----
    A row of P contributes (D + its influence)/n to D(P‖Q), which is log(p/q)/n but for how the
    model is normalised.

    Raises
    ------
    InputError
        If there are no two columns, or too few rows.
    """
    examined = examine_joint(columns, sample, request)
    forward = {str(each.estimate.direction): each for each in examined}
    first = examined[0]
    rows = first.rows
    if first.estimate.direction == Direction.REVERSE:
        rows = rows.swapped()
    names = _names(first, wanted)
    tables = {column.name: column for column in columns}
    x, y = (
        _placed(tables[name], rows, scale, most)
        for name, most in zip(names, (_ACROSS, _UPWARDS), strict=True)
    )
    cells = _cells(x, y, {name: _parts(each) for name, each in forward.items()})
    answers = tuple(assemble.answer(each.estimate.scaled(factor)) for each in examined)
    dots = _drawn(x, y, np.random.default_rng([request.seed, 2]))
    return Plane(
        first.estimate.columns, x.axis, y.axis, answers,
        tuple(cell.scaled(factor) for cell in cells), dots,
    )  # fmt: skip


def _names(first: ExaminedRows, wanted: Sequence[str]) -> list[str]:
    known = first.estimate.columns
    chosen = [name for name in dict.fromkeys(wanted) if name in known]
    own = first.estimate.marginals
    others = sorted(
        (name for name in known if name not in chosen),
        key=lambda name: (math.isnan(own[name]), -own[name]),
    )
    pair = (chosen + others)[:2]
    return pair if chosen else sorted(pair, key=known.index)


def _parts(each: ExaminedRows) -> Floats:
    """Return what each row of the first side contributes to the finite estimate."""
    influence = each.point.influence_p
    contribution: Floats = (finite_value(each.point) + influence) / len(influence)
    return contribution


def _placed(column: ColumnTable, rows: RowPair, scale: str, most: int) -> _Placed:
    sides = (rows.p, rows.q)
    if column.name in rows.code_names:
        return _placed_levels(column, rows, sides)
    place = rows.number_names.index(column.name)
    values = tuple(side.numbers[:, place] for side in sides)
    chosen = ruler(column.finer or column.table, str(column.kind), scale, most)
    edges = chosen.edges
    cells = []
    for each in values:
        inside = (each >= edges[0]) & (each < edges[-1])
        cells.append(np.where(inside, np.searchsorted(edges, each, side="right") - 1, -1))
    axis = Axis(
        column.name, str(column.kind), chosen.scale, tuple(edges.tolist()), (),
        *(_shares(each, len(edges) - 1) for each in cells),
    )  # fmt: skip
    places = [np.where(cell >= 0, each, np.nan) for cell, each in zip(cells, values, strict=True)]
    return _Placed(axis, (cells[0], cells[1]), (places[0], places[1]))


def _placed_levels(column: ColumnTable, rows: RowPair, sides: tuple[Rows, Rows]) -> _Placed:
    """Give the most frequent categories a cell each, and all others one together."""
    place = rows.code_names.index(column.name)
    levels = rows.levels[place]
    codes = [side.codes[:, place] for side in sides]
    frequency = sum(np.bincount(each, minlength=len(levels)) / len(each) for each in codes)
    order = np.argsort(-frequency, kind="stable")
    kept = order if len(order) <= _LEVELS + 1 else order[:_LEVELS]
    labels = [levels[level] for level in kept.tolist()]
    cell_of = np.full(len(levels), len(labels))
    cell_of[kept] = np.arange(len(kept))
    if len(kept) < len(order):
        labels.append(f"({len(order) - len(kept):,} others)")
    cells = [cell_of[each] for each in codes]
    axis = Axis(
        column.name, str(column.kind), "", tuple(map(float, range(len(labels) + 1))),
        tuple(labels), *(_shares(each, len(labels)) for each in cells),
    )  # fmt: skip
    places = [each + 0.5 for each in cells]
    return _Placed(axis, (cells[0], cells[1]), (places[0], places[1]))


def _shares(cells: Integers, number: int) -> tuple[float, ...]:
    counts = np.bincount(cells[cells >= 0], minlength=number)
    return tuple((counts / max(len(cells), 1)).tolist())


def _cells(x: _Placed, y: _Placed, parts: Mapping[str, Floats]) -> list[PlaneCell]:
    """Add up rows and contributions in each cell of the plane that holds any."""
    across, upwards = len(x.axis.edges), len(y.axis.edges)
    # What is off one of the axes is off both.
    keys = []
    for across_cells, up_cells in zip(x.cells, y.cells, strict=True):
        off = (across_cells < 0) | (up_cells < 0)
        keys.append(np.where(off, -1, across_cells * upwards + up_cells) + 1)
    size = across * upwards + 1
    counts = [np.bincount(each, minlength=size) for each in keys]
    nan = np.full(size, np.nan)
    sums = {"forward": nan, "reverse": nan}
    ratio = nan.copy()
    for direction, each in parts.items():
        side = 0 if direction == Direction.FORWARD else 1
        sums[direction] = np.bincount(keys[side], each, size)
        here = counts[side] > 0
        mean = sums[direction][here] * len(each) / counts[side][here]
        ratio[here] = np.where(np.isnan(ratio[here]), mean if side == 0 else -mean, ratio[here])
    cells = []
    for key in np.flatnonzero(counts[0] + counts[1]).tolist():
        place = divmod(key - 1, upwards) if key else (-1, -1)
        cells.append(
            PlaneCell(
                *place,
                float(counts[0][key] / len(keys[0])),
                float(counts[1][key] / len(keys[1])),
                float(ratio[key]),
                float(sums["forward"][key]),
                float(sums["reverse"][key]),
            )
        )
    return cells


def _drawn(x: _Placed, y: _Placed, rng: np.random.Generator) -> tuple[Dot, ...]:
    """Return some rows of both sides, mixed, so that neither covers the other."""
    dots = []
    for side, name in enumerate("pq"):
        inside = np.flatnonzero((x.cells[side] >= 0) & (y.cells[side] >= 0))
        chosen = rng.permutation(inside)[:_DOTS]
        spread = [
            np.zeros(len(chosen)) if placed.axis.scale else rng.uniform(-0.35, 0.35, len(chosen))
            for placed in (x, y)
        ]
        dots += [
            Dot(name, float(at_x), float(at_y))
            for at_x, at_y in zip(
                x.places[side][chosen] + spread[0], y.places[side][chosen] + spread[1], strict=True
            )
        ]
    return tuple(dots[place] for place in rng.permutation(len(dots)).tolist())
