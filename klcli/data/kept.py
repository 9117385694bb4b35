"""A dataset that is read and sorted once and compared with many others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.data.count import sorted_cell_counts
from klcli.data.side import Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from klcli.data.kinds import Reading
    from klcli.data.table import Table
    from klcli.typing import Floats


class KeptSide(Side):
    """A side that remembers the columns it has read, whichever other side it is compared with.

    What a further comparison costs then does not depend on the rows of this side, as long as
    they fit into memory.
    """

    def __init__(
        self,
        table: Table,
        seed: Sequence[int],
        weight: str | None,
        progress: Callable[[float], None],
    ) -> None:
        self._sorted_as: dict[str, Reading] = {}
        super().__init__(table, seed, weight, progress)

    def start(self, columns: Sequence[str]) -> None:
        """Glance at the columns that have not been asked for before."""
        if not hasattr(self, "views"):
            super().start([])
        new = [name for name in columns if name not in self.views]
        self.views |= dict(self._glance(new))

    def count(self, bounds: Mapping[str, Floats]) -> dict[str, Floats]:
        """Count as `Side` does, sorting each column but once."""
        if self.complete or self.weighted or not self.table.in_memory:
            return super().count(bounds)
        import polars as pl

        for name in bounds:
            if self._sorted_as.get(name) is not self._readings[name]:
                # Two to three times as fast as NumPy's; NaN comes last here, too.
                self._kept[name] = pl.Series(self._kept[name]).sort().to_numpy()
                self._sorted_as[name] = self._readings[name]
        return {name: sorted_cell_counts(self._kept[name], b) for name, b in bounds.items()}
