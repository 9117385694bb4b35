"""A dataset that is read and sorted once and compared with many others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.data.count import in_order, sorted_cell_counts
from klcli.data.side import Side
from klcli.data.threads import each

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
        return dict(zip(bounds, each(self._counted, bounds.items()), strict=True))

    def _counted(self, cells: tuple[str, Floats]) -> Floats:
        name, bounds = cells
        if self._sorted_as.get(name) is not self._readings[name]:
            self._kept[name] = in_order(self._kept[name])
            self._sorted_as[name] = self._readings[name]
        return sorted_cell_counts(self._kept[name], bounds)
