"""Confidence intervals for several columns together, from rows instead of counts."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from klcli.intervals.influence import score_interval
from klcli.rows import RowPair, Rows
from klcli.typing import Interval

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.rows import JointEstimator, JointPoint
    from klcli.typing import Floats, Integers


def influence(
    estimator: JointEstimator,  # noqa: ARG001
    rows: RowPair,
    point: JointPoint,
    *,
    confidence: float,
    resamples: int,  # noqa: ARG001
    null_values: Floats,
    rng: Generator,  # noqa: ARG001
) -> Interval:
    """Invert a test whose variance depends on D; see `klcli.intervals.influence.influence`."""
    at_null = point.null_variance
    if at_null == 0 and null_values.size and np.isfinite(null_values).all():
        at_null = float(np.var(null_values))
    return score_interval(
        finite_value(point), variance(point), at_null, len(rows.p), len(rows.q), confidence
    )


def delta(
    estimator: JointEstimator,  # noqa: ARG001
    rows: RowPair,  # noqa: ARG001
    point: JointPoint,
    *,
    confidence: float,
    resamples: int,  # noqa: ARG001
    null_values: Floats,  # noqa: ARG001
    rng: Generator,  # noqa: ARG001
) -> Interval:
    """Return the estimate plus and minus z standard errors; for estimates far from zero."""
    error = max(variance(point), 0.0) ** 0.5
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    value = finite_value(point)
    return Interval(value - z * error, value + z * error, error)


def subsampling(
    estimator: JointEstimator,
    rows: RowPair,
    point: JointPoint,
    *,
    confidence: float,
    resamples: int,
    null_values: Floats,  # noqa: ARG001
    rng: Generator,
) -> Interval:
    """Return the interval that the spread of estimates from smaller samples suggests.

    Each subsample holds n^(2/3) rows of P and as large a share of Q, drawn without replacement:
    unlike a bootstrap it repeats no rows, which nearest neighbours would take for neighbours at no
    distance. With b of n rows in a subsample, quantiles of √(b/(n−b))·(subsample − estimate) stand
    for those of estimate − D [1]_, theorem 2.2.1; n − b in the place of n because the subsample is
    part of the sample. What bias an estimator has, it has more of in subsamples, so that the
    interval errs where the bias is not small against the spread.

    Parameters
    ----------
    estimator : JointEstimator
        Applied to each subsample.
    rows : RowPair
        All rows.
    point : JointPoint
        The estimate from all rows.
    confidence : float
        In (0, 1).
    resamples : int
        Number of subsamples.
    null_values : ndarray
        Not used; all interval methods are called alike.
    rng : Generator
        Source of randomness.

    References
    ----------
    .. [1] D. N. Politis, J. P. Romano, M. Wolf, "Subsampling", Springer 1999,
       doi:10.1007/978-1-4612-1554-7.
    """
    n, m = len(rows.p), len(rows.q)
    share = n ** (-1 / 3)
    # Two rows have no neighbours, nor a variance: from ten on there is something to estimate from.
    size_p, size_q = (min(max(round(total * share), 10), total - 1) for total in (n, m))
    value = finite_value(point)
    values = np.empty(resamples)
    for i in range(resamples):
        p, q = (
            rng.choice(total, size, replace=False) for total, size in ((n, size_p), (m, size_q))
        )
        values[i] = finite_value(estimator.both(_subset(rows, p, q), rng)[0])
    rate = (size_p / (n - size_p)) ** 0.5
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    spread = rate * float(np.std(values, ddof=1)) if resamples > 1 else math.nan
    return Interval(value - rate * float(high - value), value - rate * float(low - value), spread)


def finite_value(point: JointPoint) -> float:
    """Return the estimate over what both sides show."""
    return point.value if math.isfinite(point.value) else point.finite_value


def variance(point: JointPoint) -> float:
    """Return the variance of an estimate, in nats²."""
    shown = sum(
        float(values @ values) / len(values) ** 2
        for values in (point.influence_p, point.influence_q)
    )
    return shown + point.excess_variance


def _subset(rows: RowPair, p: Integers, q: Integers) -> RowPair:
    of_p, of_q = (
        Rows(side.numbers[chosen], side.codes[chosen])
        for side, chosen in ((rows.p, p), (rows.q, q))
    )
    return RowPair(
        of_p, of_q, rows.number_names, rows.code_names, rows.levels, rows.total_p, rows.total_q
    )
