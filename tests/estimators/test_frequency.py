import math

import numpy as np
import pytest
from scipy import special, stats

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.estimators.frequency import FrequencyPlugIn, digamma, plug_in_values, quadratic_variance

CORRECTED = FrequencyPlugIn(Frequency())
PLAIN = FrequencyPlugIn(Frequency("none"))


def table(p, q):
    return CountTable.categorical(
        tuple(map(str, range(len(p)))), np.array(p, float), np.array(q, float)
    )


def random_table(seed, cells=12, empty=True):
    rng = np.random.default_rng([11180339887498948482, seed])
    low = 0 if empty else 1
    return table(rng.integers(low, 30, cells), rng.integers(low, 50, cells))


@pytest.mark.parametrize("x", [np.logspace(-6, 10, 4_001), np.arange(1.0, 5_000), np.ones(9)])
def test_digamma_is_that_of_scipy(x):
    expected = special.digamma(x)
    assert np.max(np.abs(digamma(x) - expected) / np.maximum(1, np.abs(expected))) < 1e-14


def literal_zhang_grabchak(x, y):
    """Sums and products as they stand in the paper."""
    n, m = sum(x), sum(y)
    total = 0.0
    for x_k, y_k in zip(x, y, strict=True):
        if x_k == 0:
            continue
        product, cross = 1.0, 0.0
        for v in range(1, m - y_k + 1):
            product *= 1 - y_k / (m - v + 1)
            cross += product / v
        product, entropy = 1.0, 0.0
        for v in range(1, n - x_k + 1):
            product *= 1 - (x_k - 1) / (n - v)
            entropy += product / v
        total += x_k / n * (cross - entropy)
    return total


@pytest.mark.parametrize("seed", range(5))
def test_corrected_value_is_that_of_the_paper(seed):
    counts = random_table(seed)
    x, y = counts.p.astype(int).tolist(), counts.q.astype(int).tolist()
    assert CORRECTED(counts).value == pytest.approx(literal_zhang_grabchak(x, y), rel=1e-11)
    assert CORRECTED(counts.swapped()).value == pytest.approx(
        literal_zhang_grabchak(y, x), rel=1e-11
    )


def test_corrected_value_has_the_published_mean():
    n, m, share_p, share_q = 9, 14, 0.3, 0.45
    x, y = np.meshgrid(np.arange(n + 1.0), np.arange(m + 1.0), indexing="ij")
    weight = stats.binom.pmf(x, n, share_p) * stats.binom.pmf(y, m, share_q)
    p = np.stack([x.ravel(), n - x.ravel()], axis=1)
    q = np.stack([y.ravel(), m - y.ravel()], axis=1)
    mean = weight.ravel() @ plug_in_values(p, q, None)
    # The divergence is this series without an end: what is missing decays exponentially.
    v, u = np.arange(1.0, m + 1), np.arange(1.0, n)
    expected = sum(
        a * (np.sum((1 - b) ** v / v) - np.sum((1 - a) ** u / u))
        for a, b in ((share_p, share_q), (1 - share_p, 1 - share_q))
    )
    assert mean == pytest.approx(expected, rel=1e-12)
    assert mean == pytest.approx(special.rel_entr([0.3, 0.7], [0.45, 0.55]).sum(), abs=5e-3)


def test_identical_counts_give_the_value_that_their_noise_would():
    # Twice the same rows are closer than two samples of one distribution ever are.
    counts = table([5, 1, 14], [5, 1, 14])
    assert CORRECTED(counts).value == pytest.approx(-2 / 20)
    assert PLAIN(counts).value == 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("empty", [True, False])
def test_plain_value_is_that_of_scipy(seed, empty):
    counts = random_table(seed, empty=empty)
    assert PLAIN(counts).value == pytest.approx(stats.entropy(counts.p, counts.q))


@pytest.mark.parametrize(("smoothing", "added"), [("laplace", 1), ("jeffreys", 0.5), (0.01, 0.01)])
def test_smoothed_value_is_that_of_smoothed_counts(smoothing, added):
    counts = table([4, 0, 3, 0], [0, 5, 1, 0])
    expected = stats.entropy(counts.p[:3] + added, counts.q[:3] + added)
    assert FrequencyPlugIn(Frequency(smoothing))(counts).value == pytest.approx(expected)


def test_a_category_that_q_lacks_is_infinite_only_in_plain_counts():
    counts = table([5, 5, 10], [10, 0, 10])
    plain = PLAIN(counts)
    assert plain.value == math.inf
    assert plain.contributions[1] == math.inf
    assert np.isnan(plain.influence_p).all()
    corrected = CORRECTED(counts)
    assert math.isfinite(corrected.value)
    assert np.isfinite(corrected.influence_q).all()


