from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from klcli.counts import PooledSample, Role, Summary
from klcli.data.bounds import is_atom, quantile_bounds
from klcli.data.count import cell_counts, number_table

NOTHING = Summary(0, 0, 0.0, np.nan, np.nan, np.nan, np.nan, None)
finite = st.floats(allow_nan=False, allow_infinity=False)
few_values = st.sampled_from([0.0, -0.0, 1.0, 1.5, -3.0, 1e308, 5e-324])
samples = arrays(np.float64, st.integers(1, 60), elements=finite | few_values)


def pooled(p, q, complete=True):
    return PooledSample(np.sort(p), np.sort(q), complete, NOTHING, NOTHING)


@given(samples, samples, st.integers(2, 20))
def test_bounds_are_finite_and_strictly_increasing(p, q, cells):
    bounds = quantile_bounds(pooled(p, q), cells)
    assert np.isfinite(bounds).all()
    assert (np.diff(bounds) > 0).all()


@given(samples, samples, st.integers(2, 20))
def test_every_value_lands_in_exactly_one_cell(p, q, cells):
    bounds = quantile_bounds(pooled(p, q), cells)
    table = number_table(cell_counts(p, bounds), cell_counts(q, bounds), bounds)
    for values, counted in ((p, table.p), (q, table.q)):
        brute = np.array(
            [
                np.sum((values >= low) & (values < high))
                for low, high in zip(table.lower, table.upper, strict=True)
            ]
        )
        assert counted.tolist() == brute.tolist()
        assert counted.sum() == len(values)


@given(samples, samples, st.integers(2, 20))
def test_bounds_do_not_know_the_sides_or_the_order(p, q, cells):
    both = np.random.default_rng(8362519407).permutation(np.concatenate([p, q]))
    split = len(both) // 3
    bounds = quantile_bounds(pooled(both[:split], both[split:]), cells)
    np.testing.assert_array_equal(quantile_bounds(pooled(p, q), cells), bounds)


def test_few_distinct_values_have_a_cell_each():
    p, q = np.array([3.0, 1.0, 1.0, 2.0]), np.array([2.0, 5.0])
    bounds = quantile_bounds(pooled(p, q))
    table = number_table(cell_counts(p, bounds), cell_counts(q, bounds), bounds)
    assert table.lower.tolist() == [1, 2, 3, 5]
    assert table.p.tolist() == [2, 1, 1, 0]
    assert table.q.tolist() == [0, 1, 0, 1]
    # 1 and 2 repeat in the pool; 3 and 5 may be any number of a continuous column.
    assert table.roles.tolist() == [Role.ATOM, Role.ATOM, Role.INTERVAL, Role.INTERVAL]
    assert table.upper[-1] == np.inf


def test_many_values_are_cut_at_pooled_quantiles_with_an_atom_for_the_heavy_one():
    rng = np.random.default_rng(5029318846)
    p = np.where(rng.random(3000) < 0.2, 0.25, rng.normal(size=3000))
    q = rng.normal(size=2000)
    bounds = quantile_bounds(pooled(p, q), 100)
    table = number_table(cell_counts(p, bounds), cell_counts(q, bounds), bounds)
    atoms = table.lower[table.roles == Role.ATOM]
    assert atoms.tolist() == [0.25]
    sizes = (table.p + table.q)[table.roles == Role.INTERVAL]
    assert sizes.max() <= 50
    assert 80 <= len(table.p) <= 100 + 2 * 6 + 1


def test_cells_halve_towards_both_ends():
    values = np.arange(64_000.0)
    bounds = quantile_bounds(pooled(values[::2], values[1::2]), 1000)
    sizes = cell_counts(values, bounds)[2:-2]
    assert sizes[[0, 1, 2, 3]].tolist() == [1, 1, 2, 4]
    assert sizes[[-1, -2, -3, -4]].tolist() == [1, 1, 2, 4]
    assert sizes.max() == 64


def test_a_small_side_in_the_tail_of_a_large_one_is_resolved():
    rng = np.random.default_rng(7741920358)
    p, q = rng.normal(size=100_000), rng.normal(7, 0.1, size=200)
    bounds = quantile_bounds(pooled(p, q))
    table = number_table(cell_counts(p, bounds), cell_counts(q, bounds), bounds)
    assert table.q[table.p == 0].sum() > 100


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (0.0, 5e-324, True),
        (1.0, np.nextafter(1.0, 2.0), True),
        (np.finfo(float).max, np.inf, True),
        (1.0, 2.0, False),
        (-np.inf, 0.0, False),
        (1.0, np.inf, False),
        (np.nan, np.nan, False),
    ],
)
def test_atom_is_one_rule(lower, upper, expected):
    assert is_atom(np.array([lower]), np.array([upper])).tolist() == [expected]


def test_the_largest_float_is_an_atom_without_a_bound_at_infinity():
    top = np.finfo(float).max
    values = np.array([top, top, 0.0])
    bounds = quantile_bounds(pooled(values, values))
    table = number_table(cell_counts(values, bounds), cell_counts(values, bounds), bounds)
    assert table.lower.tolist() == [0.0, top]
    assert table.roles.tolist() == [Role.ATOM, Role.ATOM]


def test_minus_zero_is_zero():
    bounds = quantile_bounds(pooled(np.array([-0.0, 0.0]), np.array([1.0])))
    assert not np.signbit(bounds).any()
    assert bounds.tolist() == [0.0, 5e-324, 1.0]


def test_no_values_give_no_bounds():
    assert quantile_bounds(pooled(np.empty(0), np.empty(0))).tolist() == []
