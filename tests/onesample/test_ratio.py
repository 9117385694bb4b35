from __future__ import annotations

import math

import numpy as np
import pytest
from onesample.one_sample_makers import cells, points

from klcli.onesample.bases import bases
from klcli.onesample.fit import ensemble
from klcli.onesample.ratio import beyond_rows, estimate_scores, unsmoothed


def normal_divergence(mean, scale):
    """Return D of N(mean, scale²) against N(0, 1), and the reverse."""
    forward = 0.5 * (scale**2 + mean**2 - 1) - math.log(scale)
    reverse = 0.5 * ((1 + mean**2) / scale**2 - 1) + math.log(scale)
    return forward, reverse


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.8), (-0.5, 1.3)])
def test_both_directions_are_near_the_truth_for_a_sample_of_quantiles(mean, scale):
    from scipy import stats

    z = stats.norm(mean, scale).ppf((np.arange(4000) + 0.5) / 4000)
    both = estimate_scores(points(z))
    truth = normal_divergence(mean, scale)
    assert both.forward.value == pytest.approx(truth[0], abs=0.004)
    assert both.reverse.value == pytest.approx(truth[1], abs=0.012)


def test_influence_values_are_centred_and_contributions_sum_to_the_estimate():
    table = points(np.random.default_rng(3).normal(0.4, 1.2, 500))
    for point in (estimate_scores(table).forward, estimate_scores(table).reverse):
        assert table.p @ point.influence_p == pytest.approx(0.0, abs=1e-8)
        assert point.contributions.sum() == pytest.approx(point.value)
        assert not point.influence_q.any()


def test_the_influence_is_that_of_a_further_row():
    z = np.random.default_rng(4).normal(1.0, 1.0, 400)
    point = estimate_scores(points(z)).forward
    # log p/q = z − 1/2, of which the mean is taken off.
    order = np.sort(z)
    slope = np.polyfit(order, point.influence_p, 1)[0]
    assert slope == pytest.approx(1.0, abs=0.15)


def test_fine_cells_tell_what_points_tell():
    z = np.random.default_rng(5).normal(0.5, 0.8, 1000)
    from_points = estimate_scores(points(z))
    from_cells = estimate_scores(cells(z, np.arange(-6, 6, 0.02)))
    assert from_cells.forward.value == pytest.approx(from_points.forward.value, abs=0.004)
    assert from_cells.reverse.value == pytest.approx(from_points.reverse.value, abs=0.02)


def test_coarse_cells_tell_their_own_divergence():
    from scipy import stats

    edges = np.array([-1.0, 0.0, 1.0])
    p = np.diff(np.concatenate([[0], stats.norm(0.7).cdf(edges), [1]]))
    q = np.diff(np.concatenate([[0], stats.norm(0).cdf(edges), [1]]))
    z = stats.norm(0.7).ppf((np.arange(5000) + 0.5) / 5000)
    both = estimate_scores(cells(z, edges))
    assert both.forward.value == pytest.approx(p @ np.log(p / q), abs=0.003)
    assert both.reverse.value == pytest.approx(q @ np.log(q / p), abs=0.003)


def test_a_narrow_sample_far_from_the_middle_is_resolved():
    z = np.random.default_rng(6).normal(0.5, 0.001, 1000)
    truth = normal_divergence(0.5, 0.001)[0]
    assert estimate_scores(points(z)).forward.value == pytest.approx(truth, abs=0.1)


def test_values_far_out_count_by_how_unlikely_they_are():
    z = np.append(np.random.default_rng(7).normal(size=999), 30.0)
    # That row alone adds 30²/2 nats, less what its own density is worth, to a mean of 1000.
    assert 0.35 < estimate_scores(points(z)).forward.value < 0.5


def test_scales_may_differ_by_many_orders_of_magnitude():
    rng = np.random.default_rng(9)
    z = rng.normal(size=300) * np.where(rng.random(300) < 0.5, 1e-8, 1e8)
    both = estimate_scores(points(z))
    assert np.isfinite([both.forward.value, both.reverse.value]).all()


def test_one_cell_has_no_divergence():
    table = cells(np.zeros(10), np.empty(0))
    assert estimate_scores(table).forward.value == pytest.approx(0.0, abs=1e-9)


def test_bases_are_q_and_the_nearest_normal_and_student_distributions():
    heavy = bases(points(np.random.default_rng(8).standard_t(2, 2000)))
    assert [base.parameters for base in heavy] == [0, 2, 3]
    assert heavy[2].freedom == 2
    light = bases(points(np.random.default_rng(9).uniform(-1, 1, 2000)))
    assert [base.parameters for base in light] == [0, 2]
    assert [base.parameters for base in bases(points([1.0, 1.0, 1.0]))] == [0]


@pytest.mark.parametrize("freedom", [1.0, 4.0, math.inf])
def test_scores_of_a_base_undo_its_values(freedom):
    from klcli.onesample.bases import Base

    base = Base(0.3, 2.0, freedom, 3)
    w = np.array([-5.0, -1.0, 0.0, 0.5, 6.0])
    assert base.score(base.value(w)) == pytest.approx(w, abs=1e-9)


def test_what_lies_beyond_the_rows_and_what_assumes_no_smoothness():
    table = points([-1.0, 0.0, 2.0])
    below, above = beyond_rows(table)
    assert (below, above) == (pytest.approx(0.158655, abs=1e-5), pytest.approx(0.02275, abs=1e-5))
    many = points(np.random.default_rng(10).normal(1, 1, 3000))
    assert unsmoothed(many, ensemble(many)) == pytest.approx(0.5, abs=0.1)
