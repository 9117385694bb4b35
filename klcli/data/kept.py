"""A dataset that is read and sorted once and compared with many others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.data.count import in_order, sorted_cell_counts
from klcli.data.side import Side
from klcli.data.views import glance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from klcli.data.kinds import Reading
    from klcli.data.table import Table
    from klcli.typing import Floats


class KeptSide(Side):
    """A side that remembers the columns it has read, whichever other side it is compared with.

    What a further comparison costs then does not depend on the rows of this side, as long as
    they fit into memory. Numbers are kept in order from the second comparison on: often there is
    but one, for which they are not worth their memory.
    """

    def __init__(
        self,
        table: Table,
        seed: Sequence[int],
        weight: str | None,
        progress: Callable[[float], None],
    ) -> None:
        self._counted_as: dict[str, Reading] = {}
        self._in_order: dict[str, Floats] = {}
        super().__init__(table, seed, weight, progress)

    def start(self, columns: Sequence[str]) -> None:
        """Glance at the columns that have not been asked for before."""
        if not hasattr(self, "views"):
            super().start([])
        new = [name for name in columns if name not in self.views]
        self.views |= dict(glance(self.table, new))

    def _counted(
        self, batch: pl.DataFrame, weights: Floats | None, cells: tuple[str, Floats]
    ) -> Floats:
        """Count as `Side` does, sorting what is asked for again but once more."""
        name, bounds = cells
        again = self._counted_as.get(name) is self._readings[name]
        self._counted_as[name] = self._readings[name]
        if not again:
            self._in_order.pop(name, None)
        if not again or weights is not None or not self.table.in_memory:
            return super()._counted(batch, weights, cells)
        if name not in self._in_order:
            self._in_order[name] = in_order(self._numbers(batch, name))
        return sorted_cell_counts(self._in_order[name], bounds)
