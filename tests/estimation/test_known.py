from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import klcli
from klcli.errors import InputError, UsageError

RNG = np.random.default_rng(20261126)
X = RNG.normal(size=400)
FAST = {"resamples": 99}


def run(p, q, **options):
    return klcli.estimate(p, q, **{**FAST, **options})


def one(p, q, **options):
    return run(p, q, **{"direction": "forward", **options}).results[0]


def codes(result):
    return [finding.code for finding in result.warnings]


def test_a_shift_is_found_and_its_interval_covers_the_truth():
    result = one(X, "norm(0.5, 1)")
    assert result.ci_low < 0.125 < result.ci_high
    assert result.status == "ok"
    assert result.p_value == 0.01
    assert (result.density, result.estimator, result.interval) == ("ratio", "plug-in", "influence")
    assert (result.n_p, result.n_q, result.missing_q) == (400, None, 0)


def test_the_distribution_may_come_first():
    after, before = run(X, "norm(0.5, 1)"), run("norm(0.5, 1)", X)
    assert before.p.source == "norm(0.5, 1)"
    assert before.p.rows is None
    turned = {"forward": "reverse", "reverse": "forward"}
    values = {result.direction: result for result in after.results}
    for result in before.results:
        other = values[turned[result.direction]]
        assert (result.estimate, result.ci_high) == (other.estimate, other.ci_high)
        assert (result.n_p, result.n_q) == (None, 400)


def test_nothing_differs():
    for result in run(X, "norm(0, 1)").results:
        assert abs(result.estimate) < 0.02
        assert result.ci_low == 0
        assert result.noise_floor < 0.02


def test_a_frozen_distribution_of_scipy_will_do():
    assert one(X, stats.norm(0.5, 1)).estimate == one(X, "norm(0.5, 1)").estimate


def test_bits_and_confidence():
    nats, bits = one(X, "norm(0.5, 1)"), one(X, "norm(0.5, 1)", base=2)
    assert bits.estimate == pytest.approx(nats.estimate / math.log(2))
    assert bits.noise_floor == pytest.approx(nats.noise_floor / math.log(2))
    assert run(X, "norm(0.5, 1)", base=2).unit == "bits"
    assert one(X, "norm(0.5, 1)", confidence=0.5).ci_low > nats.ci_low


def test_the_seed_alone_decides():
    first, again = (run(X, "norm(0.1, 1)", seed=3).to_dict() for _ in range(2))
    assert first == again


def test_rows_that_q_cannot_have_make_it_infinite():
    result = one(X, "expon()")
    assert result.status == "infinite"
    assert math.isinf(result.estimate)
    assert result.escaped_mass == pytest.approx(np.mean(X < 0))
    assert 0 < result.finite_estimate < 1
    assert "values of P that Q never takes" in result.warnings[-1].message


def test_only_impossible_rows():
    forward, reverse = run(-np.abs(X), "expon()").results
    assert (forward.status, forward.escaped_mass, forward.p_value) == ("infinite", 1.0, 0.01)
    assert reverse.status == "undefined"


def test_tails_of_q_beyond_the_rows_make_the_reverse_a_lower_bound():
    reverse = run(np.clip(X, -1, 1)[np.abs(X) < 1], "norm(0, 1)", direction="reverse").results[0]
    assert reverse.status == "lower-bound"
    assert math.isinf(reverse.ci_high)
    assert "outside-range" in codes(reverse)


def test_a_tail_too_heavy_for_q_makes_the_forward_a_lower_bound():
    result = one(RNG.standard_cauchy(500), "norm(0, 1)")
    assert result.status == "lower-bound"
    assert codes(result) == ["heavy-tail"]


def test_missing_values_are_left_out_and_told():
    with_gaps = np.append(X, [np.nan] * 40)
    result = one(with_gaps, "norm(0.5, 1)")
    assert result.estimate == one(X, "norm(0.5, 1)").estimate
    assert (result.n_p, result.missing_p) == (440, 40)
    assert codes(result) == ["missing-left-out"]


