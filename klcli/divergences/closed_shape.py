"""Closed forms between families on an interval, a half-line or a circle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.divergences.formula import BREGMAN, BY_PARTS, GIL, Formula
from klcli.divergences.special import excess, lgamma_excess

if TYPE_CHECKING:
    from klcli.divergences.formula import Answer

    Values = tuple[float, ...]


def _beta(p: Values, q: Values) -> Answer:
    (a1, b1), (a2, b2) = p, q
    return [lgamma_excess(a1, a2), lgamma_excess(b1, b2), -lgamma_excess(a1 + b1, a2 + b2)]


def _invgauss(p: Values, q: Values) -> Answer:
    (m1, l1), (m2, l2) = p, q
    return [excess(l2, l1) / 2, l2 * ((m1 - m2) / m2) ** 2 / (2 * m1)]


def _vonmises(p: Values, q: Values) -> Answer:
    from scipy.special import i0e, i1e

    (k1, m1), (k2, m2) = p, q
    mean = float(i1e(k1) / i0e(k1))
    turned = 2 * k2 * mean * math.sin((m1 - m2) / 2) ** 2
    # log I₀(k) = log i0e(k) + k; k2 − k1 is taken together with the mean.
    return [math.log(i0e(k2) / i0e(k1)), (k2 - k1) * float((i0e(k1) - i1e(k1)) / i0e(k1)), turned]


SHAPE: Final[dict[tuple[str, str], Formula[Values]]] = {
    ("beta", "beta"): Formula(
        "log(B(a2,b2)/B(a1,b1)) − (a2−a1)·ψ(a1) − (b2−b1)·ψ(b1) + (a2−a1+b2−b1)·ψ(a1+b1)",
        f"{GIL}, table 2",
        _beta,
    ),
    ("invgauss", "invgauss"): Formula(
        "½·(log(λ1/λ2) + λ2/λ1 − 1 + λ2·(μ1 − μ2)²/(μ1·μ2²))",
        f"{GIL}, table 2; {BY_PARTS}",
        _invgauss,
    ),
    ("vonmises", "vonmises"): Formula(
        "log(I₀(κ2)/I₀(κ1)) + A(κ1)·(κ1 − κ2·cos(μ1 − μ2)), A = I₁/I₀", BREGMAN, _vonmises
    ),
}
