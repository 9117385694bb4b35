"""Closed forms between families on the whole line, which include all that have a log scale."""

from __future__ import annotations

import math
from math import exp, expm1, inf, log, pi, sqrt
from typing import TYPE_CHECKING, Final

from klcli.divergences.formula import BAUCKHAGE, BREGMAN, BY_PARTS, GIL, KULLBACK, Formula
from klcli.divergences.special import excess, exp_excess, lgamma_excess

if TYPE_CHECKING:
    from klcli.divergences.formula import Answer

    Values = tuple[float, ...]

#: How reasons begin.
LEFT_OUT: Final = "P has mass where Q has none"


def _normal(p: Values, q: Values) -> Answer:
    (m1, s1), (m2, s2) = p, q
    # r − 1 − log r for r = (s1/s2)²; 2·(r' − 1 − log r') + (r' − 1)² with r' = s1/s2.
    spread = excess(s1, s2) + ((s1 - s2) / s2) ** 2 / 2
    return [spread, ((m1 - m2) / s2) ** 2 / 2]


def _loggamma(p: Values, q: Values) -> Answer:
    from scipy.special import digamma

    (a1, c1, l1), (a2, c2, l2) = p, q
    ratio, z = c2 / c1, c2 * (l1 - l2)
    if ratio == 1:  # every term has one sign where the shapes are equal
        return [lgamma_excess(a1, a2), a1 * exp_excess(z), (a1 - a2) * z]
    moment = _gamma_moment(a1, ratio, z)
    if moment == inf:
        return "the integral diverges: Q's density falls too fast where P still has mass"
    psi = float(digamma(a1))
    shapes = [math.lgamma(a2), -math.lgamma(a1)]
    return [-log(abs(ratio)), a1 * psi, -ratio * a2 * psi, -a2 * z, -a1, moment, *shapes]


def _gamma_moment(a: float, power: float, z: float) -> float:
    """Return eᶻ·E[G^power], inf where it does not exist."""
    if a + power <= 0:
        return inf
    return _exp(z + math.lgamma(a + power) - math.lgamma(a))


def _exp(value: float) -> float:
    return inf if value > 709 else exp(value)  # the log of the largest float


def _normal_loggamma(p: Values, q: Values) -> Answer:
    (m, s), (a, c, l) = p, q
    z = c * (m - l)
    tail = _exp(z + (c * s) ** 2 / 2)
    return [-log(s * sqrt(2 * pi)), -0.5, -log(abs(c)), -a * z, tail, math.lgamma(a)]


def _loggamma_normal(p: Values, q: Values) -> Answer:
    mean, variance, entropy = loggamma_moments(p)
    return _to_normal(mean, variance, entropy, q)


def _to_normal(mean: float, variance: float, entropy: float, q: Values) -> list[float]:
    m, s = q
    return [-entropy, log(s * sqrt(2 * pi)), variance / (2 * s * s), ((mean - m) / s) ** 2 / 2]


def _exponential(p: Values, q: Values) -> Answer:
    (l1, r1), (l2, r2) = p, q
    if l1 < l2:
        return f"{LEFT_OUT}, below Q's lower end"
    return [excess(r2, r1), r2 * (l1 - l2)]


def _laplace(p: Values, q: Values) -> Answer:
    (m1, b1), (m2, b2) = p, q
    return [excess(b1, b2), b1 / b2 * exp_excess(-abs(m1 - m2) / b1)]


def _laplace_normal(p: Values, q: Values) -> Answer:
    m, b = p
    return _to_normal(m, 2 * b * b, 1 + log(2 * b), q)


def _normal_laplace(p: Values, q: Values) -> Answer:
    (m1, s), (m2, b) = p, q
    d = m1 - m2
    folded = s * sqrt(2 / pi) * exp(-((d / s) ** 2) / 2) + d * math.erf(d / (s * sqrt(2)))
    return [-0.5 * log(2 * pi * s * s), -0.5, log(2 * b), folded / b]


def _cauchy(p: Values, q: Values) -> Answer:
    (m1, g1), (m2, g2) = p, q
    return [math.log1p(((g1 - g2) / g1 * (g1 - g2) + (m1 - m2) / g1 * (m1 - m2)) / (4 * g2))]


