"""Closed forms between families of integers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.divergences.formula import BREGMAN, BY_PARTS, Formula
from klcli.divergences.special import bernoulli, excess, zeta_moments

if TYPE_CHECKING:
    from klcli.divergences.formula import Answer

    Values = tuple[float, ...]

_LACKS = "P has mass where Q has none: at values that Q never takes"


def _trials(number: float, p: float, q: float) -> Answer:
    each = bernoulli(p, q)
    return _LACKS if math.isinf(each) else [number * each]


def _binom(p: Values, q: Values) -> Answer:
    (n1, p1), (n2, p2) = p, q
    return _trials(n1, p1, p2) if n1 == n2 else None


def _geom(p: Values, q: Values) -> Answer:
    return _trials(1 / p[0], p[0], q[0])


def _nbinom(p: Values, q: Values) -> Answer:
    (n1, p1), (n2, p2) = p, q
    return _trials(n1 / p1, p1, p2) if n1 == n2 else None


def _poisson(p: Values, q: Values) -> Answer:
    (m1,), (m2,) = p, q
    if m1 == m2:
        return [0.0]
    if m2 == 0:
        return _LACKS
    return [m1 * excess(m2, m1)] if m1 > 0 else [m2]


def _dlaplace(p: Values, q: Values) -> Answer:
    (a1,), (a2,) = p, q
    spread = (a2 - a1) / math.sinh(a1) if a1 < 700 else 0.0  # sinh overflows above
    return [math.log(math.tanh(a1 / 2) / math.tanh(a2 / 2)), spread]


def _logser(p: Values, q: Values) -> Answer:
    (p1,), (p2,) = p, q
    n1, n2 = -math.log1p(-p1), -math.log1p(-p2)
    return [math.log(n2 / n1), math.log(p1 / p2) * p1 / ((1 - p1) * n1)]


def _zipf(p: Values, q: Values) -> Answer:
    (a1,), (a2,) = p, q
    (norm1, mean), (norm2, _) = zeta_moments(a1), zeta_moments(a2)
    return [norm2, -norm1, (a2 - a1) * mean]


def _randint(p: Values, q: Values) -> Answer:
    (a1, b1), (a2, b2) = p, q
    if a1 < a2 or b1 > b2:
        return _LACKS
    return [math.log((b2 - a2) / (b1 - a1))]


COUNTS: Final[dict[tuple[str, str], Formula[Values]]] = {
    ("binom", "binom"): Formula(
        "n·(p1·log(p1/p2) + (1−p1)·log((1−p1)/(1−p2))) for equal n", BREGMAN, _binom
    ),
    ("geom", "geom"): Formula("(p1·log(p1/p2) + (1−p1)·log((1−p1)/(1−p2)))/p1", BREGMAN, _geom),
    ("nbinom", "nbinom"): Formula(
        "n·(p1·log(p1/p2) + (1−p1)·log((1−p1)/(1−p2)))/p1 for equal n", BREGMAN, _nbinom
    ),
    ("poisson", "poisson"): Formula("μ1·log(μ1/μ2) − μ1 + μ2", BREGMAN, _poisson),
    ("dlaplace", "dlaplace"): Formula(
        "log(tanh(a1/2)/tanh(a2/2)) + (a2 − a1)/sinh(a1)",
        f"E|k| = 1/sinh(a); {BY_PARTS}",
        _dlaplace,
    ),
    ("logser", "logser"): Formula(
        "log(log(1−p2)/log(1−p1)) − log(p1/p2)·p1/((1−p1)·log(1−p1))", BREGMAN, _logser
    ),
    ("randint", "randint"): Formula("log(number2/number1)", BREGMAN, _randint),
    ("zipf", "zipf"): Formula("log(ζ(a2)/ζ(a1)) − (a2 − a1)·ζ′(a1)/ζ(a1)", BREGMAN, _zipf),
}
