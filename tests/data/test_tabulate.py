from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klcli.counts import Role
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError, UsageError
from klcli.results import Kind

RNG_SEED = 7203915846


def codes(findings):
    return [finding.code for finding in findings]


def mixed_frame(rows, shift=0.0, seed=RNG_SEED):
    """Return a frame with a column of every kind, missing values in each."""
    rng = np.random.default_rng(seed)
    day = np.datetime64("2024-01-01", "us")
    frame = pl.DataFrame(
        {
            "real": rng.normal(shift, size=rows),
            "whole": rng.integers(0, 9, rows),
            "word": rng.choice(["ant", "bee", "cat", "dog"], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "truth": rng.random(rows) < 0.3 + shift / 10,
            "day": day + (rng.integers(0, 30, rows) * 86_400_000_000).astype("m8[us]"),
            "lapse": (rng.integers(0, 30, rows) * 1_500_000).astype("m8[us]"),
        }
    )
    gone = pl.Series(rng.random(rows) < 0.1)
    return frame.with_columns(pl.when(~gone).then(pl.all()).otherwise(None).name.keep())


def same_tables(one, other, *, exact_moments=True):
    assert [column.name for column in one.columns] == [column.name for column in other.columns]
    for a, b in zip(one.columns, other.columns, strict=True):
        assert a.kind is b.kind
        assert a.table.labels == b.table.labels
        for field in ("p", "q", "roles", "lower", "upper"):
            np.testing.assert_array_equal(getattr(a.table, field), getattr(b.table, field))
        for x, y in ((a.p, b.p), (a.q, b.q)):
            if exact_moments:
                assert repr(x) == repr(y)
            else:
                np.testing.assert_allclose(
                    [x.mean, x.standard_deviation], [y.mean, y.standard_deviation], rtol=1e-9
                )
                bare = {"mean": 0.0, "standard_deviation": 0.0}
                assert repr(replace(x, **bare)) == repr(replace(y, **bare))
        assert a.findings == b.findings
        assert a.undefined == b.undefined


class TestCounts:
    def test_every_kind_against_brute_force(self, counts):
        p, q = mixed_frame(300), mixed_frame(200, 0.5, seed=8820391754)
        table = tabulate(p, q)
        kinds = {column.name: column.kind for column in table.columns}
        assert kinds == {
            "real": Kind.NUMERIC,
            "whole": Kind.NUMERIC,
            "word": Kind.CATEGORICAL,
            "truth": Kind.BOOLEAN,
            "day": Kind.DATETIME,
            "lapse": Kind.NUMERIC,
        }
        for column in table.columns:
            for side, frame in (("p", p), ("q", q)):
                brute = {}
                for value in frame[column.name].to_list():
                    brute[key(value)] = brute.get(key(value), 0) + 1
                assert counts(column, side) == brute

    def test_cells_hold_all_rows(self):
        table = tabulate(mixed_frame(300), mixed_frame(200, seed=17))
        for column in table.columns:
            assert (column.table.n_p, column.table.n_q) == (300, 200)
        assert (table.p.rows, table.q.rows) == (300, 200)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(st.none() | st.floats() | st.sampled_from([0.0, 1.0]), min_size=1, max_size=40),
        st.lists(st.none() | st.floats() | st.sampled_from([0.0, 1.0]), min_size=1, max_size=40),
    )
    def test_numbers_of_any_value(self, p, q):
        frames = [pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)}) for values in (p, q)]
        (column,) = tabulate(*frames).columns
        absent = [sum(v is None or np.isnan(v) for v in values) for values in (p, q)]
        assert (column.p.missing, column.q.missing) == tuple(absent)
        if absent == [len(p), len(q)]:
            assert column.undefined.code == "all-missing"
        else:
            assert (column.table.n_p, column.table.n_q) == (len(p), len(q))
            assert ((column.table.p + column.table.q) > 0).all()
            gaps = column.table.roles == Role.MISSING
            assert column.table.p[gaps].sum() == absent[0]
            finite = column.table.roles == Role.INTERVAL
            assert (column.table.lower[finite] < column.table.upper[finite]).all()

    def test_one_row_a_side(self):
        (column,) = tabulate(np.array([3.0]), np.array([3.0])).columns
        assert column.table.p.tolist() == column.table.q.tolist() == [1]
        assert column.p.standard_deviation == 0


