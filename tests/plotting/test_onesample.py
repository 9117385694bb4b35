from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import klcli
from klcli.errors import UsageError
from klcli.plotting.report import Role

SEED = 20261127_31


def data(n: int = 1500) -> np.ndarray:
    return np.random.default_rng(SEED).normal(0.3, 1, n)


CASES = {
    "continuous": (data(), "norm(0, 1)"),
    "known first": ("norm(0, 1)", data()),
    "whole numbers": (np.random.default_rng(SEED).poisson(4, 800), "poisson(5)"),
    "rounded": (data(500).round(1), "norm(0, 1)"),
    "logarithmic": (np.exp(2 * data(800)), "lognorm(1.5)"),
    "categories": (
        pl.DataFrame({"c": list("aabbbcd") * 30}), "categorical(a=0.3, b=0.4, c=0.2, d=0.1)",
    ),
    "beyond": (np.random.default_rng(SEED).exponential(1, 500), "uniform(0, 1)"),
    "fitted": (data(), "norm(?, ?)"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_estimates_are_those_of_kl_estimate_and_parts_add_up(name):
    p, q = CASES[name]
    expected = klcli.estimate(p, q, resamples=0).results
    (panel,) = klcli.plot(p, q, direction="both", resamples=0).panels
    assert [each.estimate for each in panel.answers] == [each.estimate for each in expected]
    for each in panel.answers:
        total = panel.cells[-1].total(each.direction)
        assert total == pytest.approx(each.finite_estimate, abs=1e-9)
    for side in ("share_p", "share_q"):
        assert sum(getattr(cell, side) for cell in panel.cells) == pytest.approx(1, abs=1e-6)


def test_the_known_density_is_exact_and_the_log_ratio_a_line_in_its_band():
    (panel,) = klcli.plot(data(), "norm(0, 1)", resamples=0).panels
    inside = [cell for cell in panel.cells if cell.role == Role.INTERVAL]
    middles = [(cell.lower + cell.upper) / 2 for cell in inside]
    assert [cell.density_q for cell in inside] == pytest.approx(stats.norm.pdf(middles))
    known = [
        cell.log_ratio_low < 0.3 * middle - 0.045 < cell.log_ratio_high
        for cell, middle in zip(inside, middles, strict=True)
        if not math.isnan(cell.log_ratio)
    ]
    assert np.mean(known) > 0.8


def test_the_other_way_round_everything_is_turned():
    (one,) = klcli.plot(data(), "norm(0, 1)", direction="both", resamples=0).panels
    (other,) = klcli.plot("norm(0, 1)", data(), direction="both", resamples=0).panels
    for first, second in zip(one.cells, other.cells, strict=True):
        assert (first.share_p, first.forward) == (second.share_q, second.reverse)
        assert first.log_ratio == pytest.approx(-second.log_ratio, nan_ok=True)
        assert second.log_ratio_low <= second.log_ratio_high or math.isnan(second.log_ratio_low)


def test_rows_that_the_distribution_cannot_have_are_told():
    p, q = CASES["beyond"]
    (panel,) = klcli.plot(p, q, resamples=0).panels
    assert panel.cells[-1].label == "(never in Q)"
    assert panel.cells[-1].share_p == pytest.approx(np.mean(p > 1))
    assert panel.answers[0].status == "infinite"


@pytest.mark.parametrize("option", [{"joint": True}, {"bins": 9}, {"max_rows": 9}])
def test_what_means_nothing_is_refused(option):
    with pytest.raises(UsageError):
        klcli.plot(data(50), "norm(0, 1)", **option)