def test_the_corrected_value_understates_infinity_by_the_log_of_q():
    values = [CORRECTED(table([50, 50], [0, m])).value for m in (100, 10_000)]
    assert values[1] - values[0] == pytest.approx(0.5 * math.log(100), rel=0.01)


@pytest.mark.parametrize("smoothing", [None, "none", "laplace", 0.3])
def test_order_and_empty_cells_do_not_matter(smoothing):
    estimator = FrequencyPlugIn(Frequency(smoothing))
    counts = random_table(7, empty=False)
    order = np.random.default_rng(12).permutation(len(counts.p))
    value = estimator(counts).value
    assert estimator(table(counts.p[order], counts.q[order])).value == pytest.approx(value)
    assert estimator(table([*counts.p, 0], [*counts.q, 0])).value == pytest.approx(value)


def test_plain_values_of_independent_columns_add_up():
    first, second = random_table(1, 4, empty=False), random_table(2, 5, empty=False)
    joint = table(np.outer(first.p, second.p).ravel(), np.outer(first.q, second.q).ravel())
    assert PLAIN(joint).value == pytest.approx(PLAIN(first).value + PLAIN(second).value)


def test_plain_value_does_not_depend_on_the_number_of_rows():
    counts = random_table(3, empty=False)
    assert PLAIN(table(counts.p * 7, counts.q)).value == pytest.approx(PLAIN(counts).value)


@pytest.mark.parametrize("smoothing", ["none", "jeffreys", 2.5])
def test_influence_is_the_derivative_of_the_value(smoothing):
    estimator = FrequencyPlugIn(Frequency(smoothing))
    counts = random_table(4, 6, empty=False)
    point = estimator(counts)
    step = 1e-4
    for side, influence in (("p", point.influence_p), ("q", point.influence_q)):
        rows = getattr(counts, side)
        slopes = []
        for cell in range(6):
            moved = []
            for sign in (1, -1):
                shifted = rows.copy()
                shifted[cell] += sign * step
                p, q = (shifted, counts.q) if side == "p" else (counts.p, shifted)
                moved.append(estimator.values(counts, p[None], q[None])[0])
            slopes.append((moved[0] - moved[1]) / (2 * step))
        gradient = rows.sum() * np.array(slopes)
        expected = gradient - rows @ gradient / rows.sum()
        assert influence == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_corrected_influence_tends_to_the_plain_one():
    counts = table([30_000, 20_000, 50_000], [10_000, 40_000, 50_000])
    corrected, plain = CORRECTED(counts), PLAIN(counts)
    assert corrected.influence_p == pytest.approx(plain.influence_p, abs=1e-4)
    assert corrected.influence_q == pytest.approx(plain.influence_q, abs=1e-4)


@pytest.mark.parametrize("smoothing", [None, "none", "laplace"])
def test_resampled_values_are_those_of_each_row(smoothing, monkeypatch):
    monkeypatch.setattr("klcli.estimators.frequency.BLOCK", 30)
    estimator = FrequencyPlugIn(Frequency(smoothing))
    rng = np.random.default_rng(13228756555322952953)
    p, q = rng.poisson(3, (11, 8)) * 1.0, rng.poisson(4, (11, 8)) * 1.0
    values = estimator.values(table(p[0], q[0]), p, q)
    assert values == pytest.approx(
        [estimator(table(*row)).value for row in zip(p, q, strict=True)]
    )


def test_weighted_counts_lie_between_whole_ones():
    values = [CORRECTED(table([10 + part, 5], [8, 9])).value for part in (0, 0.25, 0.5, 1)]
    assert values == sorted(values)
    assert np.isfinite(CORRECTED(table([0.001, 5], [3, 4.5])).value)


def test_a_side_without_rows_is_worth_nothing():
    assert CORRECTED(table([0, 0], [3, 4])).value == 0


def test_null_variance_is_that_of_chi_squared():
    counts = table([20, 30, 50, 100], [40, 60, 100, 200])
    expected = 3 / 2 * (1 / 200 + 1 / 400) ** 2
    assert quadratic_variance(counts, counts.p / 200, np.ones(4)) == pytest.approx(expected)


def test_quadratic_variance_is_half_the_trace():
    counts = random_table(5, 6, empty=False)
    p, q, n, m = counts.p / counts.n_p, counts.q / counts.n_q, counts.n_p, counts.n_q
    hessian = np.block([[np.diag(1 / p), np.diag(-1 / q)], [np.diag(-1 / q), np.diag(p / q**2)]])
    covariance = np.zeros((12, 12))
    covariance[:6, :6] = (np.diag(p) - np.outer(p, p)) / n
    covariance[6:, 6:] = (np.diag(q) - np.outer(q, q)) / m
    both = hessian @ covariance
    assert quadratic_variance(counts, p, p / q) == pytest.approx(np.trace(both @ both) / 2)
