"""Estimates of every divergence: against the truth, and what they must not depend on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measures.truths import truth
from pairs import PAIRS

import klcli

NAMED = {pair.name: pair for pair in PAIRS}
NUMBERS = ("jeffreys", "js", "hellinger", "tv", "renyi:0.5", "wasserstein", "energy", "ks")
CASES = {
    "normal, shift": NUMBERS,
    "exponential, rate 1.5 and 1": (*NUMBERS, "chi2", "renyi:2"),
    "beta": NUMBERS,
    "poisson": (*NUMBERS, "chi2"),
    "letters": ("jeffreys", "js", "hellinger", "tv", "chi2", "renyi:0.5", "renyi:2"),
}


def results(p, q, *names, **options):
    report = klcli.estimate(p, q, divergence=names, direction="forward", **options)
    return {result.divergence: result for result in report.results}


@pytest.mark.parametrize("name", CASES)
def test_truth(name):
    pair = NAMED[name]
    rng = np.random.default_rng([57721566490153286, len(name)])
    p, q = pair.sample_p(rng, 4000), pair.sample_q(rng, 6000)
    if pair.kind == "categorical":
        p, q = {"x": p.astype(int).astype(str)}, {"x": q.astype(int).astype(str)}
    options = {"categorical": ["x"]} if pair.kind == "categorical" else {}
    for label, result in results(p, q, *CASES[name], resamples=99, **options).items():
        expected = truth(pair, label)
        assert abs(result.finite_estimate - expected) < 4 * result.standard_error, label
        assert result.ci_low <= result.estimate <= result.ci_high
        assert result.p_value == pytest.approx(0.01)
        assert 0 < result.noise_floor < result.estimate


@pytest.fixture(scope="module")
def same():
    rng = np.random.default_rng(141421356237309505)
    return results(rng.normal(size=700), rng.normal(size=900), "all", resamples=99)


def test_no_difference(same):
    assert len(same) == 12
    for result in same.values():
        assert result.ci_low == 0
        assert result.p_value > 0.05
        assert abs(result.estimate) < result.ci_high < 0.3
        assert result.status == "ok"


def test_intervals_are_in_order(same):
    # Pinsker, Le Cam, and what holds for distribution functions.
    assert same["js"].ci_high < math.log(2)
    assert same["ks"].ci_high < same["tv"].ci_high * 1.2
    assert same["hellinger"].ci_high ** 2 < same["jeffreys"].ci_high


@pytest.mark.parametrize("change", [np.exp, lambda x: 3 * x**3 - 7])
def test_monotone_maps_change_no_f_divergence(change):
    rng = np.random.default_rng(223606797749978969)
    p, q = rng.normal(0, 1, 400), rng.normal(0.4, 1.2, 500)
    names = ("js", "hellinger", "tv", "chi2", "renyi:2", "ks", "psi")
    before, after = (
        results(*sides, *names, resamples=19) for sides in ((p, q), (change(p), change(q)))
    )
    for name in names:
        for field in ("estimate", "ci_low", "ci_high", "p_value"):
            assert getattr(after[name], field) == pytest.approx(
                getattr(before[name], field), rel=1e-9, abs=1e-12
            ), name


def test_scale():
    rng = np.random.default_rng(264575131106459059)
    p, q = rng.gamma(2, 1, 400), rng.gamma(2.5, 1, 500)
    names = ("wasserstein", "energy")
    before = results(p, q, *names, resamples=19)
    after = results(1000 * p + 5, 1000 * q + 5, *names, resamples=19)
    for name, factor in zip(names, (1000, math.sqrt(1000)), strict=True):
        for field in ("estimate", "ci_low", "ci_high"):
            assert getattr(after[name], field) == pytest.approx(
                factor * getattr(before[name], field), rel=1e-6
            )


def test_exchanging_p_and_q():
    rng = np.random.default_rng(331662479035539984)
    p, q = rng.normal(0, 1, 500), rng.normal(0.5, 1, 700)
    one, other = (
        klcli.estimate(*sides, divergence=["all"], resamples=19).results
        for sides in ((p, q), (q, p))
    )
    turned = {"forward": "reverse", "reverse": "forward", "symmetric": "symmetric"}
    mirror = {(each.divergence, turned[each.direction]): each for each in other}
    for each in one:
        if each.divergence == "psi":  # whose bins are those of Q
            continue
        same = mirror[each.divergence, each.direction]
        # Samples are drawn anew for distances.
        assert same.estimate == pytest.approx(each.estimate, rel=0.02), each.divergence
        assert same.ci_high == pytest.approx(each.ci_high, rel=0.05), each.divergence


def test_the_observed_distance_is_that_of_scipy():
    from scipy import stats

    rng = np.random.default_rng(360555127546398929)
    for p, q in (
        (rng.normal(size=300), rng.normal(0.3, 2, size=250)),
        (rng.poisson(3, 400) * 1.0, rng.poisson(4, 300) * 1.0),
        (rng.standard_t(5, 9000), rng.normal(size=7000)),  # more values than cells
    ):
        found = results(p, q, "wasserstein", "energy", "ks", resamples=9)
        expected = {
            "wasserstein": stats.wasserstein_distance(p, q),
            "energy": stats.energy_distance(p, q),
            "ks": stats.ks_2samp(p, q).statistic,
        }
        for name, value in expected.items():
            shown = float(found[name].reason.split()[0])
            # Exact but for its four digits; what cells with several values hide is below 1 % of
            # the interval.
            hidden = 0.01 * (found[name].ci_high - found[name].ci_low) * (len(p) > 4096)
            assert shown == pytest.approx(value, abs=hidden, rel=6e-4), name


def test_psi_is_what_its_bins_say():
    p = np.repeat([0.5, 1.5, 2.5], [200, 300, 500])
    q = np.repeat([0.5, 1.5, 2.5], [300, 400, 300])
    result = results(p, q, "psi:1,2", resamples=19)["psi:1,2"]
    share_p, share_q = np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.4, 0.3])
    plain = float((share_p - share_q) @ np.log(share_p / share_q))
    assert f"the plain sum is {plain:.4g} nats" in result.reason
    assert result.estimate == pytest.approx(plain - 2 * (1 / 1000 + 1 / 1000), abs=1e-3)


def test_an_empty_bin_is_infinite_and_named():
    p, q = np.linspace(0, 1, 200), np.linspace(0, 2, 200)
    result = results(p, q, "psi", resamples=19)["psi"]
    assert result.status == "infinite"
    assert result.estimate == math.inf
    assert math.isfinite(result.finite_estimate)
    assert result.ci_high == math.inf
    assert "empty-bins" in {each.code for each in result.warnings}
