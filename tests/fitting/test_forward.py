"""Forward fits: maximum likelihood, and least cross-entropy of a named target."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy import stats

import klcli
import klcli.errors

SEED = 271828182845


def rows(name, *shapes, size=250):
    return getattr(stats, name).rvs(*shapes, size=size, random_state=np.random.default_rng(SEED))


def fitted(values, family, **options):
    return klcli.fit(values, family, objective="forward", **options).fits[0]


def likelihood(name, values, fixed=None):
    """Return the log-likelihood of scipy's own fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = getattr(stats, name).fit(values, **(fixed or {}))
    return float(getattr(stats, name).logpdf(values, *found).sum())


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("norm", ()), ("expon", ()), ("uniform", ()), ("gamma", (2.5,)), ("t", (4,)),
        ("lognorm", (0.5,)), ("weibull_min", (2.5,)), ("beta", (2, 3)), ("laplace", ()),
        ("logistic", ()), ("gumbel_r", ()), ("cauchy", ()), ("pareto", (3,)), ("skewnorm", (4,)),
        ("invgauss", (0.5,)), ("genextreme", (0.1,)),
    ],
)  # fmt: skip
def test_no_likelihood_is_below_that_of_scipy(name, shapes):
    values = rows(name, *shapes)
    fit = fitted(values, name, starts=0)
    assert fit.log_likelihood >= likelihood(name, values) - 1e-6
    assert fit.converged
    logs = getattr(stats, name).logpdf(values, *[each.value for each in fit.parameters])
    assert fit.log_likelihood == pytest.approx(float(logs.sum()), abs=1e-8)


@pytest.mark.parametrize(
    ("name", "shapes", "fixed"),
    [
        ("gamma", (0.7,), {"loc": 0.0}), ("lognorm", (1,), {"loc": 0.0}), ("t", (4,), {"df": 4.0}),
        ("weibull_min", (0.8,), {"loc": 0.0}), ("beta", (0.5, 2), {"loc": 0.0, "scale": 1.0}),
        ("invgauss", (1,), {"loc": 0.0}),
    ],
)  # fmt: skip
def test_fixed_parameters_stay_as_they_are(name, shapes, fixed):
    values = rows(name, *shapes)
    fit = fitted(values, name, fix=fixed, starts=0)
    theirs = {f"f{parameter}": value for parameter, value in fixed.items()}
    assert fit.log_likelihood >= likelihood(name, values, theirs) - 1e-6
    for parameter in fit.parameters:
        assert parameter.fixed is (parameter.name in fixed)
        if parameter.fixed:
            assert (parameter.value, parameter.standard_error) == (fixed[parameter.name], 0.0)


def test_a_normal_fit_has_the_moments_and_textbook_errors():
    values = rows("norm")
    fit = fitted(values, "norm", starts=0)
    loc, scale = fit.parameters
    assert loc.value == pytest.approx(values.mean(), abs=1e-9)
    assert scale.value == pytest.approx(values.std(), abs=1e-9)
    assert loc.information_error == pytest.approx(values.std() / math.sqrt(250), rel=1e-5)
    assert scale.information_error == pytest.approx(values.std() / math.sqrt(500), rel=1e-5)
    # White's errors have the fourth moment in the place of that of a normal distribution.
    fourth = ((values - values.mean()) ** 4).mean()
    variance = (fourth - values.var() ** 2) / (4 * values.var() * 250)
    assert scale.standard_error == pytest.approx(math.sqrt(variance), rel=1e-5)
    assert fit.aic == pytest.approx(4 - 2 * fit.log_likelihood)
    assert fit.bic == pytest.approx(2 * math.log(250) - 2 * fit.log_likelihood)


@pytest.mark.parametrize(
    ("family", "values", "expected"),
    [
        ("poisson", lambda v: v.mean(), "mu"),
        ("geom", lambda v: 1 / v.mean(), "p"),
        ("bernoulli", lambda v: v.mean(), "p"),
    ],
)
def test_families_of_whole_numbers_have_their_closed_forms(family, values, expected):
    shapes = {"poisson": (3,), "geom": (0.3,), "bernoulli": (0.2,)}[family]
    data = rows(family, *shapes).astype(float)
    fit = fitted(data, family)
    found = {each.name: each.value for each in fit.parameters}
    assert found[expected] == pytest.approx(values(data), abs=1e-6)
    assert found["loc"] == 0


def test_the_trials_of_binom_have_to_be_given():
    data = rows("binom", 10, 0.3).astype(float)
    fit = fitted(data, "binom", fix={"n": 10})
    assert fit.parameters[1].value == pytest.approx(data.mean() / 10, abs=1e-7)
    with pytest.raises(klcli.errors.UsageError, match="n must be given"):
        fitted(data, "binom")


