"""The delta method: a normal interval from the variance of the influence function."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from klcli.typing import Interval

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.counts import CountTable
    from klcli.typing import Estimator, Floats, Point


def delta(
    estimator: Estimator,
    table: CountTable,
    point: Point,
    *,
    confidence: float,
    resamples: int,
    null_values: Floats,
    rng: Generator,
) -> Interval:
    r"""Return value ± z·SE, with SE from the influence of each row.

    .. math:: SE^2 = \sum p φ_P^2 / n + \sum q φ_Q^2 / m + \text{excess} + \text{Monte Carlo}

    over the observed frequencies p of n rows of P and q of m rows of Q [1]_, plus what the point
    knows of variance that is not linear and of its Monte Carlo error. For categories that all
    occur often on both sides. Bias is not allowed for, and rows that both samples lack have no
    share in the variance, so the interval is too short for undersampled columns. A value that was
    averaged with 0, as nothing may differ, is taken for what it was before. The resamples are
    not used.

    Where the value is infinite nothing is known of its spread: the interval is [NaN, inf].

    References
    ----------
    .. [1] Z. Zhang, M. Grabchak, "Nonparametric estimation of Kullback-Leibler divergence", Neural
       Computation 26 (2014) 2570, doi:10.1162/NECO_a_00646; for influence functions in general,
       A. van der Vaart, "Asymptotic Statistics" (1998), chapter 20.
    """
    del estimator, resamples, null_values, rng
    error = standard_error(table, point)
    if not math.isfinite(point.value):
        return Interval(math.nan, point.value, math.nan)
    reach, middle = NormalDist().inv_cdf((1 + confidence) / 2) * error, unaveraged(point)
    error = averaged_error(point.value, error**2, point.alike)
    return Interval(middle - reach, middle + reach, error)


def influence_variance(table: CountTable, point: Point) -> float:
    """Return the variance of the estimate that the influence function shows, in nats².

    Σ p φ_P² / n² + Σ q φ_Q² / m² over the cells.
    """
    p = float(table.p @ point.influence_p**2) / table.n_p**2
    return p + float(table.q @ point.influence_q**2) / table.n_q**2


def standard_error(table: CountTable, point: Point) -> float:
    """Return the standard error of `unaveraged` in nats, NaN where its value is not finite."""
    variance = (
        influence_variance(table, point) + point.excess_variance + point.monte_carlo_error**2
    )
    return math.sqrt(variance) if variance >= 0 else math.nan


def unaveraged(point: Point) -> float:
    """Return the estimate as it is if P and Q differ, before it was averaged with 0."""
    return point.value / (1 - point.alike)


def averaged_error(value: float, variance: float, alike: float) -> float:
    """Return the standard error of a value that was averaged with 0.

    By the law of total variance: the mean over both cases, and how far apart they are.

    Parameters
    ----------
    value : float
        In nats.
    variance : float
        Of the estimate before, in nats².
    alike : float
        Weight of 0.
    """
    apart = alike / (1 - alike) * value**2
    total = (1 - alike) * variance + apart
    return math.sqrt(total) if total >= 0 else math.nan
