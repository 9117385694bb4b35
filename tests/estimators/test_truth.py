"""Every classical estimator against known divergences, in the cases that it claims."""

import math
from functools import cache

import numpy as np
import pytest
from pairs import PAIRS, Pair
from tables import category_table, table_for

from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.densities.kde import Kde
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.histogram import HistogramPlugIn
from klcli.estimators.kde import KdePlugIn
from klcli.estimators.monte_carlo import MonteCarlo
from klcli.intervals.delta import standard_error

NAMED = {pair.name: pair for pair in PAIRS}
DISCRETE = [pair.name for pair in PAIRS if pair.kind in ("categorical", "discrete")]

#: Bins hide what is within them. With equal counts that is little, unless what differs is in a
#: tail of less than a bin (heavy pairs, a rare part) or at a jump between two edges.
QUANTILE = [
    pair.name
    for pair in PAIRS
    if pair.kind in ("continuous", "mixed")
    and pair.name not in ("normal with a rare part", "uniform, nested")
]

#: Smooth on the whole line, and in neither direction does P reach far beyond Q.
SMOOTH = [
    "normal, same",
    "normal, small shift",
    "normal, shift",
    "normal, scale 1 and 1.3",
    "beta",
    "logistic, shift",
    "bimodal, other weights",
]


@cache
def rows(name: str) -> tuple[np.ndarray, np.ndarray]:
    seed = [24494897427831780982, [pair.name for pair in PAIRS].index(name)]
    rng = np.random.default_rng(seed)
    return NAMED[name].sample_p(rng, 8_000), NAMED[name].sample_q(rng, 12_500)


def both_directions(name: str):
    pair, (p, q) = NAMED[name], rows(name)
    for direction, each, first, second in (
        ("forward", pair, p, q),
        ("reverse", pair.swapped(), q, p),
    ):
        if math.isfinite(each.forward) and direction not in pair.heavy:
            yield each, first, second


def assert_true(pair: Pair, estimator, table) -> None:
    point = estimator(table)
    error = max(standard_error(table, point), pair.bound(table.n_p, table.n_q))
    assert abs(point.value - pair.forward) < 4 * error, (pair.name, point.value, error)


@pytest.mark.parametrize("name", DISCRETE)
@pytest.mark.parametrize("smoothing", [None, "jeffreys"])
def test_frequency(name, smoothing):
    for pair, p, q in both_directions(name):
        assert_true(pair, FrequencyPlugIn(Frequency(smoothing)), category_table(p, q))


@pytest.mark.parametrize("name", QUANTILE)
def test_histogram(name):
    for pair, p, q in both_directions(name):
        histogram = Histogram("quantile")
        assert_true(pair, HistogramPlugIn(histogram), table_for(histogram, p, q))


def test_histogram_with_edges_at_the_jumps():
    pair, p, q = next(both_directions("uniform, nested"))
    histogram = Histogram([0, 0.25, 0.5, 0.75, 1])
    assert_true(pair, HistogramPlugIn(histogram), table_for(histogram, p, q))


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("bandwidth", ["isj", "silverman"])
def test_kde(name, bandwidth):
    for pair, p, q in both_directions(name):
        kde = Kde(bandwidth)
        assert_true(pair, KdePlugIn(kde), table_for(kde, p, q))


@pytest.mark.parametrize(
    ("density", "name"),
    [
        (Frequency("jeffreys"), "letters"),
        (Frequency("laplace"), "poisson"),
        (Histogram("quantile", "jeffreys"), "normal, shift"),
        (Kde("silverman"), "normal, shift"),
        (Kde("cv"), "logistic, shift"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_monte_carlo(density, name):
    for pair, p, q in both_directions(name):
        discrete = pair.kind != "continuous"
        table = category_table(p, q) if discrete else table_for(density, p, q)
        assert_true(pair, MonteCarlo(density, seed=25495097567963924150), table)


def test_infinite_divergence_is_what_plain_counts_say():
    p, q = rows("three categories, one unseen")
    table = category_table(q, p)
    assert FrequencyPlugIn(Frequency("none"))(table).value == math.inf
    p, q = rows("uniform, nested")
    table = table_for(Histogram(20, "none"), q, p)
    assert HistogramPlugIn(Histogram(20, "none"))(table).value == math.inf


@pytest.mark.parametrize("name", ["normal, same", "letters, same"])
def test_no_difference_is_no_difference(name):
    p, q = rows(name)
    estimators = (
        [FrequencyPlugIn(Frequency())]
        if name.startswith("letters")
        else [HistogramPlugIn(Histogram()), KdePlugIn(Kde())]
    )
    for estimator in estimators:
        discrete = name.startswith("letters")
        table = category_table(p, q) if discrete else table_for(estimator.density, p, q)
        assert abs(estimator(table).value) < 0.005