def test_a_mixture_finds_its_components_and_beats_scikit_learn():
    sklearn = pytest.importorskip("sklearn.mixture")
    rng = np.random.default_rng(SEED)
    data = np.concatenate([rng.normal(-2, 0.5, 300), rng.normal(1, 1, 700)])
    fit = fitted(data, "mixture:2", starts=0)
    weight, loc, scale, *_ = (each.value for each in fit.parameters)
    assert (weight, loc, scale) == pytest.approx((0.3, -2, 0.5), abs=0.1)
    theirs = sklearn.GaussianMixture(2, n_init=5, tol=1e-9, random_state=0, max_iter=1000)
    score = theirs.fit(data[:, None]).score(data[:, None]) * len(data)
    assert fit.log_likelihood >= score - 1e-4
    assert fitted(data, "mixture:2", starts=0).expression == fit.expression


def test_the_unit_changes_divergences_and_not_likelihoods():
    values = rows("norm")
    nats, bits = (klcli.fit(values, "norm", base=base, starts=0) for base in ("e", 2))
    for one, other in zip(nats.fits, bits.fits, strict=True):
        assert other.forward.value == pytest.approx(one.forward.value / math.log(2))
        assert other.reverse.standard_error == pytest.approx(
            one.reverse.standard_error / math.log(2)
        )
        assert (other.log_likelihood == one.log_likelihood) or math.isnan(one.log_likelihood)


def test_the_forward_divergence_of_a_right_family_is_near_0():
    fit = fitted(rows("norm", size=1000), "norm", starts=0)
    assert abs(fit.forward.value) < 4 * fit.forward.standard_error


def test_a_likelihood_without_maximum_is_an_error():
    with pytest.raises(klcli.errors.InputError, match="has no maximum") as caught:
        fitted(rows("gamma", 0.5, size=100), "gamma", starts=0)
    assert "--fix loc=0" in caught.value.hint


def test_ends_that_move_have_no_standard_errors():
    fit = fitted(rows("uniform"), "uniform", starts=0)
    assert fit.error_method == "none"
    assert "end of the support" in fit.no_error
    assert all(math.isnan(each.standard_error) for each in fit.parameters)


def test_a_parameter_that_says_nothing_is_named():
    rng = np.random.default_rng(SEED)
    data = rng.uniform(-1, 1, 500)  # lighter tails than any t
    fit = fitted(data, "t", starts=0)
    assert [warning.code for warning in fit.warnings] == ["flat-optimum"]
    df, loc, scale = fit.parameters
    assert math.isnan(df.standard_error)
    assert (loc.value, scale.value) == pytest.approx((data.mean(), data.std()), rel=1e-3)
    assert loc.standard_error == pytest.approx(data.std() / math.sqrt(500), rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["norm", "gamma"])
def test_standard_errors_are_those_of_many_samples(name):
    rng = np.random.default_rng(SEED)
    fixed = {"gamma": {"loc": 0.0}}.get(name, {})
    # Laplace rows for the normal family, which is wrong for them.
    draw = {"norm": lambda: rng.laplace(0, 1, 400), "gamma": lambda: rng.gamma(2, 1, 400)}[name]
    fits = [fitted(draw(), name, fix=fixed, starts=0) for _ in range(300)]
    for position, parameter in enumerate(fits[0].parameters):
        if parameter.fixed:
            continue
        spread = np.std([fit.parameters[position].value for fit in fits])
        error = np.mean([fit.parameters[position].standard_error for fit in fits])
        assert error == pytest.approx(spread, rel=0.12)


class TestDivergenceOfAGoodFit:
    """D(P‖Q) of data near the fit is the estimate of `kl estimate DATA DIST`."""

    def test_it_is_that_estimate(self):
        data = np.random.default_rng(SEED).gamma(2, 1, 300)
        fit = klcli.fit(data, "gamma", objective="forward", fix={"loc": 0}, starts=0).fits[0]
        there = klcli.estimate(data, fit.expression, direction="forward", resamples=0).results[0]
        assert (fit.forward.value, fit.forward.standard_error) == (
            there.estimate, there.standard_error,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("family", "draw"),
        [
            ("bernoulli", lambda rng: (rng.random(500) < 0.3) * 1.0),
            ("geom", lambda rng: rng.geometric(0.05, 300) * 1.0),
            ("norm", lambda rng: rng.normal(0, 1, 300)),
        ],
    )
    def test_its_error_is_told(self, family, draw):
        """Of a truth of about 0.001, whatever is unseen of a geometric distribution."""
        data = draw(np.random.default_rng(SEED))
        found = klcli.fit(data, family, objective="forward", starts=0).fits[0].forward
        assert 1e-4 < found.standard_error < 0.02
        assert abs(found.value - 0.001) < 2 * found.standard_error

    def test_a_heavy_tail_makes_it_a_lower_bound(self):
        data = np.random.default_rng(SEED).standard_cauchy(500)
        found = klcli.fit(data, "norm", objective="forward", starts=0).fits[0].forward
        assert found.status == "lower-bound"
        assert "variance is infinite" in found.reason
