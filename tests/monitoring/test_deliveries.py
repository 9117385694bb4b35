from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from monitoring.scenarios import data

import klcli
from klcli.data.row_sketch import RowSketch
from klcli.monitoring.deliveries import repeats

ROWS = 600


def day(number, label=None):
    """Return the rows of a day, with a label of the delivery and numbers of the rows."""
    label = number if label is None else label
    return data(number, ROWS).with_columns(
        delivery=pl.lit(f"day {label}"), number=pl.int_range(pl.len()) + label * ROWS
    )


def noticed(reference, batches, **settings):
    report = klcli.drift(reference, batches, column=["height", "city", "time", "row"], **settings)
    return {b.name: [(f.code, f.message) for f in b.findings] for b in report.batches}


@pytest.mark.parametrize("settings", [{}, {"reference": "previous"}, {"reference": "rolling:3"}])
def test_the_same_rows_under_another_label_were_delivered_again(settings):
    names = ["height", "city", "time", "delivery", "number"]
    batches = {f"day{k}": day(2 if k == 3 else k, k).select(names) for k in range(5)}
    given = [batches] if settings else [day(9), batches]
    report = klcli.drift(*given, column=names, **settings)
    found = {b.name: [(f.code, f.message) for f in b.findings] for b in report.batches}
    ((code, message),) = found.pop("day3")
    assert code == "delivered-again"
    assert message == "all rows stand in 'day2' as well: the same data once more?"
    assert not any(found.values())


def test_a_part_of_the_rows_is_told_with_its_share():
    late = pl.concat([day(2).tail(450), day(1).head(150)])
    found = noticed(day(9), {"day1": day(1), "day2": late})
    assert found["day2"] == [("shared-rows", "25 % of the rows stand in 'day1' as well")]
    found = noticed(pl.concat([day(1), day(2), day(3)]), {"day1": day(1)})
    assert found["day1"] == [
        ("shared-rows", "all rows stand in the reference as well, which pulls estimates toward 0")
    ]


def test_rows_that_were_loaded_twice_are_told():
    twice = pl.concat([day(1), day(1).head(200)])
    found = noticed(pl.concat([day(8), day(9)]), {"day1": twice, "day2": day(2)})
    ((code, message),) = found["day1"]
    assert code == "repeated-rows"
    assert message.startswith(
        "25 % of the rows repeat others of the batch, unlike those of the ref"
    )
    assert found["day2"] == []


@pytest.mark.parametrize(
    "dtype",
    [pl.Duration("us"), pl.Time, pl.Datetime("us", "Asia/Tokyo"), pl.Decimal(12, 2),
     pl.Int128, pl.Categorical],
)  # fmt: skip
def test_columns_of_all_types_are_looked_at(dtype):
    def frame(seed):
        numbers = pl.Series(np.random.default_rng(seed).integers(0, 9000, (2, 300)).T)
        both = pl.DataFrame({"x": numbers.arr.get(0), "y": numbers.arr.get(1)})
        x = pl.col("x")
        text = dtype in (pl.String, pl.Categorical)
        return both.with_columns((x.cast(pl.String) if text else x).cast(dtype))

    batches = {"a": frame(1), "b": frame(2), "again": frame(2)}
    report = klcli.drift(frame(0), batches, resamples=99)
    found = {b.name: [f.code for f in b.findings] for b in report.batches}
    assert found == {"a": [], "b": [], "again": ["delivered-again"]}


def test_times_that_no_calendar_has_are_looked_at():
    frame = day(1).with_columns(time=(pl.lit(2**62) + pl.col("row")).cast(pl.Datetime("ms")))
    report = klcli.drift(frame, {"day1": frame}, resamples=99)
    assert "shared-rows" in [each.code for each in report.batches[0].findings]


def test_a_column_without_a_name_is_looked_at():
    def frame(k):
        return day(k).select(pl.col("height").alias(""), "city", "time")

    report = klcli.drift(frame(9), {"day1": frame(1), "day2": frame(1)})
    (finding,) = report.batches[1].findings
    assert finding.code == "delivered-again"
    assert [each.estimate.column for each in report.results[:3]] == ["", "city", "time"]


def test_what_a_table_always_repeats_is_no_news():
    pairs = [pl.concat([day(k), day(k).head(200)]) for k in range(3)]
    assert not any(noticed(pairs[0], {"day1": pairs[1], "day2": pairs[2]}).values())


def test_rows_with_weights_may_list_the_same_values():
    frames = [day(k).with_columns(w=pl.lit(float(k + 1))) for k in (1, 1, 1)]
    found = noticed(frames[0], {"a": frames[1], "b": frames[2]}, weight="w")
    assert {code for each in found.values() for code, _ in each} == {"weighted"}


def test_chance_repeats_no_rows():
    rng = np.random.default_rng(69314718055)

    def sketch(values, size=1 << 13):
        rows = RowSketch(["x"], [False], size)
        rows.add(pl.DataFrame({"x": values.astype(float)}))
        return rows

    for _ in range(100):
        n, m = (10 ** rng.uniform(1, 4, 2)).astype(int)
        cells, shape = int(10 ** rng.uniform(0, 6)), rng.uniform(1.05, 3)
        for draw in (
            lambda size, cells=cells: rng.integers(0, cells, size),
            lambda size, shape=shape: rng.zipf(shape, size),
            lambda size, cells=cells: np.round(rng.normal(0, cells, size)),
        ):
            assert repeats(sketch(draw(n)), sketch(draw(m), 1 << 17)) == 0
    single = rng.normal(size=5000)
    found = repeats(sketch(np.append(single, single[:500])), sketch(rng.normal(size=20_000)))
    assert found == pytest.approx(1 / 11, abs=0.02)
