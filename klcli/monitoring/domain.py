"""Columns of few different values, each well known: what a batch shows beside them is worth a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.monitoring.surprise import likelihood_ratio, within_noise

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Different values that a closed domain has, at least and at most: a flag that is never up may be
#: a rare one.
_FEWEST: Final = 2
FEW_VALUES: Final = 50
#: How likely it may be that all rows of a new value came to be in the batch by chance.
_CHANCE: Final = 0.01
#: Standard errors by which a share may differ that is as before.
_AS_BEFORE: Final = 3.0
#: Rows of the reference that are expected where it has none only with probability e⁻¹⁰.
_OFTEN: Final = 10


def newcomers(own: Floats, other: Floats, *, ordered: bool) -> list[int]:
    """Return the cells of a batch that a reference of a closed domain never shows; else none.

    Where the reference shows few values, each often, and its counts end abruptly, there is no tail
    of rare values that new ones could come from. A new value is then looked at by itself, and not
    as one of all that a report has: a row is worth a word in a batch a hundred times as small as
    the reference, and seven are in one of its size.

    Parameters
    ----------
    own, other : ndarray of float, shape (cells,)
        Rows of batch and reference with each value.
    ordered : bool
        Whether the cells are in the order of their values. Then each end of the domain may be
        closed or not, and what lies between is; without an order, the rarest values are its end.
    """
    known = np.flatnonzero(other > 0)
    counts = other[known]
    if not _FEWEST <= len(known) <= FEW_VALUES or counts.min() < _OFTEN:
        return []
    batch_share = own.sum() / (own.sum() + other.sum())
    new = np.flatnonzero((other == 0) & (batch_share**own <= _CHANCE))
    if ordered:
        lowest = known[0] if _goes_on(counts[::-1]) else -1
        highest = known[-1] if _goes_on(counts) else len(own)
        new = new[(new > lowest) & (new < highest)]
    elif _goes_on(np.sort(counts)[::-1]):
        return []
    return [int(cell) for cell in new]


def _goes_on(counts: Floats) -> bool:
    """Tell whether the next count may be 0 by chance, if counts fall on by the last ratio.

    So fall those of a geometric distribution; a Poisson or binomial one falls a little faster.
    """
    return bool(counts[-1] ** 2 / counts[-2] < _OFTEN)


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


def grown_instead(p: Floats, q: Floats, cell: int, least: int) -> bool:
    """Tell whether a value has grown instead of some others, as the day of a clock that stood still.

    Most of the others have kept their shares of all rows, and none has grown by as much.

    Parameters
    ----------
    p, q : ndarray of float, shape (cells,)
        Rows of batch and reference with each value.
    cell : int
        The value.
    least : int
        Other values that have kept their shares, at least.
    """
    now, before = p / p.sum(), q / q.sum()
    growth = np.maximum(now - before, 0.0)
    spread = np.sqrt((p + q) / (p.sum() * q.sum()))  # of a difference of shares, about
    kept = (p > 0) & (np.abs(now - before) <= _AS_BEFORE * spread)
    kept[cell] = False
    enough = np.count_nonzero(kept) >= least and before[kept].sum() >= (1 - before[cell]) / 2
    return bool(enough and growth[cell] >= growth.sum() / 2)
