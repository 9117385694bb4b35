from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from klcli.data import tallies, views
from klcli.data.kinds import Declared
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError
from klcli.results import Kind


@pytest.fixture
def column(write):
    """Tabulate one column of text, given as the lines of two CSV files."""

    def tabulated(p, q=None, **options):
        # A second column keeps the files from being paired by position.
        names = []
        for name, values in (("p.csv", p), ("q.csv", p if q is None else q)):
            rows = "".join(f"{value},0\n" for value in values)
            names.append(write(name, f"c,other\n{rows}"))
        return tabulate(*names, Selection(columns=("c",), **options)).columns[0]

    return tabulated


def codes(column):
    return [finding.code for finding in column.findings]


NUMBERS = [str(i / 4) for i in range(60)]
WORDS = ["red", "green", "blue"] * 20
DATES = [f"2024-02-{day:02d}" for day in range(1, 30)]
MINUTE = pl.Series([60_000_000]).cast(pl.Datetime("us"))
TRUTHS = ["true", "False", "TRUE"] * 9


class TestText:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            (NUMBERS, Kind.NUMERIC),
            (WORDS, Kind.CATEGORICAL),
            (DATES, Kind.DATETIME),
            (TRUTHS, Kind.BOOLEAN),
            ([*NUMBERS, "n/k", "?", "?"], Kind.NUMERIC),
            ([*NUMBERS[:40], *WORDS[:7]], Kind.CATEGORICAL),
            ([*DATES, "?"], Kind.DATETIME),
            ([*TRUTHS, "?"], Kind.CATEGORICAL),
            (["1", "0"] * 9, Kind.NUMERIC),
            (["yes", "no"] * 9, Kind.CATEGORICAL),
        ],
    )
    @pytest.mark.parametrize("batched", [False, True])
    def test_what_text_is_taken_for(self, request, column, values, kind, batched):
        if batched:
            request.getfixturevalue("in_batches")
        assert column(values).kind is kind

    def test_words_among_numbers_are_missing_and_told(self, column):
        found = column([*NUMBERS, "n/k", "?", "x", "n/k"], NUMBERS)
        assert (found.p.missing, found.q.missing) == (4, 0)
        assert codes(found) == ["not-a-number"]
        message = found.findings[0].message
        assert "4 values in P, such as '?', 'n/k', 'x'" in message
        assert found.table.n_p == 64

    def test_words_among_dates_are_missing_and_told(self, column):
        found = column([*DATES, "2024-02-31", "soon"], DATES)
        assert (found.p.missing, codes(found)) == (2, ["not-a-date"])

    @pytest.mark.parametrize("first", [NUMBERS, DATES, TRUTHS, [""] * 60, WORDS])
    @pytest.mark.parametrize("rest", [NUMBERS, DATES, TRUTHS, WORDS])
    @pytest.mark.usefixtures("in_batches")
    def test_the_first_rows_do_not_decide(self, column, monkeypatch, first, rest):
        monkeypatch.setattr(views, "_GUESS_ROWS", 8)
        turned = column([*first[:8], *rest * 4])
        expected = column([*rest * 4, *first[:8]])
        assert turned.kind is expected.kind
        np.testing.assert_array_equal(turned.table.p, expected.table.p)
        assert turned.table.labels == expected.table.labels
        assert turned.findings == expected.findings
        plain = {id(NUMBERS): Kind.NUMERIC, id(DATES): Kind.DATETIME, id(WORDS): Kind.CATEGORICAL}
        if rest is not TRUTHS or first is TRUTHS:
            assert turned.kind is plain.get(id(rest), Kind.BOOLEAN)

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("1970-01-02", 86400),
            ("1970-01-01T00:00:01", 1),
            ("1970-01-01 00:00:01", 1),
            ("1970-01-01 00:01", 60),
            ("1970-01-01T00:00:00.25", 0.25),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01 00:00:02Z", 2),
            ("1970-01-01 01:00 +0100", 0),
            ("1969-12-31", -86400),
        ],
    )
    def test_dates_and_times(self, column, text, seconds):
        found = column([text, "2000-01-01", "2000-01-01 12:00"])
        assert (found.kind, found.p.minimum) == (Kind.DATETIME, seconds)
        assert found.table.ordered
        assert codes(found) == []


