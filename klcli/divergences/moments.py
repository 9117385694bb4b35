"""Entropies, means and variances of forms, in closed form where there is one."""

from __future__ import annotations

import math
from math import inf, log, nan, pi
from typing import TYPE_CHECKING, Final

from klcli.divergences.closed_line import loggamma_moments

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.divergences.forms import Form

    Values = tuple[float, ...]
    Moments = tuple[float, float, float]


def _beta_entropy(a: float, b: float) -> float:
    from scipy.special import betaln, digamma

    inner = (a - 1) * digamma(a) + (b - 1) * digamma(b) - (a + b - 2) * digamma(a + b)
    return float(betaln(a, b) - inner)


def _beta(values: Values) -> Moments:
    a, b = values
    total = a + b
    return a / total, a * b / (total * total * (total + 1)), _beta_entropy(a, b)


def _invgauss_log(mean: float, shape: float) -> float:
    """Return E log X = log μ − e^z·E₁(z), z = 2λ/μ; U(1, 1, z) is that product."""
    from scipy.special import hyperu

    return log(mean) - float(hyperu(1, 1, 2 * shape / mean))


def _invgauss(values: Values) -> Moments:
    mean, shape = values
    entropy = 0.5 * log(2 * pi * math.e / shape) + 1.5 * _invgauss_log(mean, shape)
    return mean, mean**3 / shape, entropy


def _vonmises(values: Values) -> Moments:
    from scipy.special import i0e, i1e

    kappa, _ = values
    # κ·(1 − A) stands for log I₀ = log i0e + κ less κ·A.
    entropy = log(2 * pi * i0e(kappa)) + kappa * float((i0e(kappa) - i1e(kappa)) / i0e(kappa))
    return nan, nan, float(entropy)


#: Group → mean, variance and entropy on its own chart.
_MOMENTS: Final[dict[str, Callable[[Values], Moments]]] = {
    "normal": lambda v: (v[0], v[1] ** 2, 0.5 * log(2 * pi * math.e) + log(v[1])),
    "loggamma": loggamma_moments,
    "exponential": lambda v: (v[0] + 1 / v[1], v[1] ** -2, 1 - log(v[1])),
    "laplace": lambda v: (v[0], 2 * v[1] ** 2, 1 + log(2 * v[1])),
    "cauchy": lambda v: (nan, inf, log(4 * pi * v[1])),
    "logistic": lambda v: (v[0], (pi * v[1]) ** 2 / 3, 2 + log(v[1])),
    "uniform": lambda v: ((v[0] + v[1]) / 2, (v[1] - v[0]) ** 2 / 12, log(v[1] - v[0])),
    "beta": _beta,
    "invgauss": _invgauss,
    "vonmises": _vonmises,
}


def entropy(form: Form) -> float:
    """Return the differential entropy of x, in nats: that of y plus the mean of log|dx/dy|."""
    mean, _, own = _MOMENTS[form.group](form.values)
    chart, where = form.chart
    if chart in {"log", "mirrored-log"}:
        return own + mean
    if chart == "minus-log":
        return own - mean
    if chart == "unit":
        return own + log(where[1])
    if chart == "odds":
        from scipy.special import digamma

        a, b = form.values
        return own + log(where[1]) - 2 * float(digamma(b) - digamma(a + b))
    if chart == "reciprocal":
        return own - 2 * _invgauss_log(*form.values)
    return own  # real, shift, circle


def _power_mean(form: Form, power: int) -> float:
    """Return E e^(power·y) of a form on the log chart: the moments of x − loc."""
    first, second, *rest = form.values
    if form.group == "normal":
        return math.exp(power * first + (power * second) ** 2 / 2)
    if form.group == "loggamma":
        moved = first + power / second
        if moved <= 0:
            return inf
        return math.exp(power * rest[0] + math.lgamma(moved) - math.lgamma(first))
    if form.group == "exponential":
        return math.exp(power * first) * second / (second - power) if second > power else inf
    if form.group == "uniform":
        ends = math.exp(power * second) - math.exp(power * first)
        return ends / (power * (second - first))
    return nan


def real_moments(form: Form) -> tuple[float, float]:
    """Return mean and variance of x; NaN where there is no formula here, inf where they diverge."""
    chart, where = form.chart
    if chart == "real":
        return _MOMENTS[form.group](form.values)[:2]
    if chart == "log":
        try:
            mean, square = _power_mean(form, 1), _power_mean(form, 2)
        except OverflowError:
            return nan, nan
        if math.isinf(mean) or math.isinf(square):
            return where[0] + mean, inf
        return where[0] + mean, square - mean * mean
    if chart in {"unit", "shift"}:
        mean, variance, _ = _MOMENTS[form.group](form.values)
        scale = where[1] if chart == "unit" else 1.0
        return where[0] + scale * mean, scale * scale * variance
    return nan, nan


def support(form: Form) -> tuple[float, float]:
    """Return the ends of where x lies."""
    chart, where = form.chart
    if form.group == "exponential":
        low, high = form.values[0], inf
    elif form.group == "uniform":
        low, high = form.values
    elif form.group == "beta":
        low, high = 0.0, 1.0
    elif form.group == "invgauss":
        low, high = 0.0, inf
    else:
        low, high = -inf, inf
    return _MAPS[chart](low, high, where)


def _exp(value: float) -> float:
    return inf if value > 709 else math.exp(value)


#: Chart → the ends of x from those of y.
_MAPS: Final[dict[str, Callable[[float, float, tuple[float, ...]], tuple[float, float]]]] = {
    "real": lambda low, high, _: (low, high),
    "log": lambda low, high, at: (at[0] + _exp(low), at[0] + _exp(high)),
    "minus-log": lambda low, high, at: (at[0] + _exp(-high), at[0] + _exp(-low)),
    "mirrored-log": lambda low, high, at: (at[0] - _exp(high), at[0] - _exp(low)),
    "unit": lambda _low, _high, at: (at[0], at[0] + at[1]),
    "odds": lambda _low, _high, at: (at[0], inf),
    "shift": lambda low, high, at: (at[0] + low, at[0] + high),
    "reciprocal": lambda _low, _high, at: (at[0], inf),
    "circle": lambda _low, _high, _at: (-pi, pi),
}
