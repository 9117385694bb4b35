"""A bound on how far chance alone drives a sample from the sample it is part of."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Exponents λ that the bound is worked out for: the best one costs hardly more than these do.
_EXPONENTS: Final = np.array([0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.88])
#: From this mean on, exp(λg) of a Poisson variable has the mean that it has here, or its limit
#: for large means, 1/√(1 − λ), whichever is larger: they agree to a thousandth.
_LARGE: Final = 1000.0
#: Means are rounded up and down to this many steps per factor of e, and the larger result taken,
#: which what lies between them exceeds by less than the allowance.
_STEPS: Final = 16
_ALLOWANCE: Final = 2e-4


def log_deviance_bound(counts: Floats, expected: Floats) -> float:
    r"""Bound the log probability that chance alone makes a sample so unlike what is expected.

    The sample of n rows is drawn without replacement from pooled rows, of which a share μᵢ/n lies
    in each cell. Let T = Σ g(xᵢ; μᵢ) with g(x; μ) = x log(x/μ) − x + μ, which is n·KL(x/n‖μ/n).
    For λ in (0, 1), exp(λT) is a convex function of the counts, so its mean is at most that
    under drawing with replacement [1]_, theorem 4. Multinomial counts are independent Poisson
    counts given that these sum to n, which has the probability e⁻ⁿnⁿ/n!; hence, by Markov,

    .. math:: P(T ≥ t) ≤ e^{-λt} \frac{n!\,e^n}{n^n} ∏_i E\,e^{λ g(X_i; μ_i)},  X_i ~ Poisson(μ_i)

    Parameters
    ----------
    counts, expected : ndarray of float, shape (cells,)
        Counts of the sample, and μ; both sum to n, and no μ is zero.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables", J. Am.
       Stat. Assoc. 58 (1963) 13.

    Examples
    --------
    Of 100 rows, 70 are where 50 are expected: chance does as much once in 13,000 times.

    >>> bound = log_deviance_bound(np.array([70.0, 30.0]), np.array([50.0, 50.0]))
    >>> round(math.exp(bound), 3)
    0.155
    """
    n = float(counts.sum())
    shown = counts > 0
    t = float(counts[shown] @ np.log(counts[shown] / expected[shown]))
    steps = np.log(np.minimum(expected, _LARGE)) * _STEPS
    cells = np.zeros(len(_EXPONENTS))
    for step, many in sorted(Counter(np.floor(steps).tolist()).items()):
        cells += many * (np.maximum(_log_mean(step), _log_mean(step + 1)) + _ALLOWANCE)
    poisson = math.lgamma(n + 1) + n - n * math.log(n)
    return min(0.0, float(np.min(cells - _EXPONENTS * t)) + poisson)


@lru_cache(maxsize=4096)
def _log_mean(step: float) -> Floats:
    """Return log E exp(λ g(X; μ)) for all λ, for X from a Poisson distribution of mean μ."""
    mean = math.exp(step / _STEPS)
    # Terms fall as exp(−(1 − λ)g): at the end of the range g exceeds 40/(1 − λ) for every λ.
    reach = 40 / (1 - _EXPONENTS[-1])
    x = np.arange(math.ceil(mean + 2 * reach + 2 * math.sqrt(mean * reach)) + 1.0)
    deviance = x * np.log(np.maximum(x, 1) / mean) - x + mean
    log_term = x * math.log(mean) - mean - _log_factorials(len(x))
    terms = np.exp(log_term + _EXPONENTS[:, None] * deviance)
    limit = -0.5 * np.log1p(-_EXPONENTS)
    result: Floats = np.log(terms.sum(axis=1))
    return np.maximum(result, limit) if mean >= _LARGE * math.exp(-1 / _STEPS) else result


def _log_factorials(count: int) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, count)))])
