from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from klcli.data import table as tables
from klcli.data.sources import open_source
from klcli.data.table import frame_table
from klcli.errors import InputError, UsageError
from klcli.monitoring import splits
from klcli.monitoring.splits import Split


def split(frame, *arguments, lexical=False, findings=None):
    found = [] if findings is None else findings
    table = frame_table("t", frame, lexical=lexical)
    table.needed = tuple(frame.columns)
    return {
        each.name: each.data.collect(frame.columns).to_dict(as_series=False)
        for each in Split(*arguments).batches(table, "mark", found)
    }


def test_by_values_in_natural_order():
    frame = pl.DataFrame({"g": ["b10", "b9", "b10", None], "x": [1, 2, 3, 4]})
    findings = []
    parts = split(frame, "g", findings=findings)
    assert list(parts) == ["b9", "b10"]
    assert parts["b10"]["x"] == [1, 3]
    assert [finding.code for finding in findings] == ["no-batch"]


def test_by_numbers():
    parts = split(pl.DataFrame({"g": [2, 10, 2], "x": [1, 2, 3]}), "g")
    assert {name: part["x"] for name, part in parts.items()} == {"2": [1, 3], "10": [2]}


@pytest.mark.parametrize(
    ("window", "wanted"),
    [
        ("1d", {"2024-01-31": [1, 2], "2024-02-01": [3], "2025-02-01": [4]}),
        ("1mo", {"2024-01": [1, 2], "2024-02": [3], "2025-02": [4]}),
        ("1y", {"2024": [1, 2, 3], "2025": [4]}),
        ("1w", {"2024-01-29": [1, 2, 3], "2025-01-27": [4]}),
        ("6h", {"2024-01-31 00:00:00": [1], "2024-01-31 18:00:00": [2],
                "2024-02-01 00:00:00": [3], "2025-02-01 00:00:00": [4]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["datetime", "text", "date"])
def test_by_windows_of_time(window, wanted, kind):
    times = [
        "2024-01-31T01:00:00",
        "2024-01-31T23:59:59",
        "2024-02-01T00:00:00",
        "2025-02-01T05:00:00",
    ]
    column = pl.Series("t", times).str.to_datetime()
    if kind == "text":
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%S")
    if kind == "date":
        if window == "6h":
            pytest.skip("a date has no hours")
        column = column.dt.date()
    frame = pl.DataFrame({"t": column, "x": [1, 2, 3, 4]})
    parts = split(frame, "t", window, lexical=True)
    assert {name: part["x"] for name, part in parts.items()} == wanted


def test_days_are_those_of_the_time_zone():
    times = pl.Series("t", [dt.datetime(2024, 1, 1, 23, tzinfo=dt.UTC)]).dt.convert_time_zone(
        "Europe/Berlin"
    )
    assert list(split(pl.DataFrame({"t": times}), "t", "1d")) == ["2024-01-02"]


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2024-01-31T23:30:00-05:00", "-05:00"),
        ("2024-01-31 23:30:00.5+0530", "+0530"),
        ("2024-01-31T23:30:00+00:00", ""),
        ("2024-01-31T23:30:00Z", ""),
        ("2024-01-31", ""),
    ],
)
def test_windows_by_utc_are_told_where_times_carry_an_offset(text, offset):
    findings = []
    split(pl.DataFrame({"t": [text]}), "t", "1d", lexical=True, findings=findings)
    assert [finding.code for finding in findings] == ["utc-windows"] * bool(offset)
    assert all(f"such as {offset}, " in finding.message for finding in findings)


def test_large_tables_are_read_through_for_each_batch(tmp_path, monkeypatch):
    frame = pl.DataFrame({"g": ["a", "b"] * 500, "x": np.arange(1000)})
    frame.write_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr(tables, "MEMORY_BUDGET", 0)
    table = open_source(str(tmp_path / "t.parquet"), None, [], None)
    parts = list(Split("g").batches(table, "", []))
    assert not table.in_memory
    assert [each.name for each in parts] == ["a", "b"]
    assert parts[1].data.collect(["x"])["x"].to_list() == list(range(1, 1000, 2))
    assert [each.identity for each in parts] == ["", ""]


@pytest.mark.parametrize(
    ("frame", "arguments", "error"),
    [
        ({"x": [1]}, ("y",), InputError),
        ({"x": [1]}, ("x", "1d"), InputError),
        ({"x": ["never"]}, ("x", "1d"), InputError),
        ({"x": [dt.date(2024, 1, 1)]}, ("x", "1fortnight"), UsageError),
        ({"x": [dt.date(2024, 1, 1)]}, ("x", "0d"), UsageError),
        ({"x": pl.Series([None], dtype=pl.String)}, ("x",), InputError),
    ],
)
def test_what_cannot_be_split_is_an_error(frame, arguments, error):
    with pytest.raises(error):
        split(pl.DataFrame(frame), *arguments)


def test_too_many_batches_are_refused(monkeypatch):
    monkeypatch.setattr(splits, "MOST_BATCHES", 5)
    with pytest.raises(UsageError, match="more than 5 batches"):
        split(pl.DataFrame({"x": list(range(6))}), "x")


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ("1d", "2024-03-03, 2024-03-04, 2024-03-06"),
        ("1w", None),
        ("2d", None),
        ("6h", None),
    ],
)
def test_windows_without_rows_are_told(window, told):
    days = [dt.datetime.fromisoformat(f"2024-03-0{day}T05:00") for day in (1, 2, 5, 7)]
    findings = []
    split(pl.DataFrame({"t": days, "x": days}), "t", window, findings=findings)
    if told is None:
        assert findings == []
    else:
        (finding,) = findings
        assert finding.code == "empty-windows"
        assert finding.message == f"no rows, and so no batch, in windows of {window}: {told}"


def test_many_windows_without_rows_are_told_in_short():
    days = [dt.date(2024, 1, 1), dt.date(2024, 12, 1)]
    findings = []
    split(pl.DataFrame({"t": days}), "t", "1mo", findings=findings)
    assert findings[0].message.endswith("windows of 1mo: 2024-02 … 2024-11 (10 of 12)")


def test_years_that_no_calendar_has_are_batches_like_others():
    days = pl.Series("t", [19_000, 19_002, 3_700_000], dtype=pl.Int32).cast(pl.Date)
    findings = []
    table = frame_table("t", pl.DataFrame({"t": days}))
    table.needed = ("t",)
    batches = Split("t", "1d").batches(table, "mark", findings)
    assert [each.name for each in batches] == ["2022-01-08", "2022-01-10", "+12100-04-04"]
    assert findings == []
