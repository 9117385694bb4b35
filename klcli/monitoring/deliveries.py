"""Rows that were delivered before, or twice: what no single column can show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.kinds import Declared
from klcli.data.overlap import HEAD_ROWS, rows_in_common, telling
from klcli.data.profiles.side import ProfileSide
from klcli.data.row_sketch import SKETCH_ROWS, RowSketch
from klcli.data.table import Table, column
from klcli.monitoring.wording import percent
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from klcli.monitoring.options import DriftOptions
    from klcli.monitoring.reference import Reference
    from klcli.typing import Integers

#: Codes of what concerns a whole batch, and is worth an alarm.
DELIVERIES: Final = ("delivered-again", "repeated-rows")
#: Distinct rows of a batch that are looked at, at most; of those that are remembered, so that
#: `_WORTH` of them are the 17 that `rows_in_common` asks for: 64 kB a batch; and days of a year.
_ROWS, _REMEMBERED, _BATCHES = 1 << 13, 1 << 12, 366
#: Share of the rows from which it is that of all, and below which it is not worth a word.
_ALL, _WORTH = 0.995, 0.01
#: Pairs that may be expected where none was seen, but in a millionth of cases: e⁻¹⁴; how many
#: times as many as expected tell of rows that were delivered twice, and how many at least; of
#: values that could have been seen but in a twentieth of cases; standard errors of those seen.
_FEW, _TIMES, _FEWEST, _UNSEEN, _ERRORS = 14.0, 3.0, 20.0, 3.0, 2.0
#: Rows that are looked at first: if `_WORTH` of all stand among others, none of these does in one
#: case of 170.
_FIRST: Final = 512
#: Columns without which equal rows are but equal values, and with which they are the same rows;
#: these kinds first, of which values repeat the least.
_COLUMNS, _MOST = 2, 8
_KINDS: Final = (Declared.NUMBER, Declared.TIME, Declared.TEXT, Declared.BOOLEAN)


class Deliveries:
    """Remembers the rows of batches and tells which of them come again.

    Rows are compared without the columns that number or label a delivery: those that are the same
    in all of its rows, and whole numbers that only rise. A few of the others are enough.

    Parameters
    ----------
    options : DriftOptions
        Which columns are compared. Rows with weights may be a table of frequencies, and are not.
    """

    def __init__(self, options: DriftOptions) -> None:
        self._options = options
        self._earlier: dict[str, RowSketch] = {}
        self._reference: dict[tuple[str, ...], RowSketch] = {}

    def remember(self, name: str, data: Table | ProfileSide) -> RowSketch | None:
        """Remember a batch; return its rows, None if they cannot be looked at."""
        frame = self._rows(data)
        if frame is None:
            return None
        head = _head(frame)
        names = [
            name for name, tells in zip(head.columns, telling(head, head), strict=True) if tells
        ]
        names = sorted(names, key=lambda name: _KINDS.index(Declared.of(frame.schema[name])))
        names = names[:_MOST]
        if not names:
            return None
        sketch = _sketch(frame, names, _ROWS)
        self.recall(name, sketch)
        return sketch

    def recall(self, name: str, rows: RowSketch) -> None:
        """Remember rows of a batch that was looked at before, and forget the first of too many."""
        self._earlier[name] = rows.smaller(_REMEMBERED)
        if len(self._earlier) > _BATCHES:
            del self._earlier[next(iter(self._earlier))]

    def kept(self, name: str) -> RowSketch | None:
        """Return what is kept of the rows of a batch, if they were looked at."""
        return self._earlier.get(name)

    def findings(
        self, name: str, data: Table | ProfileSide, reference: Reference | None
    ) -> Iterator[Finding]:
        """Tell what rows of a batch stand in earlier ones or in the reference, or twice in itself.

        Parameters
        ----------
        name, data : str, Table or ProfileSide
            The batch, which is remembered.
        reference : Reference or None
            That of all batches; None if it is made of earlier ones.
        """
        # What has the name of the batch is itself, as it was at an earlier run.
        self._earlier.pop(name, None)
        earlier = dict(self._earlier)
        rows = self.remember(name, data)
        if rows is None:
            return
        alike = [
            (repr(other), kept) for other, kept in earlier.items() if kept.columns == rows.columns
        ]
        known = None if reference is None else self._of_reference(reference, rows.columns)
        usual = [*alike[-1:], *([] if known is None else [("the reference", known)])]
        if usual and len(rows.columns) >= _COLUMNS:
            where, others = usual[-1]
            if (twice := repeats(rows, others)) >= _WORTH:
                text = f"{percent(twice)} of the rows repeat others of the batch"
                yield Finding(
                    "repeated-rows", f"{text}, unlike those of {where}: delivered twice?"
                )
        share, other = max(((_share(rows, kept), name) for name, kept in alike), default=(0.0, ""))
        code, text = "shared-rows", f"stand in {other} as well"
        if share >= _ALL:
            code, text = "delivered-again", f"{text}: the same data once more?"
        elif share < _WORTH and known is not None:
            share = _share(rows, known)
            text = "stand in the reference as well, which pulls estimates toward 0"
        if share >= _WORTH:
            part = "all rows" if share == 1 else f"{percent(share)} of the rows"
            yield Finding(code, f"{part} {text}")

    def _rows(self, data: Table | ProfileSide) -> pl.DataFrame | None:
        """Return the rows of a dataset in memory, with columns in the order of their names."""
        if not isinstance(data, Table) or not data.in_memory or self._options.weight is not None:
            return None
        unlike = (Declared.NESTED, Declared.NOTHING)
        names = [name for name in data.needed if Declared.of(data.schema[name]) not in unlike]
        if not names:
            return None
        (frame,) = data.batches(sorted(names))
        return frame

    def _of_reference(self, reference: Reference, columns: tuple[str, ...]) -> RowSketch | None:
        if columns not in self._reference:
            frame = (
                None
                if isinstance(reference.side, ProfileSide)
                else self._rows(reference.side.table)
            )
            if frame is None or not {*columns} <= {*frame.columns}:
                return None
            self._reference[columns] = _sketch(frame, columns, SKETCH_ROWS)
        return self._reference[columns]


def repeats(rows: RowSketch, others: RowSketch) -> float:
    """Return the share of rows that repeat another, if more do than others let expect; else 0.

    Pairs of equal rows grow with the square of the rows if rows are independent, and in proportion
    to them where a table has its reasons to repeat some: whichever is more is expected, of up to as
    many pairs as the others may have by Poisson's law.

    Rows can also become alike because values do, as by rounding. Values with expected count λ then
    occur k times with probability λᵏe^(−λ)/k!, so that by Cauchy and Schwarz the numbers Nₖ of values
    that occur k times have expectations with E[Nₖ]² ≤ (k + 1)/k · E[Nₖ₋₁] E[Nₖ₊₁], whatever their
    distribution is. Rows that were delivered twice, or thrice, have too many pairs, or triples.
    """
    _, counts = rows.distinct(rows.level)
    _, theirs = others.distinct(others.level)
    ratio = rows.rows / others.rows
    expected = (_pairs(theirs) + _FEW) * 2.0 ** (others.level - rows.level) * max(ratio, ratio**2)
    if _pairs(counts) < max(_TIMES * expected, _FEWEST):
        return 0.0
    for k in (2, 3):
        fewer, these, more = (np.count_nonzero(counts == k + by) for by in (-1, 0, 1))
        least = max(these - _ERRORS * math.sqrt(these), 0.0)
        if least**2 > (k + 1) / k * fewer * (more + _UNSEEN):
            return float((counts - 1).sum() / counts.sum())
    return 0.0


def _pairs(counts: Integers) -> float:
    return float((counts * (counts - 1)).sum()) / 2


def _share(rows: RowSketch, others: RowSketch) -> float:
    """Return the share of rows that stand among others, beyond chance."""
    level = max(rows.level, others.level)
    hashes, counts = rows.distinct(level)
    known, _ = others.distinct(level)
    first = hashes[:_FIRST]
    if not len(first) or not len(known):
        return 0.0
    if not np.any(known[np.minimum(np.searchsorted(known, first), len(known) - 1)] == first):
        return 0.0
    shared = rows_in_common(rows, others)
    if shared is None:
        return 0.0
    return float(shared[0] / counts.sum())


def _sketch(frame: pl.DataFrame, names: Sequence[str], size: int) -> RowSketch:
    sketch = RowSketch(names, [False] * len(names), size)
    sketch.add(frame.select(_values(name, frame.schema[name]) for name in names))
    return sketch


def _values(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as what is the same whatever type a file has for it."""
    import polars as pl

    if dtype.is_numeric() or dtype == pl.Boolean:
        return column(name).cast(pl.Float64)
    if dtype in (pl.Datetime, pl.Date):
        return column(name).cast(pl.Datetime("us"), strict=False)  # null where out of range
    if dtype.is_temporal():
        return column(name).to_physical().cast(pl.Float64)
    return column(name).cast(pl.String)


def _head(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the first rows, with numbers, times and text that is numbers as numbers."""
    import polars as pl

    columns = {}
    for values in frame.head(HEAD_ROWS).iter_columns():
        plain = values.to_physical() if values.dtype.is_temporal() else values
        if values.dtype in (pl.Categorical, pl.Enum):
            plain = values.cast(pl.String)
        numbers = plain.cast(pl.Float64, strict=False)
        read = numbers.null_count() == values.null_count()
        # By name: of a list of series, polars renames one that has an empty name.
        columns[values.name] = numbers if read else plain
    return pl.DataFrame(columns)
