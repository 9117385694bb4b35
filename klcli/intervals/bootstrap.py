"""Bootstrap intervals from resampled counts: basic, percentile and BCa."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.typing import Interval

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.counts import CountTable
    from klcli.typing import Estimator, Floats, Point

#: Counts that are held at once.
BLOCK: Final = 1 << 22


def basic(
    estimator: Estimator,
    table: CountTable,
    point: Point,
    *,
    confidence: float,
    resamples: int,
    null_values: Floats,
    rng: Generator,
) -> Interval:
    """Return [2·value − upper quantile, 2·value − lower quantile] of the resampled values.

    The reflection takes away the bias that resampling shows (Davison & Hinkley [1]_, eq. 5.6);
    for estimators that correct for bias themselves, see `resampled_values`. Rare categories get
    lost in resamples, so that intervals are rough where there are few rows per category.

    The interval is NaN to inf where the value is infinite, and open to −inf where many resamples
    are.

    References
    ----------
    .. [1] A. Davison, D. Hinkley, "Bootstrap Methods and their Application" (1997), sections 5.2
       and 5.3, doi:10.1017/CBO9780511802843.
    """
    del null_values
    values = resampled_values(estimator, table, point, resamples, rng)
    if not math.isfinite(point.value):
        return Interval(math.nan, point.value, math.nan)
    low, high = _quantiles(values, confidence)
    return Interval(2 * point.value - high, 2 * point.value - low, spread(values))


def percentile(
    estimator: Estimator,
    table: CountTable,
    point: Point,
    *,
    confidence: float,
    resamples: int,
    null_values: Floats,
    rng: Generator,
) -> Interval:
    """Return the quantiles of the resampled values.

    To reproduce what others report. Whatever bias resampling shows counts twice: near zero,
    where plain estimates are biased upwards, the interval lies above the truth (Davison &
    Hinkley, section 5.3). For estimators that correct for bias, see `resampled_values`.
    """
    del null_values
    values = resampled_values(estimator, table, point, resamples, rng)
    low, high = _quantiles(values, confidence)
    return Interval(low, high, spread(values))


def bca(
    estimator: Estimator,
    table: CountTable,
    point: Point,
    *,
    confidence: float,
    resamples: int,
    null_values: Floats,
    rng: Generator,
) -> Interval:
    """Return the bias-corrected and accelerated percentile interval [1]_.

    For skewed estimates from moderate samples, away from zero: the correction for bias cannot
    undo a shift by more than the spread of the resamples, as plain estimates have it near zero;
    for those that correct for bias themselves, see `resampled_values`. If all resamples are on one side of the value, the fraction beyond it
    counts as 1 / (resamples + 1).

    References
    ----------
    .. [1] B. Efron, "Better bootstrap confidence intervals", Journal of the American
       Statistical Association 82 (1987) 171, eq. 2.3 and 4.2, doi:10.1080/01621459.1987.10478410.
       The acceleration is that of Davison & Hinkley (1997), eq. 5.28, for two samples.
    """
    del null_values
    values = resampled_values(estimator, table, point, resamples, rng)
    if not math.isfinite(point.value):
        return Interval(math.nan, point.value, math.nan)
    normal = NormalDist()
    below = np.mean(values < point.value) + np.mean(values == point.value) / 2
    least = 1 / (resamples + 1)
    shift = normal.inv_cdf(float(np.clip(below, least, 1 - least)))
    rate = acceleration(table, point)
    levels = []
    for level in ((1 - confidence) / 2, (1 + confidence) / 2):
        score = shift + normal.inv_cdf(level)
        # Beyond 1 the correction has left its range: take the outermost resample.
        damped = 1 - rate * score
        levels.append(normal.cdf(shift + score / damped) if damped > 0 else float(score > 0))
    ordered = np.sort(values)
    return Interval(_order(ordered, levels[0]), _order(ordered, levels[1]), spread(values))


def acceleration(table: CountTable, point: Point) -> float:
    """Return a = Σ_s Σ l³/n_s³ / (6·(Σ_s Σ l²/n_s²)^(3/2)) over the influence values of rows.

    Rows in one cell have the same influence, so that the cells suffice. 0 if there is none.
    """
    cubes, squares = 0.0, 0.0
    sides = ((table.p, point.influence_p, table.n_p), (table.q, point.influence_q, table.n_q))
    for counts, influence, rows in sides:
        cubes += float(counts @ influence**3) / rows**3
        squares += float(counts @ influence**2) / rows**2
    return cubes / (6 * squares**1.5) if squares > 0 else 0.0


def resampled_values(
    estimator: Estimator, table: CountTable, point: Point, resamples: int, rng: Generator
) -> Floats:
    """Return estimates from counts drawn anew on both sides, shape (resamples,).

    Drawing rows with replacement is drawing counts from a multinomial distribution with the
    observed frequencies. Effective numbers of rows are rounded.

    An estimator may say that it `corrects_bias`. Its resamples spread around the plain divergence
    of the observed frequencies, for those are the truth of resampling; and that is above a
    corrected value by about (cells − 1)(1/n + 1/m)/2, which is no bias. So they are shifted to
    have the value as their mean. (Without this, the intervals of 200 categories covered the
    truth in 4 % of samples of 8,000 and 12,500 rows, with it in 97 %.)
    """
    values = np.empty(resamples)
    rows = max(1, BLOCK // max(1, len(table.p)))
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        p, q = (
            rng.multinomial(round(counts.sum()), counts / counts.sum(), size=size).astype(float)
            for counts in (table.p, table.q)
        )
        values[start : start + size] = estimator.values(table, p, q)
    if getattr(estimator, "corrects_bias", False):
        values += point.value - values.mean()
    return values


def spread(values: Floats) -> float:
    """Return the standard deviation of resampled values, NaN if some are infinite."""
    return float(np.std(values, ddof=1)) if np.all(np.isfinite(values)) else math.nan


def _quantiles(values: Floats, confidence: float) -> tuple[float, float]:
    ordered = np.sort(values)
    return _order(ordered, (1 - confidence) / 2), _order(ordered, (1 + confidence) / 2)


def _order(ordered: Floats, level: float) -> float:
    """Return the (resamples + 1)·level-th smallest; never a mean, which inf would spoil."""
    rank = round((len(ordered) + 1) * level)
    return float(ordered[min(max(rank, 1), len(ordered)) - 1])
