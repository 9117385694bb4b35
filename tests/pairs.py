"""Pairs of distributions of which the divergence is known, to test and to compare estimators on.

Each pair has D(P‖Q) and D(Q‖P) in nats: in closed form where there is one, else by quadrature or
summation. The tests hold every number against quadrature. Nothing here uses the package.
"""

from __future__ import annotations

import math

import numpy as np
from laws import (
    Law,
    Pair,
    bernoulli_kl,
    beta_kl,
    categories,
    continuous,
    discrete,
    discrete_kl,
    divergence,
    expectation,
    exponential_kl,
    gamma_kl,
    geometric_kl,
    heaped,
    inflated,
    laplace_kl,
    log_ratio,
    lognormal_gamma_kl,
    mixture,
    normal_kl,
    poisson_kl,
    rounded,
)
from scipy import stats

__all__ = ["ALL", "MORE", "PAIRS", "Law", "Pair", "divergence", "expectation", "log_ratio"]

HALF_LINE = (0.0, 1.0, math.inf)
_LETTERS = np.arange(1.0, 27.0)
_RANKS = np.arange(1.0, 201.0)
_TILT_26 = np.exp(0.4 * np.sin(_LETTERS)) / _LETTERS
_TILT_200 = np.exp(0.5 * np.sin(_RANKS)) / _RANKS
_REVERSE_HEAVY = frozenset({"reverse"})
_FORWARD_HEAVY = frozenset({"forward"})

