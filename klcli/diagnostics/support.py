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

#: The rule of three: where this many rows of Q are expected and none is seen, Q's mass is smaller
#: than that of P with 95 % confidence.
_EXPECTED = 3.0
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


def unseen_categories(table: CountTable, *, only: Bools | None = None) -> Escape:
    """Find the categories that P shows and Q never does, named by their share of P.

    Parameters
    ----------
    table : CountTable
        Cells of which each is a category.
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
    message = (
        f"{noun} that only the first argument shows: {named}{more}, {_percent(mass)} of its rows"
    )
    return Escape(mass, cells, Finding("unseen-categories", message))


def outside_support(table: CountTable, reference: str) -> Escape:
    """Find the stretches of the number line that P visits and Q does not.

    The tails of P beyond Q's smallest and largest value, and gaps of Q in between where at least
    three of its rows would be expected if it were like P.

    Parameters
    ----------
    table : CountTable
        Ordered cells of finite numbers.
    reference : str
        What to call Q.
    """
    empty = table.q == 0
    run = np.cumsum(np.diff(empty, prepend=empty[:1]).astype(int))
    counts = np.bincount(run, table.p * empty)
    expected = counts * table.n_q / max(table.n_p, 1.0)
    keep = expected >= _EXPECTED
    keep[[0, -1]] = True
    cells: Bools = empty & keep[run] & (table.p > 0)
    mass = float(table.p[cells].sum() / table.n_p) if table.n_p else 0.0
    if not cells.any():
        return Escape(0.0, cells, None)
    seen = np.flatnonzero(~empty)
    where = "nowhere near it"
    if len(seen):
        low, high = table.lower[seen[0]], table.lower[seen[-1]]
        gaps = bool(cells[seen[0] : seen[-1]].any())
        where = f"outside its range {low:.6g} … {high:.6g}" + (" or in its gaps" if gaps else "")
    code = "saturated" if mass >= _DISJOINT else "outside-range"
    message = f"{_percent(mass)} of the rows lie where {reference} has none, {where}"
    return Escape(mass, cells, Finding(code, message))


def no_number(table: CountTable) -> Bools:
    """Return which cells are categories among numbers: missing, −inf and +inf."""
    infinite = (table.roles == Role.ATOM) & np.isinf(table.lower)
    result: Bools = (table.roles == Role.MISSING) | infinite
    return result


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
