"""Rows of both sides over several columns at once: a uniform sample, aligned and coded alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.convert import values
from klcli.data.count import printable
from klcli.data.side import Side
from klcli.data.table import BATCH_ROWS, column
from klcli.data.wording import counted
from klcli.errors import InputError
from klcli.results import Finding
from klcli.rows import RowPair, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from klcli.counts import ColumnTable
    from klcli.data.kinds import Decision, Reading
    from klcli.data.pairing import Pair
    from klcli.typing import Integers

#: Rows of each side that are looked at, unless told otherwise: what a default estimate of several
#: columns can do in some ten seconds.
ROW_CAP: Final = 20_000
#: What the level of missing values is called.
MISSING: Final = "(missing)"
#: Name of the keys by which rows are drawn; no file has a column of this name.
_KEY: Final = "\0key"


@dataclass(slots=True)
class RowReader:
    """Reads rows once `tabulate` has found out what the columns are.

    Parameters
    ----------
    cap : int
        Most rows of each side; where there are more, a uniform sample of so many.
    seed : int
        Of the sample.
    whole : bool
        Whether rows that miss any value are left out before rows are drawn.
    include : callable
        Tells by its table whether a column is wanted, of those that have values to compare.

    Attributes
    ----------
    sample : RowSamples or None
        What was read.
    """

    cap: int
    seed: int
    whole: bool
    include: Callable[[ColumnTable], bool]
    sample: RowSamples | None = None
    _decisions: dict[str, tuple[Pair, Decision]] = field(default_factory=dict)

    def decided(self, decisions: Mapping[Pair, Decision]) -> None:
        """Learn what some of the columns are."""
        self._decisions |= {pair.name: (pair, each) for pair, each in decisions.items()}

    def read(
        self,
        p: object,
        q: object,
        columns: Sequence[ColumnTable],
        tell: Callable[[str, float], None],
    ) -> None:
        """Read the rows of both sides.

        Parameters
        ----------
        p, q : Side
            Both sides, all of whose columns are tabulated.
        columns : sequence of ColumnTable
            These tables.
        tell : callable
            Told what is read.

        Raises
        ------
        InputError
            If a side has no rows, only counts.
        """
        wanted = tuple(one for one in columns if one.undefined is None and self.include(one))
        chosen = [self._decisions[one.name] for one in wanted]
        drawn = []
        for number, (side, name) in enumerate(((p, "P"), (q, "Q"))):
            if not isinstance(side, Side):
                raise InputError(
                    f"{name} holds counts of single columns, not rows",
                    "give the data themselves: how columns go together shows in whole rows only",
                )
            tell(f"drawing rows of {side.table.source}", 1.0)
            sources = {
                pair.name: (pair.q, each.q) if number else (pair.p, each.p)
                for pair, each in chosen
            }
            gaps = any((one.q if number else one.p).missing for one in wanted)
            # A stream of its own: a side samples its numbers with (seed, number).
            rows = DrawnRows(self.cap, (self.seed, number, 1))
            rows.read(side, sources, gaps=gaps, whole=self.whole)
            drawn.append(rows)
        numbers = tuple(pair.name for pair, each in chosen if each.p.numeric)
        labels = tuple(pair.name for pair, each in chosen if not each.p.numeric)
        self.sample = RowSamples(drawn[0], drawn[1], numbers, labels)


class DrawnRows:
    """A uniform sample of the rows of one side, taken as they pass by.

    Each row draws a random key, and the rows with the smallest keys are kept. Keys depend on the
    seed and the number of the row alone, so the sample is the same however rows are batched.

    Attributes
    ----------
    rows : int
        Rows that could be drawn.
    incomplete : int
        Rows that miss at least one value, whether or not they could be drawn.
    """

    def __init__(self, cap: int, seed: Sequence[int]) -> None:
        self.rows = 0
        self.incomplete = 0
        self._cap = cap
        self._rng = np.random.default_rng(seed)
        self._held: list[pl.DataFrame] = []
        self._bound = 1.0

    def read(
        self,
        side: Side,
        sources: Mapping[str, tuple[str, Reading]],
        *,
        gaps: bool,
        whole: bool,
    ) -> None:
        """Draw from all rows of a side.

        Parameters
        ----------
        side : Side
            Where the rows come from.
        sources : dict
            Name of each column → its name on this side and how to read it.
        gaps : bool
            Whether values are missing, so that rows have to be looked at before they are drawn.
        whole : bool
            Whether only rows that miss nothing are drawn.
        """
        if not sources:
            return
        table = side.table
        every = [
            values(name, table.schema[name], reading, lexical=name in table.lexical)
            for name, reading in sources.values()
        ]

        def converted(batch: pl.DataFrame) -> pl.DataFrame:
            batch = batch.select(every)
            batch.columns = list(sources)
            return batch.fill_nan(None)

        for batch in table.batches([name for name, _ in sources.values()]):
            for part in batch.iter_slices(BATCH_ROWS):
                self._add(part, converted, gaps=gaps, whole=whole)
        self._shrink()

    def _add(
        self,
        batch: pl.DataFrame,
        converted: Callable[[pl.DataFrame], pl.DataFrame],
        *,
        gaps: bool,
        whole: bool,
    ) -> None:
        import polars as pl

        keys = pl.Series(_KEY, self._rng.random(len(batch)))
        if gaps:
            batch = converted(batch)
            complete = batch.select(~pl.any_horizontal(pl.all().is_null())).to_series()
            self.incomplete += len(batch) - int(complete.sum())
            if whole:
                batch, keys = batch.filter(complete), keys.filter(complete)
        self.rows += len(batch)
        near = keys < self._bound
        batch = batch.filter(near)
        # Where nothing is missing, only rows that may be kept are converted.
        batch = batch if gaps else converted(batch)
        self._held.append(batch.with_columns(keys.filter(near)))
        if sum(map(len, self._held)) > 2 * self._cap + BATCH_ROWS:
            self._shrink()

    def _shrink(self) -> None:
        import polars as pl

        if not self._held:
            return
        frame = pl.concat(self._held)
        if len(frame) > self._cap:
            frame = frame.sort(column(_KEY)).head(self._cap)
            self._bound = float(frame[_KEY][-1])
        self._held = [frame]

    @property
    def kept(self) -> int:
        """Rows that were drawn."""
        return len(self._held[0]) if self._held else 0

    def frame(self, names: Sequence[str]) -> pl.DataFrame:
        """Return columns of the rows that were drawn; null where a value is missing."""
        return self._held[0].select(map(column, names))


@dataclass(frozen=True, slots=True, eq=False)
class RowSamples:
    """Rows drawn from both sides.

    Attributes
    ----------
    p, q : DrawnRows
        The rows.
    numbers, labels : tuple of str
        Names of the columns of numbers and of those of categories.
    """

    p: DrawnRows
    q: DrawnRows
    numbers: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return self.numbers + self.labels

    def together(self) -> RowPair:
        """Return all columns."""
        return self._pair(self.numbers, self.labels, drop=False)

    def alone(self, name: str, *, drop: bool) -> RowPair:
        """Return one column of numbers; with `drop`, without the rows that miss it."""
        return self._pair((name,), (), drop=drop)

    def _pair(self, numbers: tuple[str, ...], labels: tuple[str, ...], *, drop: bool) -> RowPair:
        frames = [side.frame([*numbers, *labels]) for side in (self.p, self.q)]
        if drop:
            frames = [frame.drop_nulls() for frame in frames]
        coded = [_codes(frames[0][name], frames[1][name]) for name in labels]
        p, q = (
            Rows(
                _matrix([frame[name].to_numpy() for name in numbers], len(frame), np.float64),
                _matrix([codes[side] for codes, _ in coded], len(frame), np.int64),
            )
            for side, frame in enumerate(frames)
        )
        return RowPair(
            p, q, numbers, labels, tuple(levels for _, levels in coded), self.p.rows, self.q.rows,
            self._findings(),
        )  # fmt: skip

    def _findings(self) -> tuple[Finding, ...]:
        sides = (("P", self.p), ("Q", self.q))
        if all(side.kept == side.rows for _, side in sides):
            return ()
        taken = [f"{side.kept:,} of {counted(side.rows, 'row')} of {name}" for name, side in sides]
        return (
            Finding(
                "sampled-rows",
                f"drawn at random: {' and '.join(taken)}; --max-rows changes how many",
            ),
        )


def _codes(p: pl.Series, q: pl.Series) -> tuple[tuple[Integers, Integers], tuple[str, ...]]:
    """Return codes of the levels of both sides, alphabetical with missing last, and their names."""
    import polars as pl

    labels = pl.concat([p.alias(""), q.alias("")]).drop_nulls().unique().sort().to_list()
    levels = [printable(label) for label in labels]
    if p.null_count() or q.null_count():
        levels.append(MISSING)
    order = pl.Enum(labels)
    codes = [
        side.cast(order).to_physical().cast(pl.Int64).fill_null(len(labels)).to_numpy()
        for side in (p, q)
    ]
    return (codes[0], codes[1]), tuple(levels)


def _matrix(columns: list[Integers], rows: int, dtype: type) -> Integers:
    """Return columns of shape (rows,) side by side; of shape (rows, 0) if there are none."""
    matrix: Integers = np.empty((rows, len(columns)), dtype)
    for position, values_of_column in enumerate(columns):
        matrix[:, position] = values_of_column
    return matrix
