"""Runs of P without rows of Q: whether Q ends there, or has a gap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Role

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Bools, Floats, Integers

#: A run of k rows of P without a row of Q has probability (n / (n + m))^k at each of n + m places
#: where P and Q do not differ. It is no accident where n + m times that is below exp(−3).
MARGIN = 3.0
#: The same beyond Q's smallest or largest value, where the status depends on it. Tails of regular
#: pairs (a Pareto shape of p/q up to 0.4; twelve pairs, 200 to 10,000 rows) exceed it in about 1 %.
_SURE_AT_ENDS = 8.0
#: Instead of `MARGIN` where the status depends on it: one false alarm in some 150 columns.
_SURE = 5.0
#: Rows that must lie apart from all others: 2^(1 − 9) is one false alarm in 256 columns.
_APART_ROWS = 9
#: Rows that tell what is usual beside a run.
_BESIDE = 20.0


def abrupt_end(table: CountTable, run: Integers, counts: Floats) -> int | None:
    """Find the largest run of P where Q ends as its neighbourhood does not foretell.

    There are two ends of the range where a run may be, and as many places within it as rows.
    """
    ends = (0, int(run[-1]))
    abrupt = {}
    for which in {*ends, int(counts.argmax())}:
        if counts[which] == 0:
            continue
        stretch = np.flatnonzero(run == which)
        first, stop = int(stretch[0]), int(stretch[-1]) + 1
        surprise = _surprise_beside(table, first, stop, thinning=which in ends)
        if which in ends:
            sure = surprise >= _SURE_AT_ENDS or apart(table, first, stop)
        else:
            places = math.log(table.n_p + table.n_q) + _SURE
            sure = surprise >= places and _wide_gap(table, stop) >= places
        if sure:
            abrupt[which] = float(counts[which])
    return max(abrupt, key=abrupt.__getitem__, default=None)


def apart(table: CountTable, first: int, stop: int) -> bool:
    """Tell whether the outer part of a run at an end is farther from the rest than it is wide.

    For k rows that thin out no more slowly than evenly, that has a probability of at most
    2^(1−k): spacings of even rows are exchangeable, and those of a tail grow outwards [1]_. Rows
    that crowd at their end instead, as of a density that grows beyond all bounds there, are left
    alone: half of those of a group lie within less than a quarter of its width.

    References
    ----------
    .. [1] A. Rényi, "On the theory of order statistics", Acta Mathematica Hungarica 4 (1953),
       191-231, section 1.
    """
    # Each bound is that of the cell's own values, as long as cells hold single rows.
    value = np.where(np.isfinite(table.lower), table.lower, table.upper)
    held = np.flatnonzero(table.p + table.q)
    if first == 0:
        outward = -value[held[: np.searchsorted(held, stop) + 1]][::-1]
    else:
        outward = value[held[np.searchsorted(held, first) - 1 :]]
    gap, width = np.diff(outward), outward[-1] - outward[1:]
    # A group that begins after `gap[i]` has rows i + 1 … last, of which this one is the middle.
    middle = (np.arange(1, len(outward)) + len(outward)) // 2
    crowded = outward[-1] - outward[middle] < width / 4
    return bool(np.any((gap > width)[: 1 - _APART_ROWS] & ~crowded[: 1 - _APART_ROWS]))


def _surprise_beside(table: CountTable, first: int, stop: int, *, thinning: bool = False) -> float:
    """Return minus the log probability that the cells [first, stop) hold no row of Q.

    Going by the rows beside them: as many as P has in the cells, but at least twenty, on either
    side, whichever foretells less of Q; with a uniform prior on the share of Q there (Laplace's
    rule of succession), but no more than the share of all rows. In a tail the rows beside are
    few of Q already, and its absence beyond is no surprise; with `thinning`, the nearest of them
    also speak for themselves, down to twenty: beside a run of many rows, Q thins out on the way.
    """
    below = [np.concatenate([[0.0], np.cumsum(side)]) for side in (table.p, table.q)]
    pooled = below[0] + below[1]
    run = float(pooled[stop] - pooled[first])
    surprise = run * math.log1p(table.n_q / table.n_p)
    rows = max(run, _BESIDE)
    while True:
        left = max(int(np.searchsorted(pooled, pooled[first] - rows, "right")) - 1, 0)
        right = min(int(np.searchsorted(pooled, pooled[stop] + rows, "left")), len(pooled) - 1)
        for start, end in ((left, first), (stop, right)):
            if end > start:
                near_p, near_q = (float(side[end] - side[start]) + 1 for side in below)
                near = near_p + near_q
                ruled = (math.lgamma(near + run), math.lgamma(near_p), math.lgamma(near))
                surprise = min(
                    surprise, ruled[0] + ruled[1] - ruled[2] - math.lgamma(near_p + run)
                )
        if not thinning or rows <= _BESIDE:
            return surprise
        rows = max(rows / 2, _BESIDE)


def _wide_gap(table: CountTable, stop: int) -> float:
    """Return minus the log probability of a gap of Q as wide as that which ends at cell `stop`.

    Going by the twenty gaps beside it on either side, whichever are wider on average: if they
    are exponential alike, a gap exceeds r times the mean of k others with probability
    (1 + r/k)^−k. A run of P alone makes none: P may have a spike where Q goes on as before.
    """
    held = np.flatnonzero(table.q)
    value = np.where(np.isfinite(table.lower), table.lower, table.upper)[held]
    rows = np.cumsum(table.q[held])
    right = int(np.searchsorted(held, stop))
    left = right - 1
    far_left = max(int(np.searchsorted(rows, rows[left] - _BESIDE, "right")) - 1, 0)
    far_right = min(int(np.searchsorted(rows, rows[right] + _BESIDE)), len(rows) - 1)
    gap = value[right] - value[left]
    surprise = math.inf
    for low, high in ((far_left, left), (right, far_right)):
        beside = float(rows[high] - rows[low])
        width = float(value[high] - value[low])
        if beside > 0 and width > 0:
            surprise = min(surprise, beside * math.log1p(gap / width))
    return surprise


def lone_value(table: CountTable, empty: Bools) -> int | None:
    """Find the repeated value that Q ought to show, going by its neighbours, and never does."""
    atoms = table.roles == Role.ATOM
    places = np.log(max(int(atoms.sum()), 1)) + MARGIN
    candidates = np.flatnonzero(
        atoms & empty & (table.p >= places / np.log1p(table.n_q / table.n_p))
    )
    for cell in candidates[np.argsort(-table.p[candidates], kind="stable")][:20]:
        if _surprise_beside(table, int(cell), int(cell) + 1) >= places:
            return int(cell)
    return None


def two_cells(mass: float, n: float, m: float) -> float:
    """Bound the divergence from below by that of two cells, of which Q shows only one.

    Merging cells can only lower a divergence. P's share is taken at the lower end of Wilson's
    95 % interval; Q's at the largest gap that m rows leave anywhere with probability exp(−3).
    """
    z2 = 3.84
    centre = mass + z2 / (2 * n)
    p = (centre - (z2 * (mass * (1 - mass) / n + z2 / (4 * n * n))) ** 0.5) / (1 + z2 / n)
    q = min((np.log(m) + MARGIN) / m, 1.0)
    if p <= q or q >= 1:
        return 0.0
    return float(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
