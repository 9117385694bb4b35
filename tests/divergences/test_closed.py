"""Closed forms against quadrature and summation, which know nothing of them; and their limits."""

from __future__ import annotations

import math
import re
from math import inf, log

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import special

from klcli.divergences.build import FAMILIES, distribution
from klcli.divergences.closed import PAIRS, closed_entropy, closed_form, forms
from klcli.divergences.closed_vector import VECTOR
from klcli.divergences.continuous import CONTINUOUS
from klcli.divergences.discrete import DISCRETE
from klcli.divergences.exact import exact
from klcli.divergences.familiar import FAMILIAR
from klcli.divergences.known import Known
from klcli.divergences.models import frozen, model
from klcli.divergences.quadrature import integrate
from klcli.divergences.summation import summed

#: Parameters that both sides must share for a closed form; singular ends other than 0, where
#: floats are too coarse for quadrature to 1e-10, are tested in `test_singular_ends`.
SHARED = {
    "binom": ("n",),
    "nbinom": ("n",),
    "logistic": ("scale",),
    "fisk": ("c",),
} | dict.fromkeys(("arcsine", "beta", "betaprime", "lomax", "powerlaw"), ("loc", "scale"))
ABOVE_ONE = {"beta": ("a", "b"), "powerlaw": ("a",)}
#: The rest have location families without a formula, for other loc.
ANY_LOC = {"norm", "laplace", "cauchy", "logistic", "gumbel_r", "gumbel_l", "loggamma", "vonmises"}
#: Of these, two parameters are ends in order; `test_pairs_of_other_families` has nested ones.
ENDED = {"loguniform", "reciprocal", "randint"}
NESTED = {"uniform", "loguniform", "reciprocal", "randint", "arcsine", "f"}
SETTINGS = settings(
    max_examples=2, deadline=None, derandomize=True, database=None,
    phases=[Phase.generate],  # a shrunk example tells no more here, and takes minutes
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)  # fmt: skip
MORE = settings(SETTINGS, max_examples=100)

unit = st.floats(0, 1)
#: Densities of scipy overflow far out; klcli.exact suppresses that, too.
QUIET = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def value(domain, at):
    """Return a parameter of a domain from a number between 0 and 1."""
    if "probability" in domain:
        return 0.05 + 0.9 * at
    if domain == "above 1":
        return 1.3 + 5 * at
    if domain == "count":
        return float(1 + round(30 * at))
    if domain == "nonzero":
        return math.copysign(0.3 + 4 * abs(2 * at - 1), 2 * at - 1)
    return 0.3 * 20**at  # 0.3 to 6


def one(name, numbers):
    family = FAMILIES[name]
    values = {
        shape: value(domain, at)
        for shape, domain, at in zip(family.shapes, family.domains, numbers[2:], strict=False)
    }
    for shape in ABOVE_ONE.get(name, ()):
        values[shape] += 1
    values["loc"] = float(round(4 * numbers[0])) if family.discrete else 4 * numbers[0] - 2
    if not family.discrete:
        values["scale"] = 1.0 if name == "vonmises" else 0.5 * 6 ** numbers[1]
    return values


def known(name, values):
    arguments = ", ".join(f"{key}={item!r}" for key, item in values.items())
    return distribution(f"{name}({arguments})")


def numeric(p, q):
    if p.kind == "discrete":
        return summed(model(p), model(q))
    if p.kind == "circular":
        return integrate(model(p), model(q), circular=True)
    shift = dict(p.values)["loc"]
    return integrate(model(p, shift), model(q, shift))


def check_pair(name, first, second):
    left, right = one(name, first), one(name, second)
    for shared in SHARED.get(name, ()):
        right[shared] = left[shared]
    if name not in ANY_LOC:
        right["loc"] = left["loc"]
    p, q = known(name, left), known(name, right)
    for one_, two in ((p, q), (q, p)):
        closed = closed_form(one_, two)
        assert closed is not None
        agrees(one_, two, closed)


