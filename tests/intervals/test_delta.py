import math

import numpy as np
import pytest
from pairs import PAIRS
from scipy import stats
from tables import table_for

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.histogram import HistogramPlugIn
from klcli.intervals.delta import delta, standard_error
from klcli.typing import Point

NAMED = {pair.name: pair for pair in PAIRS}
ESTIMATOR = FrequencyPlugIn(Frequency())


def table(p, q):
    return CountTable.categorical(
        tuple(map(str, range(len(p)))), np.array(p, float), np.array(q, float)
    )


def interval(estimator, counts, point, confidence=0.95):
    rng = np.random.default_rng(28284271247461900976)
    return delta(
        estimator,
        counts,
        point,
        confidence=confidence,
        resamples=0,
        null_values=np.empty(0),
        rng=rng,
    )


def simulated(pair, n, m, resamples, seed):
    """Draw count tables of a categorical pair."""
    rng = np.random.default_rng(seed)
    masses = [np.exp(law.log_mass(law.atoms)) for law in (pair.p, pair.q)]
    drawn = [
        rng.multinomial(rows, mass, resamples) * 1.0
        for rows, mass in zip((n, m), masses, strict=True)
    ]
    return zip(*drawn, strict=True)


def test_the_formula_is_that_of_the_docstring():
    counts = table([10, 30], [20, 20])
    point = Point(0.3, np.array([0.6, -0.2]), np.array([0.5, -0.5]), np.zeros(2), 0.02, 0.001)
    variance = (10 * 0.36 + 30 * 0.04) / 1600 + 0.25 / 40 + 0.001 + 0.0004
    found = interval(ESTIMATOR, counts, point, 0.9)
    assert found.standard_error == pytest.approx(math.sqrt(variance))
    assert found.low == pytest.approx(0.3 + stats.norm.ppf(0.05) * math.sqrt(variance))
    assert found.high == pytest.approx(0.3 + stats.norm.ppf(0.95) * math.sqrt(variance))


def test_the_rows_behind_the_cells_give_the_same_variance():
    counts = table([5, 9, 16], [12, 10, 8])
    point = ESTIMATOR(counts)
    raw = [
        np.repeat(influence, side.astype(int))
        for influence, side in (
            (point.influence_p, counts.p),
            (point.influence_q, counts.q),
        )
    ]
    variance = sum(np.var(side) / len(side) for side in raw) + point.excess_variance
    assert standard_error(counts, point) == pytest.approx(math.sqrt(variance))


def test_infinite_values_have_no_lower_end():
    counts = table([5, 5], [10, 0])
    estimator = FrequencyPlugIn(Frequency("none"))
    found = interval(estimator, counts, estimator(counts))
    assert math.isnan(found.low)
    assert found.high == math.inf
    assert math.isnan(found.standard_error)


@pytest.mark.parametrize(
    ("name", "n", "m"),
    [
        ("three categories", 1_000, 2_000),
        ("letters", 3_000, 2_000),
        ("letters, same", 1_000, 1_000),
        ("200 categories", 10_000, 8_000),
    ],
)
def test_the_standard_error_is_that_of_the_simulation(name, n, m):
    points, errors = [], []
    for p, q in simulated(NAMED[name], n, m, 1_500, 29154759474226502354):
        counts = table(p, q)
        points.append(ESTIMATOR(counts))
        errors.append(standard_error(counts, points[-1]))
    spread = np.std([point.value for point in points])
    # At P = Q the estimated variance cannot fall below its floor, and is a little too large.
    high = 1.25 if name.endswith("same") else 1.1
    assert 0.9 < math.sqrt(np.mean(np.square(errors))) / spread < high


def test_the_standard_error_of_a_histogram_is_that_of_the_simulation():
    pair, histogram = NAMED["normal, shift"], Histogram(np.linspace(-3, 4, 15).tolist())
    estimator = HistogramPlugIn(histogram)
    rng = np.random.default_rng(30000000000000000001)
    values, errors = [], []
    for _ in range(400):
        counts = table_for(histogram, pair.sample_p(rng, 1_000), pair.sample_q(rng, 1_000))
        point = estimator(counts)
        values.append(point.value)
        errors.append(standard_error(counts, point))
    assert math.sqrt(np.mean(np.square(errors))) / np.std(values) == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("name", ["three categories", "letters", "200 categories"])
def test_coverage(name):
    check_coverage(name, 400)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["two categories", "three categories", "letters", "200 categories"]
)
def test_coverage_in_full(name):
    check_coverage(name, 10_000)


def check_coverage(name: str, replications: int) -> None:
    pair, n, m = NAMED[name], 8_000, 12_500
    covered = 0
    for p, q in simulated(pair, n, m, replications, 30822070014844882251):
        counts = table(p, q)
        found = interval(ESTIMATOR, counts, ESTIMATOR(counts))
        covered += found.low <= pair.forward <= found.high
    # Of a nominal 95 %, between 93 % and 97 % beyond doubt.
    assert stats.binomtest(covered, replications, 0.93, alternative="less").pvalue > 1e-3
    assert stats.binomtest(covered, replications, 0.97, alternative="greater").pvalue > 1e-3
