"""From a cross-fitted log ratio at every row to D(P‖Q), its influence values and its findings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.results import Finding
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from klcli.typing import Floats

#: The Pareto shape of the ratios from which their mean cannot be trusted at any sample size that
#: one meets (Vehtari et al. 2024, section 3.1).
_UNRELIABLE = 0.7
#: Fewest ratios in a tail that tell anything about its shape.
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


def pareto_shape(log_ratios: Floats) -> float:
    """Estimate the Pareto shape k of the largest ratios.

    The posterior mean of Zhang and Stephens [1]_ with the weak prior of [2]_; NaN where too few
    ratios exceed the others.

    References
    ----------
    .. [1] J. Zhang, M. A. Stephens, "A new and efficient estimation method for the generalized
       Pareto distribution", Technometrics 51 (2009), 316-325, equations 5 to 8.
    .. [2] A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance
       sampling", J. Machine Learning Research 25 (2024), 1-58, section 2.2 and appendix G.
    """
    m = len(log_ratios)
    size = int(min(0.2 * m, 3 * m**0.5))
    if size < _FEWEST:
        return math.nan
    ordered = np.sort(log_ratios)
    threshold = ordered[-size - 1]
    tail = np.expm1(ordered[-size:] - threshold)
    tail = tail[tail > 0]
    if len(tail) < _FEWEST:
        return math.nan
    count = len(tail)
    steps = 30 + int(count**0.5)
    quartile = tail[max(int(count / 4 + 0.5) - 1, 0)]
    grid = 1 / tail[-1] + (1 - np.sqrt(steps / (np.arange(1, steps + 1) - 0.5))) / (3 * quartile)
    shapes = np.log1p(-grid[:, None] * tail).mean(axis=1)
    profile = count * (np.log(-grid / shapes) - shapes - 1)
    weights = np.exp(profile - profile.max())
    location = float(grid @ weights / weights.sum())
    shape = float(np.log1p(-location * tail).mean())
    return (count * shape + 5) / (count + 10)


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
    more is what an infinite number would gain; for slower models it is more than that.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        At each row, from a fit to other rows.
    half_p, half_q : ndarray, shape (n,) and (m,)
        The same from a fit to half as many.
    names : tuple of str
        What to call P and Q.
    """
    value, influence_p, influence_q = evaluated(log_p, log_q)
    gain = value - evaluated(half_p, half_q)[0]
    findings = []
    shape = pareto_shape(log_q)
    lowered = False
    if shape > _UNRELIABLE:
        text = f"the density ratio has Pareto shape {shape:.2f} over the rows of {names[1]}"
        findings.append(Finding("heavy-tail", f"{text}: the estimate is a lower bound"))
        lowered = True
    return JointPoint(
        value + gain, influence_p, influence_q, gain**2, gain**2, tuple(findings), lowered
    )
