"""What independent Dirichlet priors say of many tables at once, as of resamples.

The same as in `klcli.estimators.dirichlet`, by sums over cells that are taken for all tables
together: counts repeat, so each is worked out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.estimators.dirichlet import CONCENTRATIONS, LEAST, log_prior, slope
from klcli.estimators.frequency import digamma
from klcli.estimators.gamma import log_gamma

if TYPE_CHECKING:
    from klcli.typing import Floats


def log_evidence_rows(counts: Floats, categories: Floats) -> Floats:
    """Return what `log_evidence` does, for each row.

    Parameters
    ----------
    counts : ndarray of float, shape (rows, cells)
    categories : ndarray of float, shape (rows,)
        How many there are, seen or not.

    Returns
    -------
    ndarray of float, shape (rows, concentrations)
    """
    result: Floats = log_prior(categories[:, None]) + _log_likelihood(counts, categories)
    return result


def posterior_values(p: Floats, q: Floats, categories: Floats, least: float) -> Floats:
    """Return what `DirichletPosterior.value` is for each row, with concentrations from `least` up.

    The posterior mean of Σ p log q is Σ (x + α)/(n + kα)·(ψ(y + β) − ψ(m + kβ)) for k
    categories, which two sums over the cells give for all concentrations.

    Parameters
    ----------
    p, q : ndarray of float, shape (rows, cells)
        Counts.
    categories : ndarray of float, shape (rows,)
        How many there are, seen or not.
    least : float

    Returns
    -------
    ndarray of float, shape (rows,)
    """
    kept = least <= CONCENTRATIONS
    a, k = CONCENTRATIONS[kept], categories[:, None]
    unseen = k - p.shape[1]
    each, times, _ = _tallied(p)
    beside = each[:, None] + a
    total = p.sum(axis=1)[:, None] + k * a
    own = times @ (beside * digamma(beside + 1)) + unseen * a * digamma(a + 1)
    own = own / total - digamma(total + 1)
    each, times, rows_p = _tallied(q, p)
    logs = digamma(each[:, None] + a)
    every, by_row = times @ logs + unseen * digamma(a), rows_p @ logs
    cross = by_row[:, None, :] + a[:, None] * every[:, None, :]
    cross /= total[:, :, None]
    cross -= digamma(q.sum(axis=1)[:, None] + k * a)[:, None, :]
    weight = _log_prior_of_both(k, kept)
    weight += _log_likelihood(p, categories)[:, kept, None]
    weight += _log_likelihood(q, categories)[:, None, kept]
    weight = np.exp(weight - weight.max(axis=(1, 2), keepdims=True))
    given = own[:, :, None] - cross
    result: Floats = np.sum(weight * given, axis=(1, 2)) / weight.sum(axis=(1, 2))
    return result


def _log_prior_of_both(categories: Floats, kept: np.ndarray) -> Floats:
    """Return the log prior of each pair of concentrations, flat in the logarithm of D."""
    a = CONCENTRATIONS
    entropy = digamma(categories * a + 1) - digamma(a + 1)
    cross_entropy = digamma(categories * a) - digamma(a)
    both = slope(entropy)[:, kept, None] + slope(cross_entropy)[:, None, kept]
    between = cross_entropy[:, None, kept] - entropy[:, kept, None]
    result: Floats = both - np.log(np.maximum(between, LEAST))
    return result


def _log_likelihood(counts: Floats, categories: Floats) -> Floats:
    """Return the log-likelihood of each row for each concentration, but for a constant."""
    a, k = CONCENTRATIONS, categories[:, None]
    each, times, _ = _tallied(counts)
    rising = log_gamma(each[:, None] + a) - log_gamma(a)
    result: Floats = log_gamma(k * a) - log_gamma(counts.sum(axis=1)[:, None] + k * a)
    result += times @ rising
    return result


def _tallied(counts: Floats, weight: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Return the distinct counts, how many cells of each row have them, and the weight of these.

    Shapes (distinct,) and (rows, distinct), of which the last is empty without a weight.
    """
    each, place = np.unique(counts, return_inverse=True)
    rows, distinct = len(counts), len(each)
    place = (place.reshape(counts.shape) + distinct * np.arange(rows)[:, None]).ravel()

    def added_up(weights: Floats) -> Floats:
        # Of weights, as counts would have to be converted.
        total: Floats = np.bincount(place, weights.ravel(), rows * distinct).astype(
            float, copy=False
        )
        return total.reshape(rows, distinct)

    times = added_up(np.ones(len(place)))
    return each, times, np.empty((rows, 0)) if weight is None else added_up(weight)
