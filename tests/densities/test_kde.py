from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tables import number_table, pooled_sample, summary, table_for

from klcli.densities.kde import LEAST_CELLS, MOST_CELLS, Kde
from klcli.errors import InputError, UsageError


def normals(n=3_000, m=4_000, shift=1.0):
    rng = np.random.default_rng(41231056256176605498)
    return rng.normal(shift, 1, n), rng.normal(0, 1, m)


@pytest.mark.parametrize("bandwidth", ["isj", "scott", "silverman", "cv", 0.3])
def test_masses_are_those_of_scipy_at_the_same_bandwidth(bandwidth):
    p, q = normals(20_000, 25_000)
    kde = Kde(bandwidth)
    table = table_for(kde, p, q)
    fitted = kde.fit(table)
    some = slice(None, None, 5)
    centres = ((table.lower + table.upper) / 2)[some]
    step = np.median(table.upper - table.lower)
    sides = zip((p, q), (fitted.log_p, fitted.log_q), kde.bandwidths(table), strict=True)
    for values, log_mass, chosen in sides:
        theirs = stats.gaussian_kde(values, chosen.width / values.std(ddof=1))(centres)
        ours = np.exp(log_mass[some]) / step
        # Rows count as in the middle of their cell; a density from so few rows is uncertain by
        # a hundredth of its maximum.
        assert np.max(np.abs(ours - theirs)) < 1e-3 * theirs.max()


@pytest.mark.parametrize("bandwidth", ["isj", 0.3])
def test_masses_of_rows_in_the_middle_of_their_cells_are_exact(bandwidth):
    kde = Kde(bandwidth)
    table = table_for(kde, *normals())
    centres = (table.lower + table.upper) / 2
    chosen, _ = kde.bandwidths(table)
    raw = np.repeat(centres, table.p.astype(int))
    theirs = stats.gaussian_kde(raw, chosen.width / raw.std(ddof=1))(centres)
    step = np.median(table.upper - table.lower)
    assert np.exp(kde.fit(table).log_p) / step == pytest.approx(theirs, rel=1e-6)


def test_tails_are_logs_of_the_nearest_kernels_not_noise():
    p, q = normals(shift=12.0)
    kde = Kde(0.2)
    table = table_for(kde, p, q)
    log_q = kde.fit(table).log_q
    centres = (table.lower + table.upper) / 2
    theirs = stats.gaussian_kde(q, 0.2 / q.std(ddof=1)).logpdf(centres[-1])
    step = np.median(table.upper - table.lower)
    assert np.all(np.isfinite(log_q))
    assert log_q[-1] == pytest.approx(theirs + np.log(step), rel=2e-3)
    assert log_q[-1] < -500


def test_masses_on_the_whole_grid_sum_to_one():
    p, q = normals(50, 30)
    table = table_for(Kde(), p, q)
    model = Kde().tuned(table)
    for log_mass in (model.log_p(table.p), model.log_q(table.q)):
        assert np.exp(log_mass).sum() == pytest.approx(1, abs=1e-8)
    assert np.exp(Kde().fit(table).log_p).sum() < 0.9


def test_fit_and_tuned_fit_agree():
    p, q = normals()
    table = table_for(Kde(), p, q)
    model = Kde().tuned(table)
    whole, own = model.fit(table.p, table.q), Kde().fit(table)
    clear = own.log_p > -20
    assert whole.log_p[model.cells][clear] == pytest.approx(own.log_p[clear])
    assert whole.log_q[model.cells][clear] == pytest.approx(own.log_q[clear])


def test_each_side_has_a_bandwidth_of_its_own():
    rng = np.random.default_rng(42426406871192851464)
    p, q = rng.normal(0, 1, 2_000), rng.normal(0, 10, 2_000)
    kde = Kde()
    width_p, width_q = kde.bandwidths(table_for(kde, p, q))
    assert width_q.width / width_p.width == pytest.approx(10, rel=0.3)


@pytest.mark.parametrize("bandwidth", ["isj", "scott", 0.02])
def test_cells_are_fine_beside_the_bandwidth(bandwidth):
    p, q = normals()
    kde = Kde(bandwidth)
    bounds = kde.layout(pooled_sample(p, q))
    assert len(bounds) - 1 >= LEAST_CELLS
    assert np.ptp(np.diff(bounds)) < 1e-9
    table = number_table(p, q, bounds)
    narrowest = min(each.width for each in kde.bandwidths(table))
    assert bounds[1] - bounds[0] <= narrowest / 8
    assert table.n_p == len(p)
    assert np.all(np.isfinite(table.lower))
    assert np.all(np.isfinite(table.upper))