def key(value):
    """Return what the table calls a value: a label, or a number as lower bound."""
    if value is None:
        return "(missing)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return float(value)
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    return float((np.datetime64(value, "us") - np.datetime64(0, "us")) / np.timedelta64(1, "s"))


class TestOrderAndBatches:
    def test_the_order_of_rows_has_no_bearing(self):
        p, q = mixed_frame(500), mixed_frame(400, 1.0, seed=88)
        shuffled = p.sample(fraction=1, shuffle=True, seed=5), q.reverse()
        same_tables(tabulate(p, q), tabulate(*shuffled))

    @pytest.mark.parametrize("suffix", ["csv", "parquet", "ndjson", "arrow", "csv.gz"])
    def test_batches_give_the_tables_of_memory(self, here, request, suffix):
        from makers import write_frame

        paths = [here / f"{name}.{suffix}" for name in "pq"]
        write_frame(mixed_frame(300).drop("lapse"), paths[0])
        write_frame(mixed_frame(200, 1.0, seed=88).drop("lapse"), paths[1])
        whole = tabulate(*paths)
        request.getfixturevalue("in_batches")
        same_tables(whole, tabulate(*paths))

    @pytest.mark.parametrize("suffix", ["csv", "parquet", "npy"])
    @pytest.mark.usefixtures("small_sample")
    def test_batches_give_the_tables_of_memory_from_samples(self, here, request, suffix):
        from makers import write_frame

        paths = [here / f"{name}.{suffix}" for name in "pq"]
        write_frame(mixed_frame(300).select("real", "whole"), paths[0])
        write_frame(mixed_frame(200, 1.0, seed=88).select("real", "whole"), paths[1])
        whole = tabulate(*paths, seed=5)
        assert whole.columns[0].p.distinct is None
        request.getfixturevalue("in_batches")
        same_tables(whole, tabulate(*paths, seed=5), exact_moments=False)

    @pytest.mark.usefixtures("small_sample")
    def test_samples_lay_out_cells_and_all_rows_are_counted(self, counts):
        p, q = mixed_frame(300), mixed_frame(200, seed=88)
        table = tabulate(p, q)
        for column in table.columns:
            assert (column.table.n_p, column.table.n_q) == (300, 200)
        real, whole = table.columns[:2]
        assert len(real.table.p) <= 2 * 80 + 1
        brute = p["whole"].value_counts()
        expected = {float(v) if v is not None else "(missing)": n for v, n in brute.rows()}
        assert counts(whole, "p") == expected

    @pytest.mark.usefixtures("small_sample")
    def test_seed_decides_on_the_sample(self):
        p, q = mixed_frame(300), mixed_frame(300, seed=9)
        lowers = [tabulate(p, q, seed=seed).columns[0].table.lower for seed in (1, 1, 2)]
        np.testing.assert_array_equal(lowers[0], lowers[1])
        assert not np.array_equal(lowers[0], lowers[2])

    def test_wide_tables_are_read_in_groups(self):
        rng = np.random.default_rng(4410982733)
        p, q = rng.normal(size=(20, 300)), rng.normal(size=(30, 300))
        table = tabulate(p, q)
        assert [column.name for column in table.columns] == [f"x{i}" for i in range(300)]
        for number in (0, 127, 128, 299):
            (alone,) = tabulate(p[:, number], q[:, number]).columns
            np.testing.assert_array_equal(table.columns[number].table.lower, alone.table.lower)
            np.testing.assert_array_equal(table.columns[number].table.p, alone.table.p)


