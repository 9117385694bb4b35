"""From a cross-fitted log ratio at every row to D(P‖Q), its influence values and its findings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.joint.tails import INFINITE_VARIANCE, heavy_shape
from klcli.results import Finding
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from klcli.typing import Floats


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
    lowered = shape > INFINITE_VARIANCE
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
