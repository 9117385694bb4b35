from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from monitoring.scenarios import ROWS, SCENARIOS, data

from klcli.data.table import frame_table
from klcli.data.tabulate import tabulate
from klcli.monitoring.changes import Column, column_changes
from klcli.monitoring.compare import kept
from klcli.monitoring.options import DriftOptions

REFERENCE = data(0)


def changes(batch, reference=REFERENCE, tests=200):
    """Return what is found in each column, as pairs of code and sentence."""
    options = DriftOptions()
    sides = [kept(frame_table("t", f), options, side=k) for k, f in enumerate((batch, reference))]
    for side, frame in zip(sides, (batch, reference), strict=True):
        side.table.needed = tuple(frame.columns)
    return {
        table.name: [
            (finding.code, finding.message)
            for finding in column_changes(Column(table, *sides, tests))
        ]
        for table in tabulate(*sides).columns
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_happened_is_named_and_nothing_else(name):
    column, change, code, part = SCENARIOS[name]
    found = changes(change(data(1)).select(column), REFERENCE.select(column))[column]
    assert [each for each, _ in found] == [code]
    assert part in found[0][1]


@pytest.mark.parametrize("seed", range(2, 8))
def test_nothing_is_found_where_nothing_happened(seed):
    assert not any(changes(data(seed)).values())


@pytest.mark.parametrize("rows", [100, 500])
def test_nothing_is_found_in_small_batches(rows):
    assert not any(changes(data(9, rows)).values())
    assert not any(changes(data(10), data(11, rows)).values())


def test_one_value_in_a_million():
    rng = np.random.default_rng(43588989435)
    reference = pl.DataFrame({"x": rng.normal(size=1_000_000)})
    batch = rng.normal(size=1_000_000)
    assert changes(pl.DataFrame({"x": batch}), reference) == {"x": []}
    batch[17] = 40.0
    found = changes(pl.DataFrame({"x": batch}), reference)
    assert [code for code, _ in found["x"]] == ["outlier"]
    assert found["x"][0][1].startswith("40 lies far above")


@pytest.mark.parametrize("law", ["standard_cauchy", "lognormal", "exponential", "pareto"])
def test_the_largest_of_a_heavy_tail_is_no_outlier(law):
    rng = np.random.default_rng(46904157598)
    draw = {
        "standard_cauchy": rng.standard_cauchy,
        "lognormal": lambda n: rng.lognormal(0, 2, n),
        "exponential": lambda n: rng.exponential(1, n),
        "pareto": lambda n: rng.pareto(0.7, n),
    }[law]
    found = [
        code
        for _ in range(100)
        for code, _ in changes(
            pl.DataFrame({"x": draw(400)}), pl.DataFrame({"x": draw(300)}), tests=1
        )["x"]
    ]
    # A bar of 1 % for each end of each column.
    assert len(found) <= 6


def test_a_shift_is_no_change_of_units():
    rng = np.random.default_rng(47958315233)
    reference = pl.DataFrame({"x": rng.normal(10, 1, ROWS)})
    batch = pl.DataFrame({"x": rng.normal(12, 1, ROWS)})
    assert [code for code, _ in changes(batch, reference)["x"]] in ([], ["out-of-range"])


def test_text_in_the_wrong_encoding_is_recognised():
    reference = pl.DataFrame({"x": ["Zürich", "Bern"] * 500})
    wrong = "Zürich".encode().decode("cp1252")
    batch = pl.DataFrame({"x": [wrong, "Bern"] * 500})
    assert changes(batch, reference)["x"][0][0] == "respelled"


def test_nulls_that_end_are_told_too():
    reference = pl.DataFrame({"x": [None, 1.0, 2.0, 3.0] * 300})
    batch = pl.DataFrame({"x": [1.0, 2.0, 3.0] * 300})
    assert changes(batch, reference)["x"] == [
        ("null-rate", "0 % of the values are missing, 25 % in the reference")
    ]


def test_years_that_follow_are_not_stuck():
    rng = np.random.default_rng(50990195135)
    reference = pl.DataFrame({"year": np.full(ROWS, 2015)})
    batch = pl.DataFrame({"year": rng.integers(2016, 2019, ROWS)})
    ((code, words),) = changes(batch, reference)["year"]
    assert code == "moved-on"
    assert words.startswith("100 % of the values are larger than any of the reference (2015)")
