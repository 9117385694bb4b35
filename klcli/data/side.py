"""One dataset at work: what is read from its batches, in two passes for a group of columns."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Summary
from klcli.data import sample
from klcli.data.convert import counted_labels, evidence, floats, is_plain
from klcli.data.count import cell_counts, in_order, sorted_cell_counts
from klcli.data.kinds import Declared, Evidence, Reading, View
from klcli.data.sample import RowSample
from klcli.data.tallies import LabelTally, Missing, NumberTally, sum_of_squares
from klcli.data.threads import MANY_ROWS, each
from klcli.data.views import converted, glance
from klcli.data.weights import WeightSums, in_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl

    from klcli.data.row_sketch import RowSketch
    from klcli.data.table import Table
    from klcli.results import Finding, Kind
    from klcli.typing import Floats


class Side:
    """Reads one table, a group of columns at a time.

    Parameters
    ----------
    table : Table
        The opened source.
    seed : sequence of int
        Of the row sample.
    weight : str or None
        Column of row weights.
    progress : callable
        Told the share of rows done within a pass.

    Attributes
    ----------
    rows : int
        Rows of the table, known after the first pass.
    complete : bool
        Whether `sorted` holds every row.
    views : dict of str to View
        What is known of each column; `summarize` adds to it.
    numbers, labels, gaps : dict of str to tallies
        What `summarize` found, by what the column was read as; `gaps` has them all.
    sorted : dict of str to ndarray of float, shape (≤ sample size,)
        Numbers in increasing order, NaN last.
    """

    def __init__(
        self,
        table: Table,
        seed: Sequence[int],
        weight: str | None,
        progress: Callable[[float], None],
    ) -> None:
        self.table = table
        self.rows = 0
        self.weighted = weight is not None
        self.complete = True
        self._seed = seed
        self._weight = weight
        self._weight_unit = 0.0
        self._weighed = WeightSums()
        self._progress = progress
        self.start([])

    @property
    def schema(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.table.schema)

    @property
    def source(self) -> str:
        """What messages call the table."""
        return self.table.source

    def start(self, columns: Sequence[str]) -> None:
        """Forget the last group of columns and glance at the next."""
        self.views: dict[str, View] = dict(glance(self.table, columns))
        self.numbers: dict[str, NumberTally] = {}
        self.labels: dict[str, LabelTally] = {}
        self.gaps: dict[str, Missing] = {}
        self.sorted: dict[str, Floats] = {}
        self._moments: dict[str, tuple[float, float, int]] = {}
        self._readings: dict[str, Reading] = {}
        self._kept: dict[str, Floats] = {}  # what text holds is read from it but once

    def head(self, readings: Mapping[str, Reading], rows: int) -> pl.DataFrame | None:
        """Return the first rows of columns, as what `readings` says; None if there are none."""
        for batch in self.table.batches([*readings]):
            return converted(self.table, batch.head(rows), readings)
        return None

    def summarize(self, readings: Mapping[str, Reading], sketch: RowSketch | None = None) -> None:
        """Read all rows of columns: sum up, sample and count labels; learn what they hold.

        Columns that were read the same way before are passed over, unless all are wanted for
        a sketch of the rows.

        Raises
        ------
        InputError
            If there are no rows, or weights that are none.
        """
        todo = {
            name: reading
            for name, reading in readings.items()
            if self._readings.get(name) is not reading
        }
        if not todo and sketch is None:
            return
        for name in todo:
            self.numbers.pop(name, None)
            self.labels.pop(name, None)
            self.gaps.pop(name, None)
            self._moments.pop(name, None)
            self._kept.pop(name, None)
        numeric = [name for name, reading in todo.items() if reading.numeric]
        rows = RowSample(self._seed, sample.SAMPLE_ROWS)
        weighed = WeightSums()
        with np.errstate(over="ignore"):  # which `check` tells in words
            for batch, weights, bad in self._batches(todo if sketch is None else readings):
                weighed.add(len(batch), weights, bad)
                every = todo if sketch is None else readings
                # Labels are counted as they are read and then converted: there are fewer of them.
                if sketch is None and weights is None:
                    every = {name: kind for name, kind in todo.items() if not kind.labels}
                if sketch is None:
                    every = {
                        name: kind
                        for name, kind in every.items()
                        if not is_plain(batch.schema[name], kind)
                    }
                read = converted(self.table, batch, every)
                self._add(batch, read, todo, weights, rows)
                if sketch is not None:
                    sketch.add(read)
        weighed.check(self.source, self._weight)
        self.rows, self._weighed = weighed.rows, weighed
        self._readings |= todo
        if numeric:
            self.complete = rows.complete
            run = each if self.rows >= MANY_ROWS else map
            # Weights go with the order that numbers of text are kept in.
            order = np.sort if self.weighted else in_order
            self.sorted |= zip(numeric, run(order, rows.columns()), strict=True)
        for name, reading in todo.items():
            self._learn(name, reading)

    def _batches(
        self, readings: Mapping[str, Reading]
    ) -> Iterator[tuple[pl.DataFrame, Floats | None, int]]:
        """Yield batches of some columns, with weights and how many of those are none."""
        done = 0
        names = [*readings] if self._weight is None else [*readings, self._weight]
        for batch in self.table.batches(names):
            weights, bad = None, 0
            if self._weight is not None:
                column = converted(self.table, batch, {self._weight: Reading.NUMBER})
                numbers = column.to_series().to_numpy()
                weights, bad, self._weight_unit = in_units(numbers, self._weight_unit)
            yield batch, weights, bad
            done += len(batch)
            if not math.isnan(self.table.expected_rows):
                self._progress(min(1.0, done / max(self.table.expected_rows, 1.0)))

    def _add(
        self,
        batch: pl.DataFrame,
        read: pl.DataFrame,
        readings: Mapping[str, Reading],
        weights: Floats | None,
        rows: RowSample,
    ) -> None:
        numeric = any(reading.numeric for reading in readings.values())
        chosen = rows.choose(len(batch)) if numeric else slice(None)

        def add(reading: tuple[str, Reading]) -> Floats | None:
            name, kind = reading
            # Series do not work under names such as "^$".
            raw = batch[name].alias("raw")
            if kind.labels and weights is None:
                lexical = name in self.table.lexical
                self.labels[name].add_counts(counted_labels(raw, kind, lexical=lexical))
                return None
            series = read[name].alias("converted") if name in read.columns else raw
            if kind.numeric:
                array = floats(series)
                self.numbers[name].add(raw, series, array, weights)
                if self.table.in_memory and self.views[name].declared is Declared.TEXT:
                    self._kept[name] = array
                return array[chosen]
            if kind is Reading.NONE:
                self.gaps[name].add(series.to_numpy(), weights)
            elif weights is not None:
                self.labels[name].add(series, weights)
            return None

        for name, reading in readings.items():
            if reading.numeric:
                self.gaps[name] = self.numbers.setdefault(name, NumberTally()).gaps
            elif reading is Reading.NONE:
                self.gaps.setdefault(name, Missing())
            else:
                self.gaps[name] = self.labels.setdefault(name, LabelTally()).gaps
        added = (each if len(batch) >= MANY_ROWS else map)(add, readings.items())
        sampled = [array for array in added if array is not None]
        if sampled:
            rows.add(sampled)

    def _learn(self, name: str, reading: Reading) -> None:
        view, present = self.views[name], self.gaps[name].present
        if reading.numeric:
            text = present + self.numbers[name].words
            self.views[name] = view.learned(reading, text, present)
        elif reading is not Reading.NONE:
            counts = self.labels[name].counts()
            if view.evidence.final:
                return
            seen = Evidence(present, final=True)
            if view.declared is Declared.TEXT:
                seen = evidence(counts, ["label"], "rows", final=True)["label"]
            self.views[name] = view.seen(seen)

    def count(self, bounds: Mapping[str, Floats]) -> dict[str, Floats]:
        """Count the numbers of summarized columns in the cells between bounds.

        Returns
        -------
        dict of str to ndarray of float, shape (bounds + 4,)
            As `klcli.data.count.cell_counts` has them, not yet scaled.
        """
        if not bounds or (self.complete and not self.weighted):
            return {name: sorted_cell_counts(self.sorted[name], b) for name, b in bounds.items()}
        counts = {name: np.zeros(len(b) + 4) for name, b in bounds.items()}
        for batch, weights, _ in self._batches({name: self._readings[name] for name in bounds}):
            counted = partial(self._counted, batch, weights)
            run = each if len(batch) >= MANY_ROWS else map
            for name, more in zip(bounds, run(counted, bounds.items()), strict=True):
                counts[name] += more
        return counts

    def _counted(
        self, batch: pl.DataFrame, weights: Floats | None, cells: tuple[str, Floats]
    ) -> Floats:
        """Count the numbers of a column in cells."""
        name, bounds = cells
        values = self._numbers(batch, name)
        if weights is None:
            return sorted_cell_counts(in_order(values), bounds)
        return cell_counts(values, bounds, weights)

    def _numbers(self, batch: pl.DataFrame, name: str) -> Floats:
        """Return the numbers of a column of a batch."""
        if name in self._kept:
            return self._kept[name]
        reading = self._readings[name]
        if not is_plain(batch.schema[name], reading):
            batch = converted(self.table, batch, {name: reading})
        return floats(batch[name].alias("numbers"))

    def scale(self, name: str, *, drop: bool) -> float:
        """Return what a unit of weight counts, so that a table sums to Kish's effective size.

        With `drop`, missing rows are not in the table. (Σw)² / Σw² = Σw · scale.
        """
        if not self.weighted:
            return 1.0
        gaps = self.gaps[name] if drop else Missing()
        squares = self._weighed.squares - gaps.squares
        return (self._weighed.total - gaps.weight) / squares if squares > 0 else 0.0

    def missing_weight(self, name: str) -> float:
        """Return what the missing rows of a column weigh, not yet scaled."""
        gaps = self.gaps[name]
        return gaps.weight if self.weighted else float(gaps.missing)

    def whole(self, name: str) -> bool:  # noqa: ARG002 - other sides may differ by column
        """Whether `finite` holds every row of a column."""
        return self.complete

    def cells(self, name: str) -> Floats | None:  # noqa: ARG002
        """Return the only cells that a column can be counted in exactly: any will do."""
        return None

    def forced(self, name: str) -> Kind | None:  # noqa: ARG002 - other sides may know
        """Return the kind that the user chose for a column earlier: none."""
        return None

    def lacks(self, name: str, reading: Reading) -> Finding | None:  # noqa: ARG002
        """Say why a column cannot be read in some way: rows can be read in any."""
        return None

    def rest(self, name: str) -> float | None:  # noqa: ARG002
        """Return what the labels weigh whose names are not held: all are."""
        return None

    def remark(self, name: str, which: str) -> Finding | None:  # noqa: ARG002
        """Say what cannot be told of a column of the side called `which`: nothing."""
        return None

    @property
    def weights(self) -> tuple[float, float, float]:
        """The unit that weights are counted in, and Σw and Σw² in it."""
        return self._weight_unit or 1.0, self._weighed.total, self._weighed.squares

    @property
    def effective_rows(self) -> float:
        """Kish's effective sample size of all rows."""
        if not self.weighted:
            return float(self.rows)
        return self._weighed.total**2 / self._weighed.squares

    def summary(self, name: str) -> Summary:
        """Sum up a column. Mean and standard deviation are those of rows, not of weights."""
        gaps = self.gaps[name]
        base = gaps.rows, gaps.missing, self.effective_rows
        if name in self.numbers:
            tally = self.numbers[name]
            mean, deviation = tally.mean, math.sqrt(tally.squares / max(tally.finite, 1))
            distinct = None
            if self.complete:
                if name not in self._moments:
                    self._moments[name] = self._sorted_moments(name)
                mean, deviation, distinct = self._moments[name]
            return Summary(*base, tally.minimum, tally.maximum, mean, deviation, distinct)
        labels = self.labels.get(name)
        distinct = None if labels is None or labels.overflow else len(labels.counts())
        return Summary(*base, math.nan, math.nan, math.nan, math.nan, distinct)

    def _sorted_moments(self, name: str) -> tuple[float, float, int]:
        """Return mean, deviation and distinct values: the same whatever the order of the rows."""
        numbers, finite = self.sorted[name][: self.gaps[name].present], self.finite(name)
        distinct = int(np.count_nonzero(numbers[1:] != numbers[:-1])) + (len(numbers) > 0)
        if not len(finite):
            return math.nan, math.nan, distinct
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(finite.mean())
            return mean, math.sqrt(sum_of_squares(finite, mean) / len(finite)), distinct

    def single(self, name: str) -> bool:
        """Tell whether a column holds numbers of single precision."""
        import polars as pl

        return bool(self.table.schema[name] == pl.Float32)

    def finite(self, name: str) -> Floats:
        """Return the sorted finite numbers of a column: all of them, or a sample."""
        numbers = self.sorted[name]
        start = np.searchsorted(numbers, -np.inf, side="right")
        return numbers[start : np.searchsorted(numbers, np.inf, side="left")]
