"""Adding up what the cells of a table hold between other bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Role

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Bools, Floats


def between(table: CountTable, weights: Floats, bounds: Floats) -> Floats:
    """Add up weights of numeric cells between bounds.

    A cell that a bound cuts is divided in proportion.

    Parameters
    ----------
    table : CountTable
        Its cells that hold no finite number are left out.
    weights : ndarray of float, shape (cells,)
        Of each cell of the table.
    bounds : ndarray of float, shape (bounds,)
        Increasing.

    Returns
    -------
    ndarray of float, shape (bounds + 1,)
        The first and the last are what lies outside.
    """
    inside = ~special(table)
    below, mass = lower(table)[inside], weights[inside]
    above = np.where(
        np.isinf(table.upper[inside]), np.nextafter(below, np.inf), table.upper[inside]
    )
    total = np.cumsum(mass)
    if not len(total):
        return np.zeros(len(bounds) + 1)
    places = np.stack([below, above], axis=1).ravel()
    sums = np.stack([total - mass, total], axis=1).ravel()
    at = np.interp(bounds, places, sums)
    result: Floats = np.diff(np.concatenate([[0.0], at, total[-1:]]))
    return result


def lower(table: CountTable) -> Floats:
    """Return lower bounds, finite: what an open cell holds counts as close to its upper bound."""
    return np.where(np.isinf(table.lower), np.nextafter(table.upper, -np.inf), table.lower)


def special(table: CountTable) -> Bools:
    """Tell which cells hold no finite numbers: missing and infinite ones."""
    infinite = np.isinf(table.lower) & (table.roles == Role.ATOM)
    found: Bools = infinite | (table.roles == Role.MISSING)
    return found
