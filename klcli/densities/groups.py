"""Neighbouring cells as groups, and what is known of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import CountTable, Role
from klcli.densities.ratio_models import normal_score

if TYPE_CHECKING:
    from klcli.typing import Bools, Floats, Integers

#: Rows of each side that a cell needs on average to be told apart from its neighbours.
ROWS_PER_CELL: Final = 10


def discrete(table: CountTable) -> bool:
    """Tell whether most rows lie on values that repeat, often enough to tell them apart.

    There are to be `ROWS_PER_CELL` of each side for every value.
    """
    pooled = table.p + table.q
    repeated = pooled[table.roles == Role.ATOM].sum() >= pooled.sum() / 2
    return bool(repeated and min(table.n_p, table.n_q) >= ROWS_PER_CELL * len(pooled))


def inner_share(p: Floats, q: Floats) -> Floats:
    """Return which share of each group is left without one pooled row at either end.

    One wild value has no rows beyond it that could contradict it, and would bend the tail to
    which it belongs. So the outermost row does not shape the fit, and in the estimate counts as
    what the fit expects it to be. Counts of shape (..., groups) in, the same shape out.
    """
    keep = np.ones(p.shape)
    if p.shape[-1] > 2:
        for end in (0, -1):
            keep[..., end] = np.maximum(0.0, 1 - 1 / np.maximum(p + q, 1.0)[..., end])
    return keep


def repeated(table: CountTable, group: Integers) -> Bools:
    """Tell of each group of cells whether most of its rows are on values that repeat."""
    pooled = table.p + table.q
    on_atoms = np.bincount(group, pooled * (table.roles == Role.ATOM))
    result: Bools = on_atoms > np.bincount(group, pooled) / 2
    return result


def added_up(counts: Floats, group: Integers) -> Floats:
    """Add up the columns of `counts`, shape (resamples, cells), that share a group."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    if len(starts) == counts.shape[1]:
        return counts
    merged: Floats = np.add.reduceat(counts, starts, axis=1)
    return merged


def merge(counts: Floats, groups: int) -> Integers:
    """Return which group of neighbours each cell belongs to, finer towards both tails.

    Half of the groups are even in rank and half in normal score, so that the extremes, where the
    ratio of light to heavy tails changes fastest, stay resolved.
    """
    if np.count_nonzero(counts) <= groups:
        # Cells that a resample left empty join a neighbour.
        joined: Integers = np.maximum(np.cumsum(counts > 0) - 1, 0)
        return joined
    total = np.cumsum(counts)
    rank = (total - counts / 2) / total[-1]
    grid = np.linspace(rank[0], rank[-1], 513)
    # Interpolated: thousands of exact scores would cost more than the fit, and no group
    # boundary needs them.
    grid = np.sort(np.concatenate([grid, rank[:40], rank[-40:]]))
    score = np.interp(rank, grid, normal_score(grid))
    position = (rank + (score - score[0]) / (score[-1] - score[0])) / 2
    group = np.minimum((position * groups).astype(int), groups - 1)
    # The outermost cells stay alone, see `inner_share`.
    group[0], group[-1] = -1, groups
    numbered: Integers = np.cumsum(np.diff(group, prepend=-1) > 0)
    return numbered
