"""Columns of few different values, each well known: what a batch shows beside them is worth a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.monitoring.surprise import likelihood_ratio, within_noise

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Different values that a closed domain has at most, and rows of the reference for each.
_VALUES, _OFTEN = 50, 10


def newcomers(own: Floats, other: Floats) -> list[int]:
    """Return the cells of a batch that a reference of a closed domain never shows.

    Where the reference shows few values, each often, and none rarely, there is no tail of rare
    values that new ones could come from by chance: a single row is worth a word. Else none.

    Parameters
    ----------
    own, other : ndarray of float, shape (cells,)
        Rows of batch and reference with each value.
    """
    known = other[other > 0]
    if not 0 < len(known) <= _VALUES or known.min() < _OFTEN:
        return []
    return [int(cell) for cell in np.flatnonzero((own > 0) & (other == 0))]


def others_as_before(p: Floats, q: Floats, cell: int, least: int) -> bool:
    """Tell whether all other values have kept their shares among each other.

    That is what a value leaves behind that stands in for others, as of a stuck sensor.

    Parameters
    ----------
    p, q : ndarray of float, shape (cells,)
        Rows of batch and reference with each value.
    cell : int
        The value that is left out.
    least : int
        Other values that there must be: one or two always fit.
    """
    kept = np.arange(len(p)) != cell
    kept &= p + q > 0
    count = int(np.count_nonzero(kept))
    if count < least or not p[kept].sum() or not q[kept].sum():
        return False
    return within_noise(likelihood_ratio(p[kept], q[kept]), count - 1)
