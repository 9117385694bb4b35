"""Counts on finer cells than a method asked for, to see what its cells hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from klcli.counts import CountTable, PooledSample
from klcli.data.bounds import quantile_bounds
from klcli.data.count import number_table, sorted_cell_counts
from klcli.data.side import Side

if TYPE_CHECKING:
    from klcli.data.pairing import Pair

#: Quantile cells. Estimates to compare with use at most 2·(2·131,072)^⅓ = 128 of them; more let
#: them place their own where they want.
_CELLS: Final = 1024


def finer_table(pair: Pair, p: object, q: object, *, drop: bool) -> CountTable | None:
    """Count the sampled numbers of a column in pooled quantiles.

    Parameters
    ----------
    pair : Pair
        A numeric column.
    p, q : Side or other
        Both sides, after `summarize`.
    drop : bool
        Whether missing values are left out.

    Returns
    -------
    CountTable or None
        None where there is no uniform sample of rows: rows are weighted, or a side is a profile.
    """
    if not (isinstance(p, Side) and isinstance(q, Side)) or p.weighted or q.weighted:
        return None
    sample = PooledSample(
        p.finite(pair.p), q.finite(pair.q), p.complete and q.complete,
        p.summary(pair.p), q.summary(pair.q),
    )  # fmt: skip
    if not len(sample.p) or not len(sample.q):
        return None
    bounds = quantile_bounds(sample, _CELLS)
    counts = [
        sorted_cell_counts(side.sorted[name], bounds) for side, name in ((p, pair.p), (q, pair.q))
    ]
    if drop:
        counts[0][-1] = counts[1][-1] = 0.0
    return number_table(counts[0], counts[1], bounds)
