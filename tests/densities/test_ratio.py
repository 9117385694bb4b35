import numpy as np
import pytest
from tables import number_table

from klcli.counts import CountTable, Role
from klcli.densities.ratio import Ratio, merge
from klcli.densities.ratio_models import models

RNG = np.random.default_rng(660917253847561029)


def ranks(p, q):
    return number_table(p, q, np.unique(np.concatenate([p, q])))


def test_the_fitted_ratio_is_that_of_two_normals():
    p, q = RNG.normal(0, 1, 20_000), RNG.normal(1, 1, 30_000)
    table = Ratio().reduce(ranks(p, q))
    fit = Ratio().fit(table)
    middle = (table.lower + table.upper) / 2
    common = (middle > -1.5) & (middle < 2.5)
    truth = 0.5 - middle
    assert np.abs((fit.log_p - fit.log_q - truth)[common]).max() < 0.15


def test_masses_add_up_to_one_and_to_the_pooled_shares():
    p, q = RNG.normal(0, 1, 300), RNG.normal(1, 1, 500)
    table = ranks(p, q)
    fit = Ratio().fit(table)
    assert np.exp(fit.log_p).sum() == pytest.approx(1)
    assert np.exp(fit.log_q).sum() == pytest.approx(1)
    pooled = (300 * np.exp(fit.log_p) + 500 * np.exp(fit.log_q)) / 800
    assert np.allclose(pooled, (table.p + table.q) / 800, rtol=0.05)


def test_a_null_pair_gets_a_ratio_near_one():
    table = ranks(RNG.normal(size=2000), RNG.normal(size=2000))
    assert np.abs(Ratio().ensemble(table).log_ratio()).max() < 0.3


def test_a_step_is_resolved():
    p = np.concatenate([RNG.uniform(0, 0.3, 6000), RNG.uniform(0.3, 1, 4000)])
    table = Ratio().reduce(ranks(p, RNG.uniform(0, 1, 10_000)))
    fit = Ratio().fit(table)
    ratio = np.exp(fit.log_p - fit.log_q)
    inner = (table.upper < 0.27) & (table.lower > 0.03)
    assert np.abs(ratio[inner] - 2).max() < 0.3


def test_a_heavy_atom_has_a_ratio_of_its_own():
    p = np.where(RNG.random(5000) < 0.3, 0.0, RNG.normal(size=5000))
    q = np.where(RNG.random(5000) < 0.1, 0.0, RNG.normal(size=5000))
    values = np.unique(np.concatenate([p, q]))
    table = Ratio().reduce(number_table(p, q, np.union1d(values, [np.nextafter(0, 1)])))
    fit = Ratio().fit(table)
    at_zero = int(np.flatnonzero((table.lower <= 0) & (table.upper > 0))[0])
    assert table.roles[at_zero] == Role.ATOM
    assert np.exp(fit.log_p - fit.log_q)[at_zero] == pytest.approx(3, rel=0.15)
    near = np.abs(table.lower) < 0.5
    near[at_zero] = False
    assert np.exp(fit.log_p - fit.log_q)[near].mean() == pytest.approx(0.7 / 0.9, rel=0.1)


def test_models_do_not_look_at_labels():
    counts = RNG.poisson(5, 300) + 1.0
    none = np.zeros(300, dtype=bool)
    first, second = models(counts, False, none), models(counts, False, none)
    assert len(first) == 3
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.design, b.design)


def test_values_that_repeat_have_models_of_their_own():
    counts = np.full(60, 20.0)
    values = np.ones(60, dtype=bool)
    assert len(models(counts, True, values)) == 4
    counts[4::5] = 40
    heaped = models(counts, True, values)
    assert len(heaped) == 6  # with terms for each of the heavy ones, and one for all of them
    shared = heaped[3].design[:, -1]
    assert list(np.flatnonzero(shared)) == list(range(4, 59, 5))
    few = np.zeros(60, dtype=bool)
    few[[4, 9]] = True
    assert len(models(counts, True, few)) == 5


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 7])
def test_few_cells_are_enough(cells):
    p, q = np.arange(1.0, cells + 1) * 10, np.arange(cells, 0.0, -1) * 10
    roles = np.full(cells, Role.ATOM, np.int8)
    lower = np.arange(cells) * 1.0
    table = CountTable(p, q, roles, (), lower, np.nextafter(lower, np.inf))
    assert np.isfinite(Ratio().ensemble(table).log_ratio()).all()


def test_merging_keeps_counts_order_and_what_is_no_number():
    values = np.sort(RNG.normal(size=5000))
    lower = np.concatenate([[-np.inf], values, [np.inf, np.nan]])
    upper = np.concatenate([[-np.inf], np.append(values[1:], 9.0), [np.inf, np.nan]])
    roles = np.full(len(lower), Role.INTERVAL, np.int8)
    roles[[0, -2]] = Role.ATOM
    roles[-1] = Role.MISSING
    p, q = RNG.poisson(3, len(lower)) + 1.0, RNG.poisson(3, len(lower)) + 1.0
    table = CountTable(p, q, roles, (), lower, upper)
    reduced = Ratio().reduce(table)
    assert len(reduced.p) <= 256 + 3
    assert reduced.p.sum() == p.sum()
    assert reduced.q.sum() == q.sum()
    assert (reduced.p[0], reduced.p[-2], reduced.p[-1]) == (p[0], p[-2], p[-1])
    assert list(reduced.roles[[0, -2, -1]]) == [Role.ATOM, Role.ATOM, Role.MISSING]
    assert np.array_equal(reduced.lower[2:-2], reduced.upper[1:-3])


def test_groups_are_finer_towards_the_tails():
    group = merge(np.ones(100_000), 256)
    sizes = np.bincount(group)
    assert (np.diff(group) >= 0).all()
    assert sizes[0] < 20
    assert sizes[-1] < 20
    assert sizes.max() < 2.1 * 100_000 / 256
