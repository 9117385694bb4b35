"""The default cells of numeric columns: pooled quantiles, and a cell for each repeated value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.counts import PooledSample
    from klcli.typing import Bools, Floats

#: Cells of a continuous column. More would cost time and tell nothing: a cell then holds less
#: than 0.025 % of the pooled rows.
CELLS: Final = 4096


def quantile_bounds(sample: PooledSample, cells: int = CELLS) -> Floats:
    """Choose the boundaries of fine cells from the pooled sample of both sides.

    With at most `cells` distinct values each is bounded on its own. Otherwise the cells are
    pooled quantiles, with a cell for each value that alone fills one. Towards both ends they
    halve down to single values, so that the far end of a small side is not hidden in the last
    cell of a large one. P and Q are treated alike: which value came from which side has no
    bearing, as permutation tests require.

    Parameters
    ----------
    sample : PooledSample
        Sorted finite values of both sides.
    cells : int
        Most quantile cells, at least 2.

    Returns
    -------
    ndarray of float, shape (bounds,)
        Strictly increasing and finite. A value that repeats is bounded by v and nextafter(v, inf).
    """
    # Two sorted runs: a stable sort merges them.
    pooled = np.sort(np.concatenate([sample.p, sample.q]), kind="stable")
    total = len(pooled)
    if total == 0:
        return pooled
    most = max(2, -(-total // cells))
    # A value that fills a cell is there twice in a row in steps of half as many.
    some = pooled[:: most // 2]
    new = is_new(some)
    if np.count_nonzero(new) <= cells:
        first = np.flatnonzero(is_new(pooled))
        values, counts = pooled[first], np.diff(first, append=total)
        if len(values) <= cells:
            return _with_atoms(values, values[counts > 1])
    often = some[~new]
    often = often[is_new(often)]
    counts = pooled.searchsorted(often, side="right") - pooled.searchsorted(often, side="left")
    steps = np.arange(cells) * total // cells
    halving = 2 ** np.arange(int(np.log2(total / cells)) + 1)
    edges = pooled[np.concatenate([steps, halving, total - halving])]
    return _with_atoms(edges, often[counts >= most])


def _with_atoms(edges: Floats, atoms: Floats) -> Floats:
    with np.errstate(over="ignore"):
        after = np.nextafter(atoms, np.inf)
    bounds = np.sort(np.concatenate([edges, atoms, after[np.isfinite(after)]]))
    # Adding zero turns −0 into 0. `np.unique` would import numpy.ma, a third of the start-up.
    return bounds[is_new(bounds)] + 0.0


def is_new(values: Floats) -> Bools:
    """Tell which of some sorted values differ from the one before."""
    new = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new


def is_atom(lower: Floats, upper: Floats) -> Bools:
    """Tell which cells [lower, upper) hold a single number."""
    with np.errstate(over="ignore"):
        return np.equal(upper, np.nextafter(lower, np.inf))