class TestSummaries:
    def test_summary_of_numbers(self):
        values = np.array([1.0, 2.0, 2.0, 5.0, np.nan, np.inf])
        (column,) = tabulate(values, np.array([1.0])).columns
        assert (column.p.rows, column.p.missing, column.p.distinct) == (6, 1, 4)
        assert (column.p.minimum, column.p.maximum, column.p.mean) == (1, 5, 2.5)
        assert column.p.standard_deviation == pytest.approx(np.std([1, 2, 2, 5]), rel=1e-15)
        assert column.p.effective_rows == 6

    @pytest.mark.parametrize("offset", [0.0, 1e9])
    @pytest.mark.usefixtures("in_batches", "small_sample")
    def test_moments_of_batches_are_merged(self, offset):
        values = np.random.default_rng(3390528817).normal(offset, 2.0, 500)
        (column,) = tabulate(values, values).columns
        assert column.p.mean == pytest.approx(values.mean(), rel=1e-14)
        assert column.p.standard_deviation == pytest.approx(values.std(), rel=1e-6)
        assert (column.p.minimum, column.p.maximum) == (values.min(), values.max())

    def test_summary_of_labels(self):
        (column,) = tabulate({"c": ["a", None, "b", "a"]}, {"c": ["a"]}).columns
        assert (column.p.rows, column.p.missing, column.p.distinct) == (4, 1, 2)
        assert np.isnan([column.p.mean, column.p.minimum]).all()


class TestMissing:
    def test_missing_is_the_last_cell(self):
        table = tabulate(mixed_frame(100), mixed_frame(100, seed=3))
        for column in table.columns:
            assert column.table.roles[-1] == Role.MISSING
            assert column.table.p[-1] == column.p.missing > 0
            assert column.table.name(len(column.table.p) - 1) == "(missing)"

    def test_dropped(self):
        table = tabulate(mixed_frame(100), mixed_frame(100, seed=3), Selection(missing="drop"))
        for column in table.columns:
            assert Role.MISSING not in column.table.roles
            assert column.table.n_p == 100 - column.p.missing

    def test_a_side_without_values_is_undefined_once_they_are_dropped(self):
        p, q = np.array([np.nan, np.nan]), np.array([1.0, 2.0])
        (kept,) = tabulate(p, q).columns
        assert (kept.undefined, kept.table.p[-1]) == (None, 2)
        (dropped,) = tabulate(p, q, Selection(missing="drop")).columns
        assert dropped.undefined.code == "all-missing"
        assert "in P" in dropped.undefined.message

    def test_unknown_choice(self):
        with pytest.raises(UsageError, match="--missing"):
            tabulate(np.ones(2), np.ones(2), Selection(missing="keep"))


