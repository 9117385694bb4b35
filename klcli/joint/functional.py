"""From a cross-fitted log ratio at every row to D(P‖Q), its influence values and its findings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.results import Finding
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from klcli.typing import Floats

#: The variance of the ratio is infinite where its Pareto shape is at least this.
_INFINITE_VARIANCE = 0.5
#: Normal quantile of the one-sided 97.5 % bound that has to lie above, and beyond which the shape
#: rises or falls outwards: pairs at the border are marked in at most 2.5 % of samples.
_SURE = 1.96
#: Standard errors by which the outermost rows have to exceed it where the shape rises outwards:
#: two findings that chance brings with 2.5 and 16 %.
_LIKELY = 1.0
#: Fewest rows of P in a tail that tell anything about its shape.
_FEWEST = 20


def normaliser(log_p: Floats, log_q: Floats) -> tuple[float, Floats, Floats, float]:
    """Return c such that exp(log ratio + c) integrates to one under Q, robustly.

    The mean over Q of a ratio r with a heavy tail has no useful variance. But for any α the means
    of α under P and of rα under Q agree, if r is the ratio [1]_, equation 1; with α = min(1, t/r)
    the right side is a mean of truncated ratios, whose variance is at most t, and α is one on
    nearly all of P, so that an error in the log ratio still cancels to first order. The cut-off
    t = √m is that of truncated importance sampling [2]_.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        Log ratio at rows of P and of Q.

    Returns
    -------
    constant : float
    accept : ndarray, shape (n,)
        α at the rows of P.
    truncated : ndarray, shape (m,)
        min(r, t) at the rows of Q.
    slope : float
        Derivative of the difference of both means, by which its error becomes that of the constant.

    References
    ----------
    .. [1] X.-L. Meng, W. H. Wong, "Simulating ratios of normalizing constants via a simple
       identity", Statistica Sinica 6 (1996), 831-860.
    .. [2] E. L. Ionides, "Truncated importance sampling", J. Comput. Graph. Stat. 17 (2008),
       295-311.
    """
    limit = 0.5 * math.log(len(log_q))
    low = -max(float(log_p.max()), float(log_q.max())) - limit - 1.0
    high = limit + 1.0 - min(float(log_p.min()), float(log_q.min()))
    # Monotone in c; 60 halvings reach the last digit whatever the range.
    for _ in range(60):
        constant = (low + high) / 2
        accept = np.exp(np.minimum(0.0, limit - log_p - constant))
        truncated = np.exp(np.minimum(log_q + constant, limit))
        if truncated.mean() > accept.mean():
            high = constant
        else:
            low = constant
    slope = truncated[log_q + constant < limit].sum() / len(log_q)
    slope += accept[log_p + constant > limit].sum() / len(log_p)
    return constant, accept, truncated, max(float(slope), 1e-3)


def evaluated(log_p: Floats, log_q: Floats) -> tuple[float, Floats, Floats]:
    """Return D by the mean of the normalised log ratio over P, and both influence functions."""
    constant, accept, truncated, slope = normaliser(log_p, log_q)
    influence_p = log_p - log_p.mean() + (accept - accept.mean()) / slope
    influence_q = (truncated.mean() - truncated) / slope
    return float(log_p.mean()) + constant, influence_p, influence_q


def tail_shape(
    log_p: Floats, log_q: Floats, size: float | None = None, inner: float = 0.0
) -> tuple[float, float]:
    """Estimate the Pareto shape k of the density ratio from its values at both samples.

    Where the ratio has a Pareto tail of shape k over rows of Q, a row of P has Q's upper tail
    probability V below v with probability proportional to v^(1−k): so log 1/V is exponential
    with rate 1−k beyond a threshold, and censored at Q's largest ratio. k ≥ 1/2 is where the
    variance of the ratio is infinite. This looks at ranks of the ratio alone: unlike a fit to the
    ratios themselves it notices tails that the model of the ratio flattens.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        Log ratio at rows of P and of Q.
    size : float, optional
        Rows of Q in the tail; by default min(0.2 m, 3 √m) of m [2]_.
    inner : float
        Rows of Q beyond which the tail is not looked at.

    Returns
    -------
    shape, standard_error : float
        Maximum likelihood for censored exponential data; NaN with too few rows.

    References
    ----------
    .. [1] B. M. Hill, "A simple general approach to inference about the tail of a distribution",
       Annals of Statistics 3 (1975), 1163-1174.
    .. [2] A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance
       sampling", J. Machine Learning Research 25 (2024), 1-58: the same k from the ratios, and
       the size of the tail, min(0.2 m, 3 √m).
    """
    m = len(log_q)
    size = _usual_size(m) if size is None else size
    above = m - np.searchsorted(np.sort(log_q), log_p, "left").astype(float)
    tail = above <= size
    observed = float(np.sum(tail & (above > inner)))
    if size < 1 or tail.sum() < _FEWEST:
        return math.nan, math.nan
    exposure = float(np.log(size / np.maximum(above[tail], max(inner, 0.5))).sum())
    rate = (observed + 1) / (exposure + 1)
    # Rows of Q, whose ranks move all tail probabilities, add about as much as those of P.
    return 1 - rate, rate * (2 / (observed + 1)) ** 0.5


def heavy_shape(log_p: Floats, log_q: Floats) -> float:
    """Return the Pareto shape of the ratio where its variance is infinite for all that is known.

    Few ratios are Pareto from where a tail is taken to begin. So the shape there is compared with
    that of the rows before it, four times as far in. Where it rises outwards, as from Student's to
    normal distributions, the whole tail understates it, and the outermost √m rows of Q tell. Where
    it falls, as it does in the end to 0 between normal distributions a shift apart, it is followed
    to the end: if the log ratio is a quadratic form of normal columns, k is its limit plus a term
    proportional to 1/log(1/V), because V is e^(−x/2) x^(d/2−1) up to a factor. In many columns the
    shape may begin near 1 and yet end above ½.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        Log ratio at rows of P and of Q.

    Returns
    -------
    float
        NaN where the variance is finite for all that is known.
    """
    m = len(log_q)
    size = _usual_size(m)
    wide = min(4 * size, m / 2)
    shape, error = tail_shape(log_p, log_q)
    before, error_before = tail_shape(log_p, log_q, wide, size)
    rise = (shape - before) / math.hypot(error, error_before)
    if shape - _SURE * error > _INFINITE_VARIANCE:
        if not rise < -_SURE:
            return shape
        # Along 1/log(1/V) from the middle of either stretch, on the logarithmic scale, to 0.
        inside, outside = (
            1 / math.log(m / math.sqrt(size * wide)),
            1 / math.log(m / math.sqrt(size)),
        )
        far = outside / (inside - outside)
        limit = shape + far * (shape - before)
        if limit - _SURE * math.hypot((1 + far) * error, far * error_before) > _INFINITE_VARIANCE:
            return limit
    if rise > _SURE:
        outermost, error = tail_shape(log_p, log_q, min(math.sqrt(m), size))
        if outermost - _LIKELY * error > _INFINITE_VARIANCE:
            return outermost
    return math.nan


def _usual_size(m: int) -> float:
    return min(0.2 * m, 3 * math.sqrt(m))


def averaged(points: list[JointPoint]) -> JointPoint:
    """Average estimates of the same rows that differ only in how the folds were drawn.

    It is a lower bound where most of them are.
    """
    if len(points) == 1:
        return points[0]
    lowered = [each for each in points if each.lower_bound]
    rest = [each for each in points if not each.lower_bound]
    verdict = max(lowered, rest, key=len)[0]
    value = float(np.mean([each.value for each in points]))
    luck = float(np.var([each.value for each in points]) / (len(points) - 1))
    excess = float(np.mean([each.excess_variance for each in points])) + luck
    return JointPoint(
        value,
        np.mean([each.influence_p for each in points], axis=0),
        np.mean([each.influence_q for each in points], axis=0),
        excess,
        excess,
        verdict.findings,
        verdict.lower_bound,
    )


def point(
    log_p: Floats,
    log_q: Floats,
    half_p: Floats,
    half_q: Floats,
    names: tuple[str, str] = ("P", "Q"),
) -> JointPoint:
    """Return the estimate from cross-fitted log ratios, extrapolated along the learning curve.

    A log ratio that is off by ε costs ½E_P ε² to second order, and never pays. For a model with a
    fixed number of parameters that is proportional to 1/n, so what half the training rows cost
    more is what an infinite number would gain; for slower models it is more than that: where the
    cost falls like n^−½, as it does at worst for what is estimated well enough for influence
    functions to hold [1]_, infinitely many rows gain 1/(√2 − 1) = 2.41 times as much.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        At each row, from a fit to other rows.
    half_p, half_q : ndarray, shape (n,) and (m,)
        The same from a fit to half as many.
    names : tuple of str
        What to call P and Q.

    References
    ----------
    .. [1] V. Chernozhukov, D. Chetverikov, M. Demirer, E. Duflo, C. Hansen, W. Newey, J. Robins,
       "Double/debiased machine learning for treatment and structural parameters", Econometrics
       Journal 21 (2018) C1, assumption 3.2: errors of nuisance functions of order n^(−1/4).
    """
    value, influence_p, influence_q = evaluated(log_p, log_q)
    less, less_p, less_q = evaluated(half_p, half_q)
    gain, gain_p, gain_q = value - less, influence_p - less_p, influence_q - less_q
    noise = float(gain_p @ gain_p) / len(log_p) ** 2 + float(gain_q @ gain_q) / len(log_q) ** 2
    findings = []
    shape = heavy_shape(log_p, log_q)
    lowered = shape > _INFINITE_VARIANCE
    if lowered:
        text = (
            f"parts of {names[0]} lie where {names[1]} has hardly any rows: the density ratio has"
        )
        text = f"{text} Pareto shape {shape:.2f}, so its variance is infinite"
        findings.append(Finding("heavy-tail", f"{text} and the estimate a lower bound"))
    if not lowered:
        # A bound takes no credit for what more rows might show.
        value += gain
        influence_p, influence_q = influence_p + gain_p, influence_q + gain_q
    # What is left to gain is up to 2.41 − 1 = √2 times the gain, which is itself known to within
    # its noise.
    excess = 2 * (gain**2 + noise)
    return JointPoint(value, influence_p, influence_q, excess, excess, tuple(findings), lowered)
