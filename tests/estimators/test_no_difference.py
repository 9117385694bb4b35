import numpy as np
import pytest
from scipy import special, stats

from klcli.estimators.no_difference import likelihood_ratio, log_bayes_factor, probability
from klcli.intervals import permutation


def test_evidence_is_that_of_beta_binomial_counts():
    p, q = np.array([[3, 0, 7, 2.0]]), np.array([[1, 4, 6, 9.0]])
    n, m = p.sum(), q.sum()
    share = n / (n + m)
    deviations = np.exp(np.linspace(np.log((n + m) ** -0.5), np.log(3.5), 14))
    prior = (1 + deviations**2) ** -1.5
    prior /= prior.sum()
    total = 0.0
    for weight, deviation in zip(prior, deviations, strict=True):
        c = 1 / (deviation**2 * share * (1 - share))
        law = stats.betabinom((p + q)[0], c * share, c * (1 - share))
        total += weight * np.exp(law.logpmf(p[0]).sum())
    same = np.exp(stats.binom((p + q)[0], share).logpmf(p[0]).sum())
    assert log_bayes_factor(p, q)[0] == pytest.approx(np.log(total / same), rel=1e-9)


def test_both_directions_have_the_same_evidence():
    rng = np.random.default_rng(26457513110645905906)
    p, q = rng.poisson(2, (5, 30)) * 1.0, rng.poisson(3, (5, 30)) * 1.0
    assert log_bayes_factor(p, q) == pytest.approx(log_bayes_factor(q, p), rel=1e-9)


def test_equal_samples_speak_for_no_difference_and_different_ones_against():
    rng = np.random.default_rng(33166247903553998492)
    p, q = (rng.multinomial(1_000, np.ones(26) / 26, size=200) * 1.0 for _ in range(2))
    assert np.median(probability(log_bayes_factor(p, q))) > 0.6
    other = rng.multinomial(1_000, np.arange(1, 27) / 351, size=200) * 1.0
    assert probability(log_bayes_factor(p, other)).max() < 1e-6


@pytest.mark.parametrize("scale", [1.0, 100.0, 0.25])
def test_likelihood_ratio_is_half_of_g(scale):
    p, q = scale * np.array([[3, 1, 7, 2.0]]), scale * np.array([[1, 4, 6, 9.0]])
    table = np.vstack([p, q])
    expected = table.sum(axis=0) * np.array([table.sum(axis=1)]).T / table.sum()
    assert likelihood_ratio(p, q)[0] == pytest.approx(special.rel_entr(table, expected).sum())
    assert likelihood_ratio(p, q) == pytest.approx(permutation.likelihood_ratio(p, q))
