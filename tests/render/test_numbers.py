from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klcli.render.numbers import align, align_intervals, decimals, fixed, p_value


@pytest.mark.parametrize(
    ("standard_error", "places"),
    [(0.0061, 3), (0.0012, 4), (0.02, 3), (0.09, 2), (0.4, 1), (3.0, 1), (40.0, 0), (1e-9, 4)],
)
def test_decimals_follow_the_standard_error(standard_error, places):
    assert decimals(0.5, standard_error) == places


@given(st.floats(0.0035, 1e6))
def test_rounding_costs_at_most_a_seventh_of_the_error(standard_error):
    assert 0.5 * 10 ** -decimals(1.0, standard_error) <= standard_error / 7 * (1 + 1e-9) or (
        decimals(1.0, standard_error) == 0
    )


@pytest.mark.parametrize(
    ("value", "places"),
    [(0.01234, 4), (1.5, 3), (123.4, 1), (99999.0, 0), (0.0, 4), (math.inf, 4)],
)
@pytest.mark.parametrize("standard_error", [math.nan, 0.0])
def test_decimals_without_an_error_give_four_digits(value, places, standard_error):
    assert decimals(value, standard_error) == places


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (0.1234, 3, "0.123"),
        (-0.1234, 2, "-0.12"),
        (-0.0001, 2, "0.00"),
        (math.inf, 3, "∞"),
        (-math.inf, 3, "-∞"),
        (math.nan, 3, "—"),
        (12.0, 0, "12"),
        (123456789012.4, 0, "123456789012"),
        (4.0862e306, 0, "4.09e+306"),
        (-1e12, 2, "-1.00e+12"),
    ],
)
def test_fixed(value, places, shown):
    assert fixed(value, places) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.001, "≤0.001"), (0.0001, "≤0.001"), (0.002, "0.002"), (1.0, "1.000"), (math.nan, "—")],
)
def test_p_value(value, shown):
    assert p_value(value) == shown


def test_align_puts_decimal_points_below_each_other():
    assert align(["1.5", "12.25", "∞", "-0.125"]) == [
        " 1.5  ",
        "12.25 ",
        " ∞    ",
        "-0.125",
    ]


def test_align_without_points_aligns_the_last_digits():
    assert align(["27,004", "5"]) == ["27,004", "     5"]


def test_align_intervals_puts_the_dots_below_each_other():
    assert align_intervals(["1.5 … 2.5", "0.125 … 10.25", "≥0.3", ""]) == [
        "  1.5 … 2.5  ",
        "0.125 … 10.25",
        "         ≥0.3",
        "             ",
    ]


def test_align_nothing():
    assert align([]) == []
    assert align_intervals([]) == []
