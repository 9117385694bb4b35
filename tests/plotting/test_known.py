from __future__ import annotations

import math

import pytest
from scipy import stats

import klcli
from klcli.errors import UsageError
from klcli.plotting.report import Role

PAIRS = [
    ("norm(0, 1)", "norm(1, 2)"),
    ("norm(0, 1)", "t(3)"),
    ("0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)", "norm(0, 2)"),
    ("uniform(0, 1)", "beta(2, 2)"),
    ("lognorm(1)", "gamma(2)"),
    ("vonmises(1)", "vonmises(2)"),
    ("binom(10, 0.3)", "binom(10, 0.5)"),
    ("poisson(1000)", "poisson(1010)"),
    ("categorical(a=0.2, b=0.8)", "categorical(a=0.5, b=0.5)"),
]


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_parts_add_up_to_what_kl_exact_says(p, q):
    exact = klcli.exact(p, q).results
    (panel,) = klcli.plot(p, q, direction="both").panels
    for answer, result in zip(panel.answers, exact, strict=True):
        assert answer.estimate == result.value
        assert panel.cells[-1].total(answer.direction) == pytest.approx(result.value, rel=1e-9)
    for side in ("share_p", "share_q"):
        assert sum(getattr(cell, side) for cell in panel.cells) == pytest.approx(1, abs=1e-6)


def test_densities_and_log_ratio_are_exact():
    (panel,) = klcli.plot("norm(0, 1)", "t(3)").panels
    for cell in panel.cells:
        if cell.role == Role.INTERVAL:
            middle = (cell.lower + cell.upper) / 2
            assert cell.density_p == pytest.approx(stats.norm.pdf(middle))
            truth = stats.norm.logpdf(middle) - stats.t.logpdf(middle, 3)
            assert cell.log_ratio == pytest.approx(truth, abs=1e-12)


def test_a_part_is_the_integral_over_its_cell():
    (panel,) = klcli.plot("norm(0, 1)", "norm(1, 1)").panels
    cell = next(each for each in panel.cells if each.lower == 0)
    # log p/q = 1/2 − x, whose integral under φ is ½ΔΦ + Δφ.
    truth = 0.5 * (stats.norm.cdf(cell.upper) - 0.5)
    truth += stats.norm.pdf(cell.upper) - stats.norm.pdf(0)
    assert cell.forward == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize(
    ("p", "q", "roles"),
    [
        ("norm(0, 1)", "uniform(-1, 2)", {Role.BELOW, Role.ABOVE, Role.INTERVAL}),
        ("expon(0, 1)", "uniform(0, 1)", {Role.ABOVE, Role.INTERVAL}),
        ("cauchy(0, 1)", "norm(0, 1)", {Role.BELOW, Role.ABOVE}),
        ("poisson(3)", "binom(4, 0.5)", {Role.INTERVAL, Role.ABOVE}),
    ],
)
def test_what_is_infinite_is_marked_where_it_is(p, q, roles):
    (panel,) = klcli.plot(p, q).panels
    infinite = {cell.role for cell in panel.cells if math.isinf(cell.forward)}
    assert panel.answers[0].status == "infinite"
    assert infinite == roles
    assert math.isfinite(panel.cells[-1].forward_sum)
    assert panel.answers[0].finite_estimate == panel.cells[-1].forward_sum


def test_categories_beyond_the_top_are_together():
    names = [f"k{number}" for number in range(20)]
    p = f"categorical({', '.join(f'{name}=0.05' for name in names)})"
    q = p.replace("k0=0.05", "k0=0.09").replace("k1=0.05", "k1=0.01")
    (panel,) = klcli.plot(p, q, top=3, direction="both").panels
    assert [cell.label for cell in panel.cells] == ["k0", "k1", "k2", "(17 others)"]
    assert panel.cells[-1].share_p == pytest.approx(0.85)


def test_a_long_tail_of_whole_numbers_is_drawn():
    (panel,) = klcli.plot("zipf(2.5)", "zipf(3)").panels
    assert panel.cells[-1].forward_sum == pytest.approx(panel.answers[0].estimate, rel=1e-6)


@pytest.mark.parametrize("option", [{"column": ["x"]}, {"joint": True}, {"bins": 10}, {"most": 2}])
def test_options_about_data_are_refused(option):
    with pytest.raises(UsageError, match="two known distributions"):
        klcli.plot("norm(0, 1)", "t(3)", **option)


def test_vectors_are_refused():
    one = "multivariate_normal([0, 0], [[1, 0], [0, 1]])"
    with pytest.raises(UsageError, match="one axis"):
        klcli.plot(one, one)