class TestBothSides:
    @pytest.mark.parametrize(
        ("p", "q", "kind"),
        [
            (NUMBERS, TRUTHS, Kind.NUMERIC),
            (TRUTHS, ["1", "0", "0"], Kind.NUMERIC),
            (NUMBERS, [""] * 5, Kind.NUMERIC),
            ([""] * 5, WORDS, Kind.CATEGORICAL),
            ([""] * 5, DATES, Kind.DATETIME),
            (TRUTHS, ["NA"] * 5, Kind.BOOLEAN),
            (NUMBERS, [*NUMBERS, *WORDS[:20]], Kind.NUMERIC),
            (DATES, ["2024-01-01T10:00:00Z"], Kind.DATETIME),
        ],
    )
    def test_kinds_that_go_together(self, column, p, q, kind):
        found = column(p, q)
        assert (found.kind, found.undefined) == (kind, None)
        assert (found.table.n_p, found.table.n_q) == (len(p), len(q))
        assert column(q, p).kind is kind

    @pytest.mark.parametrize(
        ("p", "q", "words"),
        [
            (NUMBERS, WORDS, ("numbers", "words")),
            (TRUTHS, WORDS, ("true and false", "words")),
            (DATES, NUMBERS, ("dates", "numbers")),
            (TRUTHS, DATES, ("true and false", "dates")),
        ],
    )
    def test_kinds_that_do_not(self, column, p, q, words):
        found = column(p, q)
        assert found.undefined.code == "kind-mismatch"
        assert f"{words[0]} in P and {words[1]} in Q" in found.undefined.message
        assert len(found.table.p) == 0
        assert (found.p.rows, found.q.rows) == (len(p), len(q))

    def test_truth_as_numbers(self, column):
        found = column(["true", "false", "true"], ["1", "0", "2"])
        assert found.table.lower.tolist() == [0, 1, 2]
        assert found.table.p.tolist() == [1, 2, 0]

    def test_nothing_on_either_side(self, column):
        found = column(["", "NA"], [""])
        assert found.undefined.code == "all-missing"
        for frame in (
            pl.DataFrame({"x": [None, None]}),
            pl.DataFrame({"x": pl.Series([None], dtype=pl.Int8)}),
        ):
            (typed,) = tabulate(frame, np.array([np.nan])).columns
            assert typed.undefined.code == "all-missing"

    def test_a_declared_side_without_values_takes_the_other_kind(self):
        empty = pl.DataFrame({"c": pl.Series([None, None], dtype=pl.Float64)})
        (found,) = tabulate(empty, pl.DataFrame({"c": ["a", "b"]})).columns
        assert (found.kind, found.undefined) == (Kind.CATEGORICAL, None)
        assert found.table.labels == ("a", "b", "(missing)")


