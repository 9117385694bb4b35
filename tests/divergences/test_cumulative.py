from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.divergences.build import distribution
from klcli.divergences.cumulative import Cumulative


def cumulative(expression):
    return Cumulative(distribution(expression))


@pytest.mark.parametrize(
    ("expression", "law"),
    [
        ("norm(1, 2)", stats.norm(1, 2)),
        ("gamma(2, scale=3)", stats.gamma(2, scale=3)),
        ("t(3)", stats.t(3)),
        ("poisson(4)", stats.poisson(4)),
        ("beta(2, 5)", stats.beta(2, 5)),
    ],
)
def test_scores_are_normal_quantiles_of_probabilities(expression, law):
    x = law.ppf([0.001, 0.2, 0.5, 0.9, 0.999])
    assert stats.norm.cdf(cumulative(expression).scores(x)) == pytest.approx(law.cdf(x), rel=1e-9)


def test_tails_keep_their_digits():
    far = cumulative("t(3)").scores(np.array([1e5]))
    assert stats.norm.logsf(far)[0] == pytest.approx(stats.t(3).logsf(1e5), rel=1e-9)
    assert cumulative("norm(0, 1)").scores(np.array([50.0]))[0] == 50.0


def test_a_mixture_adds_up():
    x = np.array([-3.0, 0.0, 2.0])
    expected = 0.3 * stats.norm(-2, 1).cdf(x) + 0.7 * stats.norm(2, 0.5).cdf(x)
    found = cumulative("0.3*norm(-2, 1) + 0.7*norm(2, 0.5)").scores(x)
    assert stats.norm.cdf(found) == pytest.approx(expected, rel=1e-9)


def test_impossible_values_are_beyond_the_support_or_between_integers():
    assert cumulative("expon()").impossible(np.array([-1.0, 0.0, 800.0])).tolist() == [
        True, False, False,
    ]  # fmt: skip
    assert cumulative("poisson(3)").impossible(np.array([-1.0, 2.5, 3.0])).tolist() == [
        True, True, False,
    ]  # fmt: skip
    gaps = cumulative("categorical(0.5, 0, 0.5)").impossible(np.array([0.0, 1.0, 2.0, 3.0]))
    assert gaps.tolist() == [False, True, False, True]


def test_angles_are_turned_and_counted_from_where_the_circle_begins():
    known = cumulative("vonmises(2, loc=1)")
    assert known.circular
    turned = known.turned(np.array([1.0, 1 + 2 * np.pi, 1 - 2 * np.pi]))
    assert turned == pytest.approx([1.0, 1.0, 1.0])
    assert known.scores(np.array([1.0])) == pytest.approx([0.0], abs=1e-9)


def test_ranges_and_inverses():
    low, high = cumulative("norm(0, 1)").range(-1.0, 1.0)
    assert low < -6
    assert high > 6
    assert cumulative("poisson(3)").range(2.0, 5.0)[0] == 0
    assert cumulative("zipf(2)").range(1.0, 9.0)[1] < 20_000
    assert cumulative("uniform(2, 3)").support() == (2.0, 5.0)
    z = np.array([-3.0, 0.0, 4.0])
    known = cumulative("gamma(2)")
    assert known.scores(known.at(z)) == pytest.approx(z, abs=1e-9)
    assert np.abs(np.subtract.outer(known.at(z), known.quantiles(z))).min(axis=1).max() < 1e-6
