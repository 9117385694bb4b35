"""What of P lies where Q was never seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Role
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.counts import CountTable
    from klcli.typing import Bools, Floats, Integers

#: A run of k rows of P without a row of Q has probability (n / (n + m))^k at each of n + m places
#: where P and Q do not differ. It is no accident where n + m times that is below exp(−3).
_MARGIN = 3.0
#: The same beyond Q's smallest or largest value, where the status depends on it. Tails of regular
#: pairs (a Pareto shape of p/q up to 0.4; twelve pairs, 200 to 10,000 rows) exceed it in about 1 %.
_SURE_AT_ENDS = 8.0
#: Instead of `_MARGIN` where the status depends on it: one false alarm in some 150 columns.
_SURE = 5.0
#: Rows that must lie apart from all others: 2^(1 − 9) is one false alarm in 256 columns.
_APART_ROWS = 9
#: Rows that tell what is usual beside a run.
_BESIDE = 20.0
#: Beyond this share of P outside of what Q shows, the samples hardly meet.
_DISJOINT = 0.95
_NAMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Escape:
    """The part of P that Q does not show.

    Attributes
    ----------
    mass : float
        Share of P's rows.
    cells : ndarray of bool, shape (cells,)
        Where they are.
    finding : Finding or None
        The same in words; None if there is none.
    bound : float
        What the divergence is at least, in nats, from this part against the rest alone.
    abrupt : bool
        Whether Q is absent where its neighbourhood leads one to expect it: beside these rows of P
        lie enough of Q for their absence to be no accident. Otherwise P merely thins out later
        than Q, as tails do.
    """

    mass: float
    cells: Bools
    finding: Finding | None
    bound: float = 0.0
    abrupt: bool = False


def unseen_categories(table: CountTable, sample: str, *, only: Bools | None = None) -> Escape:
    """Find the categories that P shows and Q never does, named by their share of P.

    Parameters
    ----------
    table : CountTable
        Cells of which each is a category.
    sample : str
        What to call P.
    only : ndarray of bool, shape (cells,), optional
        Look at these cells alone.
    """
    cells = (table.p > 0) & (table.q == 0)
    if only is not None:
        cells = cells & only
    mass = float(table.p[cells].sum() / table.n_p) if table.n_p else 0.0
    if not cells.any():
        return Escape(0.0, cells, None)
    order = np.flatnonzero(cells)[np.argsort(-table.p[cells], kind="stable")]
    named = ", ".join(f"{table.name(int(cell))!r}" for cell in order[:_NAMED])
    more = f" and {len(order) - _NAMED} more" if len(order) > _NAMED else ""
    noun = "value" if len(order) == 1 else "values"
    message = f"{noun} that only {sample} shows: {named}{more}; {percent(mass)} of its rows"
    return Escape(mass, cells, Finding("unseen-categories", message))


def outside_support(
    table: CountTable,
    sample: str,
    reference: str,
    written: Callable[[float], str] = "{:.6g}".format,
) -> Escape:
    """Find the longest stretch of the number line that P visits and Q does not.

    A tail of P beyond Q's smallest or largest value, or a gap of Q in between; only where it is
    no accident that Q has no rows there.

    Parameters
    ----------
    table : CountTable
        Ordered cells of finite numbers.
    sample, reference : str
        What to call P and Q.
    written : callable
        Writes a number of the table for people, or the time that it stands for.
    """
    empty = table.q == 0
    nothing = np.zeros(len(empty), dtype=bool)
    if not table.n_p:
        return Escape(0.0, nothing, None)
    if not table.n_q:
        message = f"{reference} has no finite values, and so none where those of {sample} lie"
        return Escape(1.0, empty & (table.p > 0), Finding("outside-range", message))
    run = np.cumsum(np.diff(empty, prepend=empty[:1]).astype(int))
    counts = np.bincount(run, weights=table.p * empty).astype(float)
    alone = _lone_value(table, empty)
    which = abrupt = None
    if alone is not None:
        which = int(run[alone])
    else:
        which = abrupt = _abrupt_end(table, run, counts)
    if which is None:
        which = int(counts.argmax())
        if counts[which] / table.n_p < untold_share(table.n_p, table.n_q):
            return Escape(0.0, nothing, None)
    cells: Bools = empty & (run == which) & (table.p > 0)
    inside = np.flatnonzero(cells)
    mass = float(counts[which] / table.n_p)
    bound = _two_cells(mass, table.n_p, table.n_q)
    if alone is not None:
        value = written(table.lower[inside[0]])
        message = f"only {sample} shows the value {value}: {percent(mass)} of its rows"
        return Escape(mass, cells, Finding("unseen-categories", message), bound, abrupt=True)
    seen = np.flatnonzero(~empty)
    low, high = table.lower[seen[0]], table.lower[seen[-1]]
    if inside[0] > seen[-1]:
        where = f"above its largest value {written(high)}"
    elif inside[-1] < seen[0]:
        where = f"below its smallest value {written(low)}"
    else:
        first, last = table.lower[inside[0]], table.upper[inside[-1]]
        where = f"between {written(first)} and {written(last)}"
    code = "saturated" if mass >= _DISJOINT else "outside-range"
    message = f"{percent(mass)} of {sample} lies where {reference} has no rows, {where}"
    return Escape(mass, cells, Finding(code, message), bound, abrupt is not None)


def _abrupt_end(table: CountTable, run: Integers, counts: Floats) -> int | None:
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
            sure = surprise >= _SURE_AT_ENDS or _apart(table, first, stop)
        else:
            places = math.log(table.n_p + table.n_q) + _SURE
            sure = surprise >= places and _wide_gap(table, stop) >= places
        if sure:
            abrupt[which] = float(counts[which])
    return max(abrupt, key=abrupt.__getitem__, default=None)


def untold_share(n_p: float, n_q: float) -> float:
    """Return which share of P may lie where numbers of Q have no rows and yet count as none.

    The surprise of a longer run, minus its log probability where P and Q do not differ, is more
    than chance gives to any of the places where one may begin.
    """
    if not (n_p and n_q):
        return 0.0
    return (math.log(n_p + n_q) + _MARGIN) / math.log1p(n_q / n_p) / n_p


def _apart(table: CountTable, first: int, stop: int) -> bool:
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


def _lone_value(table: CountTable, empty: Bools) -> int | None:
    """Find the repeated value that Q ought to show, going by its neighbours, and never does."""
    atoms = table.roles == Role.ATOM
    places = np.log(max(int(atoms.sum()), 1)) + _MARGIN
    candidates = np.flatnonzero(
        atoms & empty & (table.p >= places / np.log1p(table.n_q / table.n_p))
    )
    for cell in candidates[np.argsort(-table.p[candidates], kind="stable")][:20]:
        if _surprise_beside(table, int(cell), int(cell) + 1) >= places:
            return int(cell)
    return None


def _two_cells(mass: float, n: float, m: float) -> float:
    """Bound the divergence from below by that of two cells, of which Q shows only one.

    Merging cells can only lower a divergence. P's share is taken at the lower end of Wilson's
    95 % interval; Q's at the largest gap that m rows leave anywhere with probability exp(−3).
    """
    z2 = 3.84
    centre = mass + z2 / (2 * n)
    p = (centre - (z2 * (mass * (1 - mass) / n + z2 / (4 * n * n))) ** 0.5) / (1 + z2 / n)
    q = min((np.log(m) + _MARGIN) / m, 1.0)
    if p <= q or q >= 1:
        return 0.0
    return float(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))


def percent(share: float) -> str:
    """Return a share of the rows in per cent, with two digits."""
    return "100 %" if share >= 0.995 else f"{100 * share:.2g} %"
