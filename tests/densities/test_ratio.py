import numpy as np
import pytest
from tables import number_table

from klcli.counts import CountTable, Role
from klcli.densities.groups import merge
from klcli.densities.logistic import path
from klcli.densities.ratio import Ratio
from klcli.densities.ratio_models import deviations, models
from klcli.densities.residuals import standardised

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
    first, second = models(counts, False), models(counts, False)
    assert len(first) == 3
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.design, b.design)


def test_values_that_repeat_may_deviate_from_their_neighbours():
    counts = np.full(60, 20.0)
    values = np.ones(60, dtype=bool)
    (each,) = deviations(counts, values)
    assert np.array_equal(each.terms, np.eye(60))
    counts[4::5] = 40
    each, heaps = deviations(counts, values)
    assert list(np.flatnonzero(heaps.terms)) == list(range(4, 59, 5))
    few = np.zeros(60, dtype=bool)
    few[[4, 9]] = True
    (heaps,) = deviations(counts, few)
    assert list(np.flatnonzero(heaps.terms)) == [4, 9]
    assert not deviations(counts, np.zeros(60, dtype=bool))


def test_values_deviate_only_where_the_curve_leaves_more_than_chance():
    """The rest has mean 0 and variance 1 where P and Q differ smoothly, so that few have terms."""
    rng = np.random.default_rng(80291746355)
    left, joined = [], 0
    for _ in range(100):
        p, q = (np.bincount(rng.poisson(mean, 400), minlength=30) * 1.0 for mean in (9, 10))
        p, q = p[p + q > 0], q[p + q > 0]
        nan = np.full(len(p), np.nan)
        fitted = Ratio().ensemble(CountTable(p, q, np.ones(len(p), dtype=np.int8), (), nan, nan))
        smooth = models(p + q, False)[0]
        best = max(path(smooth, p, q), key=lambda fit: fit.log_evidence)
        left.append(standardised(np.eye(len(p)), smooth, best, p, q))
        own = [
            np.array_equal(model.roughness[2:, 2:], np.eye(len(p))) for model, _ in fitted.members
        ]
        joined += any(own)
    assert abs(np.mean(left)) < 0.3
    assert 0.7 < np.std(left) < 1.3
    # 16 % of normal variables are above their standard deviation.
    assert joined < 30


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
