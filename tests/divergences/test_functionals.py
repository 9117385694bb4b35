"""Exact divergences: against SciPy, and by the properties that define them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from klcli.divergences import functionals as exact
from klcli.errors import UsageError

RNG = np.random.default_rng(3623461789012345)
#: Fixed probability vectors: with and without zeros, short and long.
VECTORS = [
    ([0.5, 0.5], [0.1, 0.9]),
    ([0.2, 0.3, 0.5], [0.5, 0.3, 0.2]),
    ([0.0, 0.4, 0.6], [0.3, 0.3, 0.4]),
    ([1.0, 0.0, 0.0], [0.25, 0.25, 0.5]),
    (RNG.dirichlet(np.ones(7)), RNG.dirichlet(np.ones(7))),
    (RNG.dirichlet(np.full(500, 0.3)), RNG.dirichlet(np.full(500, 0.3)) + 1e-12),
]
F_DIVERGENCES = {
    "kl": exact.kullback_leibler,
    "jeffreys": exact.jeffreys,
    "js": exact.jensen_shannon,
    "hellinger": exact.hellinger,
    "tv": exact.total_variation,
    "chi2": exact.chi_squared,
    "renyi:0.5": lambda p, q: exact.renyi(p, q, 0.5),
    "renyi:2": lambda p, q: exact.renyi(p, q, 2),
    "renyi:0.9": lambda p, q: exact.renyi(p, q, 0.9),
}
SYMMETRIC = ("jeffreys", "js", "hellinger", "tv", "renyi:0.5")
BOUNDS = {"js": math.log(2), "hellinger": 1.0, "tv": 1.0}
DISTANCES = {
    "wasserstein": (exact.wasserstein, stats.wasserstein_distance),
    "energy": (exact.energy, stats.energy_distance),
}


def reference(name, p, q):
    """Compute in SciPy, or by the definition where SciPy has none."""
    p, q = np.asarray(p) / np.sum(p), np.asarray(q) / np.sum(q)
    both = (p > 0) & (q > 0)
    with np.errstate(divide="ignore"):
        logs = np.log(p[both]) - np.log(q[both])
    match name:
        case "kl":
            return stats.entropy(p, q)
        case "jeffreys":
            return stats.entropy(p, q) + stats.entropy(q, p)
        case "js":
            return jensenshannon(p, q) ** 2
        case "hellinger":
            return np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / math.sqrt(2)
        case "tv":
            return np.abs(p - q).sum() / 2
        case "chi2":
            # Of two tables with the same total, as a goodness-of-fit statistic per row.
            return stats.power_divergence(p, q, lambda_=1).statistic
    alpha = float(name.partition(":")[2])
    return math.log(np.sum(q[both] * np.exp(alpha * logs))) / (alpha - 1)


@pytest.mark.parametrize("pair", VECTORS, ids=range(len(VECTORS)))
@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_scipy(name, pair):
    p, q = pair
    value, expected = F_DIVERGENCES[name](p, q), reference(name, p, q)
    if math.isinf(expected) or math.isinf(value):
        assert value == expected
    else:
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("pair", VECTORS, ids=range(len(VECTORS)))
@pytest.mark.parametrize("name", DISTANCES)
def test_distances_in_scipy(name, pair):
    p, q = pair
    x = RNG.normal(size=len(p)).round(1)  # some points coincide
    ours, theirs = DISTANCES[name]
    expected = theirs(x, x, p, q)
    assert ours(p, q, x) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_kolmogorov_smirnov_in_scipy():
    a, b = RNG.normal(size=50).round(1), RNG.normal(0.4, size=80).round(1)
    points = np.union1d(a, b)
    p, q = ((side[:, None] == points).sum(axis=0) for side in (a, b))
    expected = stats.ks_2samp(a, b).statistic
    assert exact.kolmogorov_smirnov(p, q, points) == pytest.approx(expected, rel=1e-12)


def test_other_implementation():
    pot = pytest.importorskip("ot")
    p, q = VECTORS[4]
    x = RNG.normal(size=len(p))
    cost = np.abs(x[:, None] - x)
    assert exact.wasserstein(p, q, x) == pytest.approx(pot.emd2(p, q, cost), rel=1e-12)


vectors = st.integers(2, 8).flatmap(
    lambda k: st.tuples(
        *[
            st.lists(st.sampled_from([0, 0.5, 1, 2, 7.25, 1e-6]), min_size=k, max_size=k).filter(
                any
            )
            for _ in range(2)
        ],
        st.lists(st.integers(0, 2), min_size=k, max_size=k),
    )
)


@given(vectors)
@settings(max_examples=150, deadline=None)
def test_properties(drawn):
    p, q, groups = drawn
    for name, divergence in F_DIVERGENCES.items():
        value = divergence(p, q)
        assert value >= 0
        assert value <= BOUNDS.get(name, math.inf)
        # √ of rounding: one digit in the sixteenth makes 1e-8 in a root.
        assert divergence(p, p) == pytest.approx(0, abs=1e-7 if name == "hellinger" else 1e-12)
        if name in SYMMETRIC:
            assert value == pytest.approx(divergence(q, p), rel=1e-9, abs=1e-12)
        # Data processing: merged cells tell P from Q no better.
        merged = [np.bincount(groups, side, minlength=3) for side in (p, q)]
        assert divergence(*merged) <= value * (1 + 1e-9) + 1e-9
        order = np.argsort(groups, kind="stable")
        shuffled = divergence(np.array(p)[order], np.array(q)[order])
        assert shuffled == pytest.approx(value, rel=1e-9, abs=1e-12)


@given(vectors)
@settings(max_examples=100, deadline=None)
def test_inequalities(drawn):
    p, q, _ = drawn
    kl, tv = exact.kullback_leibler(p, q), exact.total_variation(p, q)
    root, chi2 = exact.hellinger(p, q), exact.chi_squared(p, q)
    slack = 1 + 1e-9
    assert 2 * tv**2 <= kl * slack + 1e-12  # Pinsker
    assert root**2 <= tv * slack + 1e-12  # Le Cam
    assert tv <= root * math.sqrt(2 - root**2) * slack + 1e-9
    if math.isfinite(chi2):
        assert kl <= math.log1p(chi2) * slack + 1e-12
    orders = [exact.renyi(p, q, alpha) for alpha in (0.3, 0.9, 1, 1.5, 3)]
    assert all(a <= b * slack + 1e-12 for a, b in pairwise(orders))
    # √ of the cell-wise bounds of Lin 1991: js ≤ tv·log 2.
    assert exact.jensen_shannon(p, q) <= tv * math.log(2) * slack + 1e-12


@given(vectors, st.floats(0.01, 1000), st.floats(-100, 100))
@settings(max_examples=60, deadline=None)
def test_scale_of_the_line(drawn, factor, shift):
    p, q, _ = drawn
    x = np.arange(len(p)) ** 2.0
    moved = factor * x + shift
    assert exact.wasserstein(p, q, moved) == pytest.approx(
        factor * exact.wasserstein(p, q, x), rel=1e-6, abs=1e-9
    )
    assert exact.energy(p, q, moved) == pytest.approx(
        math.sqrt(factor) * exact.energy(p, q, x), rel=1e-6, abs=1e-9
    )
    ks = exact.kolmogorov_smirnov
    assert ks(p, q, np.exp(x / 50)) == pytest.approx(ks(p, q, x), abs=1e-12)
    assert ks(p, q, x) <= exact.total_variation(p, q) + 1e-12


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([0.5, 0.5], [1.0], "P has 2 cells, but Q 1"),
        ([0.5, -0.5], [0.5, 0.5], "P is no distribution"),
        ([0.5, 0.5], [0.0, 0.0], "Q is no distribution"),
        ([0.5, math.nan], [0.5, 0.5], "P is no distribution"),
        ([], [], "P is no vector of probabilities"),
        ([[0.5], [0.5]], [0.5, 0.5], "P is no vector of probabilities"),
    ],
)
def test_what_is_no_distribution_is_refused(p, q, message):
    with pytest.raises(UsageError, match=message):
        exact.kullback_leibler(p, q)


def test_wrong_orders_and_points_are_refused():
    for alpha in (0, -1, math.inf, math.nan):
        with pytest.raises(UsageError, match="out of range"):
            exact.renyi([1, 1], [1, 2], alpha)
    with pytest.raises(UsageError, match="points"):
        exact.wasserstein([1, 1], [1, 2], [0, math.inf])
    assert exact.renyi([1, 1], [1, 2], 1) == exact.kullback_leibler([1, 1], [1, 2])
    assert exact.renyi([1, 0], [0, 1], 0.5) == math.inf
