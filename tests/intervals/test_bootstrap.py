import math

import numpy as np
import pytest
from pairs import PAIRS
from scipy import special, stats

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.intervals.bootstrap import acceleration, basic, bca, percentile, resampled_values
from klcli.typing import Point

PLAIN = FrequencyPlugIn(Frequency("none"))
CORRECTED = FrequencyPlugIn(Frequency())
METHODS = {"basic": basic, "percentile": percentile, "BCa": bca}


def table(p, q):
    return CountTable.categorical(
        tuple(map(str, range(len(p)))), np.array(p, float), np.array(q, float)
    )


def run(method, estimator, counts, confidence=0.95, resamples=4_999, seed=31622776601683793320):
    return method(
        estimator,
        counts,
        estimator(counts),
        confidence=confidence,
        resamples=resamples,
        null_values=np.empty(0),
        rng=np.random.default_rng(seed),
    )


def divergence_of_rows(p, q, axis=-1):
    """Return the plain divergence of rows of three categories, as SciPy wants statistics."""
    shares = [
        np.stack([np.mean(side == category, axis=axis) for category in range(3)])
        for side in (p, q)
    ]
    return special.rel_entr(*shares).sum(axis=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_are_those_of_scipy_on_raw_rows(method, confidence):
    counts = table([60, 90, 50], [40, 120, 90])
    raw = [np.repeat([0, 1, 2], side.astype(int)) for side in (counts.p, counts.q)]
    theirs = stats.bootstrap(
        raw,
        divergence_of_rows,
        n_resamples=4_999,
        confidence_level=confidence,
        method=method,
        rng=np.random.default_rng(32403703492039301154),
        batch=500,
    )
    ours = run(METHODS[method], PLAIN, counts, confidence)
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.06 * width)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.06 * width)
    assert ours.standard_error == pytest.approx(theirs.standard_error, rel=0.05)


def test_percentile_and_basic_are_reflections():
    counts = table([30, 20, 50], [50, 30, 20])
    value = PLAIN(counts).value
    one, other = run(percentile, PLAIN, counts), run(basic, PLAIN, counts)
    assert one.low + other.high == pytest.approx(2 * value)
    assert one.high + other.low == pytest.approx(2 * value)


def test_ends_are_order_statistics():
    counts = table([30, 20, 50], [50, 30, 20])
    seed = 33166247903553998491
    values = resampled_values(PLAIN, counts, PLAIN(counts), 999, np.random.default_rng(seed))
    found = run(percentile, PLAIN, counts, 0.95, 999, seed)
    assert (found.low, found.high) == (np.sort(values)[24], np.sort(values)[974])


def test_blocks_do_not_change_the_draws(monkeypatch):
    counts = table([30, 20, 50], [50, 30, 20])
    monkeypatch.setattr("klcli.intervals.bootstrap.BLOCK", 3 * 7)
    values = resampled_values(PLAIN, counts, PLAIN(counts), 20, np.random.default_rng(5))
    assert np.std(values) > 0
    assert len(np.unique(values)) == 20


def test_acceleration_is_that_of_the_jackknife():
    counts = table([300, 60, 40], [200, 250, 150])
    cubes, squares = 0.0, 0.0
    for side in ("p", "q"):
        rows = getattr(counts, side)
        values = []
        for cell in range(3):
            fewer = rows.copy()
            fewer[cell] -= 1
            p, q = (fewer, counts.q) if side == "p" else (counts.p, fewer)
            values.append(PLAIN.values(counts, p[None], q[None])[0])
        n = rows.sum()
        jackknife = (n - 1) * (rows @ values / n - np.array(values))
        cubes += rows @ jackknife**3 / n**3
        squares += rows @ jackknife**2 / n**2
    expected = cubes / (6 * squares**1.5)
    assert acceleration(counts, PLAIN(counts)) == pytest.approx(expected, rel=0.05)
    assert abs(expected) > 0.005


def test_no_influence_has_no_acceleration():
    counts = table([5], [6])
    assert acceleration(counts, Point(0.0, np.zeros(1), np.zeros(1), np.zeros(1))) == 0