def test_equal_weights_change_nothing_and_unequal_ones_count():
    frame = pl.DataFrame({"x": X, "w": np.ones(400)})
    weighted = one(frame, "norm(0.5, 1)", weight="w")
    assert weighted.estimate == pytest.approx(one(X, "norm(0.5, 1)").estimate, rel=1e-3)
    doubled = pl.DataFrame({"x": X, "w": np.where(X > 0, 3.0, 1.0)})
    tilted = one(doubled, "norm(0, 1)", weight="w")
    assert tilted.estimate > 0.05
    assert math.isnan(tilted.p_value)


@pytest.mark.parametrize(
    ("x", "expression", "truth"),
    [
        (RNG.poisson(3, 1000), "poisson(4)", 4 - 3 + 3 * math.log(3 / 4)),
        (RNG.binomial(10, 0.3, 1000), "binom(10, 0.5)", 10 * (0.3 * math.log(0.6) + 0.7 * math.log(1.4))),
        (RNG.random(1000) < 0.3, "bernoulli(0.5)", 0.3 * math.log(0.6) + 0.7 * math.log(1.4)),
        (np.round(RNG.normal(size=1000), 1), "norm(0.5, 1)", 0.125),
    ],
)  # fmt: skip
def test_values_with_a_probability_of_their_own(x, expression, truth):
    result = one(x, expression)
    assert result.ci_low < truth < result.ci_high
    assert result.status == "ok"


def test_frequencies_of_integers_on_demand():
    x = RNG.poisson(3, 1000)
    result = one(x, "poisson(4)", density="frequency")
    assert result.density == "frequency"
    assert result.estimate == pytest.approx(one(x, "poisson(4)").estimate, abs=0.02)
    with pytest.raises(UsageError, match="no probability"):
        run(X, "norm(0, 1)", density="frequency")


def test_named_categories_have_exact_probabilities():
    names = np.array(["a", "b", "c"])[RNG.integers(0, 3, 600)]
    result = one(names, "categorical(a=0.2, b=0.3, c=0.5)")
    p = np.array([np.mean(names == name) for name in "abc"])
    assert result.estimate == pytest.approx(p @ np.log(p / [0.2, 0.3, 0.5]), abs=0.005)
    assert result.density == "frequency"
    infinite = one(names, "categorical(a=0.5, b=0.5)")
    assert infinite.status == "infinite"
    assert "'c'" in infinite.warnings[-1].message
    with pytest.raises(UsageError, match="no smooth ratio"):
        run(names, "categorical(a=0.2, b=0.3, c=0.5)", density="ratio")


def test_categories_that_rows_never_show():
    names = np.array(["a", "b"])[RNG.integers(0, 2, 200)]
    often, seldom = "categorical(a=0.4, b=0.4, c=0.2)", "categorical(a=0.5, b=0.499, c=0.001)"
    assert run(names, often, direction="reverse").results[0].status == "infinite"
    rare = run(names, seldom, direction="reverse").results[0]
    assert rare.status == "lower-bound"
    assert "may be chance" in rare.warnings[-1].message


def test_fitted_parameters_are_told_and_their_p_value_allows_for_them():
    shifted = 3 + 2 * X
    report = run(shifted, "norm(?, ?)")
    assert [result.direction for result in report.results] == ["forward"]
    assert "D(P‖Q)" in report.findings[-1].message
    result = report.results[0]
    assert result.fitted == {
        "loc": pytest.approx(shifted.mean()), "scale": pytest.approx(shifted.std()),
    }  # fmt: skip
    assert codes(result) == ["fitted-parameters"]
    assert result.ci_low == 0
    assert result.p_value > 0.02
    assert run("norm(?, ?)", shifted).results[0].direction == "reverse"
    with pytest.raises(UsageError, match="parameters are fitted"):
        run(shifted, "norm(?, ?)", direction="reverse")


def test_a_family_that_does_not_fit_is_found_out():
    result = one(RNG.exponential(size=500), "norm(?, ?)")
    # The nearest normal distribution has the moments of the exponential one.
    truth = 0.5 * math.log(2 * math.pi * math.e) - 1
    assert result.ci_low < truth < result.ci_high
    assert result.p_value == 0.01


