import numpy as np
import pytest
from scipy import optimize

from klcli.densities.linear_model import Model
from klcli.densities.logistic import path

RNG = np.random.default_rng(872364518273645182)
DESIGN = np.column_stack([np.ones(40), np.linspace(-1, 1, 40), np.linspace(-1, 1, 40) ** 2])
P = RNG.poisson(20, 40).astype(float)
Q = RNG.poisson(20 * np.exp(DESIGN[:, 1]), 40).astype(float)


def model(*weights, prior=1e-3):
    return Model(DESIGN, np.diag([0.0, 0.0, 1.0]), prior * np.eye(3), np.array(weights))


def objective(coefficients, penalty):
    logit = DESIGN @ coefficients + np.log(P.sum() / Q.sum())
    loss = P @ np.logaddexp(0, -logit) + Q @ np.logaddexp(0, logit)
    return loss / (P.sum() + Q.sum()) + 0.5 * coefficients @ penalty @ coefficients


@pytest.mark.parametrize("weight", [10.0, 1e-2, 1e-6])
def test_a_fit_minimises_the_penalised_loss(weight):
    fit = path(model(weight), P, Q)[0]
    penalty = next(model(weight).penalties())
    best = optimize.minimize(objective, np.zeros(3), args=(penalty,), tol=1e-12).x
    assert np.allclose(fit.log_ratio, DESIGN @ best, atol=1e-5)


def test_precision_is_the_hessian_of_the_loss():
    fit = path(model(1e-2), P, Q)[0]
    penalty = next(model(1e-2).penalties())
    best = optimize.minimize(objective, np.zeros(3), args=(penalty,), tol=1e-12).x
    step = 1e-4
    for i in range(3):
        for j in range(3):
            a, b = np.eye(3)[i] * step, np.eye(3)[j] * step
            corners = [
                objective(best + s * a + t * b, penalty) * s * t for s in (1, -1) for t in (1, -1)
            ]
            assert sum(corners) / (4 * step**2) == pytest.approx(fit.precision[i, j], abs=1e-5)


def test_evidence_agrees_with_integration():
    """One coefficient: the marginal likelihood by quadrature."""
    rows = P.sum() + Q.sum()
    one = Model(DESIGN[:, 1:2], np.eye(1), np.zeros((1, 1)), np.array([0.5, 0.05, 0.005]))
    offset = np.log(P.sum() / Q.sum())
    grid = np.linspace(-4, 4, 40001)
    logit = np.outer(grid, DESIGN[:, 1]) + offset
    likelihood = -(np.logaddexp(0, -logit) @ P + np.logaddexp(0, logit) @ Q)
    for fit, weight in zip(path(one, P, Q), one.weights, strict=True):
        prior = 0.5 * np.log(rows * weight / (2 * np.pi)) - 0.5 * rows * weight * grid**2
        exact = np.log(np.trapezoid(np.exp(likelihood + prior - likelihood.max()), grid))
        assert fit.log_evidence == pytest.approx(exact + likelihood.max(), abs=0.02)


def test_a_path_ends_where_nothing_can_matter():
    null = np.full(40, 1e4)
    weights = np.logspace(0, -14, 15)
    wiggly = Model(np.eye(40), np.eye(40) - 1 / 40, 1e-3 * np.ones((40, 40)) / 40, weights)
    fits = path(wiggly, null, null)
    assert len(fits) < len(weights)
    evidence = [fit.log_evidence for fit in fits]
    assert evidence[-1] < max(evidence) - 14 <= min(evidence[:-1])


def test_separated_samples_converge():
    fit = path(model(1e-6), np.repeat([50.0, 0], 20), np.repeat([0, 50.0], 20))[-1]
    assert np.isfinite(fit.log_ratio).all()
    assert fit.log_ratio[0] > 3 > -3 > fit.log_ratio[-1]


def test_along_the_axes_information_and_penalties_are_diagonal():
    smooth = model(1.0)
    share = (P + Q) / (P + Q).sum()
    axes = smooth.axes(share, 0.24)
    centred = DESIGN - share @ DESIGN
    hessian = 0.24 * centred.T @ (share[:, None] * centred) + smooth.prior
    assert axes.basis.T @ hessian @ axes.basis == pytest.approx(np.eye(3), abs=1e-9)
    roughness = axes.basis.T @ smooth.roughness @ axes.basis
    assert roughness == pytest.approx(np.diag(axes.roughness), abs=1e-9)
    assert axes.design == pytest.approx(DESIGN @ axes.basis)
    assert axes.mean == pytest.approx(share @ axes.design)


@pytest.mark.parametrize("effect", [0.0, 1e-3, 0.05, 0.5, 3.0])
def test_fits_near_and_far_from_no_difference_minimise_the_same_loss(effect):
    """Near it steps go by the information there, further off by that of the fit."""
    p = 50 * np.exp(effect * DESIGN[:, 1]) + RNG.normal(0, 1, 40)
    q = np.full(40, 80.0)
    smooth = model(1.0, 0.1, 1e-2, 1e-4)
    fits = path(smooth, p, q)
    for fit, penalty in zip(fits, smooth.penalties(), strict=False):
        coefficients = np.linalg.lstsq(DESIGN, fit.log_ratio, rcond=None)[0]
        logit = fit.log_ratio + np.log(p.sum() / q.sum())
        gradient = DESIGN.T @ (p - (p + q) / (1 + np.exp(-logit))) / (p + q).sum()
        assert gradient == pytest.approx(penalty @ coefficients, abs=1e-7)


def test_a_fit_does_not_depend_on_what_was_fitted_before():
    """Exchanged samples share axes; rounding of their shares must not show."""
    for _ in range(20):
        p, q = RNG.poisson(20, 40).astype(float), RNG.poisson(33, 40).astype(float)
        fresh, used = model(1.0, 0.1, 1e-2), model(1.0, 0.1, 1e-2)
        path(used, q, p)
        for one, other in zip(path(fresh, p, q), path(used, p, q), strict=True):
            assert np.array_equal(one.log_ratio, other.log_ratio)
            assert one.log_evidence == other.log_evidence
