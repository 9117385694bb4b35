"""Entropies, means and variances of forms, in closed form where there is one."""

from __future__ import annotations

import math
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class RealMoments:
    """Mean and variance of x, and what rounding can have done to each.

    NaN where there is no formula here, inf where they diverge.
    """

    mean: float
    variance: float
    mean_error: float = 0.0
    variance_error: float = 0.0


_UNKNOWN: Final = RealMoments(nan, nan)


def _log_chart(form: Form) -> RealMoments:
    """Return the moments of x − loc for a form on the log chart.

    Without E X² − (E X)² where there is another way: of a gamma variable of shape 10⁶ that
    difference has lost all but a few digits.
    """
    first, second, *rest = form.values
    eps = 4 * 2.0**-52
    if form.group == "normal":
        mean = math.exp(first + second**2 / 2)
        variance, lost = mean**2 * math.expm1(second**2), abs(first) + second**2
    elif form.group == "loggamma" and second == 1:
        mean = math.exp(rest[0]) * first
        variance, lost = math.exp(2 * rest[0]) * first, abs(rest[0])
    elif form.group == "loggamma":
        return _power_of_gamma(first, 1 / second, rest[0])
    elif form.group == "exponential":
        mean = math.exp(first) * second / (second - 1) if second > 1 else inf
        variance = inf
        if second > 2:
            variance = math.exp(2 * first) * second / ((second - 1) ** 2 * (second - 2))
        lost = abs(first) + second / abs(second - 2) if second != 2 else 0.0
    elif form.group == "uniform":
        mean = (math.exp(second) - math.exp(first)) / (second - first)
        square = (math.exp(2 * second) - math.exp(2 * first)) / (2 * (second - first))
        lost = 1 + abs(first) + abs(second) + (abs(first) + abs(second)) / (second - first)
        return RealMoments(mean, square - mean * mean, eps * lost * mean, eps * lost * square)
    else:
        return _UNKNOWN
    lost = eps * (1 + 2 * lost)
    return RealMoments(mean, variance, lost * mean, lost * variance)


def _power_of_gamma(a: float, power: float, log_scale: float) -> RealMoments:
    """Return the moments of scale·G^power, with G a gamma variable of shape `a`."""
    if a + power <= 0:
        return RealMoments(inf, inf)
    logs = [math.lgamma(a), math.lgamma(a + power)]
    mean = math.exp(log_scale + logs[1] - logs[0])
    lost = 4 * 2.0**-52 * (1 + abs(log_scale) + sum(map(abs, logs)))
    if a + 2 * power <= 0:
        return RealMoments(mean, inf, mean * lost, 0.0)
    logs.append(math.lgamma(a + 2 * power))
    lost = 4 * 2.0**-52 * (1 + abs(log_scale) + sum(map(abs, logs)))
    growth = math.expm1(logs[2] - 2 * logs[1] + logs[0])
    return RealMoments(mean, mean**2 * growth, mean * lost, 4 * mean**2 * (1 + growth) * lost)


def real_moments(form: Form) -> RealMoments:
    """Return mean and variance of x."""
    chart, where = form.chart
    eps = 4 * 2.0**-52
    if chart == "log":
        try:
            found = _log_chart(form)
        except OverflowError:
            return _UNKNOWN
        scale = 1.0
    elif chart in {"real", "unit", "shift"}:
        mean, variance, _ = _MOMENTS[form.group](form.values)
        found = RealMoments(mean, variance, eps * abs(mean), eps * variance)
        scale = where[1] if chart == "unit" else 1.0
    else:
        return _UNKNOWN
    start = where[0] if chart != "real" else 0.0
    return RealMoments(
        start + scale * found.mean,
        scale * scale * found.variance,
        scale * found.mean_error + eps * abs(start),
        scale * scale * found.variance_error,
    )


def entropy_error(form: Form) -> float:
    """Return what rounding of terms that cancel has done to the entropy: those of large shapes."""
    size = 0.0
    if form.group == "loggamma":
        size += abs(math.lgamma(form.values[0])) + abs(form.values[0] * log(form.values[0]))
    elif form.group == "beta":
        size += sum(abs(a * log(a)) for a in (*form.values, sum(form.values)))
    return 4 * 2.0**-52 * size


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
