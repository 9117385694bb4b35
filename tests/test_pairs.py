import itertools
import math

import numpy as np
import pytest
from pairs import PAIRS, Pair, divergence, expectation, log_ratio
from scipy import integrate

FINITE = [
    pair for pair in (*PAIRS, *(each.swapped() for each in PAIRS)) if pair.forward < math.inf
]


def named(pair: Pair) -> str:
    return pair.name


def test_names_are_unique_and_there_are_enough():
    assert len({pair.name for pair in PAIRS}) == len(PAIRS) >= 20


@pytest.mark.parametrize("pair", FINITE, ids=named)
def test_the_stated_divergence_is_that_of_the_laws(pair):
    assert expectation(pair.p, np.ones_like) == pytest.approx(1, abs=1e-10)
    assert divergence(pair.p, pair.q) == pytest.approx(pair.forward, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", ["gamma", "student t and normal", "bimodal and normal"])
def test_quadrature_is_that_of_scipy(name):
    pair = next(pair for pair in PAIRS if pair.name == name)
    ratio = log_ratio(pair.p, pair.q)

    def integrand(x):
        point = np.array([x])
        return float(np.exp(pair.p.log_density(point))[0] * ratio(point)[0])

    breaks = pair.p.breaks
    pieces = itertools.pairwise(breaks)
    total = sum(integrate.quad(integrand, low, high, limit=200)[0] for low, high in pieces)
    assert total == pytest.approx(pair.forward, rel=1e-8)


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_samples_come_from_the_laws(pair):
    rng = np.random.default_rng(10488088481701515470)
    for law, drawn in ((pair.p, pair.sample_p(rng, 4_000)), (pair.q, pair.sample_q(rng, 4_000))):
        assert drawn.shape == (4_000,)
        median = float(np.median(drawn))
        below = expectation(law, lambda x, at=median: 1.0 * (x < at))
        at_most = expectation(law, lambda x, at=median: 1.0 * (x <= at))
        assert below - 0.04 <= 0.5 <= at_most + 0.04


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_divergence_is_infinite_where_the_support_demands_it(pair):
    rng = np.random.default_rng(10862780491200215723)
    for each in (pair, pair.swapped()):
        drawn = each.sample_p(rng, 1_000)
        atoms = np.isin(drawn, each.q.atoms)
        mass = np.full(1_000, -np.inf)
        if atoms.any():
            mass[atoms] = each.q.log_mass(drawn[atoms])
        if each.q.log_density is not None and not atoms.all():
            mass[~atoms] = each.q.log_density(drawn[~atoms])
        if each.kind != "discrete":
            assert np.isneginf(mass).any() == math.isinf(each.forward)


def test_the_bound_of_a_shift_has_a_closed_form():
    pair = next(pair for pair in PAIRS if pair.name == "normal, shift")
    assert pair.bound(1_000, 2_000) == pytest.approx(math.sqrt(1 / 1_000 + math.expm1(1) / 2_000))
    assert pair.bound(1_000, 2_000, "reverse") == pytest.approx(
        math.sqrt(1 / 2_000 + math.expm1(1) / 1_000)
    )


def test_the_bound_of_heavy_tails_is_infinite():
    pair = next(pair for pair in PAIRS if pair.name == "normal, scale 1 and 2")
    assert pair.bound(100, 100) < 1
    assert pair.bound(100, 100, "reverse") == math.inf
    assert pair.swapped().bound(100, 100) == math.inf


@pytest.mark.parametrize("pair", FINITE, ids=named)
def test_heavy_pairs_are_those_whose_second_moment_diverges(pair):
    if pair.kind != "continuous":
        assert "forward" not in pair.heavy
        return
    ratio = log_ratio(pair.p, pair.q)

    def truncated(edge: float) -> float:
        """Return the mean of p/q under P where log p is above `edge`."""
        return expectation(
            pair.p,
            lambda x: np.where(pair.p.log_density(x) > edge, np.exp(np.minimum(ratio(x), 600)), 0),
        )

    near, far = truncated(-70), truncated(-140)
    assert (far > 1.5 * near or far > 1e100) == ("forward" in pair.heavy)