class TestWeights:
    def frame(self, rows, seed):
        rng = np.random.default_rng(seed)
        return mixed_frame(rows, seed=seed).with_columns(w=pl.Series(rng.exponential(size=rows)))

    @pytest.mark.parametrize("missing", ["category", "drop"])
    @pytest.mark.parametrize("batched", [False, True])
    def test_weighted_counts_against_brute_force(self, request, counts, missing, batched):
        if batched:
            request.getfixturevalue("in_batches")
        p, q = self.frame(120, 31), self.frame(90, 32)
        table = tabulate(p, q, Selection(weight="w", missing=missing))
        assert "w" not in [column.name for column in table.columns]
        for column in table.columns:
            for side, frame in (("p", p), ("q", q)):
                rows = frame.select(column.name, "w").rows()
                if missing == "drop":
                    rows = [row for row in rows if row[0] is not None]
                total = sum(weight for _, weight in rows)
                scale = total / sum(weight**2 for _, weight in rows)
                brute = {}
                for value, weight in rows:
                    brute[key(value)] = brute.get(key(value), 0) + weight * scale
                assert counts(column, side) == pytest.approx(brute, rel=1e-9)
                kish = total**2 / sum(weight**2 for _, weight in rows)
                assert getattr(column.table, side).sum() == pytest.approx(kish, rel=1e-9)
        assert codes(table.findings) == ["weighted"]

    def test_equal_weights_count_rows(self):
        p = mixed_frame(100).with_columns(w=pl.lit(2.5))
        q = mixed_frame(80, seed=4).with_columns(w=pl.lit(1))
        weighted, bare = tabulate(p, q, Selection(weight="w")), tabulate(p.drop("w"), q.drop("w"))
        for a, b in zip(weighted.columns, bare.columns, strict=True):
            np.testing.assert_allclose(a.table.p, b.table.p, rtol=1e-12)
            np.testing.assert_array_equal(a.table.lower, b.table.lower)

    def test_weights_go_with_numbers_in_text(self, tmp_path):
        rng = np.random.default_rng(80163342918)
        p, q = (
            pl.DataFrame({"x": rng.integers(-9, 9, 60_000), "w": rng.integers(1, 5, 60_000)})
            for _ in range(2)
        )
        for name, frame in (("p.csv", p), ("q.csv", q)):
            frame.write_csv(tmp_path / name)
        (typed,) = tabulate(p, q, Selection(weight="w")).columns
        (text,) = tabulate(tmp_path / "p.csv", tmp_path / "q.csv", Selection(weight="w")).columns
        assert text.table.p.tolist() == typed.table.p.tolist()
        assert text.table.q.tolist() == typed.table.q.tolist()

    def test_weights_on_one_side_only(self):
        p = pl.DataFrame({"x": [1.0, 2.0, 2.0], "w": [3, 1, 0]})
        table = tabulate(p, pl.DataFrame({"x": [1.0, 2.0]}), Selection(weight="w"))
        (column,) = table.columns
        assert column.table.p.tolist() == pytest.approx([3 * 0.4, 1 * 0.4])
        assert column.table.q.tolist() == [1, 1]
        assert column.p.effective_rows == pytest.approx(1.6)
        assert "Q has no such column" in table.findings[0].message

    @pytest.mark.parametrize(
        ("weights", "said"),
        [
            ([1.0, -1.0, None, float("inf")], "3 of 4 weights"),
            (["a", "b", "c", "1"], "4 of 4 weights|3 of 4 weights"),
            ([0, 0, 0, 0], "all weights are 0"),
        ],
    )
    def test_bad_weights(self, weights, said):
        p = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "w": pl.Series(weights, strict=False)})
        with pytest.raises(InputError, match=said):
            tabulate(p, p.clone(), Selection(weight="w"))

    @pytest.mark.parametrize("unit", [1e-300, 1e300])
    def test_the_unit_of_weights_has_no_bearing(self, unit):
        p = pl.DataFrame({"x": [1.0, 2.0, None], "w": [3.0, 1.0, 2.0]})
        scaled = p.with_columns(pl.col("w") * unit)
        (one,) = tabulate(p, p.clone(), Selection(weight="w")).columns
        (other,) = tabulate(scaled, p.clone(), Selection(weight="w")).columns
        np.testing.assert_allclose(one.table.p, other.table.p, rtol=1e-12)
        assert one.table.n_p == pytest.approx(36 / 14)

    def test_weights_that_differ_beyond_floats(self):
        p = pl.DataFrame({"x": [1.0] * 9, "w": [1e-200] * 8 + [1e200]})
        (column,) = tabulate(p, p.clone(), Selection(weight="w")).columns
        assert column.table.n_p == pytest.approx(1)

    @pytest.mark.usefixtures("in_batches")
    def test_weights_that_differ_beyond_floats_in_batches(self):
        p = pl.DataFrame({"x": [1.0] * 9, "w": [1e-200] * 8 + [1e200]})
        with pytest.raises(InputError, match="orders of magnitude"):
            tabulate(p, p.clone(), Selection(weight="w"))

    def test_values_without_weight(self):
        p = pl.DataFrame({"x": [None, 2.0], "w": [5.0, 0.0]})
        options = Selection(weight="w", missing="drop")
        (column,) = tabulate(p, pl.DataFrame({"x": [1.0]}), options).columns
        assert column.undefined.code == "all-missing"
        assert len(column.table.p) == 0

    def test_unknown_column_of_weights(self):
        with pytest.raises(InputError, match="--weight: no column 'v'"):
            tabulate(mixed_frame(9), mixed_frame(9), Selection(weight="v"))


