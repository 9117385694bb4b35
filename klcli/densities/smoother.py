"""Densities on a grid by a Gaussian kernel, smoothed along the cells of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.densities.kde_kernel import log_smooth
from klcli.typing import FittedPair

if TYPE_CHECKING:
    from klcli.densities.kde_grid import Grid
    from klcli.typing import Bools, Floats, Integers

#: A density this small beside its maximum adds nothing to an expectation under it.
_FAINT: Final = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Smoother:
    """Kernels of fixed width on a grid.

    Attributes
    ----------
    grid : Grid
        Reaches far enough to hold all mass.
    width_p, width_q : float
        Bandwidths, in cells.
    """

    grid: Grid
    width_p: float
    width_q: float

    @property
    def cells(self) -> Integers:
        """Where each cell of the table is on the grid."""
        return self.grid.cells

    @property
    def owners(self) -> Integers:
        """The cell of the table that is nearest to each cell of the grid."""
        return self.grid.owners()

    def fit(self, p: Floats, q: Floats) -> FittedPair:
        """Return the log masses on the grid, from counts of the table's cells.

        That of P is noise where it is below 1e-13 of its maximum, and so may be that of Q there:
        those cells add nothing to an expectation under P.
        """
        log_p = self.log_p(p, wanted=np.zeros(self.grid.size, dtype=bool))
        return FittedPair(log_p, self.log_q(q, wanted=log_p > log_p.max() + math.log(_FAINT)))

    def log_p(self, counts: Floats, wanted: Bools | None = None) -> Floats:
        """Return the log mass of P on the grid from counts of table cells; see `log_smooth`."""
        return self._log_mass(counts, self.width_p, wanted)

    def log_q(self, counts: Floats, wanted: Bools | None = None) -> Floats:
        """Return the log mass of Q on the grid from counts of table cells; see `log_smooth`."""
        return self._log_mass(counts, self.width_q, wanted)

    def _log_mass(self, counts: Floats, width: float, wanted: Bools | None) -> Floats:
        total = math.log(counts.sum() * width * math.sqrt(2 * math.pi))
        return log_smooth(self.grid.spread(counts), width, wanted) - total
