import numpy as np
import pytest
from tables import number_table

from klcli.counts import CountTable, Role
from klcli.diagnostics.support import outside_support, unseen_categories

RNG = np.random.default_rng(475610293847561029)


def ranks(p, q):
    return number_table(p, q, np.unique(np.concatenate([p, q])))


def test_unseen_categories_are_named_by_their_share():
    table = CountTable.categorical(
        ("a", "b", "c", "d"), np.array([50.0, 5, 45, 0]), np.array([10.0, 0, 0, 3])
    )
    escape = unseen_categories(table, "P")
    assert escape.mass == 0.5
    assert list(escape.cells) == [False, True, True, False]
    assert escape.finding.code == "unseen-categories"
    assert escape.finding.message == "values that only P shows: 'c', 'b'; 50 % of its rows"


def test_many_unseen_categories_are_counted():
    table = CountTable.categorical(tuple("abcdefgh"), np.ones(8), np.array([1.0] + [0] * 7))
    assert "and 2 more" in unseen_categories(table, "Q").finding.message


def test_nothing_unseen():
    table = CountTable.categorical(("a", "b"), np.array([1.0, 0]), np.array([1.0, 1]))
    assert unseen_categories(table, "P").finding is None
    assert unseen_categories(table.swapped(), "P").mass == 0.5


def test_only_some_cells():
    table = CountTable.categorical(
        ("a", "b"), np.array([1.0, 1]), np.array([0.0, 1]), missing=True
    )
    assert unseen_categories(table, "P", only=table.special).finding is None


def test_no_number():
    lower = np.array([-np.inf, 0.0, np.inf, np.nan])
    roles = np.array([Role.ATOM, Role.ATOM, Role.ATOM, Role.MISSING], np.int8)
    table = CountTable(np.ones(4), np.ones(4), roles, (), lower, lower)
    assert list(table.special) == [True, False, True, True]


def test_a_tail_beyond_q():
    escape = outside_support(ranks(RNG.uniform(0, 2, 500), RNG.uniform(0, 1, 500)), "P", "Q")
    assert escape.mass == pytest.approx(0.5, abs=0.07)
    assert "above its largest value" in escape.finding.message
    below = outside_support(ranks(RNG.uniform(-3, 1, 500), RNG.uniform(0, 1, 500)), "P", "Q")
    assert below.mass == pytest.approx(0.75, abs=0.07)
    assert "below its smallest value" in below.finding.message


def test_a_gap_of_q():
    q = np.concatenate([RNG.normal(-5, 0.3, 300), RNG.normal(5, 0.3, 300)])
    escape = outside_support(ranks(RNG.normal(0, 1, 600), q), "P", "Q")
    assert escape.mass > 0.9
    assert "between" in escape.finding.message


def test_disjoint_samples_are_saturated():
    escape = outside_support(ranks(RNG.normal(0, 1, 300), RNG.normal(50, 1, 300)), "P", "Q")
    assert escape.finding.code == "saturated"


def test_chance_is_not_reported():
    found = 0
    for _ in range(400):
        table = ranks(RNG.normal(size=200), RNG.normal(size=300))
        found += outside_support(table, "P", "Q").finding is not None
    assert found / 400 <= 0.05


@pytest.mark.parametrize("empty", ["p", "q"])
def test_an_empty_side(empty):
    table = CountTable(
        np.array([3.0, 1]) * (empty != "p"), np.array([3.0, 1]) * (empty != "q"),
        np.zeros(2, np.int8), (), np.arange(2.0), np.arange(2.0) + 1,
    )  # fmt: skip
    assert outside_support(table, "P", "Q").mass == (1.0 if empty == "q" else 0.0)


def test_a_lone_value_that_q_never_shows():
    p = np.concatenate([RNG.normal(size=990), np.full(10, -999.0)])
    q = RNG.normal(size=1000)
    values = np.unique(np.concatenate([p, q]))
    table = number_table(p, q, np.union1d(values, [np.nextafter(-999.0, 0)]))
    escape = outside_support(table, "P", "Q")
    assert escape.abrupt
    assert escape.finding.message == "only P shows the value -999: 1 % of its rows"


