"""Intervals from the noncentral χ² distribution that divergences have near zero."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats

#: A statistic from which on the quantiles of Cornish and Fisher are exact to within a thousandth
#: of a standard deviation: what they leave out is of the order of its inverse.
_LARGE: Final = 1e3
#: Noncentralities that are looked at together, and how often the stretch between two of them that
#: holds the end is divided so again: 31⁵ is 3e7, so to 4e-8 of where it began.
_GRID, _ROUNDS = 32, 5


def noncentral_ends(statistic: float, freedom: float, confidence: float) -> tuple[float, float]:
    """Return the interval of the noncentrality of a χ² variable, with equal tails.

    It holds what is not refused by a test of either side at the level (1 − confidence)/2; an end
    is 0 where even that is refused.

    Parameters
    ----------
    statistic : float
        The value that was observed, at least 0.
    freedom : float
        Degrees of freedom, at least 0, not only whole numbers. With none, the variable is 0 with
        probability exp(−noncentrality/2) [1]_.
    confidence : float
        In (0, 1).

    References
    ----------
    .. [1] A. F. Siegel, "The noncentral chi-squared distribution with zero degrees of freedom and
       testing for uniformity", Biometrika 66 (1979) 381, doi:10.1093/biomet/66.2.381.
    .. [2] E. A. Cornish, R. A. Fisher, "Moments and cumulants in the specification of
       distributions", Revue de l'Institut International de Statistique 5 (1938) 307.

    Examples
    --------
    One degree of freedom is a squared normal variable, here 3², of mean 3 ± 1.96:

    >>> low, high = noncentral_ends(9.0, 1.0, 0.95)
    >>> round(low**0.5, 2), round(high**0.5, 2)
    (1.04, 4.96)
    """
    level = (1 - confidence) / 2
    if statistic == 0:
        # As small as it can be: no upper tail refuses anything, and only 0 itself has a lower one.
        return 0.0, (-2 * math.log(level) if freedom == 0 else 0.0)
    if statistic + freedom > _LARGE:
        z = NormalDist().inv_cdf(1 - level)
        return (
            _crossing(lambda x: _quantile(x, freedom, z) - statistic, statistic),
            _crossing(lambda x: _quantile(x, freedom, -z) - statistic, statistic),
        )
    beyond = _distribution(statistic, freedom)
    return (
        _crossing(lambda x: 1 - level - beyond(x), statistic),
        _crossing(lambda x: level - beyond(x), statistic),
    )


def _crossing(rising: Callable[[Floats], Floats], start: float) -> float:
    """Return where a rising function of x ≥ 0 passes 0; 0 if it is above there."""
    high = start + 10.0
    while rising(np.array([high]))[0] < 0:
        high *= 2
    low = 0.0
    for _ in range(_ROUNDS):
        x = np.linspace(low, high, _GRID)
        above = rising(x) >= 0
        first = int(np.argmax(above))
        if first == 0:
            return low
        low, high = float(x[first - 1]), float(x[first])
    return (low + high) / 2


def _quantile(noncentrality: Floats, freedom: float, z: float) -> Floats:
    """Return a quantile of noncentral χ² by its first three cumulants [2]_ (`noncentral_ends`)."""
    variance = 2 * freedom + 4 * noncentrality
    skewed = (8 * freedom + 24 * noncentrality) / np.maximum(variance, 1e-300) / 6 * (z * z - 1)
    result: Floats = freedom + noncentrality + z * np.sqrt(variance) + skewed
    return result


def _distribution(statistic: float, freedom: float) -> Callable[[Floats], Floats]:
    """Return the probability of at most `statistic` as a function of the noncentrality.

    A Poisson mixture of χ² distributions with 2j more degrees of freedom each, of which the
    probabilities differ by x^(a+j)·e^(−x)/Γ(a+j+1), with x and a half of both arguments.
    """
    x, a = statistic / 2, freedom / 2
    j = np.arange(math.ceil(max(x - a, 0.0) + 10 * math.sqrt(x) + 40) + 1.0)
    first = a * math.log(x) - x - math.lgamma(a + 1)
    terms = np.exp(first + np.append(0.0, np.cumsum(math.log(x) - np.log(a + j[1:]))))
    chance = np.minimum(np.cumsum(terms[::-1])[::-1], 1.0)
    log_factorial = np.append(0.0, np.cumsum(np.log(j[1:])))

    def below(noncentrality: Floats) -> Floats:
        half = np.maximum(noncentrality, 1e-300)[:, None] / 2
        weight = np.exp(j * np.log(half) - half - log_factorial)
        result: Floats = weight @ chance
        return result

    return below
