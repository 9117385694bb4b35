from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.divergences.build import distribution
from klcli.divergences.models import model

SEED = 4669201609102990671

X = np.linspace(-3, 5, 17)


def test_a_family_is_that_of_scipy():
    known = model(distribution("gamma(2, -1, 3)"))
    truth = stats.gamma(2, -1, 3)
    assert known.support == (-1, np.inf)
    np.testing.assert_allclose(known.log(X), truth.logpdf(X))
    np.testing.assert_allclose(known.below(X), truth.cdf(X))
    np.testing.assert_allclose(known.above(X), truth.sf(X))
    assert float(known.above(400.0)) == pytest.approx(truth.sf(400.0), rel=1e-12)


def test_a_mixture_is_the_weighted_sum_of_its_parts():
    known = model(distribution("0.25*norm(-2, 1) + 0.75*expon(1, 2)"))
    one, other = stats.norm(-2, 1), stats.expon(1, 2)
    assert known.support == (-np.inf, np.inf)
    assert known.supports == [(-np.inf, np.inf), (1, np.inf)]
    np.testing.assert_allclose(np.exp(known.log(X)), 0.25 * one.pdf(X) + 0.75 * other.pdf(X))
    np.testing.assert_allclose(known.below(X), 0.25 * one.cdf(X) + 0.75 * other.cdf(X))
    np.testing.assert_allclose(known.above(X), 1 - known.below(X), atol=1e-15)


def test_counts_and_categories():
    k = np.arange(-1, 5)
    binom = model(distribution("binom(3, 0.25)"))
    np.testing.assert_allclose(np.exp(binom.log(k)), stats.binom.pmf(k, 3, 0.25))
    known = model(distribution("categorical(0.5, 0, 0.2, 0.3)"))
    np.testing.assert_allclose(np.exp(known.log(k)), [0, 0.5, 0, 0.2, 0.3, 0])
    np.testing.assert_allclose(known.below(k), [0, 0.5, 0.5, 0.7, 1, 1])
    np.testing.assert_allclose(known.above(k + 0.5), 1 - known.below(k), atol=1e-15)
    assert known.support == (0, 3)


@pytest.mark.parametrize(
    "text",
    ["norm(1, 2)", "0.3*norm(-2, 1) + 0.7*norm(2, 0.5)", "t(3)", "vonmises(2, 1)"],
)
def test_draws_have_the_distribution(text):
    known = model(distribution(text))
    drawn = known.draw(2000, np.random.default_rng(SEED))
    assert drawn.shape == (2000,)
    assert stats.kstest(drawn, known.below).pvalue > 1e-3
    np.testing.assert_array_equal(drawn, known.draw(2000, np.random.default_rng(SEED)))


@pytest.mark.parametrize(
    "text", ["categorical(0.5, 0, 0.2, 0.3)", "0.5*binom(3, 0.5) + 0.5*randint(2, 4)"]
)
def test_draws_of_counts_have_the_probabilities(text):
    known = model(distribution(text))
    drawn = known.draw(5000, np.random.default_rng(SEED))
    expected = 5000 * np.exp(known.log(np.arange(4.0)))
    seen = np.bincount(drawn.astype(int), minlength=4)
    assert np.all(seen[expected == 0] == 0)
    assert stats.chisquare(seen[expected > 0], expected[expected > 0]).pvalue > 1e-3
