from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from klcli.data import table as tables
from klcli.data.kept import KeptSide
from klcli.data.kinds import Reading
from klcli.data.side import Side
from klcli.data.table import frame_table

ODD = [np.nan, np.inf, -np.inf, -0.0, 0.0]
BOUNDS = np.array([-1.0, 0.0, np.nextafter(0.0, 1), 0.5])


def side(kind, rows, weight=None):
    rng = np.random.default_rng(62449979984)
    x = rng.normal(size=rows)
    x[: len(ODD)] = ODD
    frame = pl.DataFrame({"x": x, "y": x[::-1], "w": np.abs(x) if weight else np.ones(rows)})
    if weight:
        frame = frame.with_columns(pl.col("w").fill_nan(1).clip(0, 9))
    table = frame_table("t", frame)
    table.needed = tuple(frame.columns)
    return kind(table, (0, 1), weight, lambda _: None)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("rows", [500, 140_000])
def test_counts_are_those_of_a_side_that_forgets(rows, weight):
    counts = []
    for kind in (Side, KeptSide):
        one = side(kind, rows, weight)
        one.start(["x"])
        one.summarize({"x": Reading.NUMBER})
        counts.append([one.count({"x": BOUNDS})["x"], one.count({"x": BOUNDS[:2]})["x"]])
    for plain, kept in zip(*counts, strict=True):
        assert plain.tolist() == pytest.approx(kept.tolist())


def test_columns_are_read_once_whatever_is_asked_next():
    one = side(KeptSide, 1000)
    one.start(["x"])
    one.summarize({"x": Reading.NUMBER})
    first = one.finite("x")
    one.start(["x", "y"])
    one.summarize({"x": Reading.NUMBER, "y": Reading.NUMBER})
    assert one.finite("x") is not None
    assert np.shares_memory(one.sorted["x"], first)
    assert one.rows == 1000


def test_a_column_that_is_read_otherwise_is_sorted_again(monkeypatch):
    monkeypatch.setattr(tables, "MEMORY_BUDGET", 1 << 30)
    frame = pl.DataFrame({"x": [str(k) for k in range(140_000)]})
    table = frame_table("t", frame, lexical=True)
    table.needed = ("x",)
    one = KeptSide(table, (0, 1), None, lambda _: None)
    one.start(["x"])
    for reading in (Reading.NUMBER, Reading.LABEL, Reading.NUMBER):
        one.summarize({"x": reading})
        if reading.numeric:
            assert one.count({"x": np.array([10.0])})["x"].tolist() == [0, 10, 139_990, 0, 0]
