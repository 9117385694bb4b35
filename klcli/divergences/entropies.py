"""Entropies of integers, vectors and categories."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.divergences.special import zeta_moments

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.divergences.forms import Form
    from klcli.divergences.known import Known
    from klcli.typing import Floats

#: Standard deviations to both sides of the mean that are summed: at least 1 − 1e-30 of a binomial.
_WIDTH: Final = 40.0
#: −log of the tail of geometric type that is left out.
_TAIL: Final = 80.0
#: More terms are not summed, but ½·log(2πe·variance) is taken, which is off by about 1/variance.
_MOST: Final = 2**22
_ROUNDING: Final = 16 * 2.0**-52  # of a sum of terms with a few roundings each


def discrete_entropy(form: Form) -> tuple[float, float] | None:
    """Return the entropy of integers in nats and its error bound; None if it needs more terms."""
    group, values = form.group, form.values
    if group in {"geom", "randint", "dlaplace", "zipf"}:
        exact = _formula(group, values)
        return exact, _ROUNDING * abs(exact)
    if group == "binom":
        n, p = values
        if n == 1:
            return _binary(p), _ROUNDING * _binary(p)
        return _summed(n * p, n * p * (1 - p), n, lambda k: _binom(k, n, p))
    if group == "poisson":
        (mean,) = values
        return _summed(mean, mean, math.inf, lambda k: _poisson(k, mean))
    if group == "nbinom":
        n, p = values
        return _geometric(
            n * (1 - p) / p, n * (1 - p) / p**2, 0.0, 1 - p, lambda k: _nbinom(k, n, p)
        )
    if group == "logser":
        (p,) = values
        return _geometric(1.0, 0.0, 1.0, p, lambda k: _logser(k, p))
    return None


def _formula(group: str, values: tuple[float, ...]) -> float:
    if group == "randint":
        return math.log(values[1] - values[0])
    if group == "geom":
        return _binary(values[0]) / values[0]
    (a,) = values
    if group == "zipf":
        norm, mean = zeta_moments(a)
        return norm + a * mean
    return -math.log(math.tanh(a / 2)) + (a / math.sinh(a) if a < 700 else 0.0)


def _binary(p: float) -> float:
    if p in {0.0, 1.0}:
        return 0.0
    return -p * math.log(p) - (1 - p) * math.log1p(-p)


def _binom(k: Floats, n: float, p: float) -> Floats:
    from scipy.special import betaln, xlog1py, xlogy

    result: Floats = -betaln(1 + n - k, 1 + k) - math.log(n + 1) + xlogy(k, p) + xlog1py(n - k, -p)
    return result


def _poisson(k: Floats, mean: float) -> Floats:
    from scipy.special import gammaln, xlogy

    result: Floats = xlogy(k, mean) - gammaln(k + 1) - mean
    return result


def _nbinom(k: Floats, n: float, p: float) -> Floats:
    from scipy.special import gammaln, xlog1py

    choices = gammaln(k + n) - gammaln(k + 1) - math.lgamma(n)
    result: Floats = choices + n * math.log(p) + xlog1py(k, -p)
    return result


def _logser(k: Floats, p: float) -> Floats:
    import numpy as np

    result: Floats = k * math.log(p) - np.log(k) - math.log(-math.log1p(-p))
    return result


def _summed(
    mean: float, variance: float, top: float, log_mass: Callable[[Floats], Floats]
) -> tuple[float, float]:
    if variance == 0:
        return 0.0, 0.0
    # The tails of counts with a small mean are wider than their standard deviation says.
    reach = _WIDTH * math.sqrt(variance) + _TAIL
    low, high = max(0.0, math.floor(mean - reach)), min(top, math.ceil(mean + reach))
    if min(2 * reach, top) > _MOST:
        return 0.5 * math.log(2 * math.pi * math.e * variance), 1 / variance
    return _total(low, high, log_mass)


def _geometric(
    mean: float, variance: float, low: float, ratio: float, log_mass: Callable[[Floats], Floats]
) -> tuple[float, float] | None:
    """Sum over a tail that falls like ratio^k."""
    if ratio == 0:
        return 0.0, 0.0
    high = math.ceil(mean + _WIDTH * math.sqrt(variance) - _TAIL / math.log(ratio))
    return None if high - low > _MOST else _total(low, high, log_mass)


def _total(low: float, high: float, log_mass: Callable[[Floats], Floats]) -> tuple[float, float]:
    import numpy as np

    logs = log_mass(np.arange(low, high + 1))
    terms = np.where(np.isneginf(logs), 0.0, -np.exp(logs) * np.where(np.isneginf(logs), 0, logs))
    # Logarithms of masses lose digits to log-gamma of large numbers.
    size = max(abs(float(terms.sum())), 1.0)
    return float(terms.sum()), _ROUNDING * size * max(1.0, math.log1p(high) * high / len(logs))


def vector_entropy(side: Known) -> float | None:
    """Return the entropy of a vector, a matrix or categories in nats; None without a formula.

    Cover & Thomas (2006), chapter 8; of Wishart matrices Lazo & Rathie, IEEE Trans. Inf. Theory
    24 (1978) 120; of multinomial counts by the chain rule, with binomial marginals.
    """
    values = dict(side.values)
    if side.family == "categorical":
        return -math.fsum(p * math.log(p) for p in values["p"] if p > 0)
    import numpy as np

    if side.family == "multivariate_normal":
        logdet = float(np.linalg.slogdet(np.array(values["cov"]))[1])
        return 0.5 * (side.size * math.log(2 * math.pi * math.e) + logdet)
    if side.family == "multivariate_t":
        return _t(values["df"], np.array(values["shape"]))
    if side.family == "dirichlet":
        from scipy.special import digamma, gammaln

        alpha = np.array(values["alpha"])
        total = alpha.sum()
        log_beta = gammaln(alpha).sum() - gammaln(total)
        inner = (total - len(alpha)) * digamma(total) - np.sum((alpha - 1) * digamma(alpha))
        return float(log_beta + inner)
    if side.family in {"wishart", "invwishart"}:
        return _wishart(values["df"], np.array(values["scale"]), side.family == "invwishart")
    if side.family == "multinomial" and values["n"] * side.size <= _MOST:
        return _multinomial(values["n"], values["p"])
    return None


def _wishart(df: float, scale: Floats, inverse: bool) -> float:
    import numpy as np
    from scipy.special import digamma, multigammaln

    d = len(scale)
    logdet = float(np.linalg.slogdet(scale)[1]) + (-d if inverse else d) * math.log(2)
    psi = float(digamma((df - np.arange(d)) / 2).sum())
    moved = df + d + 1 if inverse else df - d - 1
    return (d + 1) / 2 * logdet + float(multigammaln(df / 2, d)) - moved / 2 * psi + df * d / 2


def _t(df: float, shape: Floats) -> float:
    """Return the entropy of a multivariate t; Kotz & Nadarajah (2004), section 1.8."""
    import numpy as np
    from scipy.special import digamma

    d = len(shape)
    half, whole = df / 2, (df + d) / 2
    norm = math.lgamma(half) - math.lgamma(whole) + d / 2 * math.log(df * math.pi)
    return (
        norm
        + float(np.linalg.slogdet(shape)[1]) / 2
        + whole * float(digamma(whole) - digamma(half))
    )


def _multinomial(n: float, chances: tuple[float, ...]) -> float:
    import numpy as np
    from scipy.special import gammaln

    k = np.arange(n + 1)
    own = -n * math.fsum(p * math.log(p) for p in chances if p > 0)
    ties = sum(float(np.exp(_binom(k, n, p)) @ gammaln(k + 1)) for p in chances)
    return own - math.lgamma(n + 1) + ties
