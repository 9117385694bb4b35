"""Counts of counts: how many cells show x rows of P and y rows of Q, and what that says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Multiplicity:
    """The distinct pairs (x, y) of counts, with how often each occurs.

    All that an estimator which knows nothing of the labels needs; there are far fewer pairs
    than cells where most categories are rare.

    Attributes
    ----------
    x, y : ndarray of float, shape (pairs,)
        Rows of P and of Q; at least one of them is above 0.
    number : ndarray of float, shape (pairs,)
        How many cells show them.
    pair : ndarray of int, shape (cells,)
        Which pair each cell shows; −1 for cells without rows.
    """

    x: Floats
    y: Floats
    number: Floats
    pair: Integers

    @property
    def n(self) -> float:
        """Rows of P."""
        return float(self.number @ self.x)

    @property
    def m(self) -> float:
        """Rows of Q."""
        return float(self.number @ self.y)

    @property
    def pooled(self) -> Floats:
        """Rows of both sides, for each pair."""
        return self.x + self.y


def multiplicity(p: Floats, q: Floats) -> Multiplicity:
    """Count the distinct pairs of counts of two sides, each of shape (cells,)."""
    shown = np.flatnonzero(p + q)
    order = shown[np.lexsort((q[shown], p[shown]))]
    x, y = p[order], q[order]
    first = np.append(True, (np.diff(x) != 0) | (np.diff(y) != 0))[: len(order)]
    pair = np.full(len(p), -1)
    pair[order] = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    number = np.diff(starts, append=len(order)).astype(float)
    return Multiplicity(x[starts], y[starts], number, pair)


def unseen_mass(counts: Floats) -> Floats:
    """Return the share of probability on categories that were not seen, over the last axis.

    Good's estimate [1]_, the share of rows whose category was seen once. Where all were, which
    would leave nothing to what was seen, one row more is taken to be seen.

    References
    ----------
    .. [1] I. J. Good, "The population frequencies of species and the estimation of population
       parameters", Biometrika 40 (1953), 237-264, equation 9.
    """
    rows = np.maximum(counts.sum(axis=-1), 1.0)
    once = np.sum(counts * ((counts > 0) & (counts <= 1)), axis=-1)
    share: Floats = np.minimum(once, np.maximum(rows - 1.0, 0.0)) / rows
    return share


def unseen_categories(counts: Multiplicity) -> float:
    """Return how many categories neither side has shown, at least.

    Chao's bound f₁(f₁ − 1) / 2(f₂ + 1) from the numbers of categories that were seen once and
    twice in both samples together [1]_.

    References
    ----------
    .. [1] A. Chao, "Nonparametric estimation of the number of classes in a population",
       Scandinavian Journal of Statistics 11 (1984) 265; without bias where all shares are equal,
       A. Chao, Biometrics 61 (2005) 664, eq. 4.
    """
    pooled = counts.pooled
    once = float(counts.number[(pooled > 0) & (pooled <= 1)].sum())
    twice = float(counts.number[(pooled > 1) & (pooled <= 2)].sum())
    return max(0.0, once * (once - 1) / (2 * (twice + 1)))


def unseen_categories_rows(pooled: Floats) -> Floats:
    """Return `unseen_categories` for each row of counts of both samples together."""
    once = np.sum((pooled > 0) & (pooled <= 1), axis=1)
    twice = np.sum((pooled > 1) & (pooled <= 2), axis=1)
    result: Floats = np.maximum(0.0, once * (once - 1) / (2 * (twice + 1)))
    return result
