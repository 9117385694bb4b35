"""A uniform sample of the rows of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.convert import values
from klcli.data.table import BATCH_ROWS, column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from klcli.data.kinds import Reading
    from klcli.data.side import Side

#: Name of the keys by which rows are drawn; no file has a column of this name.
_KEY: Final = "\0key"


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