def test_fine_structure_gets_a_finer_grid():
    rng = np.random.default_rng(43588989435406735522)
    p = np.concatenate([rng.normal(0, 1, 500), rng.normal(5_000, 1, 500)])
    bounds = Kde().layout(pooled_sample(p, p))
    assert LEAST_CELLS < len(bounds) - 1 <= MOST_CELLS


def test_a_sample_of_the_rows_asks_for_the_bandwidth_of_all():
    p = np.append(np.random.default_rng(44721359549995793928).normal(0, 1, 60_000), 300)
    # Both hold the largest value, so that only the number of rows differs.
    kept = np.append(p[:4_000], 300)
    sample = replace(pooled_sample(p, p), p=np.sort(kept), q=np.sort(kept), complete=False)
    cells = [
        len(Kde("silverman").layout(each)) - 1
        for each in (
            pooled_sample(p, p),
            sample,
            replace(sample, summary_p=summary(sample.p), summary_q=summary(sample.q)),
        )
    ]
    assert cells == [32_768, 32_768, 16_384]


@pytest.mark.parametrize("bandwidth", ["isj", "silverman", "cv"])
def test_a_range_of_too_many_bandwidths_is_refused(bandwidth):
    p = np.append(np.random.default_rng(45825756949558400066).normal(size=500), 1e7)
    with pytest.raises(InputError, match="has to resolve") as caught:
        Kde(bandwidth).layout(pooled_sample(p, p))
    assert "ratio" in caught.value.hint


def test_scott_takes_outliers_for_width():
    p = np.append(np.random.default_rng(45825756949558400066).normal(size=500), 1e7)
    assert len(Kde("scott").layout(pooled_sample(p, p))) - 1 == LEAST_CELLS


@pytest.mark.parametrize(
    ("p", "q"), [([1.0, 1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0]), ([0.0, 1.7e308], [-1.7e308, 1])]
)
def test_constant_sides_and_endless_ranges_are_refused(p, q):
    with pytest.raises(InputError):
        Kde().layout(pooled_sample(np.array(p), np.array(q)))


def test_a_side_without_numbers_is_left_to_others():
    p, _ = normals()
    sample = pooled_sample(p, p)
    assert Kde().layout(replace(sample, q=sample.q[:0])).tolist() == Kde().layout(sample).tolist()


def test_a_constant_column_is_fine_with_a_given_bandwidth():
    kde = Kde(0.5)
    table = table_for(kde, np.full(5, 3.0), np.full(4, 3.0))
    fitted = kde.fit(table)
    assert fitted.log_p == pytest.approx(fitted.log_q)


def test_a_sharp_edge_leaks_and_a_smooth_tail_does_not():
    rng = np.random.default_rng(46904157598234295546)
    p, q = rng.exponential(size=5_000), rng.normal(5, 1, 4_000)
    kde = Kde("silverman")
    leak_p, leak_q = kde.leak(table_for(kde, p, q))
    half = stats.norm.expect(lambda x: max(x, 0)) * 0.9 * np.diff(np.quantile(p, [0.25, 0.75]))
    assert leak_p == pytest.approx(float(half[0]) / 1.34 * 5_000**-0.2, rel=0.1)
    assert leak_q < 5 / 4_000


@pytest.mark.parametrize("rows", [30, 300, 10_000])
def test_edges_are_warned_of_and_tails_are_not(rows):
    rng = np.random.default_rng(47958315233127195416)
    kde = Kde()
    smooth = table_for(kde, rng.normal(size=rows), rng.normal(1, 1, rows))
    assert kde.examine(smooth) == []
    sharp = table_for(kde, rng.normal(size=4 * rows), rng.random(4 * rows))
    assert [finding.code for finding in kde.examine(sharp)] == ["boundary-leak"]


def test_repeated_values_are_warned_of():
    rng = np.random.default_rng(48989794855663561964)
    p, q = rng.normal(size=500).round(1), rng.normal(size=500)
    kde = Kde("isj")
    assert [finding.code for finding in kde.examine(table_for(kde, p, q))] == ["ties"]
    assert Kde("silverman").examine(table_for(Kde("silverman"), p, q)) == []


def test_impossible_bandwidths_are_refused():
    with pytest.raises(UsageError, match="bandwidth"):
        Kde(-1.0)
