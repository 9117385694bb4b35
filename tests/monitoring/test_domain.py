from __future__ import annotations

import numpy as np
import pytest

from klcli.monitoring.domain import newcomers


def found(p, q, *, ordered=True):
    return newcomers(np.array(p, float), np.array(q, float), ordered=ordered)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, rows: rng.poisson(1, rows),
        lambda rng, rows: rng.poisson(4, rows),
        lambda rng, rows: rng.binomial(10, 0.2, rows),
        lambda rng, rows: rng.geometric(0.9, rows) - 1,
    ],
    ids=["Poisson 1", "Poisson 4", "binomial", "geometric"],
)
def test_the_next_value_of_a_tail_is_no_newcomer(draw, ordered):
    """Where the last count had to be ten, up to 19 % of such pairs showed a "new" value."""
    rng = np.random.default_rng(58309518948)
    told = 0
    for _ in range(100):
        p, q = (np.bincount(draw(rng, 20_000), minlength=40) for _ in range(2))
        told += bool(found(p, q, ordered=ordered))
    # With one alarm in a thousand, more than two have a probability of 0.02 %.
    assert told <= 2


def test_a_value_beside_a_domain_that_ends_abruptly_is_new():
    ratings = [0, 200, 400, 800, 1000, 1600, 0]
    assert found([1, 200, 400, 800, 1000, 1600, 1], ratings) == [0, 6]
    assert found([1, 200, 400, 800, 1000, 1600, 1], ratings, ordered=False) == [0, 6]


def test_each_end_is_judged_by_itself_and_what_lies_between_is_new():
    falls = [0, 900, 0, 700, 90, 10, 0]
    assert found([1, 900, 1, 700, 90, 10, 1], falls) == [0, 2]
    assert found([1, 900, 1, 700, 90, 10, 1], falls, ordered=False) == []


def test_a_reference_with_rare_or_many_values_foresees_nothing():
    assert found([9, 900, 1], [9, 900, 0]) == []
    assert found([100] * 52, [100] * 51 + [0]) == []
    assert found([5, 5], [0, 0]) == []


def test_one_value_is_a_domain():
    assert found([1, 500, 1], [0, 400, 0]) == [0, 2]
