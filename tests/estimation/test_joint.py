from __future__ import annotations

import json
import math

import jsonschema
import numpy as np
import polars as pl
import pytest

import klcli
from klcli.errors import InputError, UsageError
from klcli.registry import DENSITIES, JOINT


def normal(rows, columns=2, seed=14142135623730950488):
    return np.random.default_rng([seed, rows]).normal(size=(rows, columns))


INDEPENDENT = normal(1200)
CORRELATED = normal(1500) @ np.linalg.cholesky([[1, 0.8], [0.8, 1]]).T
#: Of normal vectors that differ in their correlation only.
DEPENDENCE = -0.5 * math.log(1 - 0.8**2)


pytestmark = pytest.mark.usefixtures("folds_once")


def together(p, q, direction="forward", **options):
    report = klcli.estimate(p, q, joint=True, direction=direction, **options)
    (result,) = report.results
    return result


def codes(result):
    return [warning.code for warning in result.warnings]


def mixed(rows, seed, shift=0.0, levels=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    level = rng.choice(levels, rows)
    number = rng.normal(shift, 1, rows) + (level == "a")
    return pl.DataFrame({"number": number, "level": level})


@pytest.mark.parametrize("density", ["auto", *JOINT])
def test_what_shows_in_no_column_alone(density):
    result = together(CORRELATED, INDEPENDENT, density=density, resamples=99)
    assert (result.column, result.kind, result.columns) == ("*", "joint", ("x0", "x1"))
    assert result.ci_low < DEPENDENCE < result.ci_high
    assert result.estimate == pytest.approx(DEPENDENCE, abs=0.12)
    assert max(abs(value) for value in result.marginals.values()) < 0.02
    total = sum(result.marginals.values()) + result.dependence
    assert result.finite_estimate == pytest.approx(total)
    assert result.density == ("ratio" if density == "auto" else density)
    assert result.p_value <= 0.05
    assert 0 < result.noise_floor < 0.1
    assert (result.n_p, result.n_q) == (1500, 1200)


def test_columns_that_do_not_depend_on_each_other_add_up():
    p, q = INDEPENDENT + np.array([0.5, 1.0]), normal(1000)
    result = together(p, q, density="gaussian")
    assert result.marginals["x0"] == pytest.approx(0.125, abs=0.05)
    assert result.marginals["x1"] == pytest.approx(0.5, abs=0.1)
    assert abs(result.dependence) < 0.05


def test_marginals_are_what_each_column_shows_on_its_own():
    p, q = mixed(300, 1), mixed(200, 2, 0.5)
    single = klcli.estimate(p, q, resamples=0).results
    for result in klcli.estimate(p, q, joint=True, resamples=19).results:
        assert result.marginals == {
            one.column: one.finite_estimate for one in single if one.direction == result.direction
        }
        assert list(result.marginals) == ["number", "level"]


def test_both_directions_are_those_of_exchanged_files():
    forward, reverse = klcli.estimate(CORRELATED, INDEPENDENT, joint=True, density="knn").results
    turned, back = klcli.estimate(INDEPENDENT, CORRELATED, joint=True, density="knn").results
    assert forward.direction == turned.direction == "forward"
    assert forward.estimate == pytest.approx(back.estimate, rel=1e-9)
    assert reverse.estimate == pytest.approx(turned.estimate, rel=1e-9)
    assert forward.marginals == pytest.approx(back.marginals)


def test_no_difference_is_within_the_noise():
    result = together(INDEPENDENT[:600], INDEPENDENT[600:], density="gaussian")
    assert result.ci_low == 0
    assert result.p_value > 0.05
    assert result.estimate < result.noise_floor


def test_equal_seeds_give_equal_results_and_rows_are_drawn_by_seed():
    options = {"max_rows": 300, "resamples": 19, "density": "knn"}
    one, again, other = (
        klcli.estimate(CORRELATED, INDEPENDENT, joint=True, seed=seed, **options).to_dict()
        for seed in (5, 5, 6)
    )
    assert one == again
    assert one["results"][0]["estimate"] != other["results"][0]["estimate"]


def test_a_cap_on_the_rows_is_said_and_columns_alone_still_use_all():
    result = together(CORRELATED, INDEPENDENT, density="gaussian", max_rows=400)
    whole = together(CORRELATED, INDEPENDENT, density="gaussian")
    assert codes(result) == ["sampled-rows"]
    assert codes(whole) == []
    assert result.marginals == whole.marginals
    assert result.standard_error > 1.3 * whole.standard_error
    assert (result.n_p, result.n_q) == (1500, 1200)


def test_the_unit_is_that_of_the_base():
    nats, bits = (together(CORRELATED, INDEPENDENT, density="gaussian", base=b) for b in ("e", 2))
    for name in ("estimate", "dependence", "ci_low", "noise_floor"):
        assert getattr(bits, name) == pytest.approx(getattr(nats, name) / math.log(2))
    for name, value in nats.marginals.items():
        assert bits.marginals[name] == pytest.approx(value / math.log(2))


def test_a_level_that_only_p_shows_is_infinite_named_and_shifts_nothing():
    p, q = mixed(900, 1), mixed(900, 2)
    rare = pl.DataFrame({"number": normal(9)[:, 0], "level": ["new"] * 9})
    plain = together(p, q, resamples=19)
    report = klcli.estimate(pl.concat([p, rare]), q, joint=True, resamples=19)
    result, reverse = report.results
    assert (result.direction, reverse.direction) == ("forward", "reverse")
    assert (plain.status, result.status, result.estimate) == ("ok", "infinite", math.inf)
    assert result.escaped_mass == pytest.approx(9 / 909)
    assert "'level' alone: value that only P shows: 'new'" in result.warnings[0].message
    # Nine rows of 909 are worth 0.01·log(0.01·900/…) nats, a few hundredths; the rest stays.
    assert result.finite_estimate == pytest.approx(plain.estimate, abs=0.08)
    assert math.isfinite(result.dependence)
    assert result.ci_high == math.inf
    assert reverse.status == "ok"


def test_levels_that_only_the_drawn_rows_lack_are_not_infinite():
    level = ["a"] * 600 + ["rare"] * 4
    p, q = (pl.DataFrame({"x": side, "c": level}) for side in normal(604).T)
    for seed in range(2):
        result = together(p, q, max_rows=100, resamples=19, seed=seed)
        assert result.status == "ok"
        assert "unseen-categories" not in codes(result)


def test_what_makes_a_column_a_lower_bound_makes_all_of_them_one():
    p, q = normal(3000), normal(3001) * [3, 1]
    report = klcli.estimate(p, q, joint=True, density="gaussian", resamples=19)
    assert [result.status for result in report.results] == ["ok", "lower-bound"]
    assert "'x0' alone: " in report.results[1].warnings[0].message


def test_missing_values_count_or_are_dropped_with_their_row():
    p, q = CORRELATED.copy(), INDEPENDENT.copy()
    p[::3, 0] = np.nan
    q[::10, 1] = np.nan
    gone = int(np.isnan(p).any(axis=1).sum()), int(np.isnan(q).any(axis=1).sum())
    counted = together(p, q, density="gaussian")
    assert counted.status == "infinite"
    assert (counted.missing_p, counted.missing_q) == gone
    dropped = together(p, q, density="gaussian", missing="drop")
    assert (dropped.status, dropped.n_p, dropped.missing_p) == ("ok", 1500, gone[0])
    assert dropped.estimate == pytest.approx(DEPENDENCE, abs=0.1)


def test_a_text_column_is_left_out_and_named():
    texts = [f"text {i}" for i in range(1500)]
    p = pl.DataFrame({"a": CORRELATED[:, 0], "b": CORRELATED[:, 1], "note": texts})
    q = pl.DataFrame({"a": INDEPENDENT[:, 0], "b": INDEPENDENT[:, 1], "note": texts[:1200]})
    result = together(p, q, density="gaussian")
    assert result.columns == ("a", "b")
    assert codes(result) == ["left-out"]
    assert "'note' (text)" in result.warnings[0].message


@pytest.mark.parametrize("density", ["knn", "gaussian"])
def test_densities_of_numbers_leave_categories_out(density):
    p, q = (mixed(300, seed).with_columns(other=pl.col("number") ** 2) for seed in (1, 2))
    result = together(p, q, density=density, resamples=9)
    assert result.columns == ("number", "other")
    assert "'level' (categorical" in result.warnings[-1].message


def test_columns_are_chosen_and_taken_as_for_single_columns():
    p, q = (mixed(300, seed).with_columns(third=pl.lit(1.5)) for seed in (1, 2))
    assert together(p, q, exclude=["third"], resamples=9).columns == ("number", "level")
    forced = together(p, q, categorical=["number"], column=["number", "level"], resamples=9)
    assert forced.columns == ("number", "level")
    assert "'number' alone" in forced.warnings[0].message


@pytest.mark.parametrize("interval", ["influence", "delta", "subsampling"])
def test_every_interval_of_rows(interval):
    result = together(
        CORRELATED, INDEPENDENT, density="knn", interval=interval, resamples=29, neighbors=4
    )
    assert result.interval == interval
    assert 0.3 < result.ci_low < result.ci_high < 0.8


def test_without_resamples_there_is_no_p_value():
    result = together(CORRELATED, INDEPENDENT, density="gaussian", resamples=0)
    assert math.isnan(result.p_value)
    assert math.isnan(result.noise_floor)
    assert result.ci_low < DEPENDENCE < result.ci_high


def test_options_of_a_density_reach_it():
    def estimate(**options):
        return together(CORRELATED[:400], INDEPENDENT[:400], resamples=9, **options)

    near, far = estimate(neighbors=2), estimate(neighbors=40)
    assert near.density == far.density == "knn"
    assert near.estimate != far.estimate
    narrow, wide = estimate(bandwidth=0.5), estimate(bandwidth=1.0)
    assert narrow.density == wide.density == "kde"
    assert narrow.estimate != wide.estimate


@pytest.mark.parametrize("density", [name for name in JOINT if name not in DENSITIES])
def test_densities_of_rows_also_take_single_columns(density):
    p = pl.DataFrame({"x": INDEPENDENT[:, 0] + 1, "c": ["a", "b"] * 600})
    q = pl.DataFrame({"x": normal(1000)[:, 0], "c": ["a", "b"] * 500})
    report = klcli.estimate(p, q, density=density, direction="forward", resamples=19)
    number, category = report.results
    assert (number.column, number.kind, number.density) == ("x", "numeric", density)
    assert number.estimate == pytest.approx(0.5, abs=0.12)
    assert number.columns == ()
    assert (category.status, codes(category)) == ("undefined", ["not-applicable"])


def test_single_columns_lose_only_their_own_missing_values():
    p, q = normal(400), normal(401)
    p[:100, 0] = np.nan
    results = klcli.estimate(p, q, density="knn", missing="drop", direction="forward").results
    assert {result.column: result.missing_p for result in results} == {"x0": 100, "x1": 0}
    assert all(result.status == "ok" for result in results)
    never = klcli.estimate(p, q, density="knn", direction="forward", column=["x0"]).results[0]
    assert (never.status, never.escaped_mass) == ("infinite", 0.25)


def test_neighbors_leave_categories_to_their_default():
    p, q = mixed(300, 1), mixed(300, 2)
    results = klcli.estimate(p, q, neighbors=4, direction="forward", resamples=19).results
    assert {result.column: result.density for result in results} == {
        "number": "knn", "level": "frequency",
    }  # fmt: skip


def test_reports_follow_the_schema():
    from importlib.resources import files

    schema = json.loads(files("klcli.render").joinpath("schema.json").read_text("utf-8"))
    p, q = mixed(300, 1), mixed(300, 2, levels=("a", "b"))
    report = klcli.estimate(p, q, joint=True, resamples=9)
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["results"][0]["kind"] == "joint"


def test_progress_tells_what_is_done():
    steps = []
    klcli.estimate(
        CORRELATED, INDEPENDENT, joint=True, density="gaussian",
        progress=lambda step, share: steps.append((step, share)),
    )  # fmt: skip
    assert ("estimating 2 columns together", 0.5) in steps
    assert any(step.startswith("drawing rows of") for step, _ in steps)
    assert all(0 <= share <= 1 for _, share in steps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": "histogram"}, "'histogram' models one column at a time"),
        ({"density": "frequency"}, "'frequency' models one column at a time"),
        ({"bins": 5}, "--bins means nothing to the density 'ratio' of rows"),
        ({"smoothing": "laplace"}, "--smoothing means nothing to the density 'ratio' of rows"),
        ({"neighbors": 3, "density": "ratio"}, "--neighbors means nothing to the density 'ratio'"),
        ({"neighbors": 3, "bandwidth": 1.0}, "--bandwidth and --neighbors exclude each other"),
        ({"neighbors": 0}, "--neighbors 0 is out of range"),
        ({"bandwidth": "isj"}, "unknown bandwidth 'isj'"),
        ({"estimator": "monte-carlo"}, "--estimator monte-carlo is for counts"),
        ({"interval": "bca"}, "--interval bca resamples counts of single columns"),
        ({"interval": "subsampling"}, "would fit the density 'ratio' anew for each subsample"),
        ({"interval": "subsampling", "density": "knn", "resamples": 0}, "needs resamples"),
        ({"weight": "x0"}, "--weight does not go with methods that look at rows"),
        ({"max_rows": 1}, "--max-rows 1 is out of range"),
    ],
)
def test_what_makes_no_sense_for_columns_together_is_refused_before_reading(options, message):
    with pytest.raises(UsageError, match=message):
        klcli.estimate("no such file", "neither", joint=True, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_rows": 100}, "--max-rows means nothing to counts of single columns"),
        ({"interval": "subsampling"}, "--interval subsampling is for estimates from rows"),
        ({"density": "knn", "weight": "x0"}, "--weight does not go with methods"),
        ({"density": "knn", "bins": 3}, "--bins means nothing to the density 'knn'"),
        ({"density": "gaussian", "interval": "basic"}, "--interval basic resamples counts"),
    ],
)
def test_what_makes_no_sense_for_rows_of_single_columns_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        klcli.estimate("no such file", "neither", **options)


