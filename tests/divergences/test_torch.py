"""Closed forms against those that PyTorch registers, where it is installed."""

from __future__ import annotations

import math

import pytest

from klcli.divergences.build import distribution
from klcli.divergences.closed import closed_form

torch = pytest.importorskip("torch")
laws = torch.distributions


def tensor(*values):
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64)


#: Family → how it is written here and there, from two positive numbers.
PAIRS = {
    "bernoulli": lambda a, _: (f"bernoulli({a / 9})", laws.Bernoulli(tensor(a / 9))),
    "beta": lambda a, b: (f"beta({a}, {b})", laws.Beta(tensor(a), tensor(b))),
    "binom": lambda a, _: (f"binom(12, {a / 9})", laws.Binomial(12, tensor(a / 9))),
    "categorical": lambda a, b: (
        f"categorical({a / (a + b)!r}, {b / (a + b)!r})", laws.Categorical(tensor(a, b) / (a + b)),
    ),
    "cauchy": lambda a, b: (f"cauchy({a}, {b})", laws.Cauchy(tensor(a), tensor(b))),
    "dirichlet": lambda a, b: (f"dirichlet([{a}, {b}, 1.5])", laws.Dirichlet(tensor(a, b, 1.5))),
    "expon": lambda a, _: (f"expon(0, {1 / a!r})", laws.Exponential(tensor(a))),
    "gamma": lambda a, b: (f"gamma({a}, 0, {1 / b!r})", laws.Gamma(tensor(a), tensor(b))),
    "geom": lambda a, _: (f"geom({a / 9})", laws.Geometric(tensor(a / 9))),
    "gumbel_r": lambda a, b: (f"gumbel_r({a}, {b})", laws.Gumbel(tensor(a), tensor(b))),
    "halfnorm": lambda a, _: (f"halfnorm(0, {a})", laws.HalfNormal(tensor(a))),
    "laplace": lambda a, b: (f"laplace({a}, {b})", laws.Laplace(tensor(a), tensor(b))),
    "lognorm": lambda a, b: (
        f"lognorm({b}, 0, {math.exp(a)!r})", laws.LogNormal(tensor(a), tensor(b)),
    ),
    "multivariate_normal": lambda a, b: (
        f"multivariate_normal([{a}, {b}], [[{a}, 0.25], [0.25, {b}]])",
        laws.MultivariateNormal(
            tensor(a, b), torch.tensor([[a, 0.25], [0.25, b]], dtype=torch.float64)
        ),
    ),
    "norm": lambda a, b: (f"norm({a}, {b})", laws.Normal(tensor(a), tensor(b))),
    "pareto": lambda a, b: (f"pareto({a}, 0, {b})", laws.Pareto(tensor(b), tensor(a))),
    "poisson": lambda a, _: (f"poisson({a})", laws.Poisson(tensor(a))),
    "uniform": lambda a, b: (f"uniform({-a}, {a + b})", laws.Uniform(tensor(-a), tensor(b))),
}  # fmt: skip
NORMAL = {"gamma", "gumbel_r", "laplace", "beta", "uniform", "expon"}
CASES = [((0.5, 1.25), (0.75, 1.5)), ((3.5, 0.75), (2.25, 4.5)), ((1.25, 2.5), (1.25, 2.75))]


def compare(p, q):
    (text_p, law_p), (text_q, law_q) = p, q
    found = closed_form(distribution(text_p), distribution(text_q))
    truth = float(laws.kl_divergence(law_p, law_q))
    assert found.value == pytest.approx(truth, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_within_a_family(name, case):
    first, second = (PAIRS[name](*numbers) for numbers in case)
    compare(first, second)
    compare(second, first)


@pytest.mark.parametrize("name", sorted(NORMAL))
def test_against_a_normal(name):
    compare(PAIRS[name](1.5, 2.25), PAIRS["norm"](0.5, 2.5))
