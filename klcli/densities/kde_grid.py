"""The regular grid behind a count table of which the empty cells are gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import InputError

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells of equal width, among them those of a table.

    Attributes
    ----------
    cells : ndarray of int, shape (table cells,)
        Where each cell of the table is on the grid, in increasing order.
    size : int
        Cells of the grid.
    origin, step : float
        Lower end of the first cell, and width of each.
    """

    cells: Integers
    size: int
    origin: float
    step: float

    @classmethod
    def behind(cls, table: CountTable) -> Grid:
        """Return the grid from the first to the last cell of `table`.

        A cell that is open to ±inf counts as one next to its finite end.

        Raises
        ------
        InputError
            If the cells are not parts of a regular grid.
        """
        closed = np.isfinite(table.lower) & np.isfinite(table.upper)
        widths = (table.upper - table.lower)[closed]
        step = float(np.median(widths)) if len(widths) else 0.0
        if step <= 0 or np.any(np.abs(widths - step) > 1e-3 * step):
            raise InputError(
                "the cells of the table are not of equal width, as a kernel density needs them",
                "count again with the boundaries of this density, or use --density ratio",
            )
        lower = np.where(np.isfinite(table.lower), table.lower, table.upper - step)
        cells = np.round((lower - lower[0]) / step).astype(np.intp)
        return cls(cells, int(cells[-1]) + 1, float(lower[0]), step)

    def padded(self, margin: int) -> Grid:
        """Return the grid with `margin` more cells on either side."""
        origin = self.origin - margin * self.step
        return Grid(self.cells + margin, self.size + 2 * margin, origin, self.step)

    def spread(self, counts: Floats) -> Floats:
        """Return counts of table cells as counts of grid cells, shape (size,)."""
        spread = np.zeros(self.size)
        np.add.at(spread, self.cells, counts)
        return spread

    def owners(self) -> Integers:
        """Return the table cell that is nearest to each cell of the grid, shape (size,)."""
        halfway = (self.cells[1:] + self.cells[:-1]) / 2
        return np.searchsorted(halfway, np.arange(self.size))
