from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.data.score_cells import Values, place
from klcli.divergences.build import distribution
from klcli.divergences.cumulative import Cumulative

RNG = np.random.default_rng(17)


def placed(x, expression):
    values, counts = np.unique(np.asarray(x, dtype=float), return_counts=True)
    counts = counts.astype(float)
    column = Values(values, counts, counts)
    return place(column, Cumulative(distribution(expression)), ("P", "Q"))


def codes(found):
    return [finding.code for finding in found.findings]


def test_values_of_a_density_are_points():
    x = RNG.normal(size=50)
    found = placed(x, "norm(0, 1)")
    assert found.table.points
    assert found.table.lower == pytest.approx(np.sort(x))
    assert (found.outside, found.infinite, found.findings) == (0.0, None, ())


def test_integers_have_cells_with_their_probabilities():
    x = RNG.poisson(3, 200)
    table = placed(x, "poisson(3)").table
    assert not table.points
    assert table.n_p == 200
    mass = stats.norm.cdf(table.upper) - stats.norm.cdf(table.lower)
    cell = int(np.searchsorted(table.values, 3))
    assert mass[cell] == pytest.approx(stats.poisson(3).pmf(3))
    assert table.p[cell] == np.count_nonzero(x == 3)
    assert (table.lower[0], table.upper[-1]) == (-np.inf, np.inf)
    assert (table.lower[1:] == table.upper[:-1]).all()


def test_rounded_values_stand_for_what_is_rounded_to_them():
    x = np.round(RNG.normal(size=500), 1)
    found = placed(x, "norm(0, 1)")
    table = found.table
    assert codes(found) == ["rounded"]
    assert "multiples of 0.1" in found.findings[0].message
    cell = int(np.searchsorted(table.values, 0.3))
    assert table.p[cell] == np.count_nonzero(x == 0.3)
    assert (table.lower[cell], table.upper[cell]) == (pytest.approx(0.25), pytest.approx(0.35))


def test_rounding_to_the_edge_of_the_support_is_possible():
    found = placed(np.round(RNG.exponential(size=300), 1), "expon()")
    assert found.outside == 0
    below = placed([*np.round(RNG.exponential(size=300), 1), -0.3], "expon()")
    assert below.outside == 1
    assert "value of P that Q never takes: -0.3" in below.infinite.message


@pytest.mark.parametrize("decimals", [None, 2])
def test_a_value_that_repeats_has_a_probability_that_no_density_has(decimals):
    x = RNG.normal(size=400)
    x = x if decimals is None else np.round(x, decimals)
    found = placed(np.where(RNG.random(400) < 0.3, 0.0, x), "norm(0, 1)")
    assert found.outside > 80
    assert "value of P that repeats, as no density has it: 0;" in found.infinite.message


def test_a_coarse_lattice_has_no_spikes():
    found = placed(np.round(RNG.normal(0, 0.35, 2000)), "norm(0, 0.35)")
    assert found.infinite is None


def test_copied_rows_are_told():
    x = RNG.normal(size=100)
    found = placed(np.concatenate([x, x[:40]]), "norm(0, 1)")
    assert codes(found) == ["ties"]
    assert found.table.points


def test_values_outside_the_support_are_named():
    found = placed([-1.25, -2.5, 0.5, 0.75, 1.5], "uniform()")
    assert found.outside == 3
    assert "values of P that Q never takes: -2.5, -1.25, 1.5; 60 % of its rows" in (
        found.infinite.message
    )


def test_infinite_values_and_fractions_are_impossible():
    assert placed([1.0, 2.0, np.inf], "norm(0, 1)").outside == 1
    assert placed([1.0, 2.0, 2.5], "poisson(2)").outside == 1


def test_the_end_of_the_support_is_a_value_like_others():
    found = placed([0.0, *RNG.exponential(size=50)], "expon()")
    assert found.outside == 0
    assert np.isfinite(found.table.lower).all()


def test_where_probabilities_underflow_is_a_finding():
    found = placed([1.0, 2.0, 2000.0], "gamma(2)")
    assert codes(found) == ["saturated"]
    assert np.isfinite(found.table.lower).all()


def test_angles_are_wrapped():
    x = RNG.vonmises(0, 2, 100)
    once, twice = placed(x, "vonmises(2)"), placed(x + 4 * np.pi, "vonmises(2)")
    assert once.table.lower == pytest.approx(twice.table.lower, abs=1e-6)


def test_many_integers_share_cells():
    found = placed(RNG.poisson(1e6, 300), "poisson(1e6)")
    assert len(found.table.p) < 6000
    assert found.table.n_p == 300
