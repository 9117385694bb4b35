import numpy as np
import pytest

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.errors import UsageError
from klcli.estimators import dirichlet
from klcli.estimators.dirichlet_mixture import DirichletMixture
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.multiplicity import multiplicity

MIXTURE = DirichletMixture(Frequency())


def table(p, q):
    names = tuple(map(str, range(len(p))))
    return CountTable.categorical(names, np.array(p, float), np.array(q, float))


@pytest.mark.parametrize("concentration", [0.2, 1.0, 6.0])
def test_given_concentrations_the_mean_is_that_of_posterior_draws(concentration, monkeypatch):
    # Three equal concentrations, for the slope of the entropy needs neighbours.
    grid = concentration * np.array([1 - 1e-9, 1, 1 + 1e-9])
    monkeypatch.setattr(dirichlet, "CONCENTRATIONS", grid)
    x, y = np.array([4, 0, 7, 2, 2.0]), np.array([3, 5, 2, 0, 9.0])
    rng = np.random.default_rng(37416573867739413856)
    p = rng.dirichlet(x + concentration, 200_000)
    q = rng.dirichlet(y + concentration, 200_000)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = np.nansum(p * np.log(p / q), axis=1)
    error = draws.std() / len(draws) ** 0.5
    assert abs(MIXTURE(table(x, y)).value - draws.mean()) < 4 * error


def test_unseen_categories_count(monkeypatch):
    grid = np.array([1 - 1e-9, 1, 1 + 1e-9])
    monkeypatch.setattr(dirichlet, "CONCENTRATIONS", grid)
    # Six categories were seen once and two twice: Chao's bound is 6·5/(2·3) = 5 unseen ones.
    x, y = np.array([1, 1, 1, 0, 0, 0, 2, 0.0, 5]), np.array([0, 0, 0, 1, 1, 1, 0, 2.0, 4])
    rng = np.random.default_rng(38729833462074168852)
    p = rng.dirichlet(np.append(x, np.zeros(5)) + 1, 200_000)
    q = rng.dirichlet(np.append(y, np.zeros(5)) + 1, 200_000)
    draws = np.sum(p * np.log(p / q), axis=1)
    assert abs(MIXTURE(table(x, y)).value - draws.mean()) < 4 * draws.std() / len(draws) ** 0.5


def test_the_mixture_weighs_by_likelihood_and_prior():
    x, y = np.array([4, 0, 7, 2.0]), np.array([3, 5, 2, 9.0])
    posterior = dirichlet.DirichletPosterior.of(multiplicity(x, y))
    assert posterior.weight.sum() == pytest.approx(1)
    assert posterior.given.min() < posterior.value < posterior.given.max()
    assert posterior.variance > 0


def test_where_the_prior_fits_the_estimate_is_near_the_truth():
    rng = np.random.default_rng(41231056256176605498)
    errors, corrected = [], []
    for _ in range(20):
        p, q = rng.dirichlet(np.ones(300)), rng.dirichlet(np.ones(300))
        counts = table(rng.multinomial(400, p), rng.multinomial(300, q))
        truth = np.sum(p * np.log(p / q))
        errors.append(MIXTURE(counts).value - truth)
        corrected.append(FrequencyPlugIn(Frequency())(counts).value - truth)
    assert np.sqrt(np.mean(np.square(errors))) < 0.5 * np.sqrt(np.mean(np.square(corrected)))


def test_well_sampled_estimates_are_those_of_zhang_and_grabchak():
    p, q = np.array([3, 5, 2, 4.0]) * 1e5, np.array([4, 4, 4, 2.0]) * 1e5
    value = FrequencyPlugIn(Frequency())(table(p, q)).value
    assert MIXTURE(table(p, q)).value == pytest.approx(value, rel=1e-3)


def test_labels_and_empty_cells_do_not_matter():
    rng = np.random.default_rng(42426406871192851464)
    p, q = rng.poisson(1.5, 60), rng.poisson(1, 60)
    order = rng.permutation(60)
    value = MIXTURE(table(p, q)).value
    assert MIXTURE(table(p[order], q[order])).value == pytest.approx(value, rel=1e-12)
    assert MIXTURE(table([*p, 0], [*q, 0])).value == pytest.approx(value, rel=1e-12)


def test_smoothing_is_refused():
    with pytest.raises(UsageError, match="--estimator dirichlet-mixture"):
        DirichletMixture(Frequency("laplace"))