class TestForced:
    def test_numbers_as_categories_by_their_shortest_text(self):
        p = pl.DataFrame({"x": [1.0, 2.5, -0.0, None, 1e20]})
        q = pl.DataFrame({"x": [1, 2, 0, None]})
        (found,) = tabulate(p, q, Selection(categorical=("x",))).columns
        assert found.kind is Kind.CATEGORICAL
        counts = zip(found.table.p, found.table.q, strict=True)
        counted = dict(zip(found.table.labels, counts, strict=True))
        assert counted["1"] == counted["0"] == (1, 1)
        assert counted["2.5"] == (1, 0)
        assert counted["(missing)"] == (1, 1)

    @pytest.mark.parametrize("batched", [False, True])
    def test_text_of_numbers_as_categories(self, request, column, batched):
        if batched:
            request.getfixturevalue("in_batches")
        found = column(["1", "02", "2.50", "3"], ["1.0", "02", "2.5", "3."], categorical=("c",))
        assert found.table.labels == ("02", "1", "2.5", "3")
        assert found.table.p.tolist() == found.table.q.tolist() == [1, 1, 1, 1]

    def test_identifiers_beyond_doubles_stay_apart(self, column):
        found = column(["9007199254740993"], ["9007199254740992"], categorical=("c",))
        assert len(found.table.labels) == 2

    def test_free_text_as_categories(self, column):
        values = [f"word {i}" for i in range(150)]
        assert column(values).undefined.code == "text"
        assert len(column(values, categorical=("c",)).table.labels) == 150

    def test_truth_and_dates_as_categories(self, column):
        assert column(["True", "false"], categorical=("c",)).table.labels == ("false", "true")
        frame = pl.DataFrame({"c": [dt.date(2024, 2, 29)]})
        (found,) = tabulate(frame, frame.clone(), Selection(categorical=("c",))).columns
        assert found.table.labels == ("2024-02-29",)

    def test_words_as_numbers(self, column):
        found = column([*WORDS, *NUMBERS], numeric=("c",))
        assert (found.kind, found.p.missing) == (Kind.NUMERIC, 60)
        assert codes(found) == ["not-a-number"]

    def test_declared_text_as_numbers(self):
        p = pl.DataFrame({"x": ["1", "2", "?"]})
        (found,) = tabulate(p, p.clone(), Selection(numeric=("x",))).columns
        assert (found.table.lower[:2].tolist(), found.p.missing) == ([1, 2], 1)

    def test_dates_and_truth_as_numbers(self, column):
        assert column(["1970-01-02", "1970-01-03"], numeric=("c",)).p.mean == 1.5 * 86400
        assert column(["true", "false"], numeric=("c",)).p.mean == 0.5

    def test_no_numbers_at_all(self, column, write):
        with pytest.raises(InputError, match="'c' has no numbers in P, only words") as caught:
            column(WORDS, NUMBERS, numeric=("c",))
        assert "--categorical c" in caught.value.hint
        path = write("a.csv", "c,x\nred,1\nblue,2\n")
        c, x = tabulate(path, path, Selection(numeric=("c",))).columns
        assert (c.undefined.code, x.undefined) == ("not-numeric", None)

    def test_two_kinds_at_once(self):
        with pytest.raises(InputError, match="both categorical and numeric"):
            tabulate(np.ones(2), np.ones(2), Selection(categorical=("x0",), numeric=("x0",)))


class TestFreeText:
    def test_mostly_unique_values_are_text(self, column):
        values = [f"word {i}" for i in range(60)] + ["again"] * 40
        found = column(values)
        assert (found.kind, found.undefined.code) == (Kind.TEXT, "text")
        assert "60% of the values occur only once" in found.undefined.message
        assert "--categorical c" in found.undefined.message
        assert "--numeric" not in found.undefined.message

    def test_mostly_repeated_values_are_categories(self, column):
        values = [f"word {i}" for i in range(50)] + ["again"] * 50
        assert column(values).kind is Kind.CATEGORICAL

    def test_few_values_are_categories(self, column):
        assert column([f"word {i}" for i in range(49)]).kind is Kind.CATEGORICAL
        assert column([f"word {i}" for i in range(50)]).kind is Kind.TEXT

    def test_the_same_identifiers_on_both_sides_are_text(self, column):
        values = [f"id{i}" for i in range(500)]
        assert column(values, values[::-1]).kind is Kind.TEXT

    def test_numbers_among_text_are_mentioned(self, column):
        found = column([*map(str, range(80)), *(f"word {i}" for i in range(20))])
        assert "--numeric c the 80% that are numbers" in found.undefined.message

    @pytest.mark.parametrize("batched", [False, True])
    @pytest.mark.parametrize("forced", [(), ("c",)])
    def test_counting_stops_at_a_cap(self, request, column, monkeypatch, batched, forced):
        if batched:
            request.getfixturevalue("in_batches")
        monkeypatch.setattr(tallies, "LABEL_CAP", 30)
        values = [f"word {i}" for i in range(31)] * 4
        found = column(values, ["word 1", ""] * 50, categorical=forced)
        assert (found.kind, found.undefined.code) == (Kind.TEXT, "text")
        assert (found.p.distinct, found.q.distinct) == (None, 1)
        assert (found.p.rows, found.q.missing) == (124, 50)
        assert column(values[:30] * 4, categorical=forced).kind is Kind.CATEGORICAL


