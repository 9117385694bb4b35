"""Pairs of distributions over several columns of which the divergence is known.

Gaussian pairs and their images have it in closed form, mixed types by the chain rule; where an
expectation has no closed form it is a Monte Carlo mean over the exact log ratio, with its error:

    python tests/joint/joint_pairs.py

prints each of those afresh. Nothing here uses the package's estimators.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from klcli.rows import RowPair, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator


@dataclass(frozen=True, eq=False)
class Law:
    """A distribution of rows.

    Attributes
    ----------
    sample : callable
        (rng, n) → (numbers of shape (n, d), codes of shape (n, c)).
    log_density : callable or None
        Of numbers and codes, shape (n,).
    """

    sample: Callable[[Generator, int], tuple[np.ndarray, np.ndarray]]
    log_density: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True, eq=False)
class JointPair:
    """Two laws, D(P‖Q) and D(Q‖P) in nats, and the Monte Carlo error of each (0 if exact).

    `regular` says for each direction whether the variance of the density ratio is finite.
    """

    name: str
    p: Law
    q: Law
    forward: float
    reverse: float
    dimension: int
    levels: tuple[int, ...] = ()
    error: float = 0.0
    regular: tuple[bool, bool] = (True, True)

    def draw(self, rng: Generator, n: int, m: int) -> RowPair:
        """Return n rows of P and m rows of Q."""
        names = tuple(f"x{i}" for i in range(self.dimension))
        codes = tuple(f"c{i}" for i in range(len(self.levels)))
        labels = tuple(tuple(f"l{i}" for i in range(size)) for size in self.levels)
        p, q = Rows(*self.p.sample(rng, n)), Rows(*self.q.sample(rng, m))
        return RowPair(p, q, names, codes, labels, n, m)


def no_codes(n: int) -> np.ndarray:
    return np.empty((n, 0), dtype=np.int64)


def pair_of(p: np.ndarray, q: np.ndarray, p_codes=None, q_codes=None, levels=()) -> RowPair:
    """Wrap arrays of rows."""
    sides = [
        Rows(numbers, no_codes(len(numbers)) if codes is None else codes)
        for numbers, codes in ((p, p_codes), (q, q_codes))
    ]
    width = sides[0].codes.shape[1]
    return RowPair(
        *sides,
        tuple(f"x{i}" for i in range(p.shape[1])),
        tuple(f"c{i}" for i in range(width)),
        tuple(tuple(f"l{i}" for i in range(size)) for size in levels),
        len(p),
        len(q),
    )


def gaussian(mean, covariance) -> Law:
    mean, covariance = np.asarray(mean, float), np.asarray(covariance, float)
    root = np.linalg.cholesky(covariance)
    constant = -0.5 * len(mean) * math.log(2 * math.pi) - np.log(np.diag(root)).sum()

    def sample(rng, n):
        return mean + rng.standard_normal((n, len(mean))) @ root.T, no_codes(n)

    def log_density(x, _):
        return constant - 0.5 * np.sum(np.linalg.solve(root, (x - mean).T) ** 2, axis=0)

    return Law(sample, log_density)


def gaussian_kl(mean_p, cov_p, mean_q, cov_q) -> float:
    """Closed form of D between two normal distributions."""
    difference = np.asarray(mean_q, float) - mean_p
    inner = np.trace(np.linalg.solve(cov_q, cov_p)) + difference @ np.linalg.solve(
        cov_q, difference
    )
    determinants = np.linalg.slogdet(cov_q)[1] - np.linalg.slogdet(cov_p)[1]
    return float(0.5 * (inner - len(difference) + determinants))


def gaussian_pair(name, mean_p, cov_p, mean_q, cov_q) -> JointPair:
    arguments = mean_p, cov_p, mean_q, cov_q
    swapped = mean_q, cov_q, mean_p, cov_p
    # The variance of p/q is finite where 2 Σp⁻¹ − Σq⁻¹ is positive definite.
    inverse_p, inverse_q = np.linalg.inv(cov_p), np.linalg.inv(cov_q)
    regular = tuple(
        bool(np.linalg.eigvalsh(2 * a - b).min() > 0)
        for a, b in ((inverse_p, inverse_q), (inverse_q, inverse_p))
    )
    return JointPair(
        name,
        gaussian(mean_p, cov_p),
        gaussian(mean_q, cov_q),
        gaussian_kl(*arguments),
        gaussian_kl(*swapped),
        len(mean_p),
        regular=regular,
    )


def mapped(pair: JointPair, name: str, function) -> JointPair:
    """Map the numbers of both laws by one invertible function, which changes no divergence."""

    def image(law):
        def sample(rng, n):
            numbers, codes = law.sample(rng, n)
            return function(numbers), codes

        return Law(sample)

    return replace(pair, name=name, p=image(pair.p), q=image(pair.q))


def mixture(weights, laws) -> Law:
    weights = np.asarray(weights, float)

    def sample(rng, n):
        counts = rng.multinomial(n, weights)
        numbers = np.concatenate(
            [law.sample(rng, count)[0] for law, count in zip(laws, counts, strict=True)]
        )
        return rng.permutation(numbers), no_codes(n)

    def log_density(x, codes):
        parts = [
            np.log(w) + law.log_density(x, codes) for w, law in zip(weights, laws, strict=True)
        ]
        return special.logsumexp(parts, axis=0)

    return Law(sample, log_density)


def ring(radius: float, width: float) -> Law:
    """Radius normal about `radius` (its negative part is of no account), angle uniform."""

    def sample(rng, n):
        r = np.abs(rng.normal(radius, width, n))
        angle = rng.uniform(0, 2 * np.pi, n)
        return np.column_stack([r * np.cos(angle), r * np.sin(angle)]), no_codes(n)

    def log_density(x, _):
        r = np.hypot(x[:, 0], x[:, 1])
        constant = math.log(width * math.sqrt(2 * math.pi))
        radial = np.logaddexp(
            -0.5 * ((r - radius) / width) ** 2, -0.5 * ((r + radius) / width) ** 2
        )
        return radial - constant - np.log(2 * np.pi * r)

    return Law(sample, log_density)


def banana(law: Law, bend: float) -> Law:
    """Add bend·(x₀² − 1) to x₁: a map of determinant one."""

    def sample(rng, n):
        x, codes = law.sample(rng, n)
        x[:, 1] += bend * (x[:, 0] ** 2 - 1)
        return x, codes

    def log_density(x, codes):
        straight = x.copy()
        straight[:, 1] -= bend * (x[:, 0] ** 2 - 1)
        return law.log_density(straight, codes)

    return Law(sample, log_density)


def student(mean, freedom: float) -> Law:
    mean = np.asarray(mean, float)
    d = len(mean)
    constant = (
        special.gammaln((freedom + d) / 2)
        - special.gammaln(freedom / 2)
        - 0.5 * d * math.log(freedom * math.pi)
    )

    def sample(rng, n):
        z = rng.standard_normal((n, d))
        return mean + z / np.sqrt(rng.chisquare(freedom, n) / freedom)[:, None], no_codes(n)

    def log_density(x, _):
        squared = np.sum((x - mean) ** 2, axis=1)
        return constant - (freedom + d) / 2 * np.log1p(squared / freedom)

    return Law(sample, log_density)


def product(first: Law, second: Law, split: int) -> Law:
    """Two independent blocks of numbers; the first has `split` columns."""

    def sample(rng, n):
        return np.hstack([first.sample(rng, n)[0], second.sample(rng, n)[0]]), no_codes(n)

    def log_density(x, codes):
        return first.log_density(x[:, :split], codes) + second.log_density(x[:, split:], codes)

    return Law(sample, log_density)


def grouped(probabilities, means, scale: float = 1.0) -> Law:
    """One categorical column, and normal numbers whose mean depends on its level."""
    probabilities, means = np.asarray(probabilities, float), np.asarray(means, float)

    def sample(rng, n):
        code = rng.choice(len(probabilities), size=n, p=probabilities)
        numbers = means[code] + scale * rng.standard_normal((n, means.shape[1]))
        return numbers, code[:, None]

    return Law(sample)


def grouped_pair(name, p, means_p, q, means_q) -> JointPair:
    """Chain rule: D(levels) + Σ P(level)·|difference of means|²/2."""
    p, q = np.asarray(p, float), np.asarray(q, float)
    means_p, means_q = np.asarray(means_p, float), np.asarray(means_q, float)
    within = np.sum((means_p - means_q) ** 2, axis=1) / 2
    forward = float(np.sum(p * np.log(p / q)) + p @ within)
    reverse = float(np.sum(q * np.log(q / p)) + q @ within)
    laws = grouped(p, means_p), grouped(q, means_q)
    return JointPair(name, *laws, forward, reverse, means_p.shape[1], (len(p),))


def exchanged_correlations(name, correlation: float) -> JointPair:
    """Two even levels with correlations ±ρ in P and ∓ρ in Q: no two columns differ together."""

    def law(sign):
        roots = [
            np.linalg.cholesky([[1, rho], [rho, 1]])
            for rho in (sign * correlation, -sign * correlation)
        ]

        def sample(rng, n):
            code = rng.integers(0, 2, n)
            z = rng.standard_normal((n, 2))
            return np.where(code[:, None] == 0, z @ roots[0].T, z @ roots[1].T), code[:, None]

        return Law(sample)

    zero = np.zeros(2)
    here, there = ([[1, rho], [rho, 1]] for rho in (correlation, -correlation))
    truth = gaussian_kl(zero, np.array(here), zero, np.array(there))
    return JointPair(name, law(1), law(-1), truth, truth, 2, (2,))


def categories(p, q) -> tuple[Law, Law, float, float]:
    """Independent categorical columns, one distribution each in the lists p and q."""

    def law(each):
        def sample(rng, n):
            codes = [rng.choice(len(w), size=n, p=w) for w in each]
            return np.empty((n, 0)), np.column_stack(codes)

        return Law(sample)

    p, q = ([np.asarray(w, float) for w in side] for side in (p, q))
    forward = sum(float(np.sum(a * np.log(a / b))) for a, b in zip(p, q, strict=True))
    reverse = sum(float(np.sum(b * np.log(b / a))) for a, b in zip(p, q, strict=True))
    return law(p), law(q), forward, reverse


def _equicorrelated(d: int, rho: float) -> np.ndarray:
    return (1 - rho) * np.eye(d) + rho


def _pairs() -> list[JointPair]:
    pairs = []
    fixed = np.random.default_rng(14142135623730950488)
    for d in (2, 3, 5, 10, 20):
        zero, one = np.zeros(d), np.eye(d)
        pairs.append(gaussian_pair(f"shift {d}", np.full(d, d**-0.5), one, zero, one))
        pairs.append(gaussian_pair(f"scale {d}", zero, 1.3**2 * one, zero, one))
        tight = _equicorrelated(d, 0.999)
        direction = fixed.standard_normal(d)
        direction /= np.linalg.norm(direction)
        shift = np.linalg.cholesky(tight) @ direction
        pairs.append(gaussian_pair(f"tight shift {d}", shift, tight, zero, tight))
        half = _equicorrelated(d, 0.5)
        pairs.append(gaussian_pair(f"dependence {d}", zero, half, zero, one))
        factor = fixed.standard_normal((d, 3 * d))
        general = factor @ factor.T / (3 * d)
        # Wider on Q's side by a fifth, so that the variance of the ratio is finite both ways.
        pairs.append(
            gaussian_pair(f"general {d}", fixed.standard_normal(d) / d, general, zero, one)
        )
    tight = _equicorrelated(2, 0.999)
    loose = _equicorrelated(2, 0.99)
    pairs.append(gaussian_pair("tightened 2", np.zeros(2), tight, np.zeros(2), loose))
    named = {pair.name: pair for pair in pairs}
    pairs += [
        mapped(named["shift 5"], "exp shift 5", np.exp),
        mapped(named["general 3"], "exp general 3", np.exp),
        mapped(named["general 10"], "cube general 10", lambda x: x**3),
        mapped(named["dependence 3"], "cube dependence 3", lambda x: x**3),
        mapped(named["tightened 2"], "exp tightened 2", np.exp),
        mapped(named["tight shift 5"], "cube tight shift 5", lambda x: x**3),
    ]

    def law(mean, variance):
        mean = np.asarray(mean, float)
        return gaussian(mean, variance * np.eye(len(mean)))

    p = mixture([0.5, 0.5], [law([-1.5, 0], 0.5), law([1.5, 0], 0.5)])
    q = mixture([0.4, 0.3, 0.3], [law([0, 1.5], 1), law([-1.5, -1], 0.7), law([1.5, -1], 0.7)])
    pairs.append(JointPair("mixture 2", p, q, *_TRUTHS["mixture 2"], 2, (), _ERROR, (True, False)))
    centres = fixed.standard_normal((5, 5))
    p = mixture([0.4, 0.3, 0.3], [law(2 * c, 1) for c in centres[:3]])
    q = mixture([0.5, 0.3, 0.2], [law(2 * c, 1.5) for c in centres[1:4]])
    pairs.append(JointPair("mixture 5", p, q, *_TRUTHS["mixture 5"], 5, (), _ERROR))
    round_one, standard = ring(1.5, 0.4), gaussian(np.zeros(2), 1.2 * np.eye(2))
    pairs.append(
        JointPair("ring 2", round_one, standard, *_TRUTHS["ring 2"], 2, (), _ERROR, (True, False))
    )
    noise = gaussian(np.zeros(3), np.eye(3))
    p, q = product(round_one, noise, 2), product(standard, noise, 2)
    pairs.append(
        JointPair("ring and noise 5", p, q, *_TRUTHS["ring 2"], 5, (), _ERROR, (True, False))
    )
    bent = banana(gaussian(np.zeros(2), np.diag([1, 0.5])), 0.6)
    wide = gaussian(np.zeros(2), np.diag([1.3, 1.3]))
    pairs.append(
        JointPair("banana 2", bent, wide, *_TRUTHS["banana 2"], 2, (), _ERROR, (False, False))
    )

    def bend(x):
        x = x.copy()
        x[:, 1] += 0.8 * (x[:, 0] ** 2 - 1)
        return x

    pairs.append(mapped(named["general 2"], "bananas 2", bend))
    pairs.append(mapped(named["general 5"], "bananas 5", bend))
    p, q = student([0.7, 0, 0], 5), student([0, 0, 0], 5)
    pairs.append(JointPair("student 3", p, q, *_TRUTHS["student 3"], 3, (), _ERROR))
    levels = [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]
    means = fixed.standard_normal((4, 3))
    pairs += [
        grouped_pair("mixed 3", levels[0], means, levels[1], means + np.array([0.5, 0, 0])),
        grouped_pair("mixed interaction 2", levels[0], means[:, :2], levels[0], -means[:, :2] / 3),
        # The variance of the ratio is finite below a third: 2/(1 + ρ) > 1/(1 − ρ).
        exchanged_correlations("mixed correlations 2", 0.3),
    ]
    p, q, forward, reverse = categories([levels[0], [0.5, 0.5]], [levels[1], [0.7, 0.3]])
    pairs.append(JointPair("categories", p, q, forward, reverse, 0, (4, 2)))
    pairs += [
        gaussian_pair(f"null {d}", np.zeros(d), np.eye(d), np.zeros(d), np.eye(d))
        for d in (2, 5, 10)
    ]
    same = grouped_pair("null mixed", levels[0], means, levels[0], means)
    return [*pairs, same]


#: D(P‖Q) and D(Q‖P) by ten million draws each, printed by this file.
_TRUTHS = {
    "mixture 2": (0.6823, 1.3347),
    "mixture 5": (1.5895, 3.0621),
    "ring 2": (0.3195, 0.6272),
    "banana 2": (0.4629, 1.5883),
    "student 3": (0.1922, 0.1921),
}
#: No Monte Carlo error of those is larger.
_ERROR = 0.002

PAIRS = _pairs()
BY_NAME = {pair.name: pair for pair in PAIRS}


def monte_carlo(pair: JointPair, draws: int, rng: Generator) -> list[tuple[float, float]]:
    """Return (D, its standard error) in both directions from the exact log ratio."""
    found = []
    for law, other in ((pair.p, pair.q), (pair.q, pair.p)):
        values = []
        for _ in range(draws // 500_000):
            x, codes = law.sample(rng, 500_000)
            values.append(law.log_density(x, codes) - other.log_density(x, codes))
        log_ratio = np.concatenate(values)
        found.append((float(log_ratio.mean()), float(log_ratio.std() / draws**0.5)))
    return found


if __name__ == "__main__":
    for name in _TRUTHS:
        (forward, first), (reverse, second) = monte_carlo(
            BY_NAME[name], 10_000_000, np.random.default_rng(22360679774997896964)
        )
        line = f'    "{name}": ({forward:.4f}, {reverse:.4f}),  # ± {max(first, second):.4f}'
        sys.stdout.write(line + "\n")
