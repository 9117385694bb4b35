import math

import numpy as np
import pytest
from tables import category_table, number_table, pooled_sample, table_for

from klcli.data.bounds import quantile_bounds
from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.densities.kde import Kde
from klcli.densities.ratio import Ratio
from klcli.errors import UsageError
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.histogram import HistogramPlugIn
from klcli.estimators.kde import KdePlugIn
from klcli.estimators.monte_carlo import MonteCarlo


def categories():
    rng = np.random.default_rng(17888543819998317571)
    return category_table(rng.zipf(2, 300) % 17, rng.zipf(1.8, 400) % 17)


def numbers(density, n=900, m=1_100):
    rng = np.random.default_rng(18330302779823360017)
    return table_for(density, rng.normal(0.4, 1, n), rng.normal(0, 1.1, m))


CASES = {
    "frequency": (FrequencyPlugIn(Frequency("laplace")), categories()),
    "histogram": (HistogramPlugIn(Histogram("sturges", 0.5)), numbers(Histogram("sturges"))),
    "kde": (KdePlugIn(Kde("silverman")), numbers(Kde("silverman"))),
}


@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_the_plug_in_estimate_of_the_same_model(name):
    plug_in, table = CASES[name]
    point = MonteCarlo(plug_in.density, seed=19235384061671344)(table)
    assert 0 < point.monte_carlo_error < 0.01
    assert abs(point.value - plug_in(table).value) < 4 * point.monte_carlo_error


@pytest.mark.parametrize("name", CASES)
def test_the_error_is_honest(name):
    plug_in, table = CASES[name]
    truth = plug_in(table).value
    points = [MonteCarlo(plug_in.density, draws=400, seed=seed)(table) for seed in range(400)]
    values = np.array([point.value for point in points])
    claimed = np.sqrt(np.mean([point.monte_carlo_error**2 for point in points]))
    assert values.std() == pytest.approx(claimed, rel=0.15)
    assert abs(values.mean() - truth) < 4 * claimed / 20


def test_strata_gain_on_plain_draws():
    plug_in, table = CASES["histogram"]
    point = MonteCarlo(plug_in.density, draws=2_000)(table)
    spread = math.sqrt(float(table.p @ point.influence_p**2) / table.n_p)
    assert point.monte_carlo_error < 0.3 * spread / math.sqrt(2_000)


def test_it_works_with_the_ratio():
    rng = np.random.default_rng(18330302779823360017)
    p, q = rng.normal(0.4, 1, 900), rng.normal(0, 1.1, 1_100)
    table = number_table(p, q, quantile_bounds(pooled_sample(p, q)))
    fitted = Ratio().fit(table)
    mass = np.exp(fitted.log_p)
    point = MonteCarlo(Ratio())(table)
    expected = mass @ (fitted.log_p - fitted.log_q) / mass.sum()
    assert abs(point.value - expected) < 4 * point.monte_carlo_error
    assert point.value == pytest.approx(math.log(1.1) + 1.16 / 2 / 1.21 - 0.5, abs=0.05)


@pytest.mark.parametrize("name", CASES)
def test_contributions_sum_to_the_value(name):
    plug_in, table = CASES[name]
    point = MonteCarlo(plug_in.density)(table)
    assert point.contributions.shape == table.p.shape
    assert point.contributions.sum() == pytest.approx(point.value)
    assert table.p @ point.influence_p == pytest.approx(0, abs=1e-8)
    assert table.q @ point.influence_q == pytest.approx(0, abs=1e-8)


def test_mass_between_the_rows_is_drawn_too():
    rng = np.random.default_rng(19748417658131498)
    kde = Kde(0.3)
    table = table_for(kde, rng.normal(0, 1, 12), rng.normal(1, 1, 15))
    point, exact = MonteCarlo(kde)(table), KdePlugIn(kde)(table)
    assert abs(point.value - exact.value) < 4 * point.monte_carlo_error
    assert point.contributions == pytest.approx(exact.contributions, abs=0.02)


def test_infinity_is_not_left_to_chance():
    counts = category_table(np.array([0] * 99_999 + [1]), np.zeros(10))
    point = MonteCarlo(Frequency("none"), draws=20)(counts)
    assert point.value == math.inf
    assert point.contributions.tolist()[1] == math.inf
    assert point.monte_carlo_error == 0
    values = MonteCarlo(Frequency("none"), draws=20).values(counts, counts.p[None], counts.q[None])
    assert values.tolist() == [math.inf]


def test_the_seed_decides():
    plug_in, table = CASES["kde"]
    values = [MonteCarlo(plug_in.density, seed=seed)(table).value for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize("name", CASES)
def test_resampled_values_use_the_same_draws(name):
    plug_in, table = CASES[name]
    estimator = MonteCarlo(plug_in.density, draws=1_000)
    values = estimator.values(table, np.stack([table.p] * 2), np.stack([table.q] * 2))
    assert values == pytest.approx([estimator(table).value] * 2)


def test_too_few_draws_are_refused():
    with pytest.raises(UsageError, match="draws"):
        MonteCarlo(Frequency(), draws=19)
