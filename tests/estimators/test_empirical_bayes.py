import numpy as np
import pytest
from scipy import integrate, stats

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.errors import UsageError
from klcli.estimators import empirical_bayes, ratio_prior
from klcli.estimators.empirical_bayes import EmpiricalBayes
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.multiplicity import multiplicity
from klcli.estimators.no_difference import log_bayes_factor
from klcli.estimators.ratio_prior import posterior, posterior_values
from klcli.intervals.permutation import permutation

DEFAULT = EmpiricalBayes(Frequency())
CORRECTED = FrequencyPlugIn(Frequency())


def table(p, q):
    names = tuple(map(str, range(len(p))))
    return CountTable.categorical(names, np.array(p, float), np.array(q, float))


def zipf(categories, exponent=1.0):
    shares = np.arange(1.0, categories + 1) ** -exponent
    return shares / shares.sum()


def undersampled(seed, categories=400, n=300, m=200):
    rng = np.random.default_rng([44721359549995793928, seed])
    q = zipf(categories)
    p = q * np.exp(0.5 * np.sin(np.arange(categories)))
    return table(rng.multinomial(n, p / p.sum()), rng.multinomial(m, q))


def test_well_sampled_and_different_is_what_zhang_and_grabchak_say():
    counts = table([300, 500, 200], [200, 400, 400])
    assert DEFAULT(counts).value == pytest.approx(CORRECTED(counts).value, rel=1e-6)
    point, other = DEFAULT(counts), CORRECTED(counts)
    assert point.influence_p.tolist() == other.influence_p.tolist()
    assert point.excess_variance == pytest.approx(other.excess_variance, abs=1e-9)


def test_samples_without_a_difference_are_pulled_to_zero():
    rng = np.random.default_rng(45825756949558400066)
    shares = zipf(26)
    values, plain = [], []
    for _ in range(100):
        counts = table(rng.multinomial(1_000, shares), rng.multinomial(1_000, shares))
        values.append(DEFAULT(counts).value)
        plain.append(CORRECTED(counts).value)
    assert np.sqrt(np.mean(np.square(values))) < 0.6 * np.sqrt(np.mean(np.square(plain)))
    assert np.sqrt(np.mean(np.square(values))) < 0.005


def test_rare_categories_alone_are_no_difference():
    # Two samples of thousands of words have hardly a rare word in common.
    rng = np.random.default_rng(46904157598234295546)
    counts = table(*rng.multinomial(1_000, zipf(10_000), size=2))
    assert abs(CORRECTED(table(counts.p, counts.q * 0 + counts.p)).value) < 1
    assert abs(DEFAULT(counts).value) < 0.03


def test_posterior_of_a_category_is_that_of_quadrature():
    counts = undersampled(3)
    found = posterior(multiplicity(counts.p, counts.q))
    pairs = multiplicity(counts.p, counts.q)
    total = found.number @ (found.share * found.from_p)
    assert total == pytest.approx(counts.n_p / (counts.n_p + counts.n_q), abs=0.05)
    assert found.number @ found.share == pytest.approx(1)
    # More rows of P than of Q make a higher share, for equally frequent categories.
    for rows in (2, 3):
        same = np.flatnonzero(pairs.pooled == rows)
        assert np.all(np.diff(found.from_p[same][np.argsort(pairs.x[same])]) > 0)


