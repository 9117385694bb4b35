"""Runs of rows of P without one of Q: what Q holds there is known to no better than a factor."""

import math

import numpy as np
import pytest
from tables import ranks

from klcli.estimation.allowances import allow_for_runs
from klcli.estimators.ratio import RatioPlugIn

RATIO = RatioPlugIn()


def point(p, q):
    fine = ranks(p, q)
    table = RATIO.density.reduce(fine)
    return allow_for_runs(fine, table, RATIO(table), RATIO.density)


def test_rows_of_p_where_q_has_none_leave_room_above():
    """Twenty rows within one gap of Q."""
    q = np.arange(200.0)
    spike = np.append(q + 0.5, np.linspace(100.3, 100.7, 20))
    tail = np.append(q + 0.5, np.linspace(201, 202, 20))
    assert point(q + 0.5, q).beyond_support < 0.02
    assert point(spike, q).beyond_support > 2 * 19 / 220
    assert point(tail, q).beyond_support == pytest.approx(
        math.pi / math.sqrt(6) * 20 / 220, rel=0.3
    )
    # The other way round it is Q that has the spike, and P that has none there.
    assert point(q, spike).beyond_support < 0.1


@pytest.mark.parametrize("rows", [200, 2_000])
def test_a_run_that_the_fit_smooths_away_leaves_room_above(rows):
    """Twenty rows between two neighbours are too few to bend the fit.

    With one row of Q's mass there they make 20/n·log(20) nats, and 0.545·200/n more with what Q
    may hold in 2.5 % of cases. Cells that were merged for the fit may hold rows of Q beside.
    """
    rng = np.random.default_rng(918273645546372)
    covered = 0
    for _ in range(20):
        q = rng.normal(0, 1, rows)
        q[np.abs(q - 0.5) < 0.002] = 2
        p = np.concatenate([rng.normal(0, 1, rows - 20), rng.normal(0.5, 0.0005, 20)])
        found = point(p, q)
        covered += found.value + 1.96 * found.beyond_support >= 0.7 * 200 / rows
    assert covered >= 19
