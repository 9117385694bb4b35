"""Distributions on numbers, pairs of them, and what is known of a pair.

Expectations are sums and double-exponential quadrature. Nothing here uses the package.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator


@dataclass(frozen=True, eq=False)
class Law:
    """A distribution on numbers: atoms, a density, or both.

    Attributes
    ----------
    sample : callable
        (rng, n) → ndarray of shape (n,).
    atoms : ndarray of shape (atoms,)
        Values with a mass of their own.
    log_mass : callable
        Log mass of an array of atoms.
    log_density : callable or None
        Log of the continuous part, which integrates to the rest; None if there is none.
    breaks : tuple of float
        Where the continuous part begins, ends, and may have a kink or a jump; increasing.
    """

    sample: Callable[[Generator, int], np.ndarray]
    atoms: np.ndarray
    log_mass: Callable[[np.ndarray], np.ndarray]
    log_density: Callable[[np.ndarray], np.ndarray] | None = None
    breaks: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Pair:
    """Two laws and the divergence between them.

    Attributes
    ----------
    name : str
        Unique, in words.
    kind : str
        ``continuous``, ``discrete`` (numbers that repeat), ``categorical`` or ``mixed``.
    p, q : Law
        The distributions.
    forward, reverse : float
        D(P‖Q) and D(Q‖P) in nats.
    heavy : frozenset of str
        The directions in which Var_Q[p/q] (for ``reverse``, Var_P[q/p]) is infinite, so that no
        estimator can reach the bound.
    """

    name: str
    kind: str
    p: Law
    q: Law
    forward: float
    reverse: float
    heavy: frozenset[str] = frozenset()

    @property
    def null(self) -> bool:
        """Whether P and Q are the same."""
        return self.forward == 0

    @cached_property
    def cells(self) -> int | None:
        """Categories or values that hold all but a thousandth of both; None with a density.

        The fewest cells that do, of the mean of P and Q. Rarer ones take part in no sample of
        a few hundred rows and say nothing about how well the others are sampled.
        """
        if self.p.log_density is not None or self.q.log_density is not None:
            return None
        atoms = np.union1d(self.p.atoms, self.q.atoms)
        masses = np.sort((np.exp(self.p.log_mass(atoms)) + np.exp(self.q.log_mass(atoms))) / 2)
        return int(np.searchsorted(np.cumsum(masses[::-1]), 1 - 1e-3) + 1)

    @cached_property
    def escaped(self) -> bool:
        """Whether P has mass where Q has none, or practically never shows a row.

        That is where p/q exceeds 10⁴, if at least half a percent of P lies there: ten
        thousand rows of Q then hold less than one for all the rows of P that do.
        """
        function = log_ratio(self.p, self.q)
        beyond = expectation(self.p, lambda x: 1.0 * (function(x) > math.log(1e4)))
        return math.isinf(self.forward) or beyond >= 0.005

    @property
    def regular(self) -> bool:
        """Whether the bound is finite and nothing of P escapes Q: estimates can be good."""
        return "forward" not in self.heavy and not self.escaped

    def sample_p(self, rng: Generator, n: int) -> np.ndarray:
        """Draw n rows of P."""
        return self.p.sample(rng, n)

    def sample_q(self, rng: Generator, n: int) -> np.ndarray:
        """Draw n rows of Q."""
        return self.q.sample(rng, n)

    def bound(self, n: float, m: float, direction: str = "forward") -> float:
        """Return the least asymptotic standard error from n rows of P and m of Q.

        sqrt(Var_P[log p/q]/n + Var_Q[p/q]/m) forward; inf where the divergence or the variance is.
        """
        if direction == "reverse":
            return self.swapped().bound(m, n)
        if "forward" in self.heavy or math.isinf(self.forward):
            return math.inf
        return math.sqrt(_variance_p(self.p, self.q) / n + _variance_q(self.p, self.q) / m)

    def swapped(self) -> Pair:
        """Return the pair with P and Q exchanged."""
        turned = {"forward": "reverse", "reverse": "forward"}
        heavy = frozenset(turned[direction] for direction in self.heavy)
        name = f"{self.name}, swapped"
        return Pair(name, self.kind, self.q, self.p, self.reverse, self.forward, heavy)


def expectation(law: Law, function: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return the mean of a function over a law, by summation and quadrature."""
    total = 0.0
    if len(law.atoms):
        mass = np.exp(law.log_mass(law.atoms))
        total += float(mass[mass > 0] @ function(law.atoms[mass > 0]))
    if law.log_density is not None:
        for low, high in zip(law.breaks[:-1], law.breaks[1:], strict=True):
            x, weights = _nodes(low, high)
            density = np.exp(law.log_density(x))
            inside = density > 1e-150
            total += float((weights * density)[inside] @ function(x[inside]))
    return total