def agrees(p, q, closed):
    if math.isinf(closed.value):
        assert closed.reason
        return
    if closed.value < 1e-6:
        return  # log-densities of scipy carry 1e-15: there are no ten digits
    found = numeric(p, q)
    if found.divergence.lower_bound:
        return  # scipy's density underflows, and that is said
    # Sums that fall like a power of k are extrapolated, and their bounds say how well.
    told = found.divergence.error if p.family == "zipf" else 0.0
    assert closed.value == pytest.approx(found.divergence.value, rel=1e-10, abs=told)
    assert closed.error < 1e-12 * max(1, closed.value)
    own = closed_entropy(p)
    assert own is not None
    told = found.entropy.error if p.family == "zipf" else 1e-10
    assert own[0] == pytest.approx(found.entropy.value, rel=1e-10, abs=told)


LINE_FAMILIES = sorted(set(CONTINUOUS) - NESTED)
COUNT_FAMILIES = sorted(set(DISCRETE) - NESTED)
four = st.tuples(unit, unit, unit, unit)


@QUIET
@pytest.mark.parametrize("name", LINE_FAMILIES + COUNT_FAMILIES)
@given(first=four, second=four)
@SETTINGS
def test_closed_forms_agree_with_quadrature_and_summation(name, first, second):
    check_pair(name, first, second)


@pytest.mark.slow
@QUIET
@pytest.mark.parametrize("name", LINE_FAMILIES + COUNT_FAMILIES)
@given(first=four, second=four)
@MORE
def test_closed_forms_agree_everywhere(name, first, second):
    check_pair(name, first, second)


MOVED = sorted(set(LINE_FAMILIES + COUNT_FAMILIES) - ANY_LOC)


def check_moved(name, first, second):
    """Supports that differ: infinite where Q lacks a part of P's, else right if it is known."""
    left, right = one(name, first), one(name, second)
    p, q = known(name, left), known(name, right)
    for one_, two in ((p, q), (q, p)):
        closed = closed_form(one_, two)
        (low, high), (bottom, top) = model(one_).support, model(two).support
        if low < bottom or high > top:
            assert closed is None or closed.value == inf
            found = exact(str_of(one_), str_of(two), direction="forward").results[0]
            assert found.value == inf
            assert "P has mass where Q has none" in found.reason
        elif closed is not None:
            agrees(one_, two, closed)


@QUIET
@pytest.mark.parametrize("name", ["expon", "gamma", "poisson"])
@given(first=four, second=four)
@SETTINGS
def test_unequal_supports(name, first, second):
    check_moved(name, first, second)


@pytest.mark.slow
@QUIET
@pytest.mark.parametrize("name", sorted({*MOVED, *NESTED} - ENDED))
@given(first=four, second=four)
@settings(SETTINGS, max_examples=25)
def test_unequal_supports_everywhere(name, first, second):
    check_moved(name, first, second)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        # Equal scales on other parameters, nested supports.
        ("uniform(0.5, 2)", "uniform(0, 3)"), ("loguniform(2, 3)", "loguniform(1, 5)"),
        ("randint(2, 5)", "randint(0, 9)"), ("reciprocal(2, 3)", "loguniform(1, 5)"),
        ("f(4, 6)", "f(4, 6, scale=1)"), ("f(4, 6)", "betaprime(3, 2, scale=1.5)"),
        ("expon(2, 3)", "expon(1, 4)"), ("pareto(3, scale=2)", "pareto(2, scale=1.5)"),
        ("powerlaw(2, scale=1)", "powerlaw(3, scale=1.5)"), ("lomax(2)", "lomax(3)"),
        # Other families of one form.
        ("gamma(2)", "weibull_min(1.5)"), ("rayleigh()", "maxwell()"), ("chi2(3)", "expon()"),
        ("gamma(3)", "invgamma(2)"), ("halfnorm()", "nakagami(2)"), ("levy()", "invgamma(2)"),
        ("lognorm(0.7)", "gamma(2)"), ("gamma(2)", "lognorm(0.7)"), ("norm(1)", "gumbel_r()"),
        ("gumbel_l()", "norm(0, 2)"), ("laplace(1, 2)", "norm()"), ("norm(1, 2)", "laplace()"),
        ("norm(-3, 2)", "loggamma(2)"), ("gumbel_r()", "gumbel_l()"), ("levy_l()", "levy_l(0, 2)"),
        ("wald()", "invgauss(2)"), ("gibrat()", "lognorm(2)"), ("uniform()", "beta(2, 3)"),
        ("arcsine(2, 1)", "arcsine(2, 1)"), ("geom(0.3)", "planck(0.5, loc=1)"),
        ("bernoulli(0.3)", "binom(1, 0.4)"), ("recipinvgauss(1)", "recipinvgauss(2)"),
        # By moments.
        ("logistic(1, 2)", "norm(0, 3)"), ("gamma(2)", "norm(1, 3)"), ("beta(2, 3)", "norm()"),
        ("uniform()", "norm()"), ("lognorm(0.5)", "norm(1, 2)"), ("pareto(3)", "norm()"),
        ("invgauss(2)", "norm()"), ("loguniform(1, 4)", "norm()"), ("weibull_min(2)", "norm()"),
        ("pareto(3)", "expon(0.5)"), ("uniform(1, 2)", "expon()"), ("lognorm(1)", "expon(0, 2)"),
        ("invgamma(2)", "expon()"), ("beta(2, 3)", "expon()"), ("gamma(2, 1)", "expon()"),
    ],
)  # fmt: skip
@QUIET
def test_pairs_of_other_families_agree_with_quadrature(p, q):
    first, second = distribution(p), distribution(q)
    closed = closed_form(first, second)
    assert closed is not None
    found = numeric(first, second).divergence
    assert closed.value == pytest.approx(found.value, rel=1e-10, abs=1e-15)
    assert found.error < 1e-9


