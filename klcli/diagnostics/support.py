"""What of P lies where Q was never seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Role
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Bools

#: A run of k rows of P without a row of Q has probability (n / (n + m))^k at each of n places
#: where P and Q do not differ. It is no accident where n times that is below exp(−3).
_MARGIN = 3.0
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
    """

    mass: float
    cells: Bools
    finding: Finding | None


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
    message = f"{noun} that only {sample} shows: {named}{more}; {_percent(mass)} of its rows"
    return Escape(mass, cells, Finding("unseen-categories", message))


def outside_support(table: CountTable, sample: str, reference: str) -> Escape:
    """Find the longest stretch of the number line that P visits and Q does not.

    A tail of P beyond Q's smallest or largest value, or a gap of Q in between; only where it is
    no accident that Q has no rows there.

    Parameters
    ----------
    table : CountTable
        Ordered cells of finite numbers.
    sample, reference : str
        What to call P and Q.
    """
    empty = table.q == 0
    if not table.n_p or not table.n_q:
        return Escape(1.0 if table.n_p else 0.0, empty & (table.p > 0), None)
    run = np.cumsum(np.diff(empty, prepend=empty[:1]).astype(int))
    counts = np.bincount(run, weights=table.p * empty)
    longest = int(counts.argmax())
    surprise = counts[longest] * np.log1p(table.n_q / table.n_p)
    if surprise < np.log(table.n_p) + _MARGIN:
        return Escape(0.0, np.zeros(len(empty), dtype=bool), None)
    cells: Bools = empty & (run == longest) & (table.p > 0)
    mass = float(counts[longest] / table.n_p)
    seen = np.flatnonzero(~empty)
    inside = np.flatnonzero(cells)
    low, high = table.lower[seen[0]], table.lower[seen[-1]]
    if inside[0] > seen[-1]:
        where = f"above its largest value {high:.6g}"
    elif inside[-1] < seen[0]:
        where = f"below its smallest value {low:.6g}"
    else:
        where = f"between {table.lower[inside[0]]:.6g} and {table.upper[inside[-1]]:.6g}"
    code = "saturated" if mass >= _DISJOINT else "outside-range"
    message = f"{_percent(mass)} of {sample} lies where {reference} has no rows, {where}"
    return Escape(mass, cells, Finding(code, message))


def no_number(table: CountTable) -> Bools:
    """Return which cells are categories among numbers: missing, −inf and +inf."""
    infinite = (table.roles == Role.ATOM) & np.isinf(table.lower)
    result: Bools = (table.roles == Role.MISSING) | infinite
    return result


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
