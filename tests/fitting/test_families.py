"""Families: their coordinates, what can be named, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from klcli.errors import UsageError
from klcli.fitting.coordinates import placed
from klcli.fitting.named import family
from klcli.fitting.normal_mixture import NormalMixture
from klcli.fitting.unknowns import unknowns


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("norm", [3, 2]), ("gamma", [2.5, -1, 3]), ("beta", [0.5, 2, 1, 4]), ("triang", [0.3, 0, 2]),
        ("t", [5, 1, 2]), ("poisson", [3, 0]), ("nbinom", [3.5, 0.2, 0]), ("genextreme", [-0.2, 1, 2]),
        ("mixture:2", [0.3, -1, 0.5, 0.7, 2, 3]),
    ],
)  # fmt: skip
def test_coordinates_lead_there_and_back(name, values):
    side = placed(family(name, {}), np.array(values, dtype=float), 1.0, 2.0)
    free = side.free(np.array(values, dtype=float))
    assert len(free) == side.size
    assert side.values(free) == pytest.approx(values)
    # Whatever the coordinates, there is such a distribution.
    for moved in (free + 1.7, free - 2.3):
        assert not math.isnan(side.support(side.values(moved))[0])


def test_a_mixture_is_the_sum_of_its_parts():
    x = np.linspace(-4, 9, 50)
    values = np.array([0.3, -1, 0.5, 0.7, 2, 3.0])
    expected = 0.3 * stats.norm.pdf(x, -1, 0.5) + 0.7 * stats.norm.pdf(x, 2, 3)
    mixture = NormalMixture(2)
    assert np.exp(mixture.log(x, values)) == pytest.approx(expected)
    median = mixture.at(np.array([0.5]), values)[0]
    below = 0.3 * stats.norm.cdf(median, -1, 0.5) + 0.7 * stats.norm.cdf(median, 2, 3)
    assert below == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("norm", "norm", {}),
        (" gamma(?, 0, ?) ", "gamma", {"loc": 0}),
        ("gamma(?)", "gamma", {"loc": 0, "scale": 1}),
        ("t(df=4, loc=?, scale=?)", "t", {"df": 4}),
        ("binom(10, ?)", "binom", {"n": 10, "loc": 0}),
        ("norm(1/2, ?)", "norm", {"loc": 0.5}),
    ],
)
def test_what_is_given_is_fixed(text, name, given):
    assert unknowns(text) == (name, given)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nrom", "did you mean 'norm'"),
        ("Norm", "did you mean 'norm'"),
        ("GAMMA", "did you mean 'gamma'"),
        ("__import__", "take a name from scipy.stats"),
        ("mixture:0", "mixture:K"),
        ("mixture:1000", "mixture:K"),
        ("mixture", "mixture:K"),
        ("vonmises", "--family"),
        ("randint", "--family"),
        ("hypergeom", "--fix M=NUMBER"),
        ("norm(1, 2)", "kl exact"),
        ("gamma(?, 0, ?, 7)", "?"),
        ("gamma(?, 0, __import__('os'))", "?"),
        ("gamma(?, b=2)", "its parameters are a, loc, scale"),
        ("x" * 1_000_000 + "(?)", "?"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused_with_a_hint(text, words):
    with pytest.raises(UsageError) as caught:
        family(*unknowns(text))
    assert words in caught.value.hint
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("norm", {"mu": 1.0}), ("norm", {"scale": 0.0}), ("norm", {"loc": math.inf}),
        ("binom", {"n": 2.5}), ("mixture:2", {"loc": 0.0}), ("expon", {"loc": 0.0, "scale": 1.0}),
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_fixed_so(name, fix):
    with pytest.raises(UsageError):
        family(name, fix)
