import math

import numpy as np
import pytest
from pairs import ALL
from tables import number_table, pooled_sample, table_for

import klcli
from klcli.data.bounds import quantile_bounds
from klcli.densities.histogram import Histogram
from klcli.densities.kde import Kde
from klcli.densities.ratio import Ratio
from klcli.errors import InputError
from klcli.estimation.crosscheck import second_opinion
from klcli.estimators.histogram import HistogramPlugIn
from klcli.estimators.kde import KdePlugIn
from klcli.estimators.ratio import RatioPlugIn

RNG = np.random.default_rng(264575131106459059050)
P, Q = RNG.normal(0, 1, 4000), RNG.normal(1, 1, 5000)


def rows(p=P, q=Q, **options):
    return klcli.estimate(p, q, resamples=0, **options).results


def disagreements(results):
    return [w.message for row in results for w in row.warnings if w.code == "disagreement"]


@pytest.mark.parametrize(
    "options",
    [{}, {"bins": 20}, {"density": "histogram"}, {"density": "kde"}, {"density": "frequency"}],
    ids=str,
)
def test_sound_methods_agree(options):
    assert not disagreements(rows(**options))


def test_three_bins_are_told_to_be_too_few():
    for row in rows(bins=3):
        (message,) = disagreements([row])
        assert row.status == "lower-bound"
        assert row.ci_high == math.inf
        assert message.startswith(
            f"the estimate is {row.estimate:.3g} nats, Zhang-Grabchak on 42 "
        )


def test_an_outlier_that_squeezes_all_bins_is_noticed():
    p = np.append(P, 1e6)
    assert disagreements(rows(p, Q, bins=50, direction="forward"))
    assert not disagreements(rows(p, Q, direction="forward"))


def test_a_kernel_that_blurs_a_spike_is_noticed():
    p = np.where(RNG.random(4000) < 0.3, RNG.normal(0, 0.01, 4000), RNG.normal(0, 1, 4000))
    assert disagreements(rows(p, RNG.normal(0, 1, 4000), bandwidth=0.5, direction="forward"))


def test_a_kernel_that_sees_too_much_is_noticed():
    p, q = RNG.geometric(0.3, 10_000) * 1.0, RNG.geometric(0.4, 10_000) * 1.0
    (row,) = rows(p, q, density="kde", direction="reverse")
    assert disagreements([row])


def test_missing_and_infinite_values_are_compared_as_they_are():
    p, q = P.copy(), Q.copy()
    p[:400], q[:1000], p[400:420], q[1000:1050] = np.nan, np.nan, np.inf, np.inf
    for missing in ("category", "drop"):
        assert not disagreements(rows(p, q, bins=20, missing=missing))
        assert disagreements(rows(p, q, bins=3, missing=missing))


def test_weighted_rows_are_not_compared():
    p, q = ({"x": side, "w": np.linspace(1, 2, len(side))} for side in (P, Q))
    assert not disagreements(rows(p, q, bins=3, weight="w"))


def test_few_rows_are_not_compared():
    p, q = RNG.normal(size=9), RNG.normal(size=50)
    table = number_table(p, q, quantile_bounds(pooled_sample(p, q)))
    point = RatioPlugIn(Ratio())(table)
    assert second_opinion(table, table, point, smooth_ratio=True) == (None, False)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(50, 50), (200, 150), (1000, 800), (10_000, 12_000)])
def test_alarms_are_right(n, m):
    rng = np.random.default_rng([316227766016837933200, n])
    cases = wrong = of_ratio = 0
    for pair in (pair for pair in ALL if pair.kind != "categorical"):
        for _ in range(4):
            p, q = pair.sample_p(rng, n), pair.sample_q(rng, m)
            fine = number_table(p, q, quantile_bounds(pooled_sample(p, q)))
            for density, estimator in (
                (Ratio(), RatioPlugIn),
                (Histogram(), HistogramPlugIn),
                (Kde(), KdePlugIn),
            ):
                try:
                    ratio = estimator is RatioPlugIn
                    table = density.reduce(fine) if ratio else table_for(density, p, q)
                    point = estimator(density)(table)
                except InputError:
                    continue
                if "forward" in pair.heavy or not math.isfinite(pair.forward + point.value):
                    continue
                found, low = second_opinion(fine, table, point, smooth_ratio=ratio)
                cases += 1
                of_ratio += ratio and found is not None
                wrong += found is not None and (point.value > pair.forward) == low
    assert cases > 400
    # At most 1 % of alarms on the default, and at most 1 % that point the wrong way.
    assert of_ratio <= 0.01 * cases / 3
    assert wrong <= 0.01 * cases


@pytest.mark.parametrize("options", [{}, {"bins": 10}, {"density": "kde"}], ids=str)
def test_a_column_of_infinities_alone_is_estimated(options):
    p = np.repeat([-math.inf, math.inf], [1000, 3000])
    q = np.repeat([-math.inf, math.inf], [2000, 2000])
    truth = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    (row,) = rows(p, q, direction="forward", **options)
    assert row.ci_low < truth < row.ci_high
    assert row.status == "ok"


def test_a_column_of_one_infinity_does_not_differ():
    (row,) = rows(np.full(100, math.inf), np.full(90, math.inf), direction="forward")
    assert row.estimate == 0
    assert row.status == "ok"
