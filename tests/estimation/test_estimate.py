import json
import math
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import klcli
from klcli.errors import InputError, UsageError
from klcli.estimation.estimate import UNITS

RNG = np.random.default_rng(748596031425364759)
P, Q = RNG.normal(0, 1, 1000), RNG.normal(1, 1, 1200)


def only(report, direction="forward"):
    (result,) = [one for one in report.results if one.direction == direction]
    return result


def rounded(plain):
    """Round numbers to ten digits: threads may add up in another order."""
    if isinstance(plain, dict):
        return {key: rounded(value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [rounded(value) for value in plain]
    return float(f"{plain:.10g}") if isinstance(plain, float) else plain


def codes(result):
    return {warning.code for warning in result.warnings}


def test_two_normal_samples():
    report = klcli.estimate(P, Q)
    for direction in ("forward", "reverse"):
        result = only(report, direction)
        assert result.ci_low < 0.5 < result.ci_high
        assert result.estimate == pytest.approx(0.5, abs=0.15)
        assert result.p_value == 0.001
        assert result.status == "ok"
        assert 0 < result.noise_floor < 0.01
        assert (result.n_p, result.n_q) == (1000, 1200)
    assert report.unit == "nats"


@pytest.mark.parametrize("estimator", ["plug-in", "monte-carlo"])
@pytest.mark.parametrize("density", ["ratio", "histogram", "kde"])
def test_every_density_and_estimator_agrees_on_a_smooth_pair(density, estimator):
    p, q = RNG.normal(0, 1, 10_000), RNG.normal(0.5, 1.2, 8_000)
    truth = math.log(1.2) + (1 + 0.25) / (2 * 1.44) - 0.5
    options = {"bins": 20} if density == "histogram" else {}
    result = only(
        klcli.estimate(p, q, density=density, estimator=estimator, resamples=49, **options)
    )
    error = max(result.standard_error, 0.01)
    assert result.finite_estimate == pytest.approx(truth, abs=4 * error)
    assert (result.density, result.estimator) == (density, estimator)
    assert (result.monte_carlo_error > 0) == (estimator == "monte-carlo")


@pytest.mark.parametrize("interval", ["influence", "delta", "basic", "percentile", "bca"])
@pytest.mark.parametrize("density", ["ratio", "histogram", "kde"])
def test_every_interval_works_with_every_density(density, interval):
    result = only(klcli.estimate(P, Q, density=density, interval=interval, resamples=99))
    assert 0.2 < result.ci_low < result.ci_high < 1.2
    assert result.interval == interval


def test_one_wild_cell_changes_next_to_nothing():
    p, q = RNG.normal(0, 1, 5000), RNG.normal(1, 1, 5000)
    for direction in ("forward", "reverse"):
        base = only(klcli.estimate(p, q), direction).estimate
        for wild in ((np.append(p, 1e6), q), (np.append(p, -1e6), q), (p, np.append(q, 1e6))):
            assert abs(only(klcli.estimate(*wild), direction).estimate - base) < 0.01


def test_one_wild_cell_cannot_make_other_densities_print_a_small_number():
    p, q = np.append(RNG.normal(0, 1, 5000), 1e6), RNG.normal(1, 1, 5000)
    squeezed = only(klcli.estimate(p, q, density="histogram", resamples=19))
    assert squeezed.status == "lower-bound"
    assert squeezed.ci_high == math.inf
    assert "coarse-bins" in codes(squeezed)
    with pytest.raises(UsageError):
        klcli.estimate(p, q, density="kde")


def test_mostly_missing_is_a_large_divergence():
    p = np.where(RNG.random(2000) < 0.9, np.nan, RNG.normal(size=2000))
    q = np.where(RNG.random(2000) < 0.02, np.nan, RNG.normal(size=2000))
    result = only(klcli.estimate(p, q))
    expected = 0.9 * math.log(0.9 / 0.02) + 0.1 * math.log(0.1 / 0.98)
    assert result.ci_low < expected < result.ci_high
    assert result.estimate > 2
    assert (result.missing_p, result.n_p) == (int(np.isnan(p).sum()), 2000)
    never = only(klcli.estimate(p, RNG.normal(size=2000)))
    assert never.status == "infinite"
    assert "(missing)" in never.warnings[-1].message
    dropped = only(klcli.estimate(p, q, missing="drop"))
    assert abs(dropped.estimate) < 0.1


def test_a_category_of_p_only_is_infinite_and_named():
    p = pl.DataFrame({"c": ["a"] * 60 + ["b"] * 40 + ["new"] * 20})
    q = pl.DataFrame({"c": ["a"] * 50 + ["b"] * 50})
    report = klcli.estimate(p, q)
    result = only(report)
    assert result.status == "infinite"
    assert result.estimate == math.inf
    assert result.escaped_mass == pytest.approx(1 / 6)
    assert math.isfinite(result.finite_estimate)
    assert "'new'" in result.warnings[-1].message
    plain = next(one for one in report.to_dict()["results"] if one["direction"] == "forward")
    assert plain["estimate"] is None
    assert plain["ci_high"] is None
    assert only(report, "reverse").status == "ok"
    smoothed = only(klcli.estimate(p, q, smoothing="jeffreys"))
    assert smoothed.status == "ok"
    assert math.isfinite(smoothed.estimate)
    assert "unseen-categories" in codes(smoothed)


def test_naive_frequencies_are_infinite_where_q_has_none():
    result = only(klcli.estimate(P, Q + 2, bins=30, smoothing="none", resamples=9))
    assert result.status == "infinite"
    assert "unseen-categories" in codes(result)


def test_disjoint_samples_are_a_lower_bound():
    result = only(klcli.estimate(P, Q + 50))
    assert result.status == "lower-bound"
    assert result.ci_high == math.inf
    assert result.estimate > 3
    assert {"saturated", "heavy-tail"} & codes(result)


@pytest.mark.parametrize("both", [True, False])
def test_constant_columns(both):
    result = only(klcli.estimate(np.full(50, 3.0), np.full(60, 3.0 if both else 4.0)))
    if both:
        assert result.estimate == pytest.approx(0, abs=1e-6)
        assert "constant" in codes(result)
    else:
        assert result.status == "lower-bound"


def test_integers_that_fall_together_leave_a_lower_bound():
    """Even and odd numbers share no value, but every second one has no floating-point number."""
    even = 2**53 + 2 * np.arange(1000)
    for row in klcli.estimate({"x": even}, {"x": even + 1}, resamples=0).results:
        assert "precision" in codes(row)
        assert row.status == "lower-bound"
        assert row.ci_high == math.inf
    few = 2**53 + 2 * np.arange(5).repeat(200)
    told_apart = klcli.estimate({"x": few}, {"x": few + 1}, categorical=["x"], resamples=0)
    assert only(told_apart).status == "infinite"


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_hardly_any_rows(rows):
    report = klcli.estimate(np.arange(rows) * 1.0, np.arange(rows) + 0.5, resamples=19)
    for result in report.results:
        assert "few-rows" in codes(result)
        assert not math.isnan(result.estimate)


def test_the_same_data_twice():
    result = only(klcli.estimate(P, P))
    assert result.ci_low == 0
    assert result.estimate < 0.001
    assert result.p_value > 0.5


def test_bases_only_change_the_unit():
    nats = only(klcli.estimate(P, Q))
    for base, factor in ((2, math.log(2)), ("10", math.log(10))):
        report = klcli.estimate(P, Q, base=base)
        assert report.unit == UNITS[str(base)]
        assert only(report).estimate * factor == pytest.approx(nats.estimate)
        assert only(report).ci_high * factor == pytest.approx(nats.ci_high)
        assert only(report).p_value == nats.p_value


def test_seeds_repeat_and_other_columns_do_not_matter():
    p = pl.DataFrame({"a": P[:1000], "b": P[:1000] ** 2})
    q = pl.DataFrame({"a": Q[:1000], "b": Q[:1000] ** 2})
    whole = {one.column: one for one in klcli.estimate(p, q, direction="forward", seed=5).results}
    alone = only(klcli.estimate(p, q, column=["b"], direction="forward", seed=5))
    assert repr(whole["b"]) == repr(alone)  # NaN differs from itself
    other = only(klcli.estimate(p, q, column=["b"], direction="forward", seed=6))
    assert other.estimate == alone.estimate
    assert other.noise_floor != alone.noise_floor


def test_results_are_sorted_largest_first():
    p = pl.DataFrame({"small": P, "large": P, "text": [f"t{i}" for i in range(1000)]})
    q = pl.DataFrame({"small": P + 0.1, "large": P + 2, "text": [f"u{i}" for i in range(1000)]})
    names = [one.column for one in klcli.estimate(p, q, direction="forward").results]
    assert names == ["large", "small", "text"]


def test_no_permutations_leave_the_p_value_out():
    result = only(klcli.estimate(P, Q, resamples=0))
    assert math.isnan(result.p_value)
    assert math.isnan(result.noise_floor)
    assert result.ci_low < result.estimate < result.ci_high


def test_more_confidence_is_wider():
    wide, narrow = (only(klcli.estimate(P, Q, confidence=c)) for c in (0.99, 0.5))
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high
    assert wide.noise_floor > narrow.noise_floor


@pytest.mark.parametrize("kind", ["array", "polars", "pandas", "pyarrow", "csv", "npy", "parquet"])
def test_every_kind_of_source_gives_the_same(kind, tmp_path):
    import pandas as pd
    import pyarrow as pa

    def give(values, name):
        frame = pl.DataFrame({"x0": values})
        if kind in ("csv", "parquet"):
            path = tmp_path / f"{name}.{kind}"
            getattr(frame, f"write_{kind}")(path)
            return path
        if kind == "npy":
            np.save(tmp_path / f"{name}.npy", values)
            return str(tmp_path / f"{name}.npy")
        makers = {
            "array": lambda: values,
            "polars": lambda: frame,
            "pandas": lambda: pd.DataFrame({"x0": values}),
            "pyarrow": lambda: pa.table({"x0": values}),
        }
        return makers[kind]()

    given = klcli.estimate(give(P, "p"), give(Q, "q"))
    assert [one.estimate for one in given.results] == [
        one.estimate for one in klcli.estimate(P, Q).results
    ]


def test_the_dictionary_equals_the_json_of_the_command(tmp_path):
    for name, values in (("p", P), ("q", Q)):
        pl.DataFrame({"x": values, "c": ["ab"[int(v > 0)] for v in values]}).write_csv(
            tmp_path / f"{name}.csv"
        )
    command = [sys.executable, "-m", "klcli", "estimate", "p.csv", "q.csv", "--format", "json"]
    shown = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=True, text=True
    ).stdout
    report = klcli.estimate(tmp_path / "p.csv", tmp_path / "q.csv").to_dict()
    for side in ("p", "q"):
        assert report[side].pop("source").endswith(f"{side}.csv")
    expected = json.loads(shown)
    for side in ("p", "q"):
        expected[side].pop("source")
    assert rounded(json.loads(json.dumps(report))) == rounded(expected)


@pytest.mark.parametrize(
    "options",
    [
        {"base": 3}, {"direction": "up"}, {"missing": "guess"}, {"confidence": 1.5},
        {"resamples": -1}, {"seed": -3}, {"density": "magic"},
    ],
)  # fmt: skip
def test_options_without_meaning(options):
    with pytest.raises(UsageError):
        klcli.estimate(P, Q, **options)


def test_a_method_that_fits_no_column_is_an_error():
    frame = pl.DataFrame({"c": ["a", "b"] * 20})
    with pytest.raises(UsageError, match="kde"):
        klcli.estimate(frame, frame, density="kde")


def test_a_method_that_fits_some_columns_is_a_finding():
    frame = pl.DataFrame({"c": ["a", "b"] * 20, "x": np.arange(40.0)})
    report = klcli.estimate(frame, frame, density="kde", resamples=9, direction="forward")
    by_name = {one.column: one for one in report.results}
    assert by_name["c"].status == "undefined"
    assert "not-applicable" in codes(by_name["c"])
    assert by_name["x"].status == "ok"


def test_a_column_that_a_kernel_cannot_resolve_does_not_take_the_others_down():
    p = pl.DataFrame({"x": np.append(P, 1e9), "y": np.append(P, 0.0)})
    q = pl.DataFrame({"x": np.append(Q, 1e9), "y": np.append(Q, 0.0)})
    report = klcli.estimate(p, q, density="kde", resamples=9, direction="forward")
    by_name = {one.column: one for one in report.results}
    assert by_name["x"].status == "undefined"
    assert by_name["y"].status == "ok"


def test_integer_weights_shift_the_estimate_like_repeated_rows():
    weights = RNG.integers(1, 4, len(P)).astype(float)
    weighted = klcli.estimate(
        pl.DataFrame({"x": P, "w": weights}), pl.DataFrame({"x": Q, "w": np.ones(len(Q))}),
        weight="w", direction="forward",
    )  # fmt: skip
    repeated = klcli.estimate(np.repeat(P, weights.astype(int)), Q, direction="forward")
    assert only(weighted).estimate == pytest.approx(only(repeated).estimate, abs=0.04)
    # Repeating rows adds no information: the weighted interval must not be narrower than that
    # of as many independent rows.
    assert only(weighted).standard_error > 0.9 * only(klcli.estimate(P, Q)).standard_error


def test_progress_is_told():
    calls = []
    klcli.estimate(P, Q, resamples=0, progress=lambda what, share: calls.append((what, share)))
    assert calls
    assert all(isinstance(what, str) and 0 <= share <= 1 for what, share in calls)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError) as raised:
        klcli.estimate(tmp_path / "nothing.csv", P)
    assert raised.value.hint


