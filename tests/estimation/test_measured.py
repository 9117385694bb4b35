"""Divergences of columns of every kind, with every option that they meet."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import polars as pl
import pytest

import klcli
from klcli.errors import UsageError
from klcli.results import plain

RNG = np.random.default_rng(2718281828459045235)


@pytest.fixture(autouse=True)
def fresh():
    """Let each test draw the same rows, whichever ran before it."""
    RNG.bit_generator.state = START


START = RNG.bit_generator.state
FINITE = ("js", "hellinger", "tv", "renyi:0.5")


def found(p, q, *names, **options):
    options = {"resamples": 19} | options
    report = klcli.estimate(p, q, divergence=names or ("all",), **options)
    return {(each.divergence, each.direction): each for each in report.results}


def codes(result):
    return {each.code for each in result.warnings}


def test_kl_is_the_same_beside_others():
    p, q = RNG.normal(size=300), RNG.normal(0.5, size=300)
    alone = klcli.estimate(p, q, resamples=19).results
    beside = [each for each in found(p, q).values() if each.divergence == "kl"]
    assert [plain(asdict(each)) for each in alone] == [plain(asdict(each)) for each in beside]


def test_directions():
    p, q = RNG.normal(size=200), RNG.normal(size=200)
    both = [*found(p, q, "chi2", "js", "reverse")]
    assert both == [
        ("chi2", "forward"), ("chi2", "reverse"), ("js", "symmetric"), ("kl", "reverse"),
    ]  # fmt: skip
    assert [*found(p, q, "chi2", "js", direction="reverse")] == [
        ("chi2", "reverse"), ("js", "symmetric"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="D\\(Q‖P\\)"):
        found(p, q, "reverse", direction="forward")


def test_disjoint_samples():
    results = found(RNG.uniform(0, 1, 400), RNG.uniform(2, 3, 400))
    assert results["js", "symmetric"].estimate > 0.85 * math.log(2)
    assert results["js", "symmetric"].ci_high == pytest.approx(math.log(2))
    assert results["tv", "symmetric"].estimate > 0.95
    # 400 rows without one of the other side leave room for a few in a thousand.
    assert 0.97 < results["tv", "symmetric"].ci_low < 0.995
    assert 0.8 < results["hellinger", "symmetric"].estimate <= 1
    assert results["ks", "symmetric"].estimate == pytest.approx(1, abs=0.02)
    assert results["wasserstein", "symmetric"].estimate == pytest.approx(2, abs=0.1)
    for name in (("jeffreys", "symmetric"), ("chi2", "forward"), ("renyi:2", "reverse")):
        assert results[name].status == "lower-bound"
        assert results[name].ci_high == math.inf
        assert results[name].estimate >= results[name].ci_low > 0


def test_tails_that_rule_a_divergence_are_named():
    # Var_Q[p/q] is finite, but E_Q[(p/q)²] is what chi2 needs twice over.
    p, q = RNG.normal(0, 1.35, 3000), RNG.normal(0, 1, 3000)
    results = found(p, q)
    assert results["chi2", "forward"].status == "lower-bound"
    assert "heavy-tail" in codes(results["chi2", "forward"])
    for name in FINITE:
        assert results[name, "symmetric"].status == "ok"


def test_categories_that_one_side_lacks():
    p = {"x": ["a"] * 500 + ["b"] * 400 + ["c"] * 100}
    q = {"x": ["a"] * 600 + ["b"] * 600}
    results = found(p, q)
    for name in (
        ("kl", "forward"), ("jeffreys", "symmetric"), ("chi2", "forward"), ("renyi:2", "forward"),
        ("psi", "symmetric"),
    ):  # fmt: skip
        assert results[name].status == "infinite"
        assert results[name].estimate == math.inf
        assert math.isfinite(results[name].finite_estimate)
    for name in (
        ("kl", "reverse"), ("chi2", "reverse"), ("renyi:2", "reverse"),
        *((each, "symmetric") for each in FINITE),
    ):  # fmt: skip
        assert results[name].status == "ok"
        assert 0 < results[name].ci_low < results[name].estimate < results[name].ci_high
    for name in ("wasserstein", "energy", "ks"):
        result = results[name, "symmetric"]
        assert result.status == "undefined"
        assert "not-applicable" in codes(result)
        assert math.isnan(result.estimate)


def test_what_no_column_can_have_is_refused():
    with pytest.raises(UsageError, match="no order and no distance"):
        found({"x": ["a", "b"] * 30}, {"x": ["a", "b"] * 40}, "wasserstein")


def test_missing_values_are_a_cell_of_their_own_where_there_is_one():
    p, q = RNG.normal(size=500), RNG.normal(size=500)
    p[:150] = np.nan
    results = found(p, q)
    for name in ("js", "hellinger", "tv"):
        assert results[name, "symmetric"].ci_low > 0
    assert results["tv", "symmetric"].estimate == pytest.approx(0.3, abs=0.06)
    # Q has no missing value at all, which makes kl infinite; js of a part of 0.3 is known.
    assert results["kl", "forward"].status == "infinite"
    share = 0.3
    exact = (
        -math.log(1 - share / 2)
        + share * math.log(2)
        + (1 - share) * (math.log(1 - share) - math.log(1 - share / 2))
    ) / 2
    js = results["js", "symmetric"]
    assert js.ci_low < exact < js.ci_high
    for name in ("wasserstein", "energy", "ks"):
        result = results[name, "symmetric"]
        assert result.ci_low == 0
        assert "missing-left-out" in codes(result)
    dropped = found(p, q, missing="drop")
    assert dropped["tv", "symmetric"].ci_low == 0
    assert "missing-left-out" not in codes(dropped["ks", "symmetric"])


def test_infinities():
    p, q = RNG.normal(size=300), RNG.normal(size=300)
    p[:30] = np.inf
    results = found(p, q)
    assert results["wasserstein", "symmetric"].status == "infinite"
    assert "infinite-distance" in codes(results["energy", "symmetric"])
    assert results["ks", "symmetric"].estimate == pytest.approx(0.1, abs=0.06)
    assert results["js", "symmetric"].ci_low > 0
    assert results["tv", "symmetric"].estimate > 0


def test_heavy_values_leave_a_lower_bound():
    p, q = RNG.standard_cauchy(2000), RNG.standard_cauchy(2000) + 1
    results = found(p, q, "wasserstein", "ks", "js")
    result = results["wasserstein", "symmetric"]
    assert (result.status, result.ci_high) == ("lower-bound", math.inf)
    assert "heavy-values" in codes(result)
    assert 0 < result.ci_low < 1.2
    assert results["ks", "symmetric"].status == results["js", "symmetric"].status == "ok"


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ([1.0] * 30, [1.0] * 40),
        ([1.0] * 30, [2.0] * 40),
        ([1.0, 2.0], [1.5, 2.5]),
        ([1.0], [2.0]),
        ([0.0, 1.0] * 20, [0.0, 1.0] * 25),
        ([1e300, -1e300] * 10, [1e300, 0.0] * 10),
    ],
)
def test_degenerate_columns(p, q):
    for result in found(np.array(p), np.array(q)).values():
        if result.status in ("undefined", "infinite"):
            continue
        assert math.isfinite(result.estimate), result.divergence
        assert 0 <= result.ci_low <= max(result.estimate, 0) <= result.ci_high
        assert not math.isnan(result.ci_high)


def test_equal_samples_prove_no_equality():
    one_value, same = np.ones(50), RNG.normal(size=50)
    for rows in (one_value, same):
        for name, result in found(rows, rows.copy()).items():
            assert result.ci_low == 0
            assert result.ci_high > 0.02, name
    assert "constant" in codes(found(one_value, one_value)["ks", "symmetric"])


def test_kinds():
    p = pl.DataFrame(
        {
            "flag": RNG.random(300) < 0.5,
            "when": pl.Series(RNG.integers(0, 86_400, 300)).cast(pl.Datetime("ms")),
            "text": [f"{i} words that never repeat {i * i}" for i in range(300)],
        }
    )
    q = pl.DataFrame(
        {
            "flag": RNG.random(300) < 0.2,
            "when": pl.Series(RNG.integers(0, 86_400, 300) + 3_600_000).cast(pl.Datetime("ms")),
            "text": [f"{i} other words {i * i}" for i in range(300)],
        }
    )
    report = klcli.estimate(p, q, divergence=["all"], resamples=19)
    results = {(each.column, each.divergence): each for each in report.results}
    assert results["when", "wasserstein"].unit == "seconds"
    assert results["when", "wasserstein"].estimate == pytest.approx(3600, rel=0.05)
    assert results["when", "energy"].unit == "root-seconds"
    assert results["flag", "tv"].estimate == pytest.approx(0.3, abs=0.1)
    assert results["flag", "ks"].status == "undefined"
    assert {each.status for (column, _), each in results.items() if column == "text"} == {
        "undefined"
    }


def test_weights_have_no_p_value():
    rows = {"x": RNG.normal(size=400), "w": RNG.uniform(0.5, 2, 400)}
    other = {"x": RNG.normal(0.5, size=400), "w": RNG.uniform(0.5, 2, 400)}
    for result in found(rows, other, weight="w").values():
        assert math.isnan(result.p_value)
        assert result.ci_low < result.estimate < result.ci_high


def test_a_profile_stands_for_its_data(tmp_path):
    p, q = RNG.normal(size=2000), RNG.normal(0.3, size=2000)
    klcli.profile(q).save(tmp_path / "q.klp")
    exact, profiled = found(p, q), found(p, str(tmp_path / "q.klp"))
    for name, result in exact.items():
        assert profiled[name].estimate == pytest.approx(result.estimate, rel=0.05, abs=2e-3), name


def test_densities():
    p, q = RNG.normal(size=1000), RNG.normal(0.5, size=1000)
    truth = math.sqrt(1 - math.exp(-0.25 / 8))
    for options in ({"density": "histogram", "bins": 20}, {"density": "frequency"}, {}):
        if options.get("density") == "frequency":
            rounded = np.round(p), np.round(q)
            result = found(*rounded, "hellinger", **options)["hellinger", "symmetric"]
        else:
            result = found(p, q, "hellinger", **options)["hellinger", "symmetric"]
        assert result.estimate == pytest.approx(truth, abs=0.04)
        assert result.density == options.get("density", "ratio")
    smoothed = found({"x": ["a", "b"] * 30}, {"x": ["a", "c"] * 30}, "chi2", smoothing="laplace")
    assert smoothed["chi2", "forward"].status == "ok"


@pytest.mark.parametrize(
    "options",
    [
        {"density": "kde"},
        {"density": "knn"},
        {"bandwidth": "scott"},
        {"neighbors": 5},
        {"estimator": "monte-carlo"},
        {"interval": "bca"},
        {"joint": True},
    ],
    ids=str,
)
def test_what_is_for_kl_alone_is_refused(options):
    p, q = RNG.normal(size=(100, 2)), RNG.normal(size=(100, 2))
    with pytest.raises(UsageError, match=r"kl|one column at a time"):
        found(p, q, "js", **options)


def test_no_resamples_no_p_value():
    result = found(RNG.normal(size=200), RNG.normal(size=200), "ks", resamples=0)[
        "ks", "symmetric"
    ]
    assert math.isnan(result.p_value)
    assert math.isnan(result.noise_floor)
    assert 0 <= result.ci_low <= result.ci_high < 0.3


def test_rare_categories_do_not_count_as_differences():
    names = np.arange(2000).astype(str)
    chance = 1 / np.arange(1.0, 2001)
    chance /= chance.sum()
    p, q = ({"x": RNG.choice(names, 800, p=chance)} for _ in range(2))
    results = found(p, q, "js", "hellinger", "tv", categorical=["x"])
    for result in results.values():
        assert result.ci_low == 0
        assert "undersampled" in codes(result)
    assert results["js", "symmetric"].estimate < 0.02


def test_reverse_is_a_direction_of_kl():
    p, q = RNG.normal(size=(300, 2)), RNG.normal(0.5, 1, size=(300, 2))
    for options in ({}, {"density": "knn"}, {"joint": True, "density": "gaussian"}):
        asked = klcli.estimate(p, q, divergence=["reverse"], resamples=19, **options).results
        same = klcli.estimate(p, q, direction="reverse", resamples=19, **options).results
        assert [plain(asdict(each)) for each in asked] == [plain(asdict(each)) for each in same]
