"""A profile answers as the data would: alone, merged, from a file, for every kind of column."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

import klcli
from klcli.data import table
from klcli.data.profiles.profile import Labels, Numbers
from klcli.errors import InputError, UsageError


def frame(rng, rows, shift=0.0):
    """Return columns of every kind, of which `shift` moves some."""
    return pl.DataFrame(
        {
            "normal": rng.normal(shift, 1, rows),
            "cauchy": rng.standard_cauchy(rows),
            "integer": rng.poisson(40 + 5 * shift, rows),
            "zeros": np.where(rng.random(rows) < 0.5, 0, rng.exponential(1 + shift, rows)),
            "rounded": np.round(rng.lognormal(3, 1, rows), 1),
            "gaps": np.where(rng.random(rows) < 0.1 + 0.1 * shift, np.nan, rng.normal(size=rows)),
            "ends": np.where(rng.random(rows) < 0.02, np.inf, rng.normal(size=rows)),
            "label": rng.choice(list("abcdefgh"), rows),
            "flag": rng.random(rows) < 0.3 + 0.2 * shift,
            "when": pl.Series(rng.integers(0, 10**6, rows) * 10**6).cast(pl.Datetime("us")),
        }
    )


def results(report):
    return {(each.column, each.direction): each for each in report.results}


def split(data, parts):
    step = -(-len(data) // parts)
    return [data[start : start + step] for start in range(0, len(data), step)]


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(31415926535897)
    return frame(rng, 700, 0.3), frame(rng, 900)


def test_small_data_and_their_profiles_agree_to_the_last_digit(small):
    new, old = small
    data = results(klcli.estimate(new, old, resamples=99))
    merged = klcli.merge_profiles([klcli.profile(part) for part in split(old, 3)])
    for reference in (klcli.profile(old), merged):
        found = results(klcli.estimate(new, reference, resamples=99))
        for key, each in data.items():
            for name in ("estimate", "ci_low", "ci_high", "p_value", "noise_floor"):
                expected = getattr(each, name)
                assert getattr(found[key], name) == pytest.approx(expected, rel=1e-9, nan_ok=True)
            assert found[key].status == each.status
            assert (found[key].n_q, found[key].missing_q) == (each.n_q, each.missing_q)
            assert found[key].kind == each.kind


def test_either_side_or_both_may_be_profiles(small):
    new, old = small
    data = results(klcli.estimate(new, old, resamples=0))
    for p, q in ((klcli.profile(new), old), (klcli.profile(new), klcli.profile(old))):
        found = results(klcli.estimate(p, q, resamples=0))
        assert [found[key].estimate for key in data] == pytest.approx(
            [each.estimate for each in data.values()], rel=1e-9
        )


@pytest.fixture(scope="module")
def large():
    rng = np.random.default_rng(27182818284590)
    new, old = frame(rng, 6_000, 0.2), frame(rng, 60_000)
    return new, old, results(klcli.estimate(new, old, resamples=0, direction="forward"))


@pytest.mark.parametrize("reference", ["whole", "merged", "appended", "both"])
def test_larger_data_and_their_profiles_agree(large, reference):
    new, old, data = large
    parts = [] if reference in {"whole", "both"} else list(map(klcli.profile, split(old, 6)))
    p = klcli.profile(new) if reference == "both" else new
    q = {
        "whole": lambda: klcli.profile(old),
        "both": lambda: klcli.profile(old),
        "merged": lambda: klcli.merge_profiles(parts),
        "appended": lambda: _appended(parts),
    }[reference]()
    found = results(klcli.estimate(p, q, resamples=0, direction="forward"))
    for key, each in data.items():
        # A tenth of a standard error: nothing that anybody could see.
        slack = 0.1 * each.standard_error + 1e-9
        assert found[key].finite_estimate == pytest.approx(each.finite_estimate, abs=slack), key
        assert found[key].status == each.status, key
        if each.finite_estimate > 0.01:  # near 0 it depends on where cells happen to end
            assert found[key].standard_error >= 0.9 * each.standard_error, key


def _appended(parts):
    whole = parts[0]
    for part in parts[1:]:
        whole = klcli.merge_profiles([whole, part])
    return whole


def test_the_order_of_parts_does_not_matter(small):
    parts = [klcli.profile(part) for part in split(small[1], 4)]
    one, other = klcli.merge_profiles(parts), klcli.merge_profiles(parts[::-1])
    for a, b in zip(one.columns, other.columns, strict=True):
        assert (a.kind, a.gaps.rows, a.gaps.missing) == (b.kind, b.gaps.rows, b.gaps.missing)
        if isinstance(a.values, Numbers):
            assert np.array_equal(a.values.cells.bounds, b.values.cells.bounds)
            assert np.array_equal(a.values.cells.counts, b.values.cells.counts)
            assert a.values.mean == pytest.approx(b.values.mean, rel=1e-12)
        else:
            assert a.values.counts.equals(b.values.counts)


def test_moments_of_merged_parts_are_those_of_the_whole(small):
    old = small[1]["normal"].to_numpy()
    merged = klcli.merge_profiles([klcli.profile(part) for part in np.array_split(old, 5)])
    told = merged.to_dict()["columns"][0]
    assert told["mean"] == pytest.approx(old.mean(), rel=1e-12)
    assert told["standard_deviation"] == pytest.approx(old.std(), rel=1e-12)
    assert (told["minimum"], told["maximum"]) == (old.min(), old.max())
    assert told["distinct"] == len(old)


def test_streams_give_the_profile_that_memory_gives(small, tmp_path, monkeypatch):
    path = tmp_path / "old.parquet"
    small[1].write_parquet(path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    whole = klcli.profile(path)
    monkeypatch.setattr(table, "MEMORY_BUDGET", -1)
    monkeypatch.setattr(table, "BATCH_ROWS", 70)
    streamed = klcli.profile(path)
    for a, b in zip(whole.columns, streamed.columns, strict=True):
        assert a.gaps == b.gaps
        if isinstance(a.values, Numbers):
            assert np.array_equal(a.values.cells.counts, b.values.cells.counts)
        else:
            assert a.values.counts.equals(b.values.counts)


def test_several_sources_make_one_dataset(small):
    whole = klcli.profile(small[1])
    parts = klcli.profile(*split(small[1], 3))
    assert parts.rows == whole.rows
    assert [origin.rows for origin in parts.origins] == [300, 300, 300]
    for a, b in zip(whole.columns, parts.columns, strict=True):
        assert a.gaps == b.gaps


def test_large_samples_are_counted_from_all_rows():
    rng = np.random.default_rng(16180339887498)
    values = rng.normal(size=200_000)  # more than the sample that cells are chosen from
    (column,) = klcli.profile(values).columns
    cells = column.values.cells
    assert cells.total == 200_000
    assert not cells.variance.any()
    inside = cells.bounds[1:-1]
    assert np.array_equal(cells.ranks(inside)[0], np.searchsorted(np.sort(values), inside))
    assert (cells.bounds[0], cells.bounds[-1]) == (
        values.min(), np.nextafter(values.max(), np.inf)
    )  # fmt: skip
    assert cells.counts.max() < 3 * 200_000 / 4096


def test_continuous_values_are_not_held_but_for_the_ends():
    rng = np.random.default_rng(57721566490153)
    values = rng.normal(size=50_000)
    bounds = klcli.profile(values).columns[0].values.cells.bounds
    assert len(np.intersect1d(bounds, values)) <= 2


def odd(rows, seed):
    """Return columns of the types and values that go wrong first."""
    rng = np.random.default_rng(seed)
    largest = np.finfo(float).max
    return pl.DataFrame(
        {
            "constant": [1.0] * rows,
            "no number": pl.Series([None] * rows, dtype=pl.Float64),
            "no text": pl.Series([None] * rows, dtype=pl.String),
            "untyped": pl.Series([None] * rows, dtype=pl.Null),
            "infinities": rng.choice([-np.inf, np.inf, 0, 1], rows),
            "beyond 2^53": [2**60 + int(i) for i in rng.integers(0, 5, rows)],
            "date": pl.Series(rng.integers(0, 1000, rows)).cast(pl.Date),
            "time": pl.Series(rng.integers(0, 86400, rows) * 10**9).cast(pl.Time),
            "duration": pl.Series(rng.integers(0, 10**6, rows)).cast(pl.Duration("ms")),
            "decimal": pl.Series([Decimal(int(i)) / 4 for i in rng.integers(0, 40, rows)]),
            "categories": pl.Series(rng.choice(["x", "y"], rows)).cast(pl.Categorical),
            "numbers as text": [str(i) for i in rng.integers(0, 50, rows)],
            "dates as text": [f"2020-01-{i:02d}" for i in rng.integers(1, 28, rows)],
            "truth as text": rng.choice(["True", "false"], rows),
            "blank": rng.choice(["", " ", "a"], rows),
            "negative zero": rng.choice([-0.0, 0.0, 1.0], rows),
            "largest": rng.choice([1.7e308, -1.7e308, largest], rows),
            "smallest": rng.choice([5e-324, 0, 1e-323], rows),
            "single": rng.normal(size=rows).astype(np.float32),
            "small integer": rng.integers(0, 255, rows).astype(np.uint8),
            "bytes": [b"a"] * rows,
            "our words": rng.choice(["(all others)", "(missing)", "z"], rows),
        },
        strict=False,
    )


@pytest.mark.parametrize("source", ["frame", "csv"])
def test_odd_columns_agree(source, tmp_path):
    new, old = odd(300, 1), odd(400, 2)
    if source == "csv":
        nothing = ["no number", "no text", "untyped", "duration", "bytes"]
        for name, data in (("new", new), ("old", old)):
            data.drop(nothing).write_csv(tmp_path / f"{name}.csv")
        new, old = tmp_path / "new.csv", tmp_path / "old.csv"
        parts = [klcli.profile(old)]
    else:
        parts = [klcli.profile(part) for part in split(old, 3)]
    data = results(klcli.estimate(new, old, resamples=0))
    for number, part in enumerate(parts):
        part.save(tmp_path / f"{number}.klp")
    merged = klcli.merge_profiles(
        [klcli.read_profile(tmp_path / f"{number}.klp") for number in range(len(parts))]
    )
    found = results(klcli.estimate(new, merged, resamples=0))
    for key, each in data.items():
        same = found[key]
        assert same.finite_estimate == pytest.approx(
            each.finite_estimate, rel=1e-6, abs=1e-9, nan_ok=True
        ), key
        assert (same.status, same.kind, same.missing_q) == (
            each.status, each.kind, each.missing_q
        ), key  # fmt: skip
        assert {w.code for w in same.warnings} == {w.code for w in each.warnings}, key


class TestErrorOfMerging:
    def test_makes_rows_count_for_less(self):
        rng = np.random.default_rng(14142135623730)
        old, new = rng.normal(size=400_000), rng.normal(0.1, 1, 5_000)
        whole = klcli.profile(old)
        for part in np.array_split(old, 20):
            whole = klcli.merge_profiles([whole, klcli.profile(part)])
        (forward, _) = klcli.estimate(new, whole, resamples=0).results
        (warning,) = [each for each in forward.warnings if each.code == "from-profile"]
        assert "800,000 rows count like" in warning.message
        error = whole.to_dict()["columns"][0]["rank_error"]
        assert 1e-5 < error < 1e-3
        assert forward.n_q == 800_000

    def test_is_told_by_no_finding_where_there_is_none(self, small):
        report = klcli.estimate(small[0], klcli.profile(small[1]), resamples=0)
        assert [each.code for each in report.findings] == ["from-profile"]
        assert not any(w.code == "from-profile" for r in report.results for w in r.warnings)


class TestResolution:
    rng = np.random.default_rng(17320508075688)
    profile = klcli.profile(rng.normal(size=100_000))

    @pytest.mark.parametrize("sides", ["forward", "reverse"])
    def test_a_value_that_gets_stuck_is_a_lower_bound(self, sides):
        stuck = np.where(self.rng.random(20_000) < 0.05, 0.12345, self.rng.normal(size=20_000))
        pair = (stuck, self.profile) if sides == "forward" else (self.profile, stuck)
        for each in klcli.estimate(*pair, resamples=0).results:
            assert each.status == "lower-bound"
            (warning,) = [w for w in each.warnings if w.code == "coarse-profile"]
            assert "the value 0.12345" in warning.message

    def test_all_rows_in_one_cell_is_a_lower_bound(self):
        narrow = self.rng.normal(0.2, 1e-6, 20_000)
        forward = klcli.estimate(narrow, self.profile, resamples=0).results[0]
        assert forward.status == "lower-bound"
        assert forward.estimate < np.log(1e6)

    @pytest.mark.parametrize("sample", [rng.normal(1, 0.5, 20_000), rng.normal(0, 0.05, 20_000)])
    def test_smooth_differences_are_told_apart(self, sample):
        forward = klcli.estimate(sample, self.profile, direction="forward", resamples=0).results[0]
        assert all(w.code != "coarse-profile" for w in forward.warnings)


class TestKinds:
    def csv(self, tmp_path, name, lines):
        path = tmp_path / name
        path.write_text("x\n" + "\n".join(lines) + "\n")
        return path

    def test_text_is_not_held(self, tmp_path):
        path = self.csv(tmp_path, "a.csv", [f"name {number}" for number in range(300)])
        profile = klcli.profile(path)
        assert profile.columns[0].values is None
        assert profile.columns[0].kind == "text"
        (forward, _) = klcli.estimate(path, profile).results
        assert (forward.status, forward.kind) == ("undefined", "text")
        assert [each.code for each in forward.warnings] == ["text"]

    def test_text_is_held_if_asked_for(self, tmp_path):
        path = self.csv(tmp_path, "a.csv", [f"name {number % 250}" for number in range(300)])
        profile = klcli.profile(path, categorical=["x"])
        forward = klcli.estimate(path, profile, resamples=0).results[0]
        assert forward.kind == "categorical"
        assert forward.estimate == pytest.approx(
            klcli.estimate(path, path, categorical=["x"], resamples=0).results[0].estimate
        )

    def test_numbers_in_text_merge_by_what_most_values_are(self, tmp_path):
        numbers = self.csv(tmp_path, "a.csv", [str(number % 50) for number in range(950)])
        words = self.csv(tmp_path, "b.csv", ["word"] * 20 + ["7"] * 10)
        both = self.csv(
            tmp_path, "c.csv", [str(n % 50) for n in range(950)] + ["word"] * 20 + ["7"] * 10
        )
        parts = [klcli.profile(numbers), klcli.profile(words)]
        assert [part.columns[0].kind for part in parts] == ["numeric", "categorical"]
        merged, whole = klcli.merge_profiles(parts), klcli.profile(both)
        for column in (merged.columns[0], whole.columns[0]):
            assert column.kind == "numeric"
            assert column.gaps.missing == column.values.words == 20
        a, b = merged.columns[0].values, whole.columns[0].values
        assert np.array_equal(a.cells.bounds, b.cells.bounds)
        assert np.array_equal(a.cells.counts, b.cells.counts)

    def test_parts_of_kinds_that_do_not_go_together_hold_nothing(self):
        times = pl.DataFrame({"x": pl.Series(range(100)).cast(pl.Datetime("us"))})
        merged = klcli.merge_profiles(
            [klcli.profile(times), klcli.profile(pl.DataFrame({"x": ["a", "b"] * 50}))]
        )
        assert merged.columns[0].values is None
        result = klcli.estimate(times, merged).results[0]
        assert result.status == "undefined"
        assert "different kinds" in result.warnings[-1].message

    @pytest.mark.parametrize("dtype", [pl.Int32, pl.Float64])
    def test_numbers_that_are_all_known_can_be_read_as_categories(self, dtype):
        data = pl.DataFrame({"x": pl.Series([1, 2, 2, 3] * 30).cast(dtype)})
        other = pl.DataFrame({"x": ["1", "2", "3", "3"] * 30})
        result = klcli.estimate(other, klcli.profile(data), categorical=["x"], resamples=0)
        expected = klcli.estimate(other, data, categorical=["x"], resamples=0)
        assert result.results[0].estimate == expected.results[0].estimate
        assert result.results[0].kind == "categorical"

    def test_numbers_in_cells_cannot_and_that_is_said(self):
        rng = np.random.default_rng(22360679774997)
        data = pl.DataFrame({"x": rng.normal(size=9000), "y": [1, 2, 3] * 3000})
        report = klcli.estimate(data, klcli.profile(data), categorical=["x"], resamples=0)
        found = results(report)
        assert found["y", "forward"].status == "ok"
        (warning,) = found["x", "forward"].warnings
        assert warning.code == "not-in-profile"
        assert "--categorical x" in warning.message

    def test_categories_can_be_read_as_numbers(self):
        data = pl.DataFrame({"x": ["1", "2", "2", "3"] * 30})
        numbers = pl.DataFrame({"x": [1, 1, 2, 3] * 30})
        expected = klcli.estimate(numbers, data, numeric=["x"], resamples=0).results[0]
        found = klcli.estimate(numbers, klcli.profile(data), numeric=["x"], resamples=0).results[0]
        assert (found.kind, found.estimate) == ("numeric", expected.estimate)

    def test_columns_that_a_part_lacks_are_missing_there(self):
        a = klcli.profile(pl.DataFrame({"x": [1, 2, 3], "y": ["a", "b", "b"]}))
        b = klcli.profile(pl.DataFrame({"x": [1, 2]}))
        merged = klcli.merge_profiles([a, b])
        assert [column.gaps.missing for column in merged.columns] == [0, 2]
        assert "part-columns" in [each.code for each in merged.findings]

    def test_empty_columns_take_the_kind_of_the_other_part(self):
        a = klcli.profile(pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Float64)}))
        b = klcli.profile(pl.DataFrame({"x": ["a", "b"]}))
        for parts in ([a, b], [b, a]):
            merged = klcli.merge_profiles(parts)
            assert isinstance(merged.columns[0].values, Labels)
            assert merged.columns[0].gaps.missing == 2

    def test_nested_values_are_passed_over(self):
        data = pl.DataFrame({"x": [[1], [2]], "y": [1, 2]})
        profile = klcli.profile(data)
        assert profile.columns[0].withheld
        found = results(klcli.estimate(data, profile))
        assert found["x", "forward"].warnings[0].code == "unsupported-type"


class TestWeights:
    rng = np.random.default_rng(26457513110645)
    data = pl.DataFrame(
        {
            "x": rng.normal(size=900),
            "gaps": pl.Series([None if u < 0.2 else u for u in rng.random(900).tolist()]),
            "k": rng.choice(list("abc"), 900),
            "w": rng.exponential(5, 900),
        }
    )
    new = pl.DataFrame(
        {"x": rng.normal(0.3, 1, 500), "gaps": rng.random(500), "k": ["a", "b"] * 250}
    )

    @pytest.mark.parametrize("missing", ["category", "drop"])
    @pytest.mark.parametrize("parts", [1, 3])
    def test_weighted_profiles_stand_for_weighted_data(self, missing, parts):
        profile = klcli.merge_profiles(
            [klcli.profile(part, weight="w") for part in split(self.data, parts)]
        )
        data = results(
            klcli.estimate(self.new, self.data, weight="w", missing=missing, resamples=0)
        )
        found = results(klcli.estimate(self.new, profile, missing=missing, resamples=0))
        for key, each in data.items():
            assert found[key].finite_estimate == pytest.approx(each.finite_estimate, rel=1e-3)
            assert found[key].standard_error == pytest.approx(each.standard_error, rel=1e-2)

    def test_the_report_says_so(self):
        report = klcli.estimate(self.new, klcli.profile(self.data, weight="w"), resamples=0)
        assert "weighted by 'w'" in {f.code: f.message for f in report.findings}["weighted"]

    def test_a_profile_cannot_be_weighted_afterwards(self):
        with pytest.raises(InputError, match="can be weighted no more"):
            klcli.estimate(self.data, klcli.profile(self.data), weight="w")

    def test_other_weights_are_refused(self):
        other = self.data.rename({"w": "v"})
        with pytest.raises(InputError, match="weights of 'v'"):
            klcli.estimate(self.data, klcli.profile(other, weight="v"), weight="w")

    def test_profiles_of_different_weighting_do_not_merge(self):
        with pytest.raises(InputError, match="different weighting"):
            klcli.merge_profiles([klcli.profile(self.data), klcli.profile(self.data, weight="w")])


class TestMinCount:
    def test_numbers_share_cells(self):
        rng = np.random.default_rng(33166247903554)
        values = rng.normal(size=5000)
        numbers = klcli.profile(values, min_count=50).columns[0].values
        assert numbers.cells.counts.min() >= 50
        assert numbers.minimum <= values.min()
        assert numbers.maximum >= values.max()
        assert not {values.min(), values.max()} & {numbers.minimum, numbers.maximum}
        found = klcli.estimate(rng.normal(0.5, 1, 3000), klcli.profile(values, min_count=50))
        assert found.results[0].ci_low < 0.125 < found.results[0].ci_high

    def test_rare_categories_count_as_one(self):
        data = pl.DataFrame({"x": ["a"] * 60 + ["b"] * 50 + ["secret"] * 3})
        profile = klcli.profile(data, min_count=10)
        assert profile.columns[0].values.counts["label"].to_list() == ["a", "b"]
        new = pl.DataFrame({"x": ["a"] * 50 + ["b"] * 60 + ["other"] * 2})
        forward = klcli.estimate(new, profile, direction="forward", resamples=0).results[0]
        assert forward.status == "ok"
        (warning,) = [each for each in forward.warnings if each.code == "from-profile"]
        assert "not held by name" in warning.message
        assert "secret" not in str(profile.to_dict())

    def test_a_label_that_one_part_does_not_name_is_named_in_none(self):
        data = pl.DataFrame({"x": ["a"] * 60 + ["b"] * 50 + ["c"] * 20})
        few = pl.DataFrame({"x": ["a"] * 60 + ["c"] * 3})
        merged = klcli.merge_profiles([klcli.profile(each, min_count=10) for each in (data, few)])
        labels = merged.columns[0].values
        assert labels.counts["label"].to_list() == ["a"]
        assert labels.counts["rows"].sum() + labels.rest_rows == len(data) + len(few)

    def test_a_column_with_too_few_values_is_withheld(self):
        data = pl.DataFrame({"x": [1.0] + [None] * 50, "y": [1] * 51})
        assert klcli.profile(data, min_count=5).columns[0].withheld


def test_columns_are_chosen(small):
    assert [c.name for c in klcli.profile(small[1], column=["zeros", "flag"]).columns] == [
        "zeros", "flag",
    ]  # fmt: skip
    names = [c.name for c in klcli.profile(small[1], exclude=["normal"]).columns]
    assert "normal" not in names
    assert len(names) == len(small[1].columns) - 1


@pytest.mark.parametrize(
    ("arguments", "options", "error", "match"),
    [
        ((), {}, UsageError, "nothing to profile"),
        (("x",), {"min_count": 0}, UsageError, "--min-count"),
        (("x",), {"min_count": 5, "weight": "w"}, UsageError, "weights only"),
        (("x",), {"seed": -1}, UsageError, "--seed"),
        (("a.klp",), {}, InputError, "is a profile already"),
        (([1.0, 2.0],), {"column": ["y"]}, InputError, "no column 'y'"),
        (([1.0, 2.0],), {"exclude": ["x0"]}, InputError, "no column is left"),
        (([1.0],), {"numeric": ["x0"], "categorical": ["x0"]}, InputError, "cannot be both"),
        ((object(),), {}, InputError, "cannot read data"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, options, error, match):
    with pytest.raises(error, match=match):
        klcli.profile(*arguments, **options)


def test_nothing_to_merge():
    with pytest.raises(UsageError, match="nothing to merge"):
        klcli.merge_profiles([])


def test_rows_are_not_to_be_had_from_a_profile(small):
    with pytest.raises(InputError, match="not rows"):
        klcli.estimate(small[0], klcli.profile(small[1]), joint=True)