#: Pairs that every estimator can be tested on quickly; names are unique.
PAIRS: tuple[Pair, ...] = (
    Pair(
        "normal, same", "continuous", continuous(stats.norm()), continuous(stats.norm()), 0.0, 0.0
    ),
    Pair(
        "normal, small shift",
        "continuous",
        continuous(stats.norm(0.1)),
        continuous(stats.norm()),
        0.005,
        0.005,
    ),
    Pair(
        "normal, shift",
        "continuous",
        continuous(stats.norm(1)),
        continuous(stats.norm()),
        0.5,
        0.5,
    ),
    Pair(
        "normal, far shift",
        "continuous",
        continuous(stats.norm(2)),
        continuous(stats.norm()),
        2.0,
        2.0,
    ),
    Pair(
        "normal, scale 1 and 1.3",
        "continuous",
        continuous(stats.norm(0, 1)),
        continuous(stats.norm(0, 1.3)),
        normal_kl(0, 1, 0, 1.3),
        normal_kl(0, 1.3, 0, 1),
    ),
    Pair(
        "normal, scale 1 and 2",
        "continuous",
        continuous(stats.norm(0, 1)),
        continuous(stats.norm(0, 2)),
        normal_kl(0, 1, 0, 2),
        normal_kl(0, 2, 0, 1),
        _REVERSE_HEAVY,
    ),
    Pair(
        "normal, shift and scale",
        "continuous",
        continuous(stats.norm(0, 1)),
        continuous(stats.norm(1, 2)),
        normal_kl(0, 1, 1, 2),
        normal_kl(1, 2, 0, 1),
        _REVERSE_HEAVY,
    ),
    Pair(
        "exponential, same",
        "continuous",
        continuous(stats.expon(), *HALF_LINE),
        continuous(stats.expon(), *HALF_LINE),
        0.0,
        0.0,
    ),
    Pair(
        "exponential, rate 1.5 and 1",
        "continuous",
        continuous(stats.expon(scale=1 / 1.5), *HALF_LINE),
        continuous(stats.expon(), *HALF_LINE),
        exponential_kl(1.5, 1),
        exponential_kl(1, 1.5),
    ),
    Pair(
        "exponential, rate 2 and 1",
        "continuous",
        continuous(stats.expon(scale=0.5), *HALF_LINE),
        continuous(stats.expon(), *HALF_LINE),
        exponential_kl(2, 1),
        exponential_kl(1, 2),
        _REVERSE_HEAVY,
    ),
    Pair(
        "uniform, nested",
        "continuous",
        continuous(stats.uniform(0.25, 0.5), 0.25, 0.75),
        continuous(stats.uniform(), 0.0, 0.25, 0.75, 1.0),
        math.log(2),
        math.inf,
    ),
    Pair(
        "lognormal, shift",
        "continuous",
        continuous(stats.lognorm(1, scale=math.exp(0.5)), *HALF_LINE),
        continuous(stats.lognorm(1), *HALF_LINE),
        normal_kl(0.5, 1, 0, 1),
        normal_kl(0, 1, 0.5, 1),
    ),
    Pair(
        "beta",
        "continuous",
        continuous(stats.beta(2, 5), 0.0, 0.5, 1.0),
        continuous(stats.beta(3, 3), 0.0, 0.5, 1.0),
        beta_kl(2, 5, 3, 3),
        beta_kl(3, 3, 2, 5),
    ),
    Pair(
        "gamma",
        "continuous",
        continuous(stats.gamma(2), *HALF_LINE),
        continuous(stats.gamma(3), *HALF_LINE),
        gamma_kl(2, 1, 3, 1),
        gamma_kl(3, 1, 2, 1),
    ),
    Pair(
        "laplace, shift and scale",
        "continuous",
        continuous(stats.laplace(0, 1), -math.inf, 0.0, 0.5, math.inf),
        continuous(stats.laplace(0.5, 1.5), -math.inf, 0.0, 0.5, math.inf),
        laplace_kl(0, 1, 0.5, 1.5),
        laplace_kl(0.5, 1.5, 0, 1),
    ),
    Pair(
        "weibull, scale",
        "continuous",
        continuous(stats.weibull_min(1.5), *HALF_LINE),
        continuous(stats.weibull_min(1.5, scale=1.3), *HALF_LINE),
        exponential_kl(1, 1.3**-1.5),
        exponential_kl(1.3**-1.5, 1),
    ),
    Pair(
        "pareto",
        "continuous",
        continuous(stats.pareto(3), 1.0, 2.0, math.inf),
        continuous(stats.pareto(2), 1.0, 2.0, math.inf),
        exponential_kl(3, 2),
        exponential_kl(2, 3),
    ),
    Pair(
        "logistic, shift",
        "continuous",
        continuous(stats.logistic(0)),
        continuous(stats.logistic(1)),
        0.1639534137386528,
        0.1639534137386528,
    ),
    Pair(
        "student t and normal",
        "continuous",
        continuous(stats.t(3)),
        continuous(stats.norm()),
        0.645460961342,
        0.069151598485179,
        frozenset({"forward"}),
    ),
    Pair(
        "bimodal, other weights",
        "continuous",
        mixture([0.5, 0.5], [stats.norm(-2), stats.norm(2)], -math.inf, -2.0, 0.0, 2.0, math.inf),
        mixture([0.3, 0.7], [stats.norm(-2), stats.norm(2)], -math.inf, -2.0, 0.0, 2.0, math.inf),
        0.080976137250517,
        0.0765705097245026,
    ),
    Pair(
        "bimodal and normal",
        "continuous",
        mixture([0.5, 0.5], [stats.norm(-2), stats.norm(2)], -math.inf, -2.0, 0.0, 2.0, math.inf),
        continuous(stats.norm(0, math.sqrt(5)), -math.inf, -2.0, 0.0, 2.0, math.inf),
        0.171998762480183,
        0.247828030258743,
        _REVERSE_HEAVY,
    ),
    Pair(
        "normal with a rare part",
        "continuous",
        mixture([0.95, 0.05], [stats.norm(), stats.norm(3)], -math.inf, 0.0, 3.0, math.inf),
        continuous(stats.norm(), -math.inf, 0.0, 3.0, math.inf),
        0.085945085001402,
        0.0283312630333304,
    ),
    Pair(
        "poisson",
        "discrete",
        discrete(stats.poisson(4), 60),
        discrete(stats.poisson(5), 60),
        poisson_kl(4, 5),
        poisson_kl(5, 4),
    ),
    Pair(
        "binomial",
        "discrete",
        discrete(stats.binom(10, 0.3), 10),
        discrete(stats.binom(10, 0.4), 10),
        10 * bernoulli_kl(0.3, 0.4),
        10 * bernoulli_kl(0.4, 0.3),
    ),
    Pair(
        "geometric",
        "discrete",
        discrete(stats.geom(0.3), 250, first=1),
        discrete(stats.geom(0.4), 250, first=1),
        geometric_kl(0.3, 0.4),
        geometric_kl(0.4, 0.3),
    ),
    Pair(
        "normal rounded to tenths",
        "discrete",
        rounded(0.5, 1, 0.1),
        rounded(0, 1, 0.1),
        0.1248959222294633,
        0.1248959222294633,
    ),
    Pair(
        "two categories",
        "categorical",
        categories([0.2, 0.8]),
        categories([0.3, 0.7]),
        bernoulli_kl(0.2, 0.3),
        bernoulli_kl(0.3, 0.2),
    ),
    Pair(
        "three categories",
        "categorical",
        categories([5, 3, 2]),
        categories([3, 4, 3]),
        discrete_kl([5, 3, 2], [3, 4, 3]),
        discrete_kl([3, 4, 3], [5, 3, 2]),
    ),
    Pair(
        "three categories, one unseen",
        "categorical",
        categories([5, 5, 0]),
        categories([3, 4, 3]),
        discrete_kl([5, 5, 0], [3, 4, 3]),
        math.inf,
    ),
    Pair(
        "letters, same",
        "categorical",
        categories(1 / _LETTERS),
        categories(1 / _LETTERS),
        0.0,
        0.0,
    ),
    Pair(
        "letters",
        "categorical",
        categories(_TILT_26),
        categories(1 / _LETTERS),
        discrete_kl(_TILT_26, 1 / _LETTERS),
        discrete_kl(1 / _LETTERS, _TILT_26),
    ),
    Pair(
        "200 categories",
        "categorical",
        categories(_TILT_200),
        categories(1 / _RANKS),
        discrete_kl(_TILT_200, 1 / _RANKS),
        discrete_kl(1 / _RANKS, _TILT_200),
    ),
    Pair(
        "exponential with zeros",
        "mixed",
        inflated(0.3, stats.expon(scale=1 / 1.5), *HALF_LINE),
        inflated(0.4, stats.expon(), *HALF_LINE),
        bernoulli_kl(0.3, 0.4) + 0.7 * exponential_kl(1.5, 1),
        bernoulli_kl(0.4, 0.3) + 0.6 * exponential_kl(1, 1.5),
    ),
)