def test_a_code_among_codes_that_q_never_shows():
    codes = np.array([200.0, 301, 404, 500, 502])
    lower = codes
    table = CountTable(
        np.array([800.0, 80, 60, 20, 40]), np.array([820.0, 80, 60, 0, 40]),
        np.full(5, Role.ATOM, np.int8), (), lower, np.nextafter(lower, np.inf),
    )  # fmt: skip
    assert "500" in outside_support(table, "P", "Q").finding.message
    assert outside_support(table.swapped(), "Q", "P").finding is None


def test_the_tail_of_rounded_numbers_is_no_lone_value():
    found = 0
    for _ in range(100):
        p, q = np.round(RNG.normal(0, 1, 3000), 1), np.round(RNG.normal(0.8, 1, 3000), 1)
        values = np.unique(np.concatenate([p, q]))
        table = number_table(p, q, np.union1d(values, np.nextafter(values, np.inf)))
        found += outside_support(table, "P", "Q").abrupt
    assert found <= 3


def test_rows_that_crowd_at_their_end_are_no_cluster():
    """The density of a gamma distribution of shape below 1 grows beyond all bounds at 0.

    There neighbours lie ever closer; 46 % of such samples were once taken to lie apart.
    """
    rng = np.random.default_rng(1029384756)
    found = [
        outside_support(ranks(rng.gamma(0.2, size=3_000), rng.gamma(0.3, size=3_000)), "P", "Q")
        for _ in range(60)
    ]
    assert np.mean([escape.abrupt for escape in found]) <= 0.1


def test_a_cluster_beyond_q_is_abrupt():
    found = 0
    for _ in range(100):
        p = np.concatenate([RNG.normal(0, 1, 980), RNG.normal(8, 0.2, 20)])
        found += outside_support(ranks(p, RNG.normal(0, 1, 1000)), "P", "Q").abrupt
    assert found >= 95


def test_a_gap_of_q_is_abrupt():
    p, q = RNG.uniform(0, 1, 500), np.abs(RNG.uniform(-0.45, 0.45, 500) + 1e-9)
    q = np.where(RNG.random(500) < 0.5, q, 1 - q)
    escape = outside_support(ranks(p, q), "P", "Q")
    assert escape.abrupt
    assert escape.mass == pytest.approx(0.1, abs=0.05)


def test_a_spike_of_p_makes_no_gap_of_q():
    found = 0
    for _ in range(50):
        p = np.concatenate([RNG.normal(0, 1, 900), RNG.normal(0.5, 0.0005, 100)])
        found += outside_support(ranks(p, RNG.normal(0, 1, 1000)), "P", "Q").abrupt
    assert found <= 3


@pytest.mark.parametrize(("rows", "shift"), [(200, 0.7), (1000, 0.7), (5000, 0.7), (1000, 2)])
def test_a_tail_that_reaches_farther_is_not_abrupt(rows, shift):
    """Two deviations apart, a tenth of P lies beyond Q, and beside it many rows of Q."""
    found = 0
    for _ in range(100):
        p, q = RNG.normal(shift, 1, rows), RNG.normal(0, 1, rows)
        found += outside_support(ranks(p, q), "P", "Q").abrupt
    assert found <= 6


def test_the_bound_holds_and_is_not_idle():
    """Uniform on [0, 1.5] against [0, 1.2]: infinite; nested the other way round it is finite."""
    p, q = RNG.normal(0, 1, 1000), RNG.normal(20, 1, 1000)
    assert 4 < outside_support(ranks(p, q), "P", "Q").bound < 200
    for _ in range(50):
        p, q = RNG.normal(0, 1, 500), RNG.normal(2.5, 1, 500)
        assert outside_support(ranks(p, q), "P", "Q").bound < 2.5**2 / 2


@pytest.mark.parametrize(("n", "m"), [(50, 5_000), (400, 400)])
def test_runs_of_rows_that_chance_leaves_are_no_finding(n, m):
    """Of fifty rows among thousands, two are often neighbours."""
    rng = np.random.default_rng([9, n])
    found = 0
    for _ in range(200):
        rank = rng.permutation(n + m) * 1.0
        found += outside_support(ranks(rank[:n], rank[n:]), "P", "Q").mass > 0
    # At most exp(−3) of them; 20 are five standard errors more than none, and three than 5 %.
    assert found <= 20
