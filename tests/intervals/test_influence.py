from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.estimators.empirical_bayes import EmpiricalBayes
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.intervals.delta import influence_variance
from klcli.intervals.influence import influence, noncentral_interval, score_interval
from klcli.intervals.noncentral import noncentral_ends
from klcli.intervals.permutation import likelihood_ratio
from klcli.typing import Point

TABLE = CountTable.categorical(("a", "b"), np.array([60.0, 40.0]), np.array([30.0, 70.0]))
NONE = np.empty(0)


def point(value, spread=1.0, null=1e-4, **more):
    influence_p = spread * np.array([0.4, -0.6])
    influence_q = spread * np.array([0.7, -0.3])
    extra = {"excess_variance": null, "null_variance": null} | more
    return Point(value, influence_p, influence_q, np.array([value, 0.0]), **extra)


def interval(point, confidence=0.95, null=NONE):
    return influence(
        FrequencyPlugIn(Frequency()), TABLE, point, confidence=confidence, resamples=0,
        null_values=null, rng=np.random.default_rng(0),
    )  # fmt: skip


def test_the_variance_is_that_of_the_influence_values():
    expected = (60 * 0.16 + 40 * 0.36) / 100**2 + (30 * 0.49 + 70 * 0.09) / 100**2
    assert influence_variance(TABLE, point(1.0)) == pytest.approx(expected)


def test_both_ends_solve_the_score_equation():
    result = score_interval(0.5, 0.0061, 1e-4, 100, 100, 0.95)
    z = NormalDist().inv_cdf(0.975)
    slope = (0.006 + 0.04 * 0.01) / (0.5 + 0.01)
    for end in (result.low, result.high):
        assert (0.5 - end) ** 2 == pytest.approx(z**2 * (1e-4 + slope * end))
    assert result.standard_error == pytest.approx(0.0061**0.5)


def test_both_ends_are_those_of_the_noncentral_distribution():
    estimate = point(0.5)
    result = interval(estimate)
    linear = influence_variance(TABLE, estimate)
    scale = (linear + 0.04 * 0.01) / (0.5 + 0.01) / 4
    freedom = 1e-4 / (2 * scale**2)
    for end, chance in ((result.low, 0.975), (result.high, 0.025)):
        reached = stats.ncx2.cdf(0.5 / scale + freedom, freedom, end / scale)
        assert reached == pytest.approx(chance, abs=1e-6)
    assert result.standard_error == pytest.approx((linear + 1e-4) ** 0.5)


def test_an_estimate_that_was_averaged_with_zero_keeps_its_interval():
    plain = interval(point(0.08))
    averaged = interval(point(0.02, alike=0.75))
    assert (averaged.low, averaged.high) == pytest.approx((plain.low, plain.high))
    between = 0.25 * 0.75 * 0.08**2
    assert averaged.standard_error**2 == pytest.approx(0.25 * plain.standard_error**2 + between)


def test_it_approaches_the_normal_interval_far_from_zero():
    result = interval(point(40.0, null=1e-12))
    z = NormalDist().inv_cdf(0.975)
    assert result.high - result.low == pytest.approx(2 * z * result.standard_error, rel=1e-3)


def test_more_confidence_is_wider_and_contains():
    narrow, wide = interval(point(0.2), 0.8), interval(point(0.2), 0.99)
    assert wide.low <= narrow.low < 0.2 < narrow.high < wide.high


def test_an_estimate_within_the_noise_reaches_zero():
    assert interval(point(0.015, spread=0.01)).low <= 0
    assert interval(point(-0.003, spread=0.01)).high > 0


def test_the_spread_of_exchanged_labels_stands_in_for_an_unknown_null_variance():
    unknown = point(0.05, null=0.0)
    assert interval(unknown).low > 0
    assert interval(unknown, null=np.linspace(-0.04, 0.04, 99)).low < interval(unknown).low


def test_one_value_on_both_sides_does_not_prove_that_nothing_differs():
    """With probability 0.05 or more, 60 and 90 rows show nothing of 5 and 3.3 % of another value."""
    result = noncentral_interval(0.0, 0.0, 0.0, 60, 90, 0.95)
    p, q = 1 - 0.05 ** (1 / 60), 1 - 0.1 ** (1 / 90)
    unseen = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    assert result.low == 0
    assert result.high > unseen
    rounded = noncentral_interval(0.0, 1e-36, 1e-36, 60, 90, 0.95)
    assert rounded.high == pytest.approx(result.high)


def test_monte_carlo_error_widens():
    assert interval(point(0.5, monte_carlo_error=0.3)).high > interval(point(0.5)).high + 0.3


@pytest.mark.parametrize("cells", [2, 3, 5])
def test_near_zero_it_is_hardly_longer_than_it_has_to_be(cells):
    """Of likelihood ratios near zero the noncentral χ² distribution is known.

    An estimate below zero counts as zero, which alone makes the interval longer.
    """
    rng = np.random.default_rng([20261127, cells])
    estimator = EmpiricalBayes(Frequency())
    widths, least = [], []
    p = np.linspace(1, 1.1, cells) / np.linspace(1, 1.1, cells).sum()
    for _ in range(200):
        counts = rng.multinomial(3_000, p), rng.multinomial(5_000, np.full(cells, 1 / cells))
        table = CountTable.categorical(tuple("abcde"[:cells]), *counts)
        result = influence(
            estimator, table, estimator(table), confidence=0.95, resamples=0,
            null_values=NONE, rng=rng,
        )  # fmt: skip
        widths.append(result.high - max(result.low, 0.0))
        pair = np.array(counts, float)
        ratio = 2 * float(likelihood_ratio(pair[:1], pair[1:])[0])
        low, high = noncentral_ends(ratio, cells - 1.0, 0.95)
        least.append((high - low) / (2 * 3_000 * 5_000 / 8_000))
    assert np.mean(least) <= np.mean(widths) <= 1.25 * np.mean(least)


def test_categories_are_covered_at_the_null_and_away_from_it():
    """Binomial test: 95 % coverage gives 92.2 to 97.4 % of 1,000 but for one run in ten thousand."""
    rng = np.random.default_rng(918273645546372819)
    estimator = FrequencyPlugIn(Frequency())
    uniform, sloped = np.full(8, 1 / 8), np.arange(1, 9) / 36
    for p, q in ((uniform, uniform), (sloped, uniform)):
        truth = float(p @ np.log(p / q))
        covered = above = 0
        for _ in range(1000):
            table = CountTable.categorical(
                tuple("abcdefgh"), rng.multinomial(200, p), rng.multinomial(300, q)
            )
            result = influence(
                estimator, table, estimator(table), confidence=0.95, resamples=0,
                null_values=NONE, rng=rng,
            )  # fmt: skip
            covered += max(result.low, 0) <= truth <= result.high
            above += result.low > 0
        assert 0.92 <= covered / 1000 <= (1 if truth == 0 else 0.98)
        if truth == 0:
            assert above / 1000 <= 0.05


def test_one_row_on_each_side_proves_nothing():
    result = noncentral_interval(0.3, 0.0, 0.0, 1, 1, 0.95)
    assert result.low <= 0.3 < result.high