def _logistic(p: Values, q: Values) -> Answer:
    (m1, s1), (m2, s2) = p, q
    if s1 != s2:
        return None
    d = abs(m1 - m2) / s1
    if d < 0.3:  # Taylor series of d·coth(d/2) − 2, exact to 1e-16 here
        square = d * d
        coefficients = (1 / 6, -1 / 360, 1 / 15120, -1 / 604800, 1 / 23950080)
        return [math.fsum(c * square ** (k + 1) for k, c in enumerate(coefficients))]
    return [-d / math.expm1(-d), d * exp(-d) / -expm1(-d), -2.0]


def _uniform(p: Values, q: Values) -> Answer:
    (a1, b1), (a2, b2) = p, q
    if a1 < a2 or b1 > b2:
        return f"{LEFT_OUT}, outside Q's interval"
    return [log((b2 - a2) / (b1 - a1))]


def loggamma_moments(values: Values) -> tuple[float, float, float]:
    """Return mean, variance and entropy of l + log(G)/c, G being a gamma variable of shape a."""
    from scipy.special import digamma, polygamma

    a, c, l = values
    psi = float(digamma(a))
    entropy = math.lgamma(a) + a - a * psi - log(abs(c))
    return l + psi / c, float(polygamma(1, a)) / c**2, entropy


_GAMMA_TEXT = (
    "log|c1/c2| + (a1 − a2·c2/c1)·ψ(a1) − a1 − a2·c2·log(s1/s2)"
    " + (s1/s2)^c2·Γ(a1+c2/c1)/Γ(a1) + log Γ(a2)/Γ(a1)"
)
_LOG = "; on the log scale where the families live there"

LINE: Final[dict[tuple[str, str], Formula[Values]]] = {
    ("normal", "normal"): Formula(
        "log(σ2/σ1) + (σ1² + (μ1 − μ2)²)/(2σ2²) − 1/2", f"{KULLBACK}, chapter 9", _normal
    ),
    ("loggamma", "loggamma"): Formula(
        f"{_GAMMA_TEXT} for s·G^(1/c), G a gamma variable of shape a", BAUCKHAGE, _loggamma
    ),
    ("normal", "loggamma"): Formula(
        "log Γ(a) − log|c| − a·z + exp(z + c²σ²/2) − log(σ√(2πe)), z = c(μ − log s)",
        BY_PARTS + _LOG,
        _normal_loggamma,
    ),
    ("loggamma", "normal"): Formula(
        "log(σ√(2π)) + (v + (m − μ)²)/(2σ²) − h, with P's mean m = log s + ψ(a)/c, variance"
        " v = ψ′(a)/c² and entropy h = log Γ(a) + a − aψ(a) − log|c|",
        BY_PARTS + _LOG,
        _loggamma_normal,
    ),
    ("exponential", "exponential"): Formula(
        "log(λ1/λ2) + λ2/λ1 − 1 + λ2(loc1 − loc2)", f"{GIL}, table 2", _exponential
    ),
    ("laplace", "laplace"): Formula(
        "log(b2/b1) + (b1·exp(−|μ1 − μ2|/b1) + |μ1 − μ2|)/b2 − 1", f"{GIL}, table 2", _laplace
    ),
    ("laplace", "normal"): Formula(
        "log(σ√(2π)) + (2b² + (μ1 − μ2)²)/(2σ²) − 1 − log(2b)", BY_PARTS, _laplace_normal
    ),
    ("normal", "laplace"): Formula(
        "log(2b) + (σ√(2/π)·exp(−d²/(2σ²)) + d·erf(d/(σ√2)))/b − log(σ√(2πe)), d = μ1 − μ2",
        BY_PARTS,
        _normal_laplace,
    ),
    ("cauchy", "cauchy"): Formula(
        "log(((γ1 + γ2)² + (x1 − x2)²)/(4·γ1·γ2))",
        "Chyzak & Nielsen (2019), arXiv:1905.10965, theorem 1",
        _cauchy,
    ),
    ("logistic", "logistic"): Formula(
        "d·coth(d/2) − 2, d = |μ1 − μ2|/s, for equal scales",
        "E log(1 + k·(1−U)/U) = k·log(k)/(k−1) for uniform U",
        _logistic,
    ),
    ("uniform", "uniform"): Formula("log(width2/width1)", BREGMAN, _uniform),
}
