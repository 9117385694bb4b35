"""Interval from the influence function, calibrated near zero as well as away from it."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from klcli.intervals.delta import averaged_error, influence_variance, unaveraged
from klcli.intervals.noncentral import noncentral_ends
from klcli.typing import Interval

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.counts import CountTable
    from klcli.typing import Estimator, Floats, Point


def influence(
    estimator: Estimator,  # noqa: ARG001
    table: CountTable,
    point: Point,
    *,
    confidence: float,
    resamples: int,  # noqa: ARG001
    null_values: Floats,
    rng: Generator,  # noqa: ARG001
) -> Interval:
    """Invert the test of every D by the distribution that the estimate has near zero.

    The variance is a + bD: a is what is left where P = Q (the null variance of the point, or else
    that of `null_values`), and bD is the influence function's, which is proportional to D near
    zero, where its slope is 2(1/n + 1/m) for smooth alternatives [1]_. The slope is the observed
    one, shrunk to that limit where the estimate is within its noise. Estimates are distributed as
    c(χ² − ν) with noncentrality D/c, and c and ν are those of that variance: near zero that is
    what is known of likelihood ratios [1]_, and far from it a normal distribution.

    So the interval does not collapse where a small estimate has a small estimated variance, nor
    is it longer than it need be. An estimate below zero counts as zero. One that was averaged
    with 0, as nothing may differ, is taken for what it was before. The upper end alone also
    allows for what Q may hold where it has no rows, and for differences that finer cells show.

    Parameters
    ----------
    estimator, resamples, rng
        Not used; all interval methods are called alike.
    table : CountTable
        The counts.
    point : Point
        The estimate with its influence function and variances.
    confidence : float
        In (0, 1).
    null_values : ndarray, shape (permutations,)
        Estimates under exchanged labels; may be empty.

    Returns
    -------
    Interval
        In nats; the standard error is that of the value.

    References
    ----------
    .. [1] S. Kullback, "Information Theory and Statistics", Wiley 1959, chapter 5, section 3:
       2nm/(n+m)·D̂ is asymptotically noncentral χ² with noncentrality 2nm/(n+m)·D.
    """
    at_null = point.null_variance
    if at_null == 0 and null_values.size and np.isfinite(null_values).all():
        at_null = float(np.var(null_values))
    total = influence_variance(table, point) + point.excess_variance + point.monte_carlo_error**2
    at_null = min(at_null + point.monte_carlo_error**2, max(total, at_null))
    interval = noncentral_interval(
        unaveraged(point), total, at_null, table.n_p, table.n_q, confidence
    )
    error = averaged_error(point.value, max(total, at_null), point.alike)
    high = interval.high
    if point.beyond_support > 0:
        z = NormalDist().inv_cdf(0.5 + confidence / 2)
        reach = z * point.beyond_support
        high = point.value + math.hypot(interval.high - point.value, reach)
    return Interval(interval.low, high, error)


def variance_slope(value: float, variance: float, at_null: float, n_p: float, n_q: float) -> float:
    """Return b of the variance a + bD of an estimate of D, as `influence` tells."""
    variance = max(variance, at_null)
    noise = math.sqrt(at_null)
    estimate = max(value, 0.0)
    local = 2 * (1 / n_p + 1 / n_q)
    # Also for one value on both sides, or one row on each: they show no variance, but prove nothing.
    if variance == 0 or estimate + noise == 0:
        return local
    return (variance - at_null + local * noise) / (estimate + noise)


def noncentral_interval(
    value: float, variance: float, at_null: float, n_p: float, n_q: float, confidence: float
) -> Interval:
    """Return what tests of D by noncentral χ² do not refuse, given two variances.

    A variance a + bD is that of c·(χ² − ν), with noncentrality D/c, for c = b/4 and
    ν = a/(2c²). Parameters as of `score_interval`.
    """
    slope = variance_slope(value, variance, at_null, n_p, n_q)
    scale = float(slope) / 4
    freedom = float(at_null) / (2 * scale**2)
    # Less than chance makes says no more of how small D is than what chance makes.
    low, high = noncentral_ends(max(float(value), 0.0) / scale + freedom, freedom, confidence)
    low = scale * low if value > 0 else 0.0
    return Interval(low, scale * high, math.sqrt(max(variance, at_null)))


def score_interval(
    value: float, variance: float, at_null: float, n_p: float, n_q: float, confidence: float
) -> Interval:
    """Invert |value − D| = z·sd(D) with the variance a + bD of `influence`, given as two.

    So the interval is Wilson's [1]_, with D in the place of a proportion. It is for estimates
    whose distribution near zero is not known.

    Parameters
    ----------
    value : float
        The estimate in nats.
    variance, at_null : float
        Its variance where it was observed, and that which is left where P = Q, in nats².
    n_p, n_q : float
        Rows of P and of Q.
    confidence : float
        In (0, 1).

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       J. Am. Stat. Assoc. 22 (1927), 209-212.
    """
    slope = variance_slope(value, variance, at_null, n_p, n_q)
    variance = max(variance, at_null)
    noise = math.sqrt(at_null)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    middle = value + z * z * slope / 2
    half = max((z * z * slope / 2) ** 2 + z * z * (at_null + slope * value), 0.0) ** 0.5
    low = middle - half if value > z * noise else min(0.0, middle - half)
    return Interval(low, middle + half, variance**0.5)
