from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.divergences.fitted import fit, opened
from klcli.errors import InputError, UsageError


def fitted(text, x):
    values, counts = np.unique(x, return_counts=True)
    return dict(fit(opened(text), values, counts.astype(float)).values)


RNG = np.random.default_rng(3)
GAMMA = RNG.gamma(2, 3, 400)


def test_the_normal_distribution_has_the_moments_of_the_rows():
    x = RNG.normal(3, 2, 500)
    found = fitted("norm(?, ?)", x)
    assert (found["loc"], found["scale"]) == pytest.approx((x.mean(), x.std()))
    around_zero = fitted("norm(0, ?)", x)
    assert around_zero["scale"] == pytest.approx(np.sqrt(np.mean(x**2)))
    assert around_zero["loc"] == 0


def test_other_families_are_fitted_as_scipy_does():
    found = fitted("gamma(?, scale=?)", GAMMA)
    shape, _, scale = stats.gamma.fit(GAMMA, floc=0)
    assert (found["a"], found["scale"]) == pytest.approx((shape, scale), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("poisson(?)", [1, 2, 3, 6], {"mu": 3.0}),
        ("binom(10, ?)", [2, 3, 4], {"p": 0.3}),
        ("geom(?)", [1, 2, 3], {"p": 0.5}),
        ("bernoulli(?)", [0, 1, 1, 1], {"p": 0.75}),
    ],
)
def test_one_parameter_of_counts_follows_from_the_mean(text, x, expected):
    found = fitted(text, x)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value)


def test_a_discrete_family_without_formula_has_the_largest_likelihood():
    x = RNG.negative_binomial(5, 0.3, 400)
    found = fitted("nbinom(?, ?)", x)
    best = stats.nbinom.logpmf(x, found["n"], found["p"]).sum()
    for n, p in ((5, 0.3), (found["n"] * 1.05, found["p"]), (found["n"], found["p"] * 0.97)):
        assert stats.nbinom.logpmf(x, n, p).sum() <= best + 1e-6


def test_weighted_rows_count_by_their_weight():
    values, counts = np.array([0.0, 1.0, 5.0]), np.array([10.0, 20.0, 5.0])
    found = dict(fit(opened("norm(?, ?)"), values, counts).values)
    assert found["loc"] == pytest.approx(45 / 35)


@pytest.mark.parametrize(
    ("text", "x", "words"),
    [
        ("norm(?, ?)", [1.0, 1.0, 1.0], "1 different values"),
        ("gamma(?, scale=?)", -GAMMA, "cannot be fitted to these rows"),
        ("bernoulli(?)", [0, 1, 5], "cannot be fitted to these rows"),
    ],
)
def test_rows_that_determine_nothing_are_refused(text, x, words):
    with pytest.raises(InputError) as error:
        fitted(text, np.asarray(x, dtype=float))
    assert words in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("binom(?, ?)", "whole number"),
        ("nrm(?, ?)", "no family is called"),
        ("0.5*norm(?, 1) + 0.5*norm(0, 1)", "mixture"),
        ("norm(?, -1)", "scale must be positive"),
        ("norm(?", "cannot read"),
        ("norm(lok=?)", "no parameter"),
        ("multivariate_normal(?, [[1]])", "cannot be fitted"),
        ("norm(?, ?, ?)", "at most 2"),
    ],
)
def test_expressions_that_cannot_be_fitted_fail_before_any_data(text, words):
    with pytest.raises(UsageError) as error:
        opened(text)
    assert words in error.value.message


def test_without_a_question_mark_nothing_is_open():
    assert opened("norm(0, 1)") is None