def test_frequent_categories_speak_for_themselves():
    p, q = np.array([40_000, 25_000, 1, 0]), np.array([10_000, 55_000, 0, 1])
    counts = multiplicity(p * 1.0, q * 1.0)
    found = posterior(counts)
    for pair in np.flatnonzero(counts.pooled > 10):
        beta = stats.beta(counts.x[pair] + 0.5, counts.y[pair] + 0.5)
        assert found.from_p[pair] == pytest.approx(beta.mean(), abs=2e-4)
        weighted, _ = integrate.quad(
            lambda pi, beta=beta: pi * (np.log(pi / (1 - pi)) - found.offset) * beta.pdf(pi),
            *beta.interval(1 - 1e-9),
        )
        assert found.weighted[pair] == pytest.approx(weighted, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_labels_and_empty_cells_do_not_matter(seed):
    counts = undersampled(seed)
    order = np.random.default_rng(seed).permutation(len(counts.p))
    value = DEFAULT(counts).value
    assert DEFAULT(table(counts.p[order], counts.q[order])).value == pytest.approx(value)
    assert DEFAULT(table([*counts.p, 0], [*counts.q, 0])).value == pytest.approx(value)


@pytest.mark.parametrize("seed", range(3))
def test_resampled_values_are_those_of_each_row(seed, monkeypatch):
    monkeypatch.setattr(empirical_bayes, "BLOCK", 700)
    counts = [undersampled(3 * seed + i) for i in range(3)]
    p, q = (np.array([getattr(each, side) for each in counts]) for side in ("p", "q"))
    values = DEFAULT.values(counts[0], p, q)
    assert values == pytest.approx([DEFAULT(each).value for each in counts], rel=1e-9)


def test_the_weight_goes_from_one_to_the_other_without_a_jump():
    singles = np.zeros((60, 2_000))
    for row in range(60):
        singles[row, : row * 2] = 1
        singles[row, -1] = 1_000 - row * 2
    weights = empirical_bayes.posterior_weight(singles, singles)
    assert weights[0] == 0
    assert weights[-1] == 1
    assert np.all(np.diff(weights) >= 0)
    assert np.diff(weights).max() < 0.15


def test_what_the_variance_says_is_near_the_error():
    rng = np.random.default_rng(48989794855663561964)
    q = zipf(300)
    p = q * np.exp(0.8 * np.sin(np.arange(300)))
    p /= p.sum()
    values, variances = [], []
    for _ in range(60):
        counts = table(rng.multinomial(600, p), rng.multinomial(600, q))
        point = DEFAULT(counts)
        values.append(point.value)
        linear = (
            counts.p @ point.influence_p**2 / 600**2 + counts.q @ point.influence_q**2 / 600**2
        )
        variances.append(linear + point.excess_variance)
    error = np.mean((np.array(values) - np.sum(p * np.log(p / q))) ** 2)
    # Wider than it need be where ratios are regular, for the sake of pairs where they are not.
    assert 1 < np.mean(variances) / error < 9


def test_test_statistic_is_that_of_both_directions():
    counts = undersampled(5)
    rng = [np.random.default_rng(51961524227066318806) for _ in range(2)]
    forward = permutation(DEFAULT, counts, 99, rng[0]).p_value
    other = log_bayes_factor(counts.q[None], counts.p[None])
    assert log_bayes_factor(counts.p[None], counts.q[None]) == pytest.approx(other)
    assert 0.01 <= forward <= 1


def test_p_values_are_uniform_without_a_difference():
    rng = np.random.default_rng(52915026221291811810)
    shares = zipf(100)
    found = [
        permutation(
            DEFAULT, table(rng.multinomial(80, shares), rng.multinomial(160, shares)), 19, rng
        ).p_value
        for _ in range(150)
    ]
    # Uniform on 1/20, …, 1: spread over the steps, so that ties do not count against it.
    spread = np.array(found) - rng.random(150) / 20
    assert stats.kstest(spread, "uniform").pvalue > 0.01


def test_few_rows_and_one_category_are_no_trouble():
    assert DEFAULT(table([1], [1])).value == pytest.approx(0, abs=1e-9)
    assert np.isfinite(DEFAULT(table([1, 0], [0, 1])).value)
    assert np.isfinite(DEFAULT(table(np.eye(1, 50)[0], np.ones(50))).value)
    assert np.isfinite(DEFAULT(table([0.4, 2.6, 0.5], [1.5, 0.5, 0])).value)


def test_smoothing_is_refused():
    with pytest.raises(UsageError, match="--estimator empirical-bayes"):
        EmpiricalBayes(Frequency("laplace"))


@pytest.mark.parametrize("at_once", [1, 1_000, 1 << 16])
def test_resamples_together_give_what_each_gives_alone(monkeypatch, at_once):
    monkeypatch.setattr(ratio_prior, "_AT_ONCE", at_once)
    rng = np.random.default_rng(83266639978645306)
    shares = zipf(400, 1.5)  # some categories with hundreds of rows, and many with none
    p, q = rng.multinomial(900, shares, size=7), rng.multinomial(600, shares, size=7)
    alone = [posterior(multiplicity(*row)).value for row in zip(p * 1.0, q * 1.0, strict=True)]
    assert len({*alone}) == 7
    assert posterior_values(p * 1.0, q * 1.0) == pytest.approx(alone, rel=1e-12)
    assert posterior_values(p[:0] * 1.0, q[:0] * 1.0).shape == (0,)