def _nodes(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of double-exponential quadrature (Takahasi & Mori 1974)."""
    t = np.linspace(-4.3, 4.3, 1_201)
    inner, slope = np.pi / 2 * np.sinh(t), (t[1] - t[0]) * np.pi / 2 * np.cosh(t)
    if math.isinf(low) or math.isinf(high):
        distance = np.exp(inner)
        x = high - distance if math.isinf(low) else low + distance
        return x, slope * distance
    x = low + (high - low) / (1 + np.exp(-2 * inner))
    return x, slope * (high - low) / 2 / np.cosh(inner) ** 2


def log_ratio(p: Law, q: Law) -> Callable[[np.ndarray], np.ndarray]:
    """Return log p/q as a function of values: of masses at atoms of P, else of densities."""

    def function(x: np.ndarray) -> np.ndarray:
        at_atom = np.isin(x, p.atoms)
        result = np.empty(len(x))
        if at_atom.any():
            result[at_atom] = p.log_mass(x[at_atom]) - q.log_mass(x[at_atom])
        if not at_atom.all() and p.log_density is not None:
            assert q.log_density is not None
            rest = x[~at_atom]
            result[~at_atom] = p.log_density(rest) - q.log_density(rest)
        return result

    return function


def divergence(p: Law, q: Law) -> float:
    """Return D(P‖Q) by summation and quadrature."""
    return expectation(p, log_ratio(p, q))


@cache
def _variance_p(p: Law, q: Law) -> float:
    function = log_ratio(p, q)
    return expectation(p, lambda x: function(x) ** 2) - expectation(p, function) ** 2


@cache
def _variance_q(p: Law, q: Law) -> float:
    # Under Q the mean of (p/q)² is that of p/q under P.
    function = log_ratio(p, q)
    return max(0.0, expectation(p, lambda x: np.exp(np.minimum(function(x), 700))) - 1)


def continuous(frozen, *breaks: float) -> Law:
    """Wrap a continuous distribution of SciPy; breaks as in `Law`, by default the real line."""
    return Law(
        sample=lambda rng, n: frozen.rvs(size=n, random_state=rng),
        atoms=np.empty(0),
        log_mass=np.log,
        log_density=frozen.logpdf,
        breaks=breaks or (-math.inf, 0.0, math.inf),
    )


def discrete(frozen, last: int, first: int = 0) -> Law:
    """Wrap a discrete distribution of SciPy on `first` … `last`, beyond which is nothing."""
    return Law(
        sample=lambda rng, n: frozen.rvs(size=n, random_state=rng).astype(float),
        atoms=np.arange(first, last + 1.0),
        log_mass=frozen.logpmf,
    )


def categories(weights) -> Law:
    """Take category k = 0, 1, … with probability in proportion to weights[k]."""
    mass = np.asarray(weights, float) / np.sum(weights)

    def log_mass(x: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(mass[x.astype(int)])

    return Law(
        sample=lambda rng, n: rng.choice(len(mass), n, p=mass).astype(float),
        atoms=np.arange(float(len(mass))),
        log_mass=log_mass,
    )


def mixture(shares, parts, *breaks: float) -> Law:
    """Mix continuous distributions of SciPy."""
    shares = np.asarray(shares, float)

    def sample(rng: Generator, n: int) -> np.ndarray:
        numbers = rng.multinomial(n, shares)
        drawn = [
            part.rvs(size=number, random_state=rng)
            for part, number in zip(parts, numbers, strict=True)
        ]
        return rng.permutation(np.concatenate(drawn))

    def log_density(x: np.ndarray) -> np.ndarray:
        return special.logsumexp([part.logpdf(x) for part in parts], b=shares[:, None], axis=0)

    return Law(sample, np.empty(0), np.log, log_density, breaks or (-math.inf, 0.0, math.inf))


def heaped(share: float, frozen, steps: Law) -> Law:
    """Let `share` of the rows come from `steps`, which has only atoms, and the rest be smooth."""
    rest = math.log(1 - share)

    def sample(rng: Generator, n: int) -> np.ndarray:
        smooth = frozen.rvs(size=n, random_state=rng)
        return np.where(rng.random(n) < share, steps.sample(rng, n), smooth)

    return Law(
        sample,
        steps.atoms,
        lambda x: math.log(share) + steps.log_mass(x),
        lambda x: rest + frozen.logpdf(x),
        (-math.inf, 0.3, math.inf),  # whence no node of the quadrature is a whole number
    )


def inflated(share: float, frozen, *breaks: float) -> Law:
    """Put `share` of the mass on the value 0 and the rest on a continuous distribution."""
    rest = math.log(1 - share)

    def sample(rng: Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < share, 0.0, frozen.rvs(size=n, random_state=rng))

    return Law(
        sample,
        np.zeros(1),
        lambda x: np.full(len(x), math.log(share)),
        lambda x: rest + frozen.logpdf(x),
        breaks,
    )


def rounded(mean: float, deviation: float, step: float) -> Law:
    """Round a normal distribution to multiples of `step`."""
    atoms = np.arange(round(-20 / step), round(20 / step) + 1) * step

    def log_mass(x: np.ndarray) -> np.ndarray:
        # In the lower half of the line, where logs of the distribution function keep their digits.
        centre = -np.abs(x - mean)
        high = special.log_ndtr((centre + step / 2) / deviation)
        low = special.log_ndtr((centre - step / 2) / deviation)
        return high + np.log1p(-np.exp(low - high))

    def sample(rng: Generator, n: int) -> np.ndarray:
        return np.round(rng.normal(mean, deviation, n) / step) * step

    return Law(sample, atoms, log_mass)


def normal_kl(mean: float, deviation: float, mean_q: float, deviation_q: float) -> float:
    """Return D of two normal distributions."""
    variances = (deviation**2 + (mean - mean_q) ** 2) / deviation_q**2
    return math.log(deviation_q / deviation) + (variances - 1) / 2


def exponential_kl(rate: float, rate_q: float) -> float:
    """Return D of two exponential distributions; logs of Pareto and powers of Weibull ones too."""
    return math.log(rate / rate_q) + rate_q / rate - 1


def discrete_kl(p, q) -> float:
    """Return Σ p log(p/q) for weights p and q of categories."""
    p, q = np.asarray(p, float) / np.sum(p), np.asarray(q, float) / np.sum(q)
    return float(special.rel_entr(p, q).sum())


def gamma_kl(shape: float, scale: float, shape_q: float, scale_q: float) -> float:
    """Return D of two gamma distributions."""
    return float(
        (shape - shape_q) * special.digamma(shape)
        - special.gammaln(shape)
        + special.gammaln(shape_q)
        + shape_q * math.log(scale_q / scale)
        + shape * (scale - scale_q) / scale_q
    )


def lognormal_gamma_kl(sigma: float, shape: float, scale: float) -> float:
    """Return D of a lognormal distribution of median 1 from a gamma distribution."""
    entropy = 0.5 * math.log(2 * math.pi * math.e * sigma**2)
    log_gamma = -math.exp(sigma**2 / 2) / scale - shape * math.log(scale) - math.lgamma(shape)
    return -entropy - log_gamma


def beta_kl(a: float, b: float, a_q: float, b_q: float) -> float:
    """Return D of two beta distributions."""
    return float(
        special.betaln(a_q, b_q)
        - special.betaln(a, b)
        + (a - a_q) * special.digamma(a)
        + (b - b_q) * special.digamma(b)
        + (a_q - a + b_q - b) * special.digamma(a + b)
    )


def laplace_kl(mean: float, scale: float, mean_q: float, scale_q: float) -> float:
    """Return D of two Laplace distributions."""
    gap = abs(mean - mean_q)
    return math.log(scale_q / scale) + (scale * math.exp(-gap / scale) + gap) / scale_q - 1


def poisson_kl(rate: float, rate_q: float) -> float:
    """Return D of two Poisson distributions."""
    return rate * math.log(rate / rate_q) + rate_q - rate


def bernoulli_kl(share: float, share_q: float) -> float:
    """Return D of two distributions on two categories."""
    return discrete_kl([share, 1 - share], [share_q, 1 - share_q])


def geometric_kl(share: float, share_q: float) -> float:
    """Return D of two geometric distributions."""
    failures = (1 - share) / share
    return math.log(share / share_q) + failures * math.log((1 - share) / (1 - share_q))
