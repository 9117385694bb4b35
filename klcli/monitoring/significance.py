"""Small p-values: finer than a thousand permutations tell, and no larger than they are."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.intervals.permutation import tested
from klcli.monitoring.deviance import log_deviance_bound
from klcli.quantiles import middle_ranks

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.counts import CountTable
    from klcli.estimation.column import Examined
    from klcli.typing import Integers

#: Cells of the bound. Each costs it about log(t) nats of surprise, and what lies finer than a
#: sixteenth of the rows rarely carries much of a difference.
_CELLS: Final = 16
#: Permutations at most; more would take longer than all the rest. Grids of more than 1,000
#: results then have to rely on the bound.
_MOST: Final = 20_000
#: Two bounds, and permutations.
_TESTS: Final = 3
#: Bound from which on no permutations are needed to see that P and Q differ.
_PLAIN: Final = 1e-6
#: Permutations at once: bounds the memory.
_CHUNK: Final = 1_000


def refined(
    examined: Examined, *, resamples: int, level: float, tests: int, rng: Generator
) -> float:
    """Return the p-value of a column, resolved as finely as many tests at once need.

    Where no permutation among `resamples` reached the statistic, p ≤ 1/(resamples + 1) is all that
    they show. Then p is thrice the smallest of two bounds that need no permutations, on few cells
    and on all, and of more permutations, but not above what was known: for any α below
    1/(resamples + 1), p ≤ α takes one of three tests at α/3; for any other, the first
    permutations. So it is a p-value again.

    Parameters
    ----------
    examined : Examined
        The column, with its counts.
    resamples : int
        Permutations that gave its p-value.
    level, tests : float, int
        Significance is needed at level/tests.
    rng : Generator
        Source of the further permutations.
    """
    p_value = examined.estimate.p_value
    table = examined.table
    floor = 1 / (resamples + 1)
    if table is None or examined.tested is None or not p_value <= floor:
        return p_value
    needed = level / tests
    best = _TESTS * min(multinomial_bound(table), deviance_bound(table))
    if best > needed and floor > needed:
        draws = min(math.ceil(_TESTS / needed), _MOST)
        exceeding, done = 0, 0
        while done < draws:
            chunk = tested(examined.tested, table, _CHUNK, rng)
            exceeding += round(chunk * (_CHUNK + 1)) - 1
            done += _CHUNK
        best = min(best, _TESTS * (1 + exceeding) / (1 + done))
    return max(min(best, p_value), sys.float_info.min)  # never zero, however far out


def plain(table: CountTable) -> bool:
    """Tell whether counts differ beyond what chance does once in a million times."""
    return _TESTS * min(multinomial_bound(table), deviance_bound(table)) <= _PLAIN


def deviance_bound(table: CountTable) -> float:
    """Bound the same probability as `multinomial_bound`, from all cells of the table.

    Better where a difference is spread over many cells.
    """
    few, pooled = min(table.p, table.q, key=np.sum), table.p + table.q
    used = pooled > 0
    n = few.sum()
    if n == 0:
        return 1.0
    return math.exp(log_deviance_bound(few[used], pooled[used] * (n / pooled.sum())))


def multinomial_bound(table: CountTable) -> float:
    r"""Bound the probability that chance alone makes the smaller sample so unlike both together.

    With t = n·KL(p̂‖r) for the shares p̂ of the smaller sample, of n rows, and r of both, over k
    cells that depend on both samples together only:

    .. math:: P(T ≥ t) ≤ e^{-t} (e t / (k − 1))^{k − 1},  t > k − 1

    Agrawal [1]_ has it for multinomial p̂, from a bound on the mean of exp(λT). As that is a convex
    function of p̂, its mean under drawing without replacement is no larger (Hoeffding [2]_,
    theorem 4), and the bound holds for permutations, at every sample size.

    References
    ----------
    .. [1] R. Agrawal, "Finite-sample concentration of the multinomial in relative entropy", IEEE
       Trans. Inf. Theory 66 (2020) 6297, doi:10.1109/TIT.2020.2996134, theorem 1.2.
    .. [2] W. Hoeffding, "Probability inequalities for sums of bounded random variables", J. Am.
       Stat. Assoc. 58 (1963) 13.

    Examples
    --------
    >>> from klcli.counts import CountTable
    >>> table = CountTable.categorical(("a", "b"), np.array([60, 40]), np.array([400, 600]))
    >>> round(multinomial_bound(table), 4)  # the permutation p-value is 0.0002
    0.0229
    """
    cell = _merged(table)
    p, q = (np.bincount(cell, weights=side) for side in (table.p, table.q))
    few = p if p.sum() <= q.sum() else q
    pooled = p + q
    n, free = few.sum(), len(pooled) - 1
    if n == 0 or free == 0:
        return 1.0
    shown = few > 0
    ratio = few[shown] / n / (pooled[shown] / pooled.sum())
    t = float(few[shown] @ np.log(ratio))
    if t <= free:
        return 1.0
    return math.exp(min(0.0, -t + free * (1 + math.log(t / free))))


def _merged(table: CountTable) -> Integers:
    """Return the group of each cell: pooled quantiles, or the most frequent categories."""
    pooled = table.p + table.q
    if table.ordered:
        rank = middle_ranks(pooled) / pooled.sum()
        group = np.minimum((rank * _CELLS).astype(int), _CELLS - 1)
        special = np.isinf(table.lower) & np.isinf(table.upper) | np.isnan(table.lower)
        group[special] = _CELLS + np.arange(int(special.sum()))
    else:
        order = np.argsort(-pooled, kind="stable")
        group = np.empty(len(pooled), dtype=int)
        group[order] = np.minimum(np.arange(len(pooled)), _CELLS - 1)
    # Groups that no cell is in must not count.
    used = np.bincount(group) > 0
    result: Integers = (np.cumsum(used) - 1)[group]
    return result
