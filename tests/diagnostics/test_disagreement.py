from dataclasses import replace

import numpy as np
import pytest
from tables import category_table

from klcli.counts import CountTable
from klcli.diagnostics.disagreement import (
    error_of_difference,
    quantiles_of_numbers,
    too_high,
    too_low,
)
from klcli.estimators.frequency import plug_in

RNG = np.random.default_rng(223606797749978969640)


def test_groups_are_even_in_rank_and_leave_others_alone():
    counts = np.array([3.0, 1, 2, 2, 4, 4, 9])
    table = CountTable.categorical(tuple("abcdefg"), counts, counts)
    groups = quantiles_of_numbers(table, np.array([0, 1, 2, 3, 4, 5]), 4)
    assert groups.tolist() == [0, 0, 1, 1, 2, 3, 4]


def test_no_numbers_make_no_groups():
    table = CountTable.categorical(("a", "b"), np.ones(2), np.ones(2))
    assert quantiles_of_numbers(table, np.empty(0, int), 4).tolist() == [0, 1]


def test_an_estimate_does_not_differ_from_itself():
    table = category_table(RNG.integers(0, 5, 300), RNG.integers(0, 6, 200))
    point = replace(plug_in(table, None), null_variance=0.0)
    assert error_of_difference(table, point, point) == pytest.approx(0, abs=1e-12)


def test_the_error_is_the_spread_of_the_difference():
    # D on eight cells against D on two of four cells each: mostly the same, so that the spread of
    # the difference is less than that of either.
    shares = RNG.dirichlet(np.full(8, 3.0)), RNG.dirichlet(np.full(8, 3.0))
    coarse = np.repeat([0, 1], 4)
    differences, errors = [], []
    for _ in range(400):
        p, q = (RNG.multinomial(2000, share).astype(float) for share in shares)
        table = CountTable.categorical(tuple("abcdefgh"), p, q)
        fine = plug_in(table, None)
        two = plug_in(
            CountTable.categorical(
                ("a", "b"),
                np.bincount(coarse, p).astype(float),
                np.bincount(coarse, q).astype(float),
            ),
            None,
        )
        spread = replace(
            two, influence_p=two.influence_p[coarse], influence_q=two.influence_q[coarse]
        )
        differences.append(fine.value - two.value)
        errors.append(error_of_difference(table, fine, spread))
    # The standard deviation of 400 values is known to 3.5 %; four times that, and the quadratic
    # terms make the stated error too large rather than too small.
    assert np.std(differences) == pytest.approx(np.mean(errors), rel=0.2)
    assert np.std(differences) <= 1.14 * np.mean(errors)


def test_the_message_has_both_numbers():
    found = too_low(0.21, 0.48, 0.02, "a finer one")
    assert found.code == "disagreement"
    assert found.message == (
        "the estimate is 0.21 nats, a finer one says 0.48: 13.5 standard errors apart; "
        "it smooths differences away"
    )


def test_what_sampling_explains_or_what_is_small_is_no_disagreement():
    assert too_low(0.21, 0.48, 0.1, "a finer one") is None
    assert too_low(0.48, 0.21, 0.01, "a finer one") is None
    assert too_low(1.0, 1.09, 0.001, "a finer one") is None


def test_an_estimate_is_too_high_only_if_above_all_others():
    others = {"one": 0.1, "other": 0.3}
    assert "other says 0.3" in too_high(0.6, others, 0.0, 0.01).message
    assert too_high(0.31, others, 0.0, 0.01) is None
    assert too_high(0.6, others, 0.3, 0.01) is None
