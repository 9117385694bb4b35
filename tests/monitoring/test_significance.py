from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from klcli.counts import CountTable
from klcli.data.tabulate import tabulate
from klcli.estimation.choice import Method
from klcli.estimation.column import examine_column
from klcli.estimation.request import Request
from klcli.intervals.permutation import exchange
from klcli.monitoring import deviance
from klcli.monitoring.significance import deviance_bound, multinomial_bound, plain, refined
from klcli.monitoring.surprise import bar, log_alone, log_shares
from klcli.results import Direction

REQUEST = Request(Method(), (Direction.FORWARD,), 0.95, 999, 0)


def table(p, q):
    labels = tuple(f"c{k}" for k in range(len(p)))
    return CountTable.categorical(labels, np.array(p, float), np.array(q, float))


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ([30, 20], [300, 300]),
        ([5, 5, 10], [10, 20, 5]),
        ([50, 40, 30, 20, 10, 5], [500, 400, 300, 200, 100, 50]),
        ([3, 0, 1, 2, 0, 4], [1, 2, 2, 1, 3, 1]),
        ([2] * 60, [3] * 60),
    ],
)
@pytest.mark.parametrize("bound", [multinomial_bound, deviance_bound])
def test_the_bound_holds_for_permutations(p, q, bound):
    both = table(p, q)
    rng = np.random.default_rng(5772156649)
    drawn_p, drawn_q = exchange(both, 4_000, rng)
    bounds = np.sort([
        bound(replace(both, p=a, q=b)) for a, b in zip(drawn_p, drawn_q, strict=True)
    ])  # fmt: skip
    for level in (0.5, 0.1, 0.01, 0.001):
        assert np.mean(bounds <= level) <= level


def test_the_bound_of_all_cells_sees_what_is_spread_over_many():
    rng = np.random.default_rng(161803)
    shares = rng.gamma(2, 1, (2, 2000))
    p, q = (rng.multinomial(8000, each / each.sum()) for each in shares)
    assert deviance_bound(table(p, q)) < 1e-20
    assert multinomial_bound(table(p, q)) > 1e-9
    assert deviance_bound(table(*rng.multinomial(8000, shares[0] / shares[0].sum(), 2))) == 1


def test_means_between_steps_and_beyond_are_allowed_for(monkeypatch):
    limit = -0.5 * np.log1p(-deviance._EXPONENTS)
    log_mean = deviance._log_mean.__wrapped__
    for step in range(-100, 100, 3):
        ends = np.maximum(log_mean(step), log_mean(step + 1))
        for part in (0.2, 0.5, 0.8):
            assert (log_mean(step + part) <= ends + deviance._ALLOWANCE).all()
    at_large = log_mean(np.log(deviance._LARGE) * deviance._STEPS)
    monkeypatch.setattr(deviance, "_LARGE", np.inf)
    for mean in (1500, 10_000, 100_000):
        beyond = log_mean(np.log(mean) * deviance._STEPS)
        assert (beyond <= np.maximum(at_large, limit) + deviance._ALLOWANCE).all()


def test_the_bound_sees_what_is_plain():
    assert multinomial_bound(table([100, 0], [0, 100])) < 1e-20
    assert multinomial_bound(table([500, 500], [5000, 5000])) == 1
    assert multinomial_bound(table([7], [9])) == 1


def examined(p, q):
    (column,) = tabulate(p, q).columns
    return examine_column(column, REQUEST)[0]


def test_a_clear_difference_gets_the_p_value_it_deserves():
    rng = np.random.default_rng(14142135623)
    found = examined(rng.normal(0.7, 1, 2000), rng.normal(0, 1, 2000))
    assert found.estimate.p_value == 0.001
    p = refined(found, resamples=999, level=0.05, tests=1000, rng=rng)
    assert 0 < p < 1e-20


def test_more_permutations_tell_where_the_bound_does_not():
    rng = np.random.default_rng(17320508075)
    found = examined(rng.normal(0.62, 1, 200), rng.normal(0, 1, 200))
    assert found.estimate.p_value == 0.001
    assert multinomial_bound(found.table) > 5e-4
    p = refined(found, resamples=999, level=0.05, tests=200, rng=rng)
    assert 1 / 10_000 < p < 0.001


def test_p_values_that_permutations_resolve_stay():
    rng = np.random.default_rng(22360679774)
    found = examined(rng.normal(0, 1, 300), rng.normal(0, 1, 300))
    assert refined(found, resamples=999, level=0.05, tests=200, rng=rng) == found.estimate.p_value


@pytest.mark.slow
def test_refined_p_values_are_valid_far_out():
    # 4,000 null columns: refined p ≤ 2e-3 · … must not be more frequent than said.
    rng = np.random.default_rng(26457513110)
    request = replace(REQUEST, resamples=99)
    found = []
    for _ in range(4000):
        (column,) = tabulate(rng.poisson(3, 150), rng.poisson(3, 400)).columns
        one = examine_column(column, request)[0]
        found.append(refined(one, resamples=99, level=0.05, tests=100, rng=rng))
    for level in (0.05, 0.01, 0.003, 0.001):
        hits = np.sum(np.array(found) <= level)
        assert hits <= 4000 * level + 3 * np.sqrt(4000 * level)


def test_bounds_on_shares_hold():
    rng = np.random.default_rng(31622776601)
    n, m, pooled = 80, 200, 40
    drawn = rng.hypergeometric(pooled, n + m - pooled, n, 50_000)
    logs = np.array([log_shares(x, n, pooled - x, m) for x in range(pooled + 1)])
    for level in (0.2, 0.05, 0.01):
        assert np.mean(np.exp(logs[drawn]) <= level) <= level
    alone = np.mean(rng.hypergeometric(3, n + m - 3, n, 200_000) == 3)
    assert alone <= np.exp(log_alone(3, n, m)) + 0.001


def test_the_bar_falls_with_what_is_looked_at():
    assert bar(200, 10) < bar(200) < bar(1) == pytest.approx(np.log(0.01))


def test_only_what_chance_cannot_do_is_plain():
    cells = tuple("abcd")
    same = CountTable.categorical(cells, np.full(4, 250.0), np.full(4, 500.0))
    apart = CountTable.categorical(cells, np.array([400.0, 300, 200, 100]), np.full(4, 500.0))
    assert not plain(same)
    assert plain(apart)