@pytest.mark.parametrize(
    ("p", "q", "value"),
    [
        # Distributions that near a normal one, at the divergence of the next term of the series.
        ("gamma(1e6, -1000, 0.001)", "norm(0, 1)", 1 / 3e6),
        ("gamma(4e8, -20000, 5e-5)", "norm(0, 1)", 1 / 1.2e9),
        ("lognorm(1e-4, -10000, 10000)", "norm(0, 1)", 8.75e-9),
    ],
)
def test_formulas_that_cancel_give_way_to_quadrature(p, q, value):
    """Moments and entropy of a gamma variable of shape 10⁶ leave no digit of the difference."""
    found = exact(p, q, direction="forward").results[0]
    assert found.value == pytest.approx(value, rel=1e-3)
    assert abs(found.value - value) <= found.error_bound + 1e-3 * value


def test_the_error_of_an_entropy_that_cancels_is_told():
    value, error = closed_entropy(distribution("gamma(1e7)"))
    assert abs(value - (0.5 * log(2 * math.pi * math.e * 1e7) - 1 / 3e7)) < error
    assert 1e-9 < error < 1e-6


def test_a_tail_that_outweighs_laplace_is_infinite():
    """Whose density underflows, in SciPy also its log."""
    for text in ("laplace()", "laplace(0.1, 3)"):
        found = exact("cauchy()", text, direction="forward").results[0]
        assert found.status == "infinite"
    assert model(distribution("laplace(1, 2)")).log(np.array([3001.0])) == [-1500 - log(4)]


def test_every_formula_of_numbers_is_tried_above():
    groups = {group for pair in PAIRS for group in pair}
    tried = [known(name, one(name, (0.5,) * 4)) for name in FAMILIES if name not in NESTED]
    tried += [distribution(text) for text in ("uniform()", "randint(0, 3)")]
    assert groups == {form.group for side in tried for form in forms(side)}


def test_at_least_25_families_have_a_closed_form():
    assert len(LINE_FAMILIES) + len(COUNT_FAMILIES) + len(VECTOR) >= 50


@pytest.mark.parametrize("name", sorted({*CONTINUOUS, *DISCRETE} - NESTED))
def test_no_difference_is_exactly_0(name):
    p = known(name, one(name, (0.3, 0.6, 0.4, 0.8)))
    assert closed_form(p, p).value == 0
    assert exact_value(p, p) == 0


def exact_value(p, q):
    return exact(str_of(p), str_of(q), direction="forward").results[0].value


def str_of(side: Known) -> str:
    return f"{side.family}({', '.join(f'{name}={item!r}' for name, item in side.values)})"