def _zipf(number: int, *, tilted: bool = False) -> np.ndarray:
    """Return weights 1/k of `number` categories; tilted, some are up to e^½ times as heavy."""
    ranks = np.arange(1.0, number + 1)
    return np.exp(0.5 * np.sin(ranks)) / ranks if tilted else 1 / ranks


def _tilted_zipf(name: str, number: int) -> Pair:
    p, q = _zipf(number, tilted=True), _zipf(number)
    forward, reverse = discrete_kl(p, q), discrete_kl(q, p)
    return Pair(name, "categorical", categories(p), categories(q), forward, reverse)


_EVEN = np.ones(100)
_TILT_EVEN = np.exp(0.5 * np.sin(np.arange(100.0)))
_LINE = (-math.inf, 0.0, math.inf)
_RAMP = continuous(stats.triang(1), 0.0, 0.5, 1.0)
_UNIFORM = continuous(stats.uniform(), 0.0, 0.5, 1.0)
_NORMAL_LAPLACE = math.log(2) - 0.5 * math.log(2 * math.pi * math.e) + math.sqrt(2 / math.pi)
_LAPLACE_NORMAL = 0.5 * math.log(2 * math.pi) - math.log(2)
_WITHIN_TWO = math.erf(math.sqrt(2))  # of a normal distribution
#: Modes of the claw and of the asymmetric comb, densities 10 and 14 of Marron & Wand (1992).
_CLAW = [(0.5, 0.0, 1.0), *((0.1, centre / 2 - 1, 0.1) for centre in range(5))]
_COMB = [
    (2 ** (5 - mode) / 63, (65 - 96 * 0.5**mode) / 21, 32 / 63 / 2**mode) for mode in range(6)
]
_TRIMODAL = [(0.3, -3.0, 0.6), (0.4, 0.0, 0.6), (0.3, 3.0, 0.6)]


def _normals(modes) -> Law:
    """Mix normal distributions of (share, mean, standard deviation)."""
    shares, means, deviations = zip(*modes, strict=True)
    parts = [stats.norm(*each) for each in zip(means, deviations, strict=True)]
    # Beside each mode a break eight deviations off, so that quadrature sees narrow ones.
    edges = {
        round(mean + side * width, 9)
        for mean, width in zip(means, deviations, strict=True)
        for side in (-8, 0, 8)
    }
    return mixture(shares, parts, -math.inf, *sorted(edges), math.inf)


def _normal_beside(modes, mean: float = 0.0, deviation: float = 1.0) -> Law:
    """Return a normal distribution with the breaks of a mixture."""
    return continuous(stats.norm(mean, deviation), *_normals(modes).breaks)


