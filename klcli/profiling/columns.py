"""The columns of a profile: cells, counts and categories of one side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import PooledSample
from klcli.data.bounds import CELLS, is_atom, is_new, quantile_bounds
from klcli.data.kinds import TEXT_ROWS, TEXT_SHARE, Reading, decide
from klcli.data.profiles.cells import Cells
from klcli.data.profiles.profile import ColumnProfile, Labels, Numbers
from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from klcli.data.kinds import Decision
    from klcli.data.side import Side

#: Labels that are held by name, the most frequent ones: some megabytes. The rest counts as one.
LABELS_HELD: Final = 100_000


def profile_columns(
    side: Side, names: Sequence[str], categorical: set[str], numeric: set[str]
) -> Iterator[ColumnProfile]:
    """Read a group of columns, and yield what a profile holds of each."""
    side.start(names)
    forced = {
        name: Kind.CATEGORICAL if name in categorical else Kind.NUMERIC
        for name in names
        if name in categorical | numeric
    }
    decisions: dict[str, Decision] = {}
    while True:
        before, decisions = (
            decisions,
            {
                name: decide(name, side.views[name], side.views[name], forced.get(name))
                for name in names
            },
        )
        if decisions == before:
            break
        side.summarize({name: decision.p for name, decision in decisions.items()})
    bounds = {
        name: _bounds(side, name) for name, decision in decisions.items() if decision.p.numeric
    }
    counts = side.count(bounds)
    for name, decision in decisions.items():
        if name in bounds:
            counted = _numbers(side, name, bounds[name], counts[name])
            column = _column(side, name, decision, counted)
        else:
            column = _labels(side, name, decision, forced=name in forced)
        yield replace(column, forced=name in forced)


def _bounds(side: Side, name: str) -> np.ndarray:
    """Choose the cells of a numeric column: each value, if few; else fine quantiles."""
    values = side.finite(name)
    if not len(values):
        return values
    first = np.flatnonzero(is_new(values))
    if len(first) <= CELLS:
        bounds = Cells.of_values(values[first] + 0.0, np.ones(len(first))).bounds
    else:
        summary = side.summary(name)
        nothing = np.empty(0)
        bounds = quantile_bounds(PooledSample(values, nothing, side.complete, summary, summary))
        bounds = _between(values[first] + 0.0, bounds)
    tally = side.numbers[name]
    with np.errstate(over="ignore"):
        # A sample may miss the ends.
        ends = np.array([tally.minimum + 0.0, np.nextafter(tally.maximum + 0.0, np.inf)])
    bounds = np.sort(np.concatenate([bounds, ends]))
    bounds = bounds[np.isfinite(bounds)]
    return bounds[is_new(bounds)]


def _between(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Move bounds at values half way to the value before, but for those around single values.

    A bound at a value would have that row always at the lower end of its cell; in the sum over
    many merged parts such half rows add up.
    """
    atoms = is_atom(bounds[:-1], bounds[1:])
    moved = np.isin(bounds, values)
    moved[:-1] &= ~atoms
    moved[1:] &= ~atoms
    moved[0] = False
    at = np.searchsorted(values, bounds[moved])
    bounds = bounds.copy()
    bounds[moved] = values[at - 1] / 2 + values[at] / 2
    return np.sort(bounds)


def _numbers(side: Side, name: str, bounds: np.ndarray, counts: np.ndarray) -> Numbers:
    unit, tally = side.weights[0], side.numbers[name]
    inside = counts[2:-2] * unit
    if len(bounds) and inside[-1] > 0:  # the largest double has none after it
        bounds = np.append(bounds, np.inf)
    else:
        inside = inside[:-1]
    cells = Cells.counted(bounds, inside).thinned(len(inside)) if len(bounds) else Cells.counted(
        bounds, np.empty(0))  # fmt: skip
    return Numbers(
        cells, tally.below, tally.above, float(counts[0] * unit), float(counts[-2] * unit),
        tally.words, tally.beyond, tally.finite, tally.minimum, tally.maximum, tally.mean,
        tally.squares,
    )  # fmt: skip


def _labels(side: Side, name: str, decision: Decision, *, forced: bool) -> ColumnProfile:
    if decision.p is Reading.NONE:
        return _column(side, name, decision, None, "only single values can be counted")
    tally = side.labels[name]
    counts, present = tally.counts(), tally.gaps.present
    once = int((counts["rows"] == 1).sum())
    many = present >= TEXT_ROWS and once > TEXT_SHARE * present
    if tally.overflow or (many and not forced):
        text = _column(side, name, decision, None, "free text or identifiers")
        return replace(text, kind=Kind.TEXT)
    return _column(side, name, decision, held_labels(counts, side.weights[0]))


def held_labels(counts: pl.DataFrame, unit: float = 1.0) -> Labels:
    """Return the most frequent labels, and how many rows have others."""
    import polars as pl

    counts = counts.select(
        "label", pl.col("rows").cast(pl.Int64), pl.col("weight").cast(pl.Float64) * unit
    )
    kept = counts
    if len(counts) > LABELS_HELD:
        kept = counts.sort(["rows", "label"], descending=[True, False]).head(LABELS_HELD)
    rest_rows = int(counts["rows"].sum()) - int(kept["rows"].sum())
    rest = float(counts["weight"].sum()) - float(kept["weight"].sum()) if rest_rows else 0.0
    return Labels(kept.sort("label"), rest_rows, rest)


def _column(
    side: Side, name: str, decision: Decision, held: Numbers | Labels | None, withheld: str = ""
) -> ColumnProfile:
    unit, gaps = side.weights[0], side.gaps[name]
    gaps = replace(gaps, weight=gaps.weight * unit, squares=gaps.squares * unit**2)
    reading = decision.p if held is not None else Reading.NONE
    dtype = str(side.table.schema[name])
    return ColumnProfile(
        name, decision.kind, reading, dtype, side.views[name], gaps, held, withheld
    )
