"""A dataset of a kind that people have, and what can happen to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 4000
#: How many rows fall into each hour of the day, as in most logs: few at night.
DAILY = np.array(
    [3, 2, 2, 2, 2, 2, 4, 8, 12, 14, 12, 11, 11, 12, 11, 10, 11, 13, 15, 14, 11, 8, 6, 4]
)
CITIES = ["NY", "LA", "SF", "Chicago"]


def data(seed: int, rows: int = ROWS) -> pl.DataFrame:
    """Draw rows of a made-up log."""
    rng = np.random.default_rng([41421356237, seed])
    hours = rng.choice(24, rows, p=DAILY / DAILY.sum())
    micro = (rng.integers(0, 28, rows) * 24 + hours) * 3_600_000_000
    micro += rng.integers(0, 3_600_000_000, rows)
    return pl.DataFrame({
        "height": rng.gamma(9, 200, rows),
        "price": np.round(rng.lognormal(3, 1, rows), 2),
        "temperature": rng.normal(12, 6, rows),
        "city": rng.choice(CITIES, rows, p=[0.4, 0.3, 0.2, 0.1]),
        "flag": rng.random(rows) < 0.2,
        "sensor": rng.normal(50, 3, rows),
        "returns": rng.standard_t(2, rows),
        "degrees": np.round(rng.normal(18, 4, rows)),
        "rating": rng.choice(np.arange(1, 6), rows, p=[0.05, 0.1, 0.2, 0.25, 0.4]),
        "rain": np.where(rng.random(rows) < 0.7, 0.0, rng.gamma(2, 5, rows)),
        "clock": np.array([f"{hour:02}:00" for hour in range(24)])[hours],
        "hour": hours,
        "row": rng.integers(1, ROWS + 1, rows),
        "year": np.full(rows, 2013),
        "time": np.datetime64("2024-03-01", "us") + micro.astype("timedelta64[us]"),
        "level": np.round(rng.normal(20, 2, rows), 2),
        "place": rng.choice(["Köln", "Zürich", "Bern"], rows, p=[0.5, 0.3, 0.2]),
        "zip": rng.choice(["02134", "01002", "94110"], rows, p=[0.3, 0.2, 0.5]),
        "gain": rng.normal(3, 10, rows),
        "date": np.datetime64("2024-03-01") + rng.integers(0, 31, rows),
        "seconds": rng.poisson(900, rows),
    })  # fmt: skip


def sometimes(share: float, value: object, column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Put a value in the place of a share of a column's values."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        chosen = pl.int_range(pl.len()) < share * pl.len()
        return frame.with_columns(
            pl.when(chosen).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
        )

    return change


def column(name: str, expression: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Replace a column."""
    return lambda frame: frame.with_columns(expression.alias(name))


def c(name: str) -> pl.Expr:
    """Name a column."""
    return pl.col(name)


