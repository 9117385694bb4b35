import numpy as np
import pytest

from klcli.quantiles import (
    median,
    middle_ranks,
    quantile,
    quantile_groups,
    upper_quantile,
    without_gaps,
)


@pytest.mark.parametrize("level", [0.5, 1 / 3, 0.9, 0.95, 0.975])
def test_an_upper_quantile_is_that_of_numpy(level):
    rng = np.random.default_rng(617283945061728394)
    for size in (1, 2, 20, 199, 999):
        values = rng.normal(size=size)
        assert upper_quantile(values, level) == np.quantile(values, level, method="higher")


def test_an_upper_quantile_of_values_that_are_not_all_numbers_is_none():
    values = np.array([3.0, np.nan, 1.0])
    assert np.isnan(upper_quantile(values, 0.5))
    assert np.isnan(np.quantile(values, 0.5, method="higher"))
    assert upper_quantile(np.array([3.0, np.inf, 1.0]), 0.9) == np.inf


@pytest.mark.parametrize("size", [1, 2, 3, 24, 999])
def test_a_median_is_that_of_numpy(size):
    values = np.random.default_rng(530).normal(size=size)
    assert median(values) == np.median(values)


@pytest.mark.parametrize("size", [1, 2, 3, 24, 999])
def test_quantiles_of_sorted_values_are_those_of_numpy(size):
    values = np.sort(np.random.default_rng(531).normal(size=size))
    levels = np.linspace(0, 1, 38)
    assert np.array_equal(quantile(values, levels), np.quantile(values, levels))
    assert quantile(values, 0.3) == np.quantile(values, 0.3)


def test_cells_lie_in_the_quantiles_that_their_middle_rows_do():
    counts = np.array([1.0, 5.0, 1.0, 1.0, 2.0])
    assert middle_ranks(counts).tolist() == [0.5, 3.5, 6.5, 7.5, 9.0]
    assert quantile_groups(counts, 5).tolist() == [0, 1, 3, 3, 4]
    assert quantile_groups(np.zeros(2), 5).tolist() == [0, 0]
    assert without_gaps(quantile_groups(counts, 5)).tolist() == [0, 1, 2, 2, 3]
    assert without_gaps(np.empty(0, int)).tolist() == []