@pytest.mark.parametrize(
    ("p", "q", "truth"),
    [
        # ½·δ², to the last digit where the plain formula has none left.
        ("norm(0, 1)", "norm(1e-9, 1)", 0.5e-18),
        ("norm(0, 1)", "norm(1e8, 1)", 0.5e16),
        # Second-order terms: ½·Fisher information·δ².
        ("norm(0, 1)", "norm(0, 1.0000001)", 1e-14),
        ("expon(0, 1)", "expon(0, 1.0000001)", 0.5e-14),
        ("poisson(3)", "poisson(3.0000003)", 0.5 * 9e-14 / 3),
        ("binom(10, 0.5)", "binom(10, 0.5000001)", 0.5 * 1e-14 * 40),
        ("gamma(1e6)", "gamma(1000001)", 0.5 * special.polygamma(1, 1e6)),
        ("laplace(0, 1)", "laplace(1e-7, 1)", 0.5e-14),
        ("cauchy(0, 1)", "cauchy(1e-7, 1)", 0.25e-14),
        ("logistic(0, 1)", "logistic(1e-7, 1)", 1e-14 / 6),
        ("vonmises(2)", "vonmises(2, 1e-7)", 0.5e-14 * 2 * special.ive(1, 2) / special.ive(0, 2)),
    ],
)
def test_small_and_large_differences_keep_their_digits(p, q, truth):
    found = closed_form(distribution(p), distribution(q))
    assert found.value == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize(
    ("p", "q", "truth"),
    [
        # Cover & Thomas (2006), example 2.3.1: D(p‖q) of bits with r = 1/2, s = 1/4, in bits.
        ("bernoulli(0.5)", "bernoulli(0.25)", (1 - 0.5 * math.log2(3)) * log(2)),
        ("bernoulli(0.25)", "bernoulli(0.5)", (0.75 * math.log2(3) - 1) * log(2)),
        # Kullback (1959): normal with mean shift and with other variance.
        ("norm(0, 1)", "norm(1, 2)", log(2) - 0.25),
        ("norm(1, 2)", "norm(0, 1)", 2 - log(2)),
        # Gil, Alajaji & Linder (2013), table 2.
        ("expon(0, 1)", "expon(0, 0.5)", 1 - log(2)),
        ("laplace(0, 1)", "laplace(1, 1)", math.exp(-1)),
        ("weibull_min(2, 0, 1)", "weibull_min(1, 0, 1)",
         log(2) - np.euler_gamma / 2 + special.gamma(1.5) - 1),
        ("pareto(1)", "pareto(2)", 1 - log(2)),
        ("uniform(0, 1)", "uniform(0, 2)", log(2)),
        # Chyzak & Nielsen (2019), theorem 1.
        ("cauchy(0, 1)", "cauchy(0, 3)", log(16 / 12)),
        ("poisson(1)", "poisson(2)", 1 - log(2)),
        ("geom(0.5)", "geom(0.25)", 2 * (log(2) + 0.5 * log(2 / 3) - 0.5 * log(2))),
        ("dirichlet([1, 1, 1])", "dirichlet([1, 1, 2])", 1.5 - log(3)),
        ("categorical(0.5, 0.25, 0.25)", "categorical(0.25, 0.25, 0.5)", 0.25 * log(2)),
        ("multinomial(4, [0.5, 0.5])", "multinomial(4, [0.25, 0.75])", 2 * log(4 / 3)),
        ("multivariate_normal([0, 0], [[1, 0], [0, 1]])",
         "multivariate_normal([1, 1], [[2, 0], [0, 2]])", 0.5 * (1 + 1 - 2 + 2 * log(2))),
        ("multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])",
         "multivariate_normal([0, 0], [[1, 0], [0, 1]])", -0.5 * log(0.75)),
    ],
)  # fmt: skip
def test_published_values(p, q, truth):
    assert closed_form(distribution(p), distribution(q)).value == pytest.approx(truth, rel=1e-14)