class TestDeclared:
    @pytest.mark.parametrize(
        ("series", "kind", "number"),
        [
            (pl.Series([1, 2], dtype=pl.Int8), Kind.NUMERIC, 1),
            (pl.Series([1, 2], dtype=pl.UInt64), Kind.NUMERIC, 1),
            (pl.Series([1, 2], dtype=pl.Int128), Kind.NUMERIC, 1),
            (pl.Series([1.5, 2], dtype=pl.Float32), Kind.NUMERIC, 1.5),
            (pl.Series(["1.25", "2"]).cast(pl.Decimal(10, 2)), Kind.NUMERIC, 1.25),
            (pl.Series([dt.timedelta(seconds=1.5)]), Kind.NUMERIC, 1.5),
            (pl.Series([dt.date(1970, 1, 3)]), Kind.DATETIME, 172800),
            (pl.Series([dt.time(0, 1, 0, 500_000)]), Kind.DATETIME, 60.5),
            (MINUTE, Kind.DATETIME, 60),
            (MINUTE.dt.cast_time_unit("ns"), Kind.DATETIME, 60),
            (MINUTE.dt.cast_time_unit("ms"), Kind.DATETIME, 60),
            (MINUTE.dt.replace_time_zone("Etc/GMT-1"), Kind.DATETIME, 60 - 3600),
        ],
    )
    def test_numbers_and_times(self, series, kind, number):
        frame = series.alias("x").to_frame()
        (found,) = tabulate(frame, frame.clone()).columns
        assert (found.kind, found.p.minimum) == (kind, number)
        assert found.undefined is None

    @pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["b", "a"])])
    def test_words(self, dtype):
        frame = pl.DataFrame({"c": pl.Series(["a", None, "b", "a"], dtype=dtype)})
        (found,) = tabulate(frame, frame.clone()).columns
        assert (found.kind, found.table.labels) == (Kind.CATEGORICAL, ("a", "b", "(missing)"))

    @pytest.mark.parametrize(
        "series",
        [
            pl.Series([[1], [2]]),
            pl.Series([{"a": 1}]),
            pl.Series([b"ab"]),
            pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)),
            pl.Series([object(), None], dtype=pl.Object),
        ],
    )
    @pytest.mark.parametrize("forced", [(), ("c",)])
    def test_nested_values(self, series, forced):
        frame = series.alias("c").to_frame()
        (found,) = tabulate(frame, frame.clone(), Selection(categorical=forced)).columns
        assert found.undefined.code == "unsupported-type"
        assert found.p.rows == len(series)
        assert found.p.missing == series.null_count()

    def test_dates_as_declared_text(self):
        frame = pl.DataFrame({"c": ["2024-01-01", "2024-01-02"]})
        assert tabulate(frame, frame.clone()).columns[0].kind is Kind.DATETIME

    def test_null_columns_have_nothing(self):
        assert Declared.of(pl.Null()) is Declared.NOTHING

    @pytest.mark.parametrize(
        ("series", "count"),
        [
            (pl.Series([2**53, 2**53 + 1, -(2**53) - 1, 5]), 2),
            (pl.Series([2**63 - 1, -(2**63)]), 2),
            (pl.Series([2**64 - 1, 0], dtype=pl.UInt64), 1),
            (pl.Series([1e300, 2.0**60]), 0),
            (pl.Series(["1" * 20, "3"]).cast(pl.Decimal(30, 0)), 1),
        ],
    )
    def test_integers_beyond_doubles(self, series, count):
        frame = series.alias("x").to_frame()
        (found,) = tabulate(frame, pl.DataFrame({"x": [1, 2]})).columns
        assert codes(found) == (["precision"] if count else [])
        if count:
            assert f"{count} value" in found.findings[0].message

    def test_text_of_integers_beyond_doubles(self, column):
        found = column(["9007199254740993", "99999999999999999999", "1e30", "7"])
        assert "2 values in P and 2 values in Q" in found.findings[0].message


def test_durations_can_be_categories():
    seconds = pl.Series([90.5, 90.5, 3.0]) * 1000
    frame = pl.DataFrame({"x": seconds.cast(pl.Int64).cast(pl.Duration("ms"))})
    (column,) = tabulate(frame, frame, Selection(categorical=("x",))).columns
    assert column.kind is Kind.CATEGORICAL
    assert column.table.labels == ("3", "90.5")


def test_times_that_no_calendar_has_are_missing_where_they_are_written():
    frame = pl.DataFrame({"x": pl.Series([0, 0, -(2**62)]).cast(pl.Datetime("ms"))})
    (column,) = tabulate(frame, frame, Selection(categorical=("x",))).columns
    assert column.table.labels == ("1970-01-01 00:00:00.000", "(missing)")
