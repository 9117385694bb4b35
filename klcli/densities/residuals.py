"""What a fitted log ratio leaves unexplained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.densities.logistic import Fit, Model
    from klcli.typing import Floats, Integers

#: Counts that are worked on at once.
_AT_ONCE: Final = 1 << 18


def standardised(terms: Floats, model: Model, fit: Fit, p: Floats, q: Floats) -> float:
    """Return how much more varies along some terms than chance and the fit allow.

    It is the score test of independent terms with a small variance [1]_: the sum of their squared
    scores less its expectation, over its standard deviation where P and Q are as fitted.

    Parameters
    ----------
    terms : ndarray, shape (cells, k)
        Indicators of cells, which do not overlap.
    model, fit
        What was fitted.
    p, q : ndarray, shape (cells,)
        Counts.

    References
    ----------
    .. [1] X. Lin, "Variance component testing in generalised linear models with random effects",
       Biometrika 84 (1997), 309-326.
    """
    pooled = p + q
    rows = float(pooled.sum())
    probability = 1 / (1 + np.exp(-fit.log_ratio) * (q.sum() / p.sum()))
    variance = pooled * probability * (1 - probability)
    score = (p - pooled * probability) @ terms
    # What the fit has adapted to, it leaves no rest of.
    along = (variance[:, None] * terms).T @ model.design
    covariance = np.diag(variance @ terms)
    covariance -= along @ np.linalg.solve(rows * fit.precision, along.T)
    spread = float(np.sum(covariance**2))
    if spread <= 0:
        return 0.0
    # Of few rows each, squares of binomial counts vary less than those of normal variables.
    fourth = float(np.sum((variance * (1 - 6 * variance / np.maximum(pooled, 1.0))) @ terms))
    noise = max(2 * spread + fourth, spread)
    return float((score @ score - np.trace(covariance)) / noise**0.5)


def uneven(p: Floats, q: Floats, group: Integers) -> Floats:
    """Return how much more cells differ within their groups than chance allows.

    Given the rows of each side in a group, those of P in one of its cells are hypergeometric. The
    excess of their squared deviations over its expectation is divided by its standard deviation.

    Parameters
    ----------
    p, q : ndarray, shape (tables, cells)
        Whole counts, of pooled counts that are the same in every table.
    group : ndarray of int, shape (cells,)
        Which group of neighbours each cell is in.

    Returns
    -------
    ndarray, shape (tables,)
        In standard deviations.
    """
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    place = np.cumsum(np.diff(group, prepend=-1) > 0) - 1
    pooled = p[0] + q[0]
    rows = np.add.reduceat(pooled, starts)[place]
    apart = pooled * (rows - pooled) / np.maximum(rows - 1, 1.0)
    # Where one cell has more rows of P, the others have fewer: products of the cells of a group.
    squares, fourths = (np.add.reduceat(pooled**power, starts)[place] for power in (2, 4))
    products = (squares**2 - fourths) / np.maximum(rows - 1, 1.0) ** 2
    products /= np.bincount(place)[place]
    result = []
    at_once = max(1, _AT_ONCE // len(group))
    for first in range(0, len(p), at_once):
        some = p[first : first + at_once]
        share = np.add.reduceat(some, starts, axis=1)[:, place] / np.maximum(rows, 1.0)
        unit = share * (1 - share)
        variance = apart * unit
        rest = (some - pooled * share) ** 2 - variance
        # Fourth central moment of a binomial, less the squared variance.
        noise = 2 * variance**2 + variance * (1 - 6 * variance / np.maximum(pooled, 1.0))
        noise = (noise + 2 * products * unit**2).sum(axis=1)
        result.append(rest.sum(axis=1) / np.sqrt(np.where(noise > 0, noise, np.inf)))
    return np.concatenate(result)
