"""Divergences of two probability vectors: exact sums, without estimation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from klcli.errors import UsageError

if TYPE_CHECKING:
    from klcli.typing import Floats


def kullback_leibler(p: Any, q: Any) -> float:
    """Return D(P‖Q) = Σ p log(p/q), in nats.

    Parameters
    ----------
    p, q : array_like, shape (cells,)
        Probabilities, or what is proportional to them; they are divided by their sums.

    Returns
    -------
    float
        From 0, where P = Q, to inf, where P has mass that Q lacks.

    Raises
    ------
    UsageError
        If the vectors differ in length, or one is no distribution.

    References
    ----------
    .. [1] S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical
       Statistics 22 (1951) 79, doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> round(kullback_leibler([0.5, 0.5], [0.25, 0.75]), 4)  # log 2 - log(3) / 2
    0.1438
    """
    p, q = _pair(p, q)
    if np.any((p > 0) & (q == 0)):
        return math.inf
    shown = p > 0
    # p log(p/q) − p + q is never negative, so that rounding cannot make the sum so.
    terms = p[shown] * np.log(p[shown] / q[shown]) - p[shown] + q[shown]
    return max(math.fsum(terms) + math.fsum(q[~shown]), 0.0)


def jeffreys(p: Any, q: Any) -> float:
    """Return D(P‖Q) + D(Q‖P) = Σ (p − q) log(p/q), in nats; of bins, the stability index PSI.

    Symmetric, from 0 to inf. Parameters as for `kullback_leibler`.

    References
    ----------
    .. [1] H. Jeffreys, "An invariant form for the prior probability in estimation problems",
       Proceedings of the Royal Society A 186 (1946) 453, doi:10.1098/rspa.1946.0056.

    Examples
    --------
    >>> round(jeffreys([0.5, 0.5], [0.25, 0.75]), 4)  # log(3) / 4
    0.2747
    """
    p, q = _pair(p, q)
    if np.any((p > 0) != (q > 0)):
        return math.inf
    shown = p > 0
    return math.fsum((p[shown] - q[shown]) * np.log(p[shown] / q[shown]))


def jensen_shannon(p: Any, q: Any) -> float:
    """Return (D(P‖M) + D(Q‖M)) / 2 with M = (P + Q) / 2, in nats.

    Symmetric, from 0 to log 2. Its square root is a metric; `scipy.spatial.distance.jensenshannon`
    is that root. Parameters as for `kullback_leibler`.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on
       Information Theory 37 (1991) 145, doi:10.1109/18.61115.
    .. [2] D. Endres, J. Schindelin, "A new metric for probability distributions", IEEE
       Transactions on Information Theory 49 (2003) 1858, doi:10.1109/TIT.2003.813506.

    Examples
    --------
    >>> round(jensen_shannon([1, 0], [0, 1]), 4)  # log 2
    0.6931
    """
    p, q = _pair(p, q)
    middle = (p + q) / 2
    value = (kullback_leibler(p, middle) + kullback_leibler(q, middle)) / 2
    return min(value, math.log(2))


def hellinger(p: Any, q: Any) -> float:
    """Return the Hellinger distance, the root of Σ (√p − √q)² / 2.

    A metric, from 0 to 1. (Some call its square, 1 − Σ √(pq), by the same name, or leave out the
    division by 2.) Parameters as for `kullback_leibler`.

    References
    ----------
    .. [1] L. Le Cam, G. L. Yang, "Asymptotics in Statistics", 2nd edition, Springer 2000,
       section 2.1, doi:10.1007/978-1-4612-1166-2.

    Examples
    --------
    >>> round(hellinger([0.5, 0.5], [0.1, 0.9]), 4)  # √(1 − √0.05 − √0.45)
    0.3249
    """
    p, q = _pair(p, q)
    return min(math.sqrt(math.fsum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2), 1.0)


def total_variation(p: Any, q: Any) -> float:
    """Return Σ |p − q| / 2: the largest difference of the probabilities of any event.

    A metric, from 0 to 1. Parameters as for `kullback_leibler`.

    References
    ----------
    .. [1] A. Tsybakov, "Introduction to Nonparametric Estimation", Springer 2009, section 2.4,
       doi:10.1007/b13794.

    Examples
    --------
    >>> round(total_variation([0.5, 0.5], [0.1, 0.9]), 4)
    0.4
    """
    p, q = _pair(p, q)
    return min(math.fsum(np.abs(p - q)) / 2, 1.0)


def chi_squared(p: Any, q: Any) -> float:
    """Return Pearson's χ²(P‖Q) = Σ (p − q)² / q.

    Not symmetric; from 0 to inf. Parameters as for `kullback_leibler`.

    References
    ----------
    .. [1] K. Pearson, "On the criterion …", Philosophical Magazine 50 (1900) 157,
       doi:10.1080/14786440009463897.

    Examples
    --------
    >>> round(chi_squared([0.5, 0.5], [0.2, 0.8]), 4)  # 0.09 / 0.2 + 0.09 / 0.8
    0.5625
    """
    p, q = _pair(p, q)
    if np.any((p > 0) & (q == 0)):
        return math.inf
    shown = q > 0
    return math.fsum((p[shown] - q[shown]) ** 2 / q[shown])


def renyi(p: Any, q: Any, alpha: float) -> float:
    """Return Rényi's divergence log(Σ p^α q^(1−α)) / (α − 1), in nats.

    Increasing in α; D(P‖Q) for α = 1. Parameters as for `kullback_leibler`.

    Parameters
    ----------
    p, q : array_like, shape (cells,)
        As for `kullback_leibler`.
    alpha : float
        Above 0 and finite. Below 1 the divergence is infinite only where P and Q share nothing.

    References
    ----------
    .. [1] T. van Erven, P. Harremoës, "Rényi divergence and Kullback-Leibler divergence", IEEE
       Transactions on Information Theory 60 (2014) 3797, doi:10.1109/TIT.2014.2320500.

    Examples
    --------
    >>> round(renyi([0.5, 0.5], [0.2, 0.8], 2), 4)  # log(1 + χ²) = log 1.5625
    0.4463
    """
    if not (alpha > 0 and math.isfinite(alpha)):
        raise UsageError(f"Rényi's α {alpha:g} is out of range", "give a positive number")
    if alpha == 1:
        return kullback_leibler(p, q)
    p, q = _pair(p, q)
    if alpha > 1 and np.any((p > 0) & (q == 0)):
        return math.inf
    shown = (p > 0) & (q > 0)
    if not shown.any():
        return math.inf
    logs = alpha * np.log(p[shown]) + (1 - alpha) * np.log(q[shown])
    largest = float(logs.max())
    value = (math.log(math.fsum(np.exp(logs - largest))) + largest) / (alpha - 1)
    return max(value, 0.0)


def wasserstein(p: Any, q: Any, points: Any) -> float:
    """Return the Wasserstein distance of order 1 on the line, ∫ |F − G| dx.

    How far mass has to be moved on average, in the unit of `points`: the earth mover's distance.

    Parameters
    ----------
    p, q : array_like, shape (cells,)
        As for `kullback_leibler`.
    points : array_like, shape (cells,)
        Where the mass lies, in any order.

    References
    ----------
    .. [1] C. Villani, "Optimal Transport", Springer 2009, chapter 6,
       doi:10.1007/978-3-540-71050-9; on the line by S. S. Vallender, Theory of Probability and
       its Applications 18 (1974) 784, doi:10.1137/1118101.

    Examples
    --------
    >>> wasserstein([1, 0], [0, 1], [3, 8])
    5.0
    """
    below, gaps = _steps(p, q, points)
    return math.fsum(np.abs(below) * gaps)


def energy(p: Any, q: Any, points: Any) -> float:
    """Return the energy distance on the line, the root of 2 ∫ (F − G)² dx.

    That is the root of 2 E|X − Y| − E|X − X′| − E|Y − Y′|, as in scipy.stats; its unit is the
    square root of that of `points`. Parameters as for `wasserstein`.

    References
    ----------
    .. [1] G. Székely, M. Rizzo, "Energy statistics: a class of statistics based on distances",
       Journal of Statistical Planning and Inference 143 (2013) 1249,
       doi:10.1016/j.jspi.2013.03.018.

    Examples
    --------
    >>> energy([1, 0], [0, 1], [3, 11])  # the root of 2 · 8
    4.0
    """
    below, gaps = _steps(p, q, points)
    return math.sqrt(2 * math.fsum(below**2 * gaps))


def kolmogorov_smirnov(p: Any, q: Any, points: Any) -> float:
    """Return the largest distance of the distribution functions, max |F − G|.

    From 0 to 1; the same under any increasing change of scale. Parameters as for `wasserstein`.

    References
    ----------
    .. [1] N. Smirnov, "Table for estimating the goodness of fit of empirical distributions",
       Annals of Mathematical Statistics 19 (1948) 279, doi:10.1214/aoms/1177730256.

    Examples
    --------
    >>> kolmogorov_smirnov([0.5, 0.5], [0.25, 0.75], [0, 1])
    0.25
    """
    below, _ = _steps(p, q, points)
    return float(np.abs(below).max(initial=0.0))


def _pair(p: Any, q: Any) -> tuple[Floats, Floats]:
    """Return both vectors divided by their sums, or say what is wrong with them."""
    sides = []
    for name, side in (("P", p), ("Q", q)):
        vector = np.asarray(side, dtype=float)
        if vector.ndim != 1 or not len(vector):
            raise UsageError(f"{name} is no vector of probabilities", "give a flat, filled list")
        total = math.fsum(vector) if np.all(np.isfinite(vector)) else math.nan
        if not (np.all(vector >= 0) and total > 0):
            raise UsageError(
                f"{name} is no distribution", "give numbers from 0 up that do not all vanish"
            )
        sides.append(vector / total)
    if len(sides[0]) != len(sides[1]):
        text = f"P has {len(sides[0])} cells, but Q {len(sides[1])}"
        raise UsageError(text, "give probabilities of the same cells")
    return sides[0], sides[1]


def _steps(p: Any, q: Any, points: Any) -> tuple[Floats, Floats]:
    """Return F − G after each point but the last, in increasing order, and how far it holds."""
    p, q = _pair(p, q)
    where = np.asarray(points, dtype=float)
    if where.shape != p.shape or not np.all(np.isfinite(where)):
        raise UsageError("points do not match the probabilities", "give one finite number a cell")
    order = np.argsort(where, kind="stable")
    below = np.cumsum((p - q)[order])[:-1]
    gaps = np.diff(where[order])
    apart = gaps > 0
    return below[apart], gaps[apart]
