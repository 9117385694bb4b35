from __future__ import annotations

import numpy as np
import pytest
from onesample.one_sample_makers import cells, named, points
from scipy import stats

from klcli.onesample import null
from klcli.onesample.null import simulate_scores
from klcli.onesample.shares import estimate_shares, simulate_shares


def p_value(z, **options):
    rng = np.random.default_rng(11)
    return simulate_scores(points(z), 0.0, 199, rng, **options).p_value


def test_a_sample_of_q_is_unremarkable_and_one_of_another_is_not():
    rng = np.random.default_rng(12)
    assert p_value(rng.normal(size=300)) > 0.05
    assert p_value(rng.normal(0.5, 1, 300)) == 1 / 200
    assert p_value(rng.normal(0, 1.4, 300)) == 1 / 200


def test_a_single_row_far_out_is_noticed():
    z = np.append(np.random.default_rng(13).normal(size=999), 12.0)
    assert p_value(z) == 1 / 200
    assert p_value(z[:-1]) > 0.05


def test_an_impossible_row_is_proof():
    table = points(np.random.default_rng(14).normal(size=200))
    assert simulate_scores(table, 1.0, 99, np.random.default_rng(0)).p_value == 1 / 100


def test_without_draws_there_is_no_test():
    null = simulate_scores(points([0.0, 1.0]), 0.0, 0, np.random.default_rng(0))
    assert np.isnan(null.p_value)
    assert not len(null.forward)


def test_p_values_are_uniform_where_nothing_differs():
    rng = np.random.default_rng(20261127)
    found = [
        simulate_scores(points(rng.normal(size=60)), 0.0, 99, rng).p_value for _ in range(150)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_draws_of_cells_stay_within_their_bounds():
    z = np.random.default_rng(15).normal(size=500)
    table = cells(z, np.arange(-3, 3.5, 0.5))
    assert set(null.cell_edges(table)) <= set(table.upper[:-1])
    assert simulate_scores(table, 0.0, 99, np.random.default_rng(1)).p_value > 0.05


def test_fitting_takes_away_what_it_fits():
    z = np.random.default_rng(16).normal(size=400)
    z = (z - z.mean()) / z.std()
    edges = null.cell_edges(points(z))
    middle = np.concatenate([[edges[0] - 1], 0.5 * (edges[1:] + edges[:-1]), [edges[-1] + 1]])
    directions = np.column_stack([middle, middle**2 - 1])
    fitted = simulate_scores(points(z), 0.0, 199, np.random.default_rng(2), directions)
    plain = simulate_scores(points(z), 0.0, 199, np.random.default_rng(2))
    assert fitted.forward.mean() < plain.forward.mean()
    assert np.quantile(fitted.forward, 0.95) < np.quantile(plain.forward, 0.95)


@pytest.mark.parametrize("rows", [100, 2000])
def test_shares_are_unbiased_and_their_p_values_uniform(rows):
    q = np.array([0.5, 0.3, 0.2])
    rng = np.random.default_rng(rows)
    draws = [named(rng.multinomial(rows, q), q) for _ in range(200)]
    both = [estimate_shares(table) for table in draws]
    for side in ("forward", "reverse"):
        values = np.array([getattr(each, side).value for each in both])
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(200)
    found = [simulate_shares(table, 0.0, 99, rng).p_value for table in draws]
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_shares_of_many_rows_are_the_sum():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])
    both = estimate_shares(named(p * 1e6, q))
    assert both.forward.value == pytest.approx(p @ np.log(p / q), abs=1e-5)
    assert both.reverse.value == pytest.approx(q @ np.log(q / p), abs=1e-5)
    assert both.forward.influence_p == pytest.approx(np.log(p / q) - p @ np.log(p / q), abs=1e-5)
