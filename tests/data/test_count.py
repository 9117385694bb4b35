from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from klcli.counts import Role
from klcli.data.count import cell_counts, label_table, number_table, printable

numbers = st.floats(width=32) | st.sampled_from([0.0, 1.0, 2.0, np.nan, np.inf, -np.inf])
edges = st.lists(
    st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from([0.0, 1.0]),
    max_size=9,
    unique=True,
).map(lambda values: np.array(sorted({value + 0.0 for value in values}), dtype=float))


def brute(values, bounds, weights):
    counted = np.zeros(len(bounds) + 4)
    for value, weight in zip(values, weights, strict=True):
        if np.isnan(value):
            cell = -1
        elif np.isinf(value):
            cell = 0 if value < 0 else -2
        else:
            cell = 1 + sum(value >= bound for bound in bounds)
        counted[cell] += weight
    return counted


@given(arrays(np.float64, st.integers(0, 40), elements=numbers), edges)
def test_counts_are_those_of_brute_force(values, bounds):
    expected = brute(values, bounds, np.ones(len(values)))
    assert cell_counts(values, bounds).tolist() == expected.tolist()
    ones = np.ones(len(values))
    assert cell_counts(values, bounds, ones).tolist() == expected.tolist()


@given(arrays(np.float64, st.integers(0, 40), elements=numbers), edges, st.integers(0, 2**32))
def test_weighted_counts_are_those_of_brute_force(values, bounds, seed):
    weights = np.random.default_rng(seed).exponential(size=len(values))
    np.testing.assert_allclose(
        cell_counts(values, bounds, weights), brute(values, bounds, weights), rtol=1e-12
    )


def test_table_of_numbers_has_infinities_and_missing_in_cells_of_their_own():
    bounds = np.array([0.0, 1.0, np.nextafter(1.0, 2.0)])
    p = cell_counts(np.array([-np.inf, -1.0, 0.5, 1.0, 1.0, np.nan]), bounds)
    q = cell_counts(np.array([np.inf, 1.0, 3.0]), bounds)
    table = number_table(p, q, bounds)
    assert table.lower[:-1].tolist() == [-np.inf, -np.inf, 0.0, 1.0, bounds[2], np.inf]
    assert table.upper[:-1].tolist() == [-np.inf, 0.0, 1.0, bounds[2], np.inf, np.inf]
    assert np.isnan([table.lower[-1], table.upper[-1]]).all()
    atom, interval = Role.ATOM, Role.INTERVAL
    assert table.roles.tolist() == [atom, interval, interval, atom, interval, atom, Role.MISSING]
    assert table.p.tolist() == [1, 1, 1, 2, 0, 0, 1]
    assert table.q.tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert table.ordered


def test_cells_that_are_empty_on_both_sides_are_left_out():
    bounds = np.arange(10.0)
    table = number_table(
        cell_counts(np.array([2.5]), bounds), cell_counts(np.array([7.5]), bounds), bounds
    )
    assert table.lower.tolist() == [2, 7]


def labels(**rows):
    return pl.DataFrame({"label": list(rows), "weight": list(rows.values())}).cast(
        {"weight": pl.Float64}
    )


def test_table_of_labels_is_sorted_and_ends_with_missing():
    table = label_table(labels(b=2, c=1), labels(a=4, b=1), (3.0, 0.0), (1.0, 0.5))
    assert table.labels == ("a", "b", "c", "(missing)")
    assert table.p.tolist() == [0, 2, 1, 3]
    assert table.q.tolist() == [2, 0.5, 0, 0]
    assert table.roles.tolist() == [Role.ATOM] * 3 + [Role.MISSING]
    assert not table.ordered


def test_a_label_called_missing_is_not_the_missing_cell():
    table = label_table(labels(**{"(missing)": 2}), labels(a=1), (0.0, 0.0), (1.0, 1.0))
    assert table.roles.tolist() == [Role.ATOM, Role.ATOM]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("plain é 漢 [red]", "plain é 漢 [red]"),
        ("a\nb\t", r"a\nb\t"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202eabc", r"\u202eabc"),
        ("", ""),
    ],
)
def test_labels_are_printable(label, expected):
    assert printable(label) == expected
