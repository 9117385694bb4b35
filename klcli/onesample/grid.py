"""Cells for a log ratio: rows of P with the exact probabilities of a base and of Q."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.onesample import normal

if TYPE_CHECKING:
    from klcli.known_counts import KnownCounts
    from klcli.onesample.bases import Base
    from klcli.typing import Floats, Integers

#: Bounds evenly spaced among normal scores of the base, of Q, and among the rows of P.
_BASE: Final = np.linspace(-8.0, 8.0, 97)
_KNOWN: Final = np.linspace(-6.0, 6.0, 49)
_ROWS: Final = 128


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells of one base.

    Attributes
    ----------
    edges : ndarray, shape (cells − 1,)
        Normal scores of Q at the bounds between cells.
    owner : ndarray of int, shape (cells of the table,)
        The cell of the grid that each cell of the table lies in.
    p : ndarray, shape (cells,)
        Share of P's rows.
    log_base, log_q : ndarray, shape (cells,)
        Log probabilities under the base and under Q.
    score : ndarray, shape (cells,)
        Where each cell is, among normal scores of the base.
    known : ndarray, shape (cells of the table,)
        Log of base to Q at each cell of the table.
    rows : float
        Rows of P.
    """

    edges: Floats
    owner: Integers
    p: Floats
    log_base: Floats
    log_q: Floats
    score: Floats
    known: Floats
    rows: float


def grid(table: KnownCounts, base: Base) -> Grid:
    """Choose cells that resolve the base, Q and the rows of P.

    Where the cells of `table` are what is known of P, no bound lies within one of them.
    """
    shown = np.flatnonzero(table.p)
    z = table.lower if table.points else normal.middle(table.lower, table.upper)
    wanted = [base.value(_BASE), _KNOWN, _between(z[shown], table.p[shown])]
    edges = np.concatenate(wanted)
    if not table.points:
        bounds = table.upper[:-1]
        edges = (
            bounds[np.minimum(np.searchsorted(bounds, edges), len(bounds) - 1)]
            if len(bounds)
            else bounds
        )
    edges = np.unique(edges[np.isfinite(edges)])
    w = base.score(edges)
    # Nothing is told apart where the base has the same score to the last digits.
    keep = np.diff(w, prepend=-np.inf) > 1e-12 * (1 + np.abs(w))
    edges, w = edges[keep], w[keep]
    inner = np.concatenate([[-np.inf], w, [np.inf]])
    outer = np.concatenate([[-np.inf], edges, [np.inf]])
    owner = np.searchsorted(edges, z, side="right")
    p = np.bincount(owner, table.p, len(edges) + 1) / table.n_p
    if table.points:
        known = base.log_ratio(z)
    else:
        below, above = base.score(table.lower), base.score(table.upper)
        known = normal.log_mass(below, above) - normal.log_mass(table.lower, table.upper)
        known = np.where(np.isfinite(known), known, 0.0)
    return Grid(
        edges,
        owner,
        p,
        normal.log_mass(inner[:-1], inner[1:]),
        normal.log_mass(outer[:-1], outer[1:]),
        normal.middle(inner[:-1], inner[1:]),
        known,
        table.n_p,
    )


def _between(z: Floats, weight: Floats) -> Floats:
    """Return bounds between values, evenly spaced in rank, and around those at both ends."""
    if len(z) < 2:
        return np.empty(0)
    middle = 0.5 * (z[1:] + z[:-1])
    if len(middle) <= _ROWS:
        return middle
    rank = np.cumsum(weight)[:-1] / weight.sum()
    places = np.searchsorted(rank, (np.arange(_ROWS) + 0.5) / _ROWS)
    ends = 2 ** np.arange(int(np.log2(len(middle))) // 2 + 1) - 1
    places = np.concatenate([places, ends, len(middle) - 1 - ends])
    result: Floats = middle[np.unique(np.clip(places, 0, len(middle) - 1))]
    return result
