"""Sampled rows of both sides as arrays, coded alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.count import printable
from klcli.data.wording import counted
from klcli.results import Finding
from klcli.rows import RowPair, Rows

if TYPE_CHECKING:
    import polars as pl

    from klcli.data.drawn_rows import DrawnRows
    from klcli.typing import Integers

#: What the level of missing values is called.
MISSING: Final = "(missing)"


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
