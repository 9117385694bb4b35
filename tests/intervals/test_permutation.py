import numpy as np
import pytest
from scipy import stats
from tables import number_table

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.densities.ratio import Ratio
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.ratio import RatioPlugIn
from klcli.intervals.permutation import (
    Null,
    exchange,
    likelihood_ratio,
    noise_floor,
    permutation,
    whole,
)

FREQUENCY, RATIO = FrequencyPlugIn(Frequency()), RatioPlugIn(Ratio())


def test_exchange_is_hypergeometric():
    rng = np.random.default_rng(192837465)
    table = CountTable.categorical(("a", "b", "c"), np.array([5.0, 3, 2]), np.array([1.0, 7, 12]))
    p, q = exchange(table, 20_000, rng)
    assert (p + q == table.p + table.q).all()
    assert (p.sum(axis=1) == 10).all()
    expected = stats.hypergeom(30, 6, 10)
    assert p[:, 0].mean() == pytest.approx(expected.mean(), abs=0.03)
    assert p[:, 0].var() == pytest.approx(expected.var(), rel=0.05)


def test_billions_of_rows_are_exchanged_by_their_normal_limit():
    rng = np.random.default_rng(192837465)
    table = CountTable.categorical(("a", "b"), np.array([4e9, 6e9]), np.array([3e9, 7e9]))
    p, q = exchange(table, 2000, rng)
    assert np.allclose(p.sum(axis=1), 1e10)
    assert p[:, 0].std() == pytest.approx((7e9 * 0.25 * 13 / 20) ** 0.5, rel=0.1)
    assert (q >= 0).all()


def test_whole_keeps_running_sums():
    counts = np.random.default_rng(5).random(1000) * 3
    rounded = whole(counts)
    assert (rounded == np.round(rounded)).all()
    assert np.abs(np.cumsum(rounded) - np.cumsum(counts)).max() <= 0.5


def test_no_permutations_give_no_p_value():
    table = CountTable.categorical(("a", "b"), np.array([5.0, 3]), np.array([1.0, 7]))
    null = permutation(FREQUENCY, table, 0, np.random.default_rng(0))
    assert np.isnan(null.p_value)
    assert null.values.size == 0


def test_two_categories_against_fisher():
    """One-sided by symmetry: D of a 2 × 2 table with equal sides orders it as |difference| does."""
    counts = np.array([14.0, 6]), np.array([7.0, 13])
    table = CountTable.categorical(("a", "b"), *counts)
    null = permutation(FREQUENCY, table, 20_000, np.random.default_rng(12345))
    exact = stats.fisher_exact(np.stack(counts)).pvalue
    assert null.p_value == pytest.approx(exact, abs=0.01)


def test_a_clear_difference_has_the_smallest_p_value():
    rng = np.random.default_rng(564738291)
    p, q = rng.normal(0, 1, 300), rng.normal(1, 1, 200)
    table = number_table(p, q, np.unique(np.concatenate([p, q])))
    assert permutation(RATIO, table, 199, rng).p_value == 1 / 200


def test_both_directions_share_the_test():
    rng = np.random.default_rng(11)
    p, q = rng.normal(0, 1, 150), rng.normal(0.2, 1, 150)
    table = number_table(p, q, np.unique(np.concatenate([p, q])))
    forward = permutation(RATIO, table, 99, np.random.default_rng(4)).p_value
    reverse = permutation(RATIO, table.swapped(), 99, np.random.default_rng(4)).p_value
    assert forward == pytest.approx(reverse, abs=0.12)


def test_weighted_counts():
    table = CountTable.categorical(("a", "b"), np.array([30.3, 12.9]), np.array([10.7, 31.2]))
    assert permutation(FREQUENCY, table, 199, np.random.default_rng(3)).p_value < 0.05


def test_infinite_estimates_are_tested_by_the_likelihood_ratio():
    p, q = np.array([14.0, 6, 3]), np.array([7.0, 13, 0])
    naive = FrequencyPlugIn(Frequency("none"))
    table = CountTable.categorical(("a", "b", "c"), p, q)
    assert naive(table).value == np.inf
    statistic = stats.chi2_contingency(
        np.stack([p, q]), lambda_="log-likelihood", correction=False
    )
    assert 2 * likelihood_ratio(p, q) == pytest.approx(statistic.statistic)
    null = permutation(naive, table, 4000, np.random.default_rng(77))
    assert null.p_value == pytest.approx(statistic.pvalue, abs=0.03)