#: What happened → (to which column, how, code of the finding, part of its sentence).
SCENARIOS = {
    "an outlier": (
        "sensor", sometimes(1 / ROWS, 1e7, "sensor"), "outlier", "10000000 lies far above",
    ),
    "an outlier below": (
        "height", sometimes(1 / ROWS, -1e6, "height"), "outlier", "-1000000 lies far below",
    ),
    "metres to feet": (
        "height", column("height", c("height") * 3.28084), "unit-change", "metres to feet",
    ),
    "°C to °F": (
        "temperature", column("temperature", c("temperature") * 1.8 + 32), "unit-change",
        "°C to °F",
    ),
    "cents": ("price", column("price", c("price") * 100), "unit-change", "times 100"),
    "thousands": ("height", column("height", c("height") / 1000), "unit-change", "by 1000"),
    "a sign": ("temperature", column("temperature", -c("temperature")), "unit-change", "sign"),
    "swapped labels": (
        "city", column("city", c("city").replace({"NY": "Chicago", "Chicago": "NY"})),
        "exchanged-labels", "'Chicago' with 'NY'",
    ),
    "a negated flag": ("flag", column("flag", ~c("flag")), "exchanged-labels", "'false'"),
    "a null burst": ("sensor", sometimes(0.05, None, "sensor"), "null-rate", "5 % of the values"),
    "a stuck sensor": ("sensor", sometimes(0.3, 51.234, "sensor"), "stuck-value", "30 % of"),
    "a dead sensor": ("sensor", sometimes(1, 50.0, "sensor"), "stuck-value", "every value is 50"),
    "a placeholder": (
        "temperature", sometimes(0.02, -999.0, "temperature"), "placeholder", "-999",
    ),
    "a new category": (
        "city", sometimes(0.01, "Boston", "city"), "new-categories", "'Boston' (1 %)",
    ),
    "a vanished category": (
        "city", lambda frame: frame.filter(c("city") != "SF"), "vanished-categories", "'SF'",
    ),
    "lower case": (
        "city", column("city", c("city").str.to_lowercase()), "respelled", "'ny' (",
    ),
    "a space": ("city", column("city", c("city") + " "), "respelled", "for 'NY'"),
    "umlauts that were lost": (
        "place", column("place", c("place").str.replace("[äöü]", "\N{REPLACEMENT CHARACTER}")),
        "respelled", "for 'Köln'",
    ),
    "umlauts written out": (
        "place", column("place", c("place").str.replace("ö", "oe").str.replace("ü", "u")),
        "respelled", "'Koeln' (",
    ),
    "zeros in front that were lost": (
        "zip", column("zip", c("zip").str.strip_chars_start("0")), "respelled", "for '02134'",
    ),
    "days for months": (
        "date",
        column("date", pl.when(c("date").dt.day() <= 12)
               .then(pl.date(c("date").dt.year(), c("date").dt.day(), c("date").dt.month()))
               .otherwise(c("date"))),
        "day-for-month", "of the dates would be in their place with day and month exchanged",
    ),
    "a placeholder that nobody knows": (
        "level", sometimes(0.006, -88.8, "level"), "placeholder",
        "0.6 % of the values are -88.8, below the smallest one of the reference",
    ),
    "a value that is new, beyond all others": (
        "level", sometimes(0.006, 29.5, "level"), "out-of-range",
        "0.6 % of the values are 29.5, above the largest one of the reference, ",
    ),
    "the first day of 1970": (
        "time", sometimes(0.05, np.datetime64(0, "us"), "time"), "placeholder",
        "5 % of the values are 1970-01-01",
    ),
    "nines": (
        "price", sometimes(0.03, 9999999999.0, "price"), "placeholder", "3 % of the values are 9999",
    ),
    "signs that were lost": (
        "gain", column("gain", c("gain").abs()), "unit-change",
        "without their sign",
    ),
    "an hour of daylight saving": (
        "hour", column("hour", (c("hour") + 1) % 24), "clock-change", "one hour later",
    ),
    "times in another zone": (
        "time", column("time", c("time") - pl.duration(hours=1)), "clock-change",
        "one hour earlier",
    ),
    "a missing hour": (
        "hour", lambda frame: frame.filter(c("hour") != 7), "clock-change", "hour 7 is missing",
    ),
    "an hour twice": (
        "time", lambda frame: pl.concat([frame, frame.filter(c("hour") == 9)]), "clock-change",
        "hour 9 counts twice",
    ),
    "times that move on": (
        "time", column("time", c("time") + pl.duration(days=30)), "moved-on", "later than any",
    ),
    "row numbers that count on": (
        "row", column("row", c("row") + ROWS), "moved-on", "ids, row numbers and years",
    ),
    "another year": (
        "year", column("year", c("year") + 1), "moved-on", "every value is 2014, and 2013 in",
    ),
    "°F to °C, rounded": (
        "degrees", column("degrees", (c("degrees") * 1.8 + 32).round()), "unit-change", "°C to °F",
    ),
    "yen for dollars": (
        "price", column("price", c("price") * 149.3), "unit-change", "times about 1",
    ),
    "millimetres and inches, mostly none": (
        "rain", column("rain", c("rain") / 25.4), "unit-change", "millimetres to inches",
    ),
    "feet in half of the rows": (
        "height",
        column("height", c("height") * pl.when(pl.int_range(pl.len()) % 2 == 0).then(3.28084)
               .otherwise(1.0)),
        "unit-change", "50 % of the values are as if those of the reference times 3.28084",
    ),
    "cents, and a tenth of the rows stuck": (
        "price",
        column("price", pl.when(pl.int_range(pl.len()) % 10 == 0).then(250.0)
               .otherwise(c("price") * 100)),
        "unit-change", "times 100, but for 10 % of them, which are 250",
    ),
    "minutes, rounded to a few": (
        "seconds", column("seconds", (c("seconds") / 60).round().cast(pl.Int64)),
        "unit-change", "by about 60: another unit",
    ),
    "a clock that stood still": (
        "date",
        column("date", pl.when(c("date").dt.day().is_between(9, 18))
               .then(pl.date(2024, 3, 9)).otherwise(c("date"))),
        "stuck-value", "of the values are 2024-03-09, 2.9 %",
    ),
    "stars for percent": (
        "rating", column("rating", c("rating") * 20), "unit-change", "times about 20",
    ),
    "labels handed on": (
        "city", column("city", c("city").replace({"NY": "LA", "LA": "SF", "SF": "NY"})),
        "exchanged-labels", "what was 'NY' is now 'LA'",
    ),
    "labels mixed up in a part of the rows": (
        "city",
        column("city", pl.when(pl.int_range(pl.len()) % 3 == 0)
               .then(c("city").replace({"NY": "Chicago", "Chicago": "NY"})).otherwise(c("city"))),
        "exchanged-labels", "of 'NY' were now called 'Chicago', or the two were exchanged",
    ),
    "codes exchanged": (
        "rating", column("rating", c("rating").replace({1: 5, 5: 1})), "exchanged-labels",
        "'5' with '1'",
    ),
    "nothing for words": (
        "city", sometimes(0.03, "", "city"), "placeholder", "3 % of the values are ''",
    ),
    "NA for words": (
        "city", sometimes(0.002, "NA", "city"), "placeholder", "may stand for a missing value",
    ),
    "nulls in a few rows": (
        "height", sometimes(0.005, None, "height"), "null-rate", "0.5 % of the values are missing",
    ),
    "stuck at a usual value": (
        "degrees", sometimes(0.3, 19.0, "degrees"), "stuck-value", "of the values are 19, ",
    ),
    "stuck for a short while": (
        "sensor", sometimes(0.02, 49.123456, "sensor"), "stuck-value", "2 % of the values are",
    ),
    "stuck at a usual value among many": (
        "level", sometimes(0.04, 21.37, "level"), "stuck-value", "of the values are 21.37, 0.",
    ),
    "a stuck label": (
        "city", column("city", pl.lit("NY")), "stuck-value", "every value is 'NY', 40 %",
    ),
    "a label filled in": (
        "city", sometimes(0.3, "Chicago", "city"), "stuck-value", "stuck, or filled in?",
    ),
    "eight rows of a new category": (
        "city", sometimes(8 / ROWS, "Boston", "city"), "new-categories", "'Boston' (0.2 %)",
    ),
    "eight rows of a new value among few": (
        "rating", sometimes(8 / ROWS, 6, "rating"), "new-categories", "new: '6' (0.2 %)",
    ),
    "an infinite value": (
        "sensor", sometimes(1 / ROWS, math.inf, "sensor"), "outlier", "of the values are ∞",
    ),
    "times five hours off": (
        "hour", column("hour", (c("hour") - 5) % 24), "clock-change", "5 hours earlier",
    ),
    "labels of hours": (
        "clock", lambda frame: frame.with_columns(
            ((c("hour") + 1) % 24).cast(pl.String).str.zfill(2).add(":00").alias("clock")
        ), "clock-change", "one hour later",
    ),
    "values above a limit left out": (
        "height", lambda frame: frame.filter(c("height") < 2500), "cut-off",
        "no value lies above 2498.9, where 12 % of those of the reference lie",
    ),
    "values below a limit left out": (
        "price", lambda frame: frame.filter(c("price") >= 5), "cut-off", "no value lies below 5",
    ),
    "values cut to a limit": (
        "price", column("price", pl.min_horizontal(c("price"), 60.0)), "cut-off",
        "of the values are 60, now the largest one; 14 % of those of the reference lie above it",
    ),
    "a variance that collapsed": (
        "level", column("level", (20 + (c("level") - 20) / 10).round(2)), "spread-change",
        "10 times less: half of them lie from 19.9 to 20.1, from 18.6 to 21.3 in the reference",
    ),
    "a noisy sensor": (
        "sensor", column("sensor", 50 + (c("sensor") - 50) * 3), "spread-change",
        "3.1 times as far: half of them lie from 43.8 to 56.3",
    ),
    "values out of range": (
        "sensor", column("sensor", c("sensor") * 1.3), "out-of-range", "above the largest",
    ),
}  # fmt: skip
