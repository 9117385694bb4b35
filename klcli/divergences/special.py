"""Differences that lose all their digits if they are written down as they are defined."""

from __future__ import annotations

import math

#: Below this the plain difference loses more than one digit; the series below need 14 terms.
_SMALL = 0.05
_TERMS = 14


def excess(new: float, old: float) -> float:
    """Return r − 1 − log r for r = new/old, which is 0 at r = 1 and positive elsewhere.

    Most closed forms are sums of such terms. Both arguments are positive.

    >>> excess(1.0 + 1e-9, 1.0)  # ½·10⁻¹⁸; the plain formula gives 8e-17 off
    5.0000008...e-19
    """
    x = (new - old) / old
    if abs(x) >= _SMALL:
        return x - (math.log(new) - math.log(old))  # log1p(x) would not know a small ratio
    return math.fsum((-x) ** k / k for k in range(2, 2 + _TERMS))


def exp_excess(z: float) -> float:
    """Return eᶻ − 1 − z, which is 0 at 0 and positive elsewhere; inf where eᶻ overflows."""
    if z > 709:  # log of the largest float
        return math.inf
    if abs(z) >= _SMALL:
        return math.expm1(z) - z
    return math.fsum(z**k / math.factorial(k) for k in range(2, 2 + _TERMS))


def lgamma_excess(old: float, new: float) -> float:
    """Return log Γ(new) − log Γ(old) − (new − old)·ψ(old), which is never negative.

    Near `old` it is (new−old)²·∫₀¹(1−s)·ψ′(old + s(new−old)) ds, whose integrand has one sign.
    """
    from scipy.special import digamma, polygamma

    step = new - old
    if abs(step) > 0.2 * old:
        return math.lgamma(new) - math.lgamma(old) - step * float(digamma(old))
    import numpy as np

    # The integrand is analytic but for a pole five steps away: 24 nodes reach 1e-16.
    nodes, weights = np.polynomial.legendre.leggauss(24)
    s = (nodes + 1) / 2
    return step * step * float(weights / 2 @ ((1 - s) * polygamma(1, old + s * step)))


def zeta_moments(a: float) -> tuple[float, float]:
    """Return log ζ(a) and E log K for P(K = k) = k⁻ᵃ/ζ(a): a > 1.

    E log K = −ζ′(a)/ζ(a). The sum Σ log k·k⁻ᵃ is taken as it is below `start`; what is left is
    Euler and Maclaurin's formula, which is exact to 1e-16 with six terms from there on.
    """
    from scipy.special import zetac

    start = 32
    logs = [math.log(k) * k**-a for k in range(2, start)]
    # f(x) = x⁻ᵃ·log x, and its derivatives x^(−a−j)·(u·log x + v).
    log_start = math.log(start)
    tail = start ** (1 - a) * (log_start + 1 / (a - 1)) / (a - 1) + start**-a * log_start / 2
    u, v = 1.0, 0.0
    for order in range(1, 2 * len(_BERNOULLI)):
        u, v = -(a + order - 1) * u, -(a + order - 1) * v + u
        if order % 2:
            slope = start ** (-a - order) * (u * log_start + v)
            tail -= _BERNOULLI[order // 2] * slope
    rest = float(zetac(a))  # ζ(a) − 1
    return math.log1p(rest), math.fsum([*logs, tail]) / (1 + rest)


#: B₂ⱼ/(2j)! of Euler and Maclaurin's formula.
_BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000)


def bernoulli(p: float, q: float) -> float:
    """Return the divergence of one trial, as a sum of terms without a sign; inf if q lacks a side.

    p·log(p/q) + (1−p)·log((1−p)/(1−q)), where −p + q and its opposite are added to the two terms.
    """
    if p == q:
        return 0.0
    if q in {0.0, 1.0}:
        return math.inf
    first = p * excess(q, p) if p > 0 else q
    second = (1 - p) * excess(1 - q, 1 - p) if p < 1 else 1 - q
    return first + second