def _p_values(draw, replications, resamples):
    rng = np.random.default_rng(657483920192837465)
    values = []
    for _ in range(replications):
        p, q = draw(rng, 120), draw(rng, 200)
        # Which values repeat must not depend on who has them, or else permutations are no equals.
        both = np.concatenate([p, q])
        table = number_table(p, q, np.union1d(both, np.nextafter(np.round(both, 1), 9)))
        values.append(permutation(RATIO, Ratio().reduce(table), resamples, rng).p_value)
    return np.array(values)


DRAWS = {
    "continuous": lambda rng, n: rng.normal(size=n),
    "ties": lambda rng, n: np.round(rng.normal(size=n), 1),
}


@pytest.mark.parametrize("name", DRAWS)
def test_p_values_are_uniform_without_a_difference(name):
    values = _p_values(DRAWS[name], 100, 99)
    assert stats.kstest(values, "uniform").pvalue > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWS)
def test_p_values_are_uniform_in_the_long_run(name):
    values = _p_values(DRAWS[name], 1000, 199)
    assert stats.kstest(values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("estimator", [FREQUENCY, RATIO])
def test_a_first_look_changes_nothing_where_a_difference_shows(estimator):
    p, q = np.random.default_rng(12).normal([[0.0], [0.2]], 1, (2, 400))
    table = number_table(p, q, np.linspace(-2, 2, 40))
    full, looked = (
        permutation(estimator, table, 499, np.random.default_rng(3), look) for look in (0, 99)
    )
    assert looked.p_value == full.p_value < 0.1
    assert (looked.values == full.values).all()


def test_a_first_look_gives_p_values():
    rng = np.random.default_rng(48)
    found, lengths = [], []
    for _ in range(1000):
        counts = rng.multinomial(200, [0.2, 0.5, 0.3], size=2).astype(float)
        table = CountTable.categorical(("a", "b", "c"), *counts)
        null = permutation(FREQUENCY, table, 499, rng, 99)
        found.append(null.p_value)
        lengths.append(len(null.values))
    assert set(lengths) == {99, 499}
    assert np.mean(np.equal(lengths, 99)) == pytest.approx(0.9, abs=0.04)
    for level in (0.01, 0.05, 0.1, 0.2, 0.5):
        hits = int(np.sum(np.array(found) <= level))
        assert stats.binomtest(hits, len(found), level, alternative="greater").pvalue > 0.001


@pytest.mark.parametrize("plain", [True, False])
def test_a_plain_difference_needs_no_more_than_the_first_look(plain):
    table = CountTable.categorical(
        tuple("abcd"), np.array([400.0, 300, 200, 100]), np.full(4, 500.0)
    )
    estimator = FrequencyPlugIn(Frequency())
    null = permutation(estimator, table, 999, np.random.default_rng(3), 99, lambda _: plain)
    assert null.p_value == 1 / 1000
    assert len(null.values) == (99 if plain else 999)


def test_what_is_called_plain_is_tested_all_the_same():
    table = CountTable.categorical(tuple("ab"), np.array([55.0, 45.0]), np.array([50.0, 50.0]))
    estimator = FrequencyPlugIn(Frequency())
    null = permutation(estimator, table, 999, np.random.default_rng(3), 99, lambda _: True)
    assert null.p_value > 0.1


@pytest.mark.parametrize(
    ("p_value", "permutations", "expected"),
    [(0.025, 999, True), (0.026, 999, False), (0.05, 19, True), (0.1, 19, False)],
)
def test_an_interval_leaves_zero_out_only_where_the_test_refuses_it(
    p_value, permutations, expected
):
    null = Null(p_value, np.zeros(permutations))
    assert null.refuses_equality(0.95) is expected


def test_estimates_have_to_exceed_more_than_the_noise_floor_to_leave_out_zero():
    values = np.arange(101.0)
    assert noise_floor(values, 0.9) == (90.0, 95.0)