_SPIKE = [(0.9, 0.0, 1.0), (0.1, 0.5, 0.0005)]
_CLUSTER = [(0.98, 0.0, 1.0), (0.02, 8.0, 0.5)]
_CONTAMINATED = [(0.9, 0.0, 1.0), (0.1, 0.0, 5.0)]

#: More pairs, for what compares estimators: harder, larger, or beside another pair in `PAIRS`.
MORE: tuple[Pair, ...] = (
    Pair(
        "normal, tiny shift",
        "continuous",
        continuous(stats.norm(0.05)),
        continuous(stats.norm()),
        0.00125,
        0.00125,
    ),
    Pair(
        "normal, scale 1.3 and 1",
        "continuous",
        continuous(stats.norm(0, 1.3)),
        continuous(stats.norm(0, 1)),
        normal_kl(0, 1.3, 0, 1),
        normal_kl(0, 1, 0, 1.3),
    ),
    Pair(
        "normal and contaminated normal",
        "continuous",
        _normal_beside(_CONTAMINATED),
        _normals(_CONTAMINATED),
        0.054532747447289,
        0.879247366551323,
        _REVERSE_HEAVY,
    ),
    Pair(
        "normal and student t5",
        "continuous",
        continuous(stats.norm()),
        continuous(stats.t(5)),
        0.0333766823506074,
        0.124769194123608,
        _REVERSE_HEAVY,
    ),
    Pair(
        "student t5 and normal",
        "continuous",
        continuous(stats.t(5)),
        continuous(stats.norm()),
        0.124769194123608,
        0.0333766823506074,
        _FORWARD_HEAVY,
    ),
    Pair(
        "student t3, shift",
        "continuous",
        continuous(stats.t(3)),
        continuous(stats.t(3, 0.5)),
        0.0820549009360822,
        0.0820549009360822,
    ),
    Pair(
        "cauchy, same",
        "continuous",
        continuous(stats.cauchy()),
        continuous(stats.cauchy()),
        0.0,
        0.0,
    ),
    Pair(
        "cauchy, shift",
        "continuous",
        continuous(stats.cauchy()),
        continuous(stats.cauchy(1)),
        math.log(1.25),
        math.log(1.25),
    ),
    Pair(
        "normal and laplace",
        "continuous",
        continuous(stats.norm()),
        continuous(stats.laplace()),
        _NORMAL_LAPLACE,
        _LAPLACE_NORMAL,
        _REVERSE_HEAVY,
    ),
    Pair(
        "laplace and normal",
        "continuous",
        continuous(stats.laplace()),
        continuous(stats.norm()),
        _LAPLACE_NORMAL,
        _NORMAL_LAPLACE,
        _FORWARD_HEAVY,
    ),
    Pair(
        "lognormal and gamma",
        "continuous",
        continuous(stats.lognorm(0.5), *HALF_LINE),
        continuous(stats.gamma(4, scale=0.28), *HALF_LINE),
        lognormal_gamma_kl(0.5, 4, 0.28),
        0.0267161793235308,
        frozenset({"forward", "reverse"}),
    ),
    Pair(
        "skew normal and normal",
        "continuous",
        continuous(stats.skewnorm(4)),
        continuous(stats.norm()),
        0.518745279422504,
        4.34484563742124,
        _REVERSE_HEAVY,
    ),
    Pair(
        "uniform, same",
        "continuous",
        _UNIFORM,
        continuous(stats.uniform(), 0.0, 0.5, 1.0),
        0.0,
        0.0,
    ),
    Pair(
        "uniform, .8 nested",
        "continuous",
        continuous(stats.uniform(0, 0.8), 0.0, 0.8),
        continuous(stats.uniform(), 0.0, 0.8, 1.0),
        math.log(1.25),
        math.inf,
    ),
    Pair(
        "uniform, half raised",
        "continuous",
        mixture([0.75, 0.25], [stats.uniform(0, 0.5), stats.uniform(0.5, 0.5)], 0.0, 0.5, 1.0),
        _UNIFORM,
        discrete_kl([3, 1], [1, 1]),
        discrete_kl([1, 1], [3, 1]),
    ),
    Pair(
        "triangular and uniform",
        "continuous",
        _RAMP,
        _UNIFORM,
        beta_kl(2, 1, 1, 1),
        beta_kl(1, 1, 2, 1),
        _REVERSE_HEAVY,
    ),
    Pair(
        "uniform and triangular",
        "continuous",
        _UNIFORM,
        _RAMP,
        beta_kl(1, 1, 2, 1),
        beta_kl(2, 1, 1, 1),
        _FORWARD_HEAVY,
    ),
    Pair(
        "truncated normal and uniform",
        "continuous",
        continuous(stats.truncnorm(-1, 1), -1.0, 0.0, 1.0),
        continuous(stats.uniform(-1, 2), -1.0, 0.0, 1.0),
        0.010361246271002,
        0.0107428730092677,
    ),
    Pair(
        "normal, truncated at two",
        "continuous",
        continuous(stats.truncnorm(-2, 2), -2.0, 0.0, 2.0),
        continuous(stats.norm(), -math.inf, -2.0, 0.0, 2.0, math.inf),
        -math.log(_WITHIN_TWO),
        math.inf,
    ),
    Pair(
        "trimodal and normal",
        "continuous",
        _normals(_TRIMODAL),
        _normal_beside(_TRIMODAL, 0, 2.6),
        0.327286961568696,
        0.861726759239216,
        _REVERSE_HEAVY,
    ),
    Pair(
        "claw and normal",
        "continuous",
        _normals(_CLAW),
        _normal_beside(_CLAW),
        0.103674317473796,
        0.105046629777719,
    ),
    Pair(
        "comb and normal",
        "continuous",
        _normals(_COMB),
        _normal_beside(_COMB, 0, 1.6),
        0.503675822867485,
        2.13178248275129,
        _REVERSE_HEAVY,
    ),
    Pair(
        "normal with a spike",
        "continuous",
        _normals(_SPIKE),
        _normal_beside(_SPIKE),
        0.402682135217001,
        0.100864889372565,
    ),
    Pair(
        "normal with a far cluster",
        "continuous",
        _normals(_CLUSTER),
        _normal_beside(_CLUSTER),
        0.548323907648014,
        0.0202026576218691,
    ),
    Pair(
        "poisson, many values",
        "discrete",
        discrete(stats.poisson(50), 250),
        discrete(stats.poisson(53), 250),
        poisson_kl(50, 53),
        poisson_kl(53, 50),
    ),
    Pair(
        "negative binomial and poisson",
        "discrete",
        discrete(stats.nbinom(4, 0.5), 300),
        discrete(stats.poisson(4), 300),
        0.143679257655107,
        0.0935037957984539,
        _FORWARD_HEAVY,
    ),
    Pair(
        "normal rounded to ones",
        "discrete",
        rounded(0.5, 1, 1),
        rounded(0, 1, 1),
        0.115401452863468,
        0.115401452630815,
    ),
    Pair(
        "normal rounded to ones, same",
        "discrete",
        rounded(0, 1, 1),
        rounded(0, 1, 1),
        0.0,
        0.0,
    ),
    Pair(
        "two categories, one rare",
        "categorical",
        categories([0.02, 0.98]),
        categories([0.05, 0.95]),
        bernoulli_kl(0.02, 0.05),
        bernoulli_kl(0.05, 0.02),
    ),
    Pair(
        "100 even categories",
        "categorical",
        categories(_TILT_EVEN),
        categories(_EVEN),
        discrete_kl(_TILT_EVEN, _EVEN),
        discrete_kl(_EVEN, _TILT_EVEN),
    ),
    Pair(
        "1,000 categories, same",
        "categorical",
        categories(_zipf(1_000)),
        categories(_zipf(1_000)),
        0.0,
        0.0,
    ),
    _tilted_zipf("1,000 categories", 1_000),
    _tilted_zipf("10,000 categories", 10_000),
    _tilted_zipf("100,000 categories", 100_000),
    Pair(
        "exponential with zeros, same",
        "mixed",
        inflated(0.3, stats.expon(), *HALF_LINE),
        inflated(0.3, stats.expon(), *HALF_LINE),
        0.0,
        0.0,
    ),
    Pair(
        "exponential with more zeros",
        "mixed",
        inflated(0.5, stats.expon(), *HALF_LINE),
        inflated(0.3, stats.expon(), *HALF_LINE),
        bernoulli_kl(0.5, 0.3),
        bernoulli_kl(0.3, 0.5),
    ),
    Pair(
        "normal heaped at whole numbers",
        "mixed",
        heaped(0.3, stats.norm(0.5), rounded(0.5, 1, 1)),
        heaped(0.3, stats.norm(), rounded(0, 1, 1)),
        0.122120435859039,
        0.122120435789243,
    ),
)

#: Every pair; names are unique.
ALL: tuple[Pair, ...] = (*PAIRS, *MORE)