def test_one_column_is_not_several():
    with pytest.raises(InputError, match="two columns or more together; there is only 'x0'"):
        together(CORRELATED[:, :1], INDEPENDENT[:, :1])
    p, q = mixed(50, 1), mixed(50, 2)
    with pytest.raises(InputError, match="there is only 'number'") as caught:
        together(p, q, density="gaussian")
    assert "'level' (categorical" in caught.value.hint
    with pytest.raises(InputError, match="no column is in both"):
        together(p, q.rename({"number": "n", "level": "l"}))


def test_there_must_be_more_rows_than_columns():
    wide = normal(8, 9)
    with pytest.raises(InputError, match="9 columns together need more rows than 9; P has 8"):
        together(wide, normal(50, 9))
    with pytest.raises(InputError, match="need more rows") as caught:
        together(CORRELATED, INDEPENDENT, max_rows=2)
    assert caught.value.hint == "raise --max-rows"
    p = pl.DataFrame({"a": [1.0, None, 3.0], "b": [None, 2.0, 3.0]})
    with pytest.raises(InputError, match="P has 1"):
        together(p, p, missing="drop")


def test_many_columns_for_few_rows_warn():
    p, q = normal(400, 20), normal(401, 20)
    result = together(p, q, density="gaussian", resamples=19)
    assert "high-dimension" in codes(result)
    assert result.ci_low == 0


def test_columns_that_are_read_in_several_groups():
    wide = normal(300, 130)
    p, q = (
        {f"x{i}": column for i, column in enumerate(side.T)} | {"empty": [None] * 150}
        for side in (wide[:150], wide[150:])
    )
    result = together(p, q, density="gaussian", resamples=0)
    assert len(result.columns) == 130
    assert codes(result) == ["high-dimension", "left-out"]
    assert "'empty' (all-missing)" in result.warnings[1].message