def test_columns_that_cannot_be_compared_are_told_apart():
    frame = pl.DataFrame(
        {"x": X, "word": ["a", "b"] * 200, "day": pl.date_range(
            pl.date(2020, 1, 1), pl.date(2021, 2, 3), eager=True)[:400]}
    )  # fmt: skip
    results = run(frame, "norm(0, 1)", direction="forward").results
    statuses = {result.column: result.status for result in results}
    assert statuses == {"x": "ok", "word": "undefined", "day": "undefined"}
    said = {result.column: result.warnings[-1].message for result in results[1:]}
    assert "words" in said["word"]
    assert "dates or times" in said["day"]
    with pytest.raises(InputError, match="holds words"):
        run(frame, "norm(0, 1)", column=["word"])


def test_what_cannot_be_fitted_to_one_column_leaves_the_others():
    frame = pl.DataFrame({"x": np.abs(X), "y": -np.abs(X)})
    statuses = {each.column: each.status for each in run(frame, "gamma(?, scale=?)").results}
    assert statuses == {"x": "ok", "y": "undefined"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"joint": True}, "--joint"),
        ({"density": "kde"}, "--density kde"),
        ({"density": "knn"}, "--density knn"),
        ({"estimator": "monte-carlo"}, "--estimator monte-carlo"),
        ({"interval": "bca"}, "--interval bca"),
        ({"bins": "fd"}, "--bins"),
        ({"bandwidth": 0.1}, "--bandwidth"),
        ({"smoothing": "laplace"}, "--smoothing"),
        ({"max_rows": 100, "density": "auto"}, "--max-rows"),
    ],
)
def test_methods_for_two_samples_are_refused(options, words):
    with pytest.raises(UsageError) as error:
        run(X, "norm(0, 1)", **options)
    assert words in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    ("p", "q", "words"),
    [
        ("norm(0, 1)", "norm(1, 1)", "both sides"),
        (X, "multivariate_normal([0, 0], [[1, 0], [0, 1]])", "columns hold single values"),
        (X, "norm(0, -1)", "scale must be positive"),
        (X, "nrom(0, 1)", "no family is called"),
    ],
)
def test_what_is_no_distribution_of_a_column(p, q, words):
    with pytest.raises(UsageError, match=words):
        run(p, q)


def test_the_delta_interval_is_symmetric():
    result = one(X, "norm(1, 1)", interval="delta")
    assert result.ci_high - result.estimate == pytest.approx(result.estimate - result.ci_low)
    assert result.interval == "delta"


def test_few_rows_are_told():
    assert "few-rows" in codes(one(X[:8], "norm(0, 1)"))
    assert one(X[:1], "norm(0, 1)").status == "ok"


def test_a_profile_stands_for_its_rows(tmp_path):
    profile = klcli.profile(X)
    from_rows, from_profile = one(X, "norm(0.5, 1)"), one(profile, "norm(0.5, 1)")
    assert from_profile.estimate == pytest.approx(from_rows.estimate, rel=0.02)


def test_many_rows_are_sampled_for_places_but_all_count():
    x = np.random.default_rng(5).normal(0.3, 1, 200_000)
    result = one(x, "norm(0, 1)")
    assert result.estimate == pytest.approx(x.mean() ** 2 / 2, abs=0.002)
    assert result.n_p == 200_000
    rounded = one(np.round(x, 1), "norm(0, 1)")
    assert rounded.estimate == pytest.approx(x.mean() ** 2 / 2, abs=0.002)
    assert "rounded" in codes(rounded)


def test_a_file_of_that_very_name_is_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "norm(0, 1)").write_text("x\n" + "\n".join(map(str, X)))
    report = run(X, "norm(0, 1)", input_format="csv")
    assert report.q.rows == 400


@pytest.mark.parametrize("scale", [1e-6, 1e-11, 1e-30, 1e60, 1e100, 1e300])
def test_values_of_any_size_are_estimated_or_refused(scale):
    values = scale * np.random.default_rng(70710678118).normal(size=300)
    truth = -math.log(scale) + scale**2 / 2 - 0.5 if scale < 1 else None
    if scale > 1e70:
        with pytest.raises(UsageError, match="squares of numbers cannot hold"):
            klcli.estimate(values, "norm(0, 1)")
        return
    forward, _ = klcli.estimate(values, "norm(0, 1)").results
    if scale < 1e-9:
        assert forward.status == "lower-bound"
        assert forward.estimate < truth
        assert "saturated" in [warning.code for warning in forward.warnings]
    else:
        assert forward.status == "ok"
        assert truth is None or forward.ci_low < truth < forward.ci_high
