import math

import numpy as np
import pytest
from scipy import stats
from tables import number_table, table_for

from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.histogram import HistogramPlugIn


def rows(n=500, m=700):
    rng = np.random.default_rng(15811388300841896660)
    return rng.normal(0.5, 1, n), rng.normal(0, 1.2, m)


@pytest.mark.parametrize("smoothing", [None, "laplace"])
def test_bins_are_categories(smoothing):
    histogram = Histogram("sturges", smoothing)
    table = table_for(histogram, *rows())
    ours = HistogramPlugIn(histogram)(table)
    theirs = FrequencyPlugIn(Frequency(smoothing))(table)
    assert ours.value == theirs.value
    assert ours.influence_q.tolist() == theirs.influence_q.tolist()


def test_without_smoothing_the_plain_sum_is_that_of_numpy_and_scipy():
    p, q = rows()
    edges = np.linspace(-8, 8, 9)
    histogram = Histogram(edges.tolist(), "none")
    counts = [np.histogram(side, edges)[0] for side in (p, q)]
    value = HistogramPlugIn(histogram)(table_for(histogram, p, q)).value
    assert value == pytest.approx(stats.entropy(*counts))


def test_an_empty_bin_of_q_is_infinite_only_if_asked_for():
    p, q = np.array([0.5, 1.5, 2.5]), np.array([0.5, 0.6, 2.5])
    table = number_table(p, q, np.arange(4.0))
    assert HistogramPlugIn(Histogram([0, 1, 2, 3], "none"))(table).value == math.inf
    assert math.isfinite(HistogramPlugIn(Histogram([0, 1, 2, 3]))(table).value)


def test_quantile_bins_do_not_see_increasing_transformations():
    p, q = rows()
    estimator = HistogramPlugIn(Histogram("quantile"))
    plain = estimator(table_for(estimator.density, p, q)).value
    assert estimator(table_for(estimator.density, np.exp(p), np.exp(q))).value == plain


def test_one_outlier_squeezes_equal_bins_but_not_quantiles():
    p, q = rows(5_000, 5_000)
    p[0] = 1e4
    values = [
        HistogramPlugIn(Histogram(bins))(table_for(Histogram(bins), p, q)).value
        for bins in ("sturges", "quantile")
    ]
    truth = math.log(1.2) + (1 + 0.25) / 2 / 1.44 - 0.5
    assert values[0] < 0.1 * truth
    assert values[1] == pytest.approx(truth, rel=0.2)


def test_resampled_values_are_those_of_the_counts():
    estimator = HistogramPlugIn(Histogram(5))
    table = table_for(estimator.density, *rows())
    values = estimator.values(table, np.stack([table.p] * 2), np.stack([table.q] * 2))
    assert values == pytest.approx(estimator(table).value)
