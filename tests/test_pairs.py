import itertools
import math

import numpy as np
import pytest
from pairs import ALL, MORE, PAIRS, Pair, divergence, expectation, log_ratio
from scipy import integrate

FINITE = [pair for pair in (*ALL, *(each.swapped() for each in ALL)) if pair.forward < math.inf]


def named(pair: Pair) -> str:
    return pair.name


def named_pair(name: str) -> Pair:
    return next(pair for pair in ALL if pair.name == name)


def test_names_are_unique_and_there_are_enough():
    assert len({pair.name for pair in ALL}) == len(ALL) >= 48
    assert (*PAIRS, *MORE) == ALL
    assert len(PAIRS) >= 20


@pytest.mark.parametrize("pair", FINITE, ids=named)
def test_the_stated_divergence_is_that_of_the_laws(pair):
    assert expectation(pair.p, np.ones_like) == pytest.approx(1, abs=1e-10)
    assert divergence(pair.p, pair.q) == pytest.approx(pair.forward, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "gamma",
        "student t and normal",
        "bimodal and normal",
        "student t3, shift",
        "lognormal and gamma",
        "skew normal and normal",
        "comb and normal",
        "normal with a spike",
        "normal with a far cluster",
    ],
)
def test_quadrature_is_that_of_scipy(name):
    pair = named_pair(name)
    ratio = log_ratio(pair.p, pair.q)

    def integrand(x):
        point = np.array([x])
        return float(np.exp(pair.p.log_density(point))[0] * ratio(point)[0])

    breaks = pair.p.breaks
    pieces = itertools.pairwise(breaks)
    total = sum(integrate.quad(integrand, low, high, limit=200)[0] for low, high in pieces)
    assert total == pytest.approx(pair.forward, rel=1e-8)


@pytest.mark.parametrize("pair", ALL, ids=named)
def test_samples_come_from_the_laws(pair):
    rng = np.random.default_rng(10488088481701515470)
    for law, drawn in ((pair.p, pair.sample_p(rng, 4_000)), (pair.q, pair.sample_q(rng, 4_000))):
        assert drawn.shape == (4_000,)
        median = float(np.median(drawn))
        below = expectation(law, lambda x, at=median: 1.0 * (x < at))
        at_most = expectation(law, lambda x, at=median: 1.0 * (x <= at))
        assert below - 0.04 <= 0.5 <= at_most + 0.04


@pytest.mark.parametrize("pair", ALL, ids=named)
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
    pair = named_pair("normal, shift")
    assert pair.bound(1_000, 2_000) == pytest.approx(math.sqrt(1 / 1_000 + math.expm1(1) / 2_000))
    assert pair.bound(1_000, 2_000, "reverse") == pytest.approx(
        math.sqrt(1 / 2_000 + math.expm1(1) / 1_000)
    )


def test_the_bound_of_heavy_tails_is_infinite():
    pair = named_pair("normal, scale 1 and 2")
    assert pair.bound(100, 100) < 1
    assert pair.bound(100, 100, "reverse") == math.inf
    assert pair.swapped().bound(100, 100) == math.inf


@pytest.mark.parametrize("pair", FINITE, ids=named)
def test_heavy_pairs_are_those_whose_second_moment_diverges(pair):
    """What lies beyond a far edge adds as much again to the mean of p/q, or leaves it alone."""
    ratio = log_ratio(pair.p, pair.q)

    def log_p(x: np.ndarray) -> np.ndarray:
        return pair.p.log_mass(x) if pair.kind == "discrete" else pair.p.log_density(x)

    def truncated(edge: float) -> float:
        """Return the mean of p/q under P where both logs of densities are above `edge`."""
        return expectation(
            pair.p,
            lambda x: np.where(
                np.minimum(log_p(x), log_p(x) - ratio(x)) > edge,
                np.exp(np.minimum(ratio(x), 600)),
                0,
            ),
        )

    if pair.kind in ("categorical", "mixed"):  # finitely many masses, or exponential tails
        assert "forward" not in pair.heavy
        return
    near, far = truncated(-55), truncated(-110)
    assert (far > 1.5 * near or far > 1e100) == ("forward" in pair.heavy)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("two categories", 2),
        ("three categories, one unseen", 3),
        ("letters", 26),
        ("200 categories", 199),  # the lightest holds less than a thousandth
        ("normal rounded to ones", 7),
        ("normal, shift", None),
        ("exponential with zeros", None),
    ],
)
def test_cells_are_those_that_hold_the_mass(name, cells):
    assert named_pair(name).cells == cells


def test_there_are_discrete_pairs_from_two_cells_to_a_hundred_thousand():
    cells = [pair.cells for pair in ALL if pair.cells is not None]
    assert min(cells) == 2
    assert max(cells) > 0.98e5
    assert sum(number <= 20 for number in cells) >= 6
    assert sum(20 < number <= 100 for number in cells) >= 4
    assert sum(number > 100 for number in cells) >= 4


def test_escaped_pairs_are_those_of_which_q_shows_nothing():
    escaped = {pair.name for pair in ALL if pair.escaped}
    assert {"normal with a far cluster"} <= escaped
    assert not {"normal, far shift", "normal with a spike", "normal with a rare part"} & escaped
    assert named_pair("uniform, nested").swapped().escaped
    assert named_pair("three categories, one unseen").swapped().escaped


def test_regular_pairs_have_a_bound():
    regular = [pair for pair in ALL if pair.regular]
    assert all(math.isfinite(pair.bound(1_000, 1_000)) for pair in regular)
    assert sum(not pair.null for pair in regular) >= 35
    assert {pair.kind for pair in ALL if pair.null} == {pair.kind for pair in ALL}
    assert not any(pair.bound(1_000, 1_000) for pair in ALL if pair.null)
