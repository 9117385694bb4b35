import itertools

import numpy as np
import pytest
from scipy import integrate, stats
from tables import table_for

from klcli.counts import CountTable, Role
from klcli.densities.kde import Kde
from klcli.estimators.kde import KdePlugIn


def rows(n=400, m=600, shift=0.7):
    rng = np.random.default_rng(16583123951776999245)
    return rng.normal(shift, 1, n), rng.normal(0, 1.1, m)


@pytest.mark.parametrize("distance", [0.0, 1.0, 30.0, 300.0])
def test_two_points_are_two_normal_densities(distance):
    kde = Kde(0.5)
    table = table_for(kde, np.zeros(3), np.full(4, distance))
    truth = distance**2 / (2 * 0.5**2)
    # A row is as exact as its cell: half a step on either side.
    step = float(np.median(table.upper - table.lower))
    assert KdePlugIn(kde)(table).value == pytest.approx(truth, abs=step * distance / 0.25 + 1e-9)


def test_value_is_the_integral_of_scipy_densities():
    p, q = rows()
    estimator = KdePlugIn(Kde(0.3))
    value = estimator(table_for(estimator.density, p, q)).value
    kernels = [stats.gaussian_kde(side, 0.3 / side.std(ddof=1)) for side in (p, q)]

    def integrand(x):
        log_p, log_q = (float(kernel.logpdf(x)[0]) for kernel in kernels)
        return np.exp(log_p) * (log_p - log_q)

    pieces = np.linspace(-6, 6, 13)
    truth = sum(
        integrate.quad(integrand, low, high, epsabs=1e-9)[0]
        for low, high in itertools.pairwise(pieces)
    )
    assert value == pytest.approx(truth, rel=1e-3)


def test_empty_cells_may_be_kept_or_dropped():
    estimator = KdePlugIn(Kde())
    dropped = table_for(estimator.density, *rows())
    grid = estimator.density.tuned(dropped).grid
    bounds = grid.origin + grid.step * np.arange(grid.size + 1)
    kept = CountTable(
        grid.spread(dropped.p),
        grid.spread(dropped.q),
        np.full(grid.size, Role.INTERVAL, np.int8),
        (),
        bounds[:-1],
        bounds[1:],
    )
    assert len(kept.p) > 1.2 * len(dropped.p)
    assert estimator(kept).value == pytest.approx(estimator(dropped).value, rel=1e-9)


def test_contributions_sum_to_the_value_and_say_where_it_is():
    p, q = rows()
    estimator = KdePlugIn(Kde())
    table = table_for(estimator.density, p, q)
    point = estimator(table)
    assert point.contributions.sum() == pytest.approx(point.value)
    assert point.contributions[table.lower > 1].sum() > 0


def test_influence_is_centred_and_finite_even_far_apart():
    p, q = rows(shift=40)
    estimator = KdePlugIn(Kde(0.5))
    table = table_for(estimator.density, p, q)
    point = estimator(table)
    assert table.p @ point.influence_p == pytest.approx(0, abs=1e-6)
    assert table.q @ point.influence_q == pytest.approx(0, abs=1e-6)
    assert np.isfinite(table.q @ point.influence_q**2)
    assert point.value == pytest.approx(40**2 / 2 / 0.5**2, rel=0.2)


def test_identical_samples_have_no_divergence():
    p, _ = rows()
    estimator = KdePlugIn(Kde())
    assert estimator(table_for(estimator.density, p, p)).value == pytest.approx(0, abs=1e-12)


def test_shift_and_scale_of_the_data_do_not_matter():
    p, q = rows()
    estimator = KdePlugIn(Kde("silverman"))
    plain = estimator(table_for(estimator.density, p, q)).value
    moved = estimator(table_for(estimator.density, 1e3 * p - 5e3, 1e3 * q - 5e3)).value
    assert moved == pytest.approx(plain, rel=1e-6)


def test_resampled_values_keep_the_bandwidths():
    p, q = rows()
    estimator = KdePlugIn(Kde())
    table = table_for(estimator.density, p, q)
    rng = np.random.default_rng(17029386365926403058)
    counts_p = rng.multinomial(len(p), table.p / len(p), 3) * 1.0
    counts_q = rng.multinomial(len(q), table.q / len(q), 3) * 1.0
    values = estimator.values(table, counts_p, counts_q)
    widths = [each.width for each in estimator.density.bandwidths(table)]
    centres = (table.lower + table.upper) / 2
    for row, value in enumerate(values):
        kernels = []
        for counts, width in zip((counts_p[row], counts_q[row]), widths, strict=True):
            raw = np.repeat(centres, counts.astype(int))
            kernels.append(stats.gaussian_kde(raw, width / raw.std(ddof=1)))
        x = np.linspace(-7, 7, 2_001)
        logs = [kernel.logpdf(x) for kernel in kernels]
        expected = integrate.trapezoid(np.exp(logs[0]) * (logs[0] - logs[1]), x)
        assert value == pytest.approx(expected, rel=1e-3)
    own = estimator.values(table, table.p[None], table.q[None])
    assert own == pytest.approx(estimator(table).value, rel=1e-12)
