"""What of P lies where Q was never seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.diagnostics.gaps import MARGIN, abrupt_end, lone_value, two_cells
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.counts import CountTable
    from klcli.typing import Bools

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
    alone = lone_value(table, empty)
    which = abrupt = None
    if alone is not None:
        which = int(run[alone])
    else:
        which = abrupt = abrupt_end(table, run, counts)
    if which is None:
        which = int(counts.argmax())
        if counts[which] / table.n_p < untold_share(table.n_p, table.n_q):
            return Escape(0.0, nothing, None)
    cells: Bools = empty & (run == which) & (table.p > 0)
    inside = np.flatnonzero(cells)
    mass = float(counts[which] / table.n_p)
    bound = two_cells(mass, table.n_p, table.n_q)
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


def untold_share(n_p: float, n_q: float) -> float:
    """Return which share of P may lie where numbers of Q have no rows and yet count as none.

    The surprise of a longer run, minus its log probability where P and Q do not differ, is more
    than chance gives to any of the places where one may begin.
    """
    if not (n_p and n_q):
        return 0.0
    return (math.log(n_p + n_q) + MARGIN) / math.log1p(n_q / n_p) / n_p


def percent(share: float) -> str:
    """Return a share of the rows in per cent, with two digits."""
    return "100 %" if share >= 0.995 else f"{100 * share:.2g} %"
