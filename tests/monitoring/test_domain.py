from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.monitoring.domain import newcomers


def found(p, q, *, ordered=True):
    return newcomers(np.array(p, float), np.array(q, float), ordered=ordered)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    "law",
    [stats.poisson(1), stats.poisson(4), stats.binom(10, 0.2), stats.geom(0.9, loc=-1)],
    ids=["Poisson 1", "Poisson 4", "binomial", "geometric"],
)
def test_the_next_value_of_a_tail_is_no_newcomer(law, ordered):
    """If counts did not have to end abruptly, 4 to 28 of these 12,000 batches would show one."""
    rng = np.random.default_rng(58309518948)
    shares = law.pmf(np.arange(40))
    told = 0
    for _ in range(300):
        reference = rng.multinomial(100_000, shares)
        batches = rng.multinomial(1_000, shares, size=40)
        told += sum(bool(found(batch, reference, ordered=ordered)) for batch in batches)
    assert told <= 1


def test_a_value_beside_a_domain_that_ends_abruptly_is_new():
    ratings = [0, 200, 400, 800, 1000, 1600, 0]
    assert found([8, 200, 400, 800, 1000, 1600, 8], ratings) == [0, 6]
    assert found([8, 200, 400, 800, 1000, 1600, 8], ratings, ordered=False) == [0, 6]


def test_each_end_is_judged_by_itself_and_what_lies_between_is_new():
    falls = [0, 900, 0, 700, 90, 10, 0]
    assert found([8, 900, 8, 700, 90, 10, 8], falls) == [0, 2]
    assert found([8, 900, 8, 700, 90, 10, 8], falls, ordered=False) == []


@pytest.mark.parametrize(("rows", "new", "told"), [(999, 6, []), (999, 7, [2]), (9, 1, [2])])
def test_so_many_rows_are_new_that_chance_would_hardly_put_them_in_one_sample(rows, new, told):
    assert found([rows / 2, rows / 2, new], [500, 500, 0]) == told


def test_a_reference_with_rare_or_many_values_foresees_nothing():
    assert found([9, 900, 9], [9, 900, 0]) == []
    assert found([100] * 52, [100] * 51 + [0]) == []
    assert found([9, 9], [0, 0]) == []


def test_one_value_is_no_domain():
    assert found([8, 500, 8], [0, 400, 0]) == []