@pytest.mark.parametrize(
    ("p", "q", "reason"),
    [
        ("norm()", "expon()", "P lies on (-inf, inf), Q on (0, inf)"),
        ("expon()", "expon(1)", "below Q's lower end"),
        ("uniform(0, 2)", "uniform(0, 1)", "outside Q's interval"),
        ("gamma(2)", "gamma(2, 1)", "P lies on (0, inf), Q on (1, inf)"),
        ("pareto(2)", "norm()", "P's variance is infinite"),
        ("pareto(1)", "expon()", "P's mean is infinite"),
        ("gamma(0.5)", "invgamma(1)", "Q's density falls too fast"),
        ("bernoulli(0.5)", "bernoulli(0)", "at values that Q never takes"),
        ("bernoulli(0.5)", "bernoulli(1)", "at values that Q never takes"),
        ("poisson(1)", "poisson(0)", "at values that Q never takes"),
        ("randint(0, 3)", "randint(1, 3)", "at values that Q never takes"),
        ("categorical(0.5, 0.5)", "categorical(1, 0)", "in 1, which hold 0.5 of P"),
        ("categorical(a=0.5, b=0.5)", "categorical(a=1)", "in 'b', which hold 0.5 of P"),
        ("multinomial(2, [0.5, 0.5])", "multinomial(3, [0.5, 0.5])", "numbers of draws differ"),
        ("norm(0, 1000)", "gumbel_l()", "exceeds the largest number"),
    ],
)
def test_infinite_with_the_reason(p, q, reason):
    found = closed_form(distribution(p), distribution(q))
    assert found.value == inf
    assert reason in found.reason


@pytest.mark.parametrize(
    ("p", "q", "truth"),
    [
        ("bernoulli(0)", "bernoulli(0.25)", -log(0.75)),
        ("bernoulli(1)", "bernoulli(0.25)", log(4)),
        ("bernoulli(1)", "bernoulli(1)", 0),
        ("poisson(0)", "poisson(2)", 2),
        ("poisson(0)", "poisson(0)", 0),
        ("geom(1)", "geom(0.5)", log(2)),
        ("categorical(1, 0)", "categorical(0.5, 0.5)", log(2)),
        ("categorical(b=1)", "categorical(a=0.5, b=0.5)", log(2)),
        ("vonmises(0)", "vonmises(1)", log(special.i0(1))),
        ("vonmises(1e5)", "vonmises(1e5, 0.001)", 1e5 * 0.5e-6),
    ],
)
def test_at_the_edge_of_the_domain(p, q, truth):
    assert closed_form(distribution(p), distribution(q)).value == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize("name", sorted(FAMILIAR))
def test_formulas_in_own_parameters_say_what_is_computed(name):
    p = known(name, {**one(name, (0.5, 0.2, 0.3, 0.6)), "loc": 0.0})
    q = known(name, {**one(name, (0.5, 0.1, 0.7, 0.4)), "loc": 0.0})
    found = closed_form(p, q)
    assert found.formula == FAMILIAR[name][0]
    text = found.formula.replace("·", "*").replace("−", "-").replace("²", "**2").replace("^", "**")
    text = text.replace("log Γ", "loggamma").replace("Γ", "gamma").replace("γ", "euler")
    names = {"log": log, "loggamma": math.lgamma, "gamma": math.gamma, "ψ": special.digamma}
    names |= {f"{key}1": item for key, item in p.values} | {f"{key}2": i for key, i in q.values}
    told = eval(re.sub(r"\s+", " ", text), {**names, "euler": np.euler_gamma})
    assert found.value == pytest.approx(told, rel=1e-12)
    assert found.source


matrices = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(
    lambda x: np.array(x).reshape(2, 2) @ np.array(x).reshape(2, 2).T + 0.3 * np.eye(2)
)


def written(matrix):
    return np.round(matrix, 6).tolist()