def test_disjoint_samples_have_a_certain_lower_end():
    """Two thousand rows that never meet show at least a few nats, whatever the model."""
    result = only(klcli.estimate(P, Q + 20, resamples=19))
    assert result.status == "lower-bound"
    assert 4 < result.ci_low <= result.estimate < 200


def test_kernels_do_not_guess_where_there_are_no_rows():
    result = only(klcli.estimate(P, Q + 20, density="kde", bandwidth=0.3, resamples=19))
    assert result.status == "undefined"
    assert "extrapolated" in codes(result)


def test_weighted_rows_have_no_p_value():
    frame = pl.DataFrame({"x": P, "w": np.exp(P)})
    result = only(klcli.estimate(frame, pl.DataFrame({"x": Q}), weight="w"))
    assert math.isnan(result.p_value)
    assert result.ci_low < result.estimate < result.ci_high


def test_directions_do_not_share_their_randomness():
    alone = only(klcli.estimate(P, Q, direction="reverse", interval="percentile"), "reverse")
    together = only(klcli.estimate(P, Q, interval="percentile"), "reverse")
    assert repr(together) == repr(alone)  # NaN differs from itself


@pytest.mark.parametrize(
    "options",
    [
        {"interval": "bca", "resamples": 0},
        {"density": "kde", "bandwidth": 1e300},
        {"density": "kde", "bandwidth": 1e-300},
        {"smoothing": "laplace"},
    ],
)
def test_options_that_cannot_work_are_refused(options):
    with pytest.raises(UsageError):
        klcli.estimate(P, Q, **options)


@pytest.mark.parametrize("interval", ["influence", "delta", "basic", "percentile", "bca"])
def test_a_constant_column_proves_nothing_beyond_its_rows(interval):
    """One value on both sides: the interval still reaches as far as rows that were not seen."""
    constant = np.array(["a"] * 50)
    report = klcli.estimate(
        pl.DataFrame({"x": constant}), pl.DataFrame({"x": constant}),
        interval=interval, direction="forward", resamples=50,
    )  # fmt: skip
    (result,) = report.results
    assert (result.estimate, result.ci_low) == (0.0, 0.0)
    assert 0.01 < result.ci_high < 0.5