class TestLayout:
    def test_layout_sees_both_samples_and_decides_on_the_cells(self):
        seen = []

        def layout(sample):
            seen.append(sample)
            return np.array([0.0, 1.0])

        p, q = np.array([2.0, -1.0, 0.5, np.nan]), np.array([1.0, np.inf])
        (column,) = tabulate(p, q, layout=layout).columns
        (sample,) = seen
        assert (sample.p.tolist(), sample.q.tolist()) == ([-1, 0.5, 2], [1])
        assert sample.complete
        assert (sample.summary_p.rows, sample.summary_p.missing) == (4, 1)
        assert column.table.lower[:-1].tolist() == [-np.inf, 0, 1, np.inf]
        assert column.table.p.tolist() == [1, 1, 1, 0, 1]
        assert column.table.q.tolist() == [0, 0, 1, 1, 0]

    @pytest.mark.usefixtures("small_sample")
    def test_layout_is_told_when_it_sees_a_sample(self):
        seen = []

        def layout(sample):
            seen.append((sample.complete, len(sample.p), len(sample.q), sample.summary_p.maximum))
            return np.array([50.0])

        (column,) = tabulate(np.arange(100.0), np.arange(30.0), layout=layout).columns
        assert seen == [(False, 40, 30, 99.0)]
        assert column.table.p.tolist() == [50, 50]

    def test_layout_is_not_asked_about_a_column_without_numbers(self):
        def layout(sample):
            raise AssertionError

        p = np.array([np.inf, np.nan])
        (column,) = tabulate(p, p.copy(), layout=layout).columns
        assert column.table.p.tolist() == [1, 1]


class TestFindings:
    def test_infinite_values(self):
        (column,) = tabulate(np.array([1, np.inf, -np.inf]), np.array([1.0, np.inf])).columns
        assert codes(column.findings) == ["infinite-values"]
        assert "2 values in P and 1 value in Q" in column.findings[0].message
        assert column.table.lower.tolist() == [-np.inf, 1, np.inf]
        assert column.table.upper[[0, -1]].tolist() == [-np.inf, np.inf]
        assert (column.table.roles == Role.ATOM).all()

    def test_same_source(self, write):
        path = write("a.csv", "x\n1\n2\n")
        assert "same-source" in codes(tabulate(path, f"./{path}").findings)
        values = np.ones(3)
        assert "same-source" in codes(tabulate(values, values).findings)
        assert "same-source" not in codes(tabulate(values, np.ones(3)).findings)

    def test_sources_are_called_what_the_user_called_them(self, write):
        path = write("a.csv", "x0\n1\n2\n")
        table = tabulate(path, np.ones(4))
        assert (table.p.source, table.p.rows) == ("a.csv", 2)
        assert (table.q.source, table.q.rows) == ("<array>", 4)
        assert tabulate(pl.DataFrame({"x": [1]}), {"x": [2]}).p.source == "<frame>"


class TestProgress:
    @pytest.mark.parametrize("batched", [False, True])
    def test_share_of_work_goes_up_to_one(self, request, write, batched):
        if batched:
            request.getfixturevalue("in_batches")
        request.getfixturevalue("small_sample")
        path = write("a.csv", "x,c\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(100)))
        told = []
        tabulate(path, pl.read_csv(path), progress=lambda what, share: told.append((what, share)))
        shares = [share for _, share in told]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, 1)
        assert {"opening a.csv", "reading a.csv", "reading <frame>"} <= {what for what, _ in told}
        assert len(set(shares)) > 10 if batched else len(set(shares)) > 3

    def test_rows_on_one_side_only(self):
        with pytest.raises(InputError, match="<array>: no rows"):
            tabulate(np.ones(3), np.empty(0))