@given(a=matrices, b=matrices, shift=st.floats(-2, 2), df=st.floats(1.5, 9))
@settings(SETTINGS, max_examples=25)
def test_matrices_split_into_parts_that_do_not_depend_on_the_axes(a, b, shift, df):
    """The divergence does not change if both sides are rotated and scaled."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) * 2.5
    for before, after, centre in (
        ((a, b), (turn @ a @ turn.T, turn @ b @ turn.T), turn @ [shift, 1.0]),
    ):
        plain = normal([shift, 1.0], before[0]), normal([0, 0], before[1])
        turned = normal(centre, after[0]), normal([0, 0], after[1])
        assert closed_form(*turned).value == pytest.approx(closed_form(*plain).value, rel=1e-9)
        for family in ("wishart", "invwishart"):
            p, q = (matrix(family, df + k, x) for k, x in enumerate(before))
            r, s = (matrix(family, df + k, x) for k, x in enumerate(after))
            assert closed_form(r, s).value == pytest.approx(closed_form(p, q).value, rel=1e-9)
            assert closed_form(p, q).value >= 0
        # A Wishart matrix and its inverse are as far apart.
        inverse = [np.linalg.inv(x) for x in before]
        own = closed_form(*(matrix("wishart", df + k, x) for k, x in enumerate(before)))
        other = closed_form(*(matrix("invwishart", df + k, x) for k, x in enumerate(inverse)))
        assert other.value == pytest.approx(own.value, rel=1e-9)


def normal(mean, cov):
    cov = (cov + cov.T) / 2
    values = tuple(map(float, mean)), tuple(tuple(map(float, row)) for row in cov)
    return Known("multivariate_normal", (("mean", values[0]), ("cov", values[1])), "vector", 2)


def matrix(family, df, scale):
    scale = (scale + scale.T) / 2
    rows = tuple(tuple(map(float, row)) for row in scale)
    return Known(family, (("df", df), ("scale", rows)), "matrix", 2)


def test_one_dimension_is_the_family_of_numbers():
    """normal, gamma, inverse gamma, beta and binomial as vectors and matrices of one number."""
    for vectors, numbers in (
        (("multivariate_normal(1, 4)", "multivariate_normal(0, 1)"), ("norm(1, 2)", "norm(0, 1)")),
        (("wishart(3, 2)", "wishart(5, 1)"), ("gamma(1.5, 0, 4)", "gamma(2.5, 0, 2)")),
        (
            ("invwishart(3, 2)", "invwishart(5, 1)"),
            ("invgamma(1.5, 0, 1)", "invgamma(2.5, 0, 0.5)"),
        ),
        (("dirichlet([2, 3])", "dirichlet([1, 4])"), ("beta(2, 3)", "beta(1, 4)")),
        (
            ("multinomial(5, [0.3, 0.7])", "multinomial(5, [0.6, 0.4])"),
            ("binom(5, 0.3)", "binom(5, 0.6)"),
        ),
        (("categorical(0.3, 0.7)", "categorical(0.6, 0.4)"), ("bernoulli(0.7)", "bernoulli(0.4)")),
    ):
        one_, other = map(distribution, vectors), map(distribution, numbers)
        (p, q), (r, s) = one_, other
        assert closed_form(p, q).value == pytest.approx(closed_form(r, s).value, rel=1e-12)
        assert closed_entropy(p)[0] == pytest.approx(closed_entropy(r)[0], rel=1e-12)


def test_entropies_of_vectors_are_those_of_scipy():
    for text in (
        "wishart(4.5, [[2, 0.5], [0.5, 1]])", "multinomial(7, [0.2, 0.3, 0.5])",
        "dirichlet([0.5, 2, 3])", "multivariate_normal([0, 0], [[2, 0.5], [0.5, 1]])",
        "multivariate_t([0, 0], [[2, 0.5], [0.5, 1]], 4)",
    ):  # fmt: skip
        side = distribution(text)
        assert closed_entropy(side)[0] == pytest.approx(float(frozen(side).entropy()), rel=1e-10)


def test_entropy_of_inverse_wishart_matrices():
    """X and its inverse: h(X⁻¹) = h(X) − (d + 1)·E log|X|. SciPy 1.17 has another number."""
    side = distribution("wishart(4.5, [[2, 0.5], [0.5, 1]])")
    inverse = np.linalg.inv([[2, 0.5], [0.5, 1]]).tolist()
    logdet = special.digamma(4.5 / 2) + special.digamma(3.5 / 2) + log(4 * 1.75)
    found = closed_entropy(distribution(f"invwishart(4.5, {inverse})"))[0]
    assert found == pytest.approx(closed_entropy(side)[0] - 3 * logdet, rel=1e-12)