def test_bca_beyond_all_resamples_is_still_an_interval():
    counts = table([30, 20, 50], [50, 30, 20])
    values = resampled_values(PLAIN, counts, PLAIN(counts), 199, np.random.default_rng(7))
    for value in (-5.0, 5.0):
        point = PLAIN(counts)
        point = Point(value, point.influence_p, point.influence_q, point.contributions)
        found = bca(
            PLAIN,
            counts,
            point,
            confidence=0.95,
            resamples=199,
            null_values=np.empty(0),
            rng=np.random.default_rng(7),
        )
        assert values.min() <= found.low <= found.high <= values.max()


def test_bca_corrections_out_of_range_take_the_outermost_resamples():
    counts = table([2, 1], [1, 2])
    point = Point(0.2, np.array([-9.0, 18.0]), np.zeros(2), np.zeros(2))
    found = bca(
        FrequencyPlugIn(Frequency("laplace")),
        counts,
        point,
        confidence=0.99999999999,
        resamples=99,
        null_values=np.empty(0),
        rng=np.random.default_rng(11),
    )
    assert math.isfinite(found.low)
    assert math.isfinite(found.high)
    assert found.low <= found.high


@pytest.mark.parametrize("method", [basic, bca])
def test_infinite_values_have_no_lower_end(method):
    found = run(method, PLAIN, table([5, 5], [9, 0]), resamples=99)
    assert math.isnan(found.low)
    assert found.high == math.inf


def test_percentiles_of_infinite_values_may_be_finite_below():
    found = run(percentile, PLAIN, table([199, 1], [100, 0]), resamples=999)
    assert math.isfinite(found.low)
    assert found.high == math.inf
    assert math.isnan(found.standard_error)


def test_resamples_without_a_rare_category_of_q_are_infinite():
    found = run(basic, PLAIN, table([50, 50], [99, 1]), resamples=999)
    assert found.low == -math.inf
    assert math.isfinite(found.high)


def test_the_seed_decides():
    counts = table([30, 20, 50], [50, 30, 20])
    assert run(bca, PLAIN, counts, seed=1) == run(bca, PLAIN, counts, seed=1)
    assert run(bca, PLAIN, counts, seed=1) != run(bca, PLAIN, counts, seed=2)


def test_weighted_counts_are_resampled_at_their_effective_size():
    counts = table([10.4, 20.2], [5.5, 8.8])
    drawn = []

    class Recorder:
        name = "recorder"

        def values(self, table, p, q):
            del table
            drawn.append((p.sum(axis=1), q.sum(axis=1)))
            return np.zeros(len(p))

    resampled_values(Recorder(), counts, PLAIN(counts), 5, np.random.default_rng(3))
    assert drawn[0][0].tolist() == [31] * 5
    assert drawn[0][1].tolist() == [14] * 5


def test_resamples_of_a_corrected_estimate_spread_around_it():
    counts = table(np.arange(1, 40), np.arange(39, 0, -1))
    values = {
        estimator: resampled_values(
            estimator, counts, estimator(counts), 400, np.random.default_rng(9)
        )
        for estimator in (CORRECTED, FrequencyPlugIn(Frequency("laplace")))
    }
    shifts = [drawn.mean() - estimator(counts).value for estimator, drawn in values.items()]
    assert shifts[0] == pytest.approx(0)
    assert shifts[1] > 0.01


@pytest.mark.parametrize("method", METHODS)
def test_coverage_with_few_rows_per_category(method):
    pair = next(pair for pair in PAIRS if pair.name == "letters")
    rng = np.random.default_rng(34641016151377545870)
    masses = [np.exp(law.log_mass(law.atoms)) for law in (pair.p, pair.q)]
    covered = 0
    for seed in range(150):
        counts = table(*(rng.multinomial(1_000, mass) for mass in masses))
        found = run(METHODS[method], CORRECTED, counts, resamples=199, seed=seed)
        covered += found.low <= pair.forward <= found.high
    # At nominal 95 %; without the shift the three cover between 50 % and 71 %.
    assert stats.binomtest(covered, 150, 0.92, alternative="less").pvalue > 1e-3
