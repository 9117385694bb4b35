"""What a fitted log ratio leaves unexplained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.densities.linear_model import Model
    from klcli.densities.logistic import Fit
    from klcli.typing import Floats


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
