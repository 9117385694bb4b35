"""Other divergences of known distributions: closed forms, summation, limits, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from klcli.divergences import functionals
from klcli.divergences.exact import exact
from klcli.errors import UsageError

D = 0.7
PHI = stats.norm.cdf
SHIFT = ("norm(0, 1)", f"norm({D}, 1)")


def value(p, q, name, direction="forward"):
    (found,) = exact(p, q, divergence=name, direction=direction).results
    return found.value


@pytest.mark.parametrize(
    ("p", "q", "name", "truth"),
    [
        (*SHIFT, "kl", D * D / 2), (*SHIFT, "jeffreys", D * D), (*SHIFT, "reverse", D * D / 2),
        (*SHIFT, "hellinger", math.sqrt(1 - math.exp(-D * D / 8))),
        (*SHIFT, "tv", 2 * PHI(D / 2) - 1), (*SHIFT, "ks", 2 * PHI(D / 2) - 1),
        (*SHIFT, "chi2", math.expm1(D * D)), (*SHIFT, "wasserstein", D),
        (*SHIFT, "renyi:0.3", 0.3 * D * D / 2), (*SHIFT, "renyi:3.5", 3.5 * D * D / 2),
        (*SHIFT, "renyi:1", D * D / 2),
        # E|X − Y| of normals: their difference is folded normal.
        (*SHIFT, "energy", math.sqrt(2 * D * (2 * PHI(D / math.sqrt(2)) - 1)
            + 4 * math.sqrt(2) * stats.norm.pdf(D / math.sqrt(2)) - 4 / math.sqrt(math.pi))),
        ("norm(1e6, 1)", "norm(1000001, 1)", "tv", 2 * PHI(0.5) - 1),
        ("norm(0, 1)", "norm(0, 1.001)", "hellinger",
            math.sqrt(-math.expm1(0.5 * math.log1p(-0.001**2 / (1 + 1.001**2))))),
        ("expon(0, 1)", "expon(0, 2)", "tv", 0.25), ("expon(0, 1)", "expon(0, 2)", "wasserstein", 1),
        ("expon(0, 1)", "expon(1, 1)", "tv", 1 - math.exp(-1)),
        ("cauchy(0, 1)", "cauchy(1, 1)", "tv", 2 / math.pi * math.atan(0.5)),
        ("cauchy(0, 1)", "cauchy(1, 1)", "chi2", 0.5),
        ("uniform(0, 1)", "uniform(2, 1)", "js", math.log(2)),
        ("uniform(0, 1)", "uniform(2, 1)", "tv", 1), ("uniform(0, 1)", "uniform(2, 1)", "hellinger", 1),
        ("uniform(0, 1)", "uniform(2, 1)", "wasserstein", 2),
        ("uniform(0, 1)", "uniform(0, 2)", "renyi:2", math.log(2)),
        ("poisson(3)", "poisson(5)", "hellinger", math.sqrt(-math.expm1(-((3**0.5 - 5**0.5) ** 2) / 2))),
        ("poisson(3)", "poisson(5)", "chi2", math.expm1(4 / 5)),
        ("poisson(5)", "poisson(3)", "chi2", math.expm1(4 / 3)),
        ("poisson(3)", "poisson(5)", "wasserstein", 2),
        ("bernoulli(0.2)", "bernoulli(0.5)", "tv", 0.3), ("geom(0.3)", "geom(0.5)", "ks", 0.24),
    ],
)  # fmt: skip
def test_closed_forms(p, q, name, truth):
    assert value(p, q, name) == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize(
    "name", ["js", "hellinger", "tv", "chi2", "renyi:0.5", "renyi:2", "energy"]
)
def test_sums_are_those_of_the_vectors(name):
    x = np.arange(21)
    p, q = stats.binom.pmf(x, 20, 0.3), stats.binom.pmf(x, 20, 0.4)
    plain = {
        "js": functionals.jensen_shannon(p, q), "hellinger": functionals.hellinger(p, q),
        "tv": functionals.total_variation(p, q), "chi2": functionals.chi_squared(p, q),
        "renyi:0.5": functionals.renyi(p, q, 0.5), "renyi:2": functionals.renyi(p, q, 2),
        "energy": functionals.energy(p, q, x),
    }[name]  # fmt: skip
    assert value("binom(20, 0.3)", "binom(20, 0.4)", name) == pytest.approx(plain, rel=1e-11)


@pytest.mark.parametrize(
    ("p", "q", "name", "why"),
    [
        ("norm(0, 2)", "norm(0, 1)", "chi2", "diverges"),
        ("cauchy(0, 1)", "norm(0, 1)", "chi2", "diverges"),
        ("cauchy(0, 1)", "norm(0, 1)", "renyi:2", "diverges"),
        ("cauchy(0, 1)", "norm(0, 1)", "wasserstein", "diverges"),
        ("cauchy(0, 1)", "norm(0, 1)", "jeffreys", "variance is infinite"),
        ("geom(0.3)", "geom(0.6)", "chi2", "diverges"),
        ("binom(12, 0.3)", "binom(10, 0.3)", "renyi:2", "Q has none"),
        ("norm(0, 1)", "expon(0, 1)", "chi2", "Q has none"),
        ("uniform(0, 1)", "uniform(2, 1)", "renyi:0.5", "nothing in common"),
        ("categorical(a=0.5, b=0.5)", "categorical(a=0.5, c=0.5)", "chi2", "Q has none"),
    ],
)
def test_what_is_infinite_says_why(p, q, name, why):
    (found,) = exact(p, q, divergence=name, direction="forward").results
    assert (found.value, found.status) == (math.inf, "infinite")
    assert why in found.reason


def test_a_mixture_against_plain_quadrature():
    x = np.linspace(-12, 12, 200_001)
    p = (stats.norm.pdf(x, -2, 0.5) + stats.norm.pdf(x, 2, 0.5)) / 2
    q = stats.norm.pdf(x, 0, 2)
    names = ("0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)", "norm(0, 2)")
    plain = (
        np.trapezoid(special.rel_entr(p, (p + q) / 2) + special.rel_entr(q, (p + q) / 2), x) / 2
    )
    assert value(*names, "js") == pytest.approx(plain, abs=1e-9)
    assert value(*names, "tv") == pytest.approx(np.trapezoid(abs(p - q), x) / 2, abs=1e-7)
    assert value(*names, "chi2") == pytest.approx(np.trapezoid((p - q) ** 2 / q, x), abs=1e-7)


def test_no_difference_is_0_and_all_are_told():
    for p in ("norm(0, 1)", "poisson(3)"):
        for found in exact(p, p, divergence="all", direction="forward").results:
            assert found.value == pytest.approx(0, abs=1e-7), found.divergence
    names = [r.divergence for r in exact(*SHIFT, divergence="all", direction="forward").results]
    assert names == ["kl", "jeffreys", "js", "hellinger", "tv", "chi2", "renyi:0.5", "renyi:2",
                     "wasserstein", "energy", "ks"]  # fmt: skip
    words = exact(
        "categorical(a=0.2, b=0.8)", "categorical(a=0.5, b=0.5)", divergence="all"
    ).results
    assert {"wasserstein", "energy", "ks"}.isdisjoint(found.divergence for found in words)


def test_bits_are_for_logarithms_only():
    nats, bits = (exact(*SHIFT, divergence=["js", "tv"], base=base).results for base in ("e", 2))
    for one, other in zip(nats, bits, strict=True):
        logarithmic = one.divergence.partition(":")[0] in {"kl", "jeffreys", "js", "renyi"}
        factor = 1 / math.log(2) if logarithmic else 1
        assert other.value == pytest.approx(one.value * factor, rel=1e-12)


@pytest.mark.parametrize(
    ("p", "name", "message"),
    [
        ("norm(0, 1)", "psi", "bins"), ("norm(0, 1)", "renyi:-1", "positive"),
        ("norm(0, 1)", "renyi:x", "positive"), ("norm(0, 1)", "js:2", "unknown"),
        ("norm(0, 1)", "foo", "unknown"), ("dirichlet([1, 2])", "js", "numbers"),
        ("categorical(a=0.5, b=0.5)", "ks", "no order"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(p, name, message):
    with pytest.raises(UsageError, match=message) as caught:
        exact(p, p, divergence=name)
    assert caught.value.hint
