"""A column of a profile as other readings would have it, as far as its counts allow."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.data.bounds import is_new
from klcli.data.convert import values
from klcli.data.kinds import Declared, Reading
from klcli.data.profiles.cells import Cells
from klcli.data.profiles.profile import Labels, Numbers
from klcli.data.tallies import LabelTally, Missing, NumberTally
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from klcli.data.profiles.profile import ColumnProfile

_SAME_NUMBERS = {Reading.NUMBER, Reading.TRUTH}


def reread(column: ColumnProfile, reading: Reading) -> ColumnProfile | Finding:
    """Return the column read in another way, or say why that takes the rows.

    Labels can be read as anything. Numbers become labels if each cell holds one number, whose
    text is known: declared numbers, up to 2⁵³.
    """
    if column.reading is reading or reading is Reading.NONE or not column.gaps.present:
        return column
    held = column.values
    if isinstance(held, Labels) and not held.rest_rows:
        return _from_labels(column, held, reading)
    if isinstance(held, Numbers):
        if reading.numeric and column.reading in _SAME_NUMBERS and reading in _SAME_NUMBERS:
            return column
        known = column.view.declared is Declared.NUMBER and not held.beyond
        if not reading.numeric and known and held.cells.exact:
            return _from_numbers(column, held, reading)
    return lacking(column, reading)


def lacking(column: ColumnProfile, reading: Reading) -> Finding:
    """Say that a profile does not hold what a comparison asks for."""
    if column.values is None:
        why = column.withheld or "no values"
        code = "text" if column.kind is Kind.TEXT else "not-in-profile"
        return Finding(code, f"the profile holds no values of {column.name!r}: {why}")
    held = "categories" if isinstance(column.values, Labels) else "numbers in cells"
    wanted = "numbers" if reading.numeric else "categories"
    option = "--numeric" if reading.numeric else "--categorical"
    return Finding(
        "not-in-profile",
        f"the profile holds {column.name!r} as {held}, which cannot be compared as {wanted}; "
        f"make it again with {option} {column.name}",
    )


def _from_labels(column: ColumnProfile, held: Labels, reading: Reading) -> ColumnProfile:
    import polars as pl

    lexical = column.view.lexical
    read = held.counts.select(
        values("label", pl.String(), reading, lexical=lexical).alias("read"), "rows", "weight"
    )
    if not reading.numeric:
        summed = (
            read.rename({"read": "label"})
            .group_by("label")
            .agg(pl.col("rows").sum(), pl.col("weight").sum())
            .drop_nulls("label")
            .sort("label")
        )
        return replace(column, reading=reading, values=Labels(summed))
    texts = held.counts["label"].alias("raw")
    numbers = read["read"].alias("converted")
    fine = read.filter(pl.col("read").is_not_null() & pl.col("read").is_not_nan())
    lost = read.filter(pl.col("read").is_null() | pl.col("read").is_nan())
    tally = NumberTally()
    tally.add(texts, numbers, numbers.to_numpy(), None)
    told = summed_numbers(
        fine["read"].to_numpy(), fine["rows"].to_numpy(), fine["weight"].to_numpy()
    )
    gaps = Missing(
        column.gaps.rows,
        column.gaps.missing + int(lost["rows"].sum()),
        column.gaps.weight + float(lost["weight"].sum()),
        # Σw² of single labels is not held; weights within a label are taken as equal.
        column.gaps.squares + float((lost["weight"] ** 2 / lost["rows"].cast(pl.Float64)).sum()),
    )
    told = replace(told, words=int(lost["rows"].sum()), beyond=tally.beyond)
    return replace(column, reading=reading, gaps=gaps, values=told)


def summed_numbers(numbers: np.ndarray, rows: np.ndarray, weight: np.ndarray) -> Numbers:
    """Return the counts of numbers that occur so often and weigh so much, in any order."""
    order = np.argsort(numbers + 0.0, kind="stable")
    numbers, rows, weight = numbers[order] + 0.0, rows[order], weight[order]
    finite = np.isfinite(numbers)
    low, high = numbers == -np.inf, numbers == np.inf
    told = Numbers(
        Cells.of_values(np.empty(0), np.empty(0)),
        below=int(rows[low].sum()),
        above=int(rows[high].sum()),
        below_weight=float(weight[low].sum()),
        above_weight=float(weight[high].sum()),
    )
    if not finite.any():
        return told
    kept, counts = numbers[finite], rows[finite].astype(float)
    first = np.flatnonzero(is_new(kept))
    total = float(counts.sum())
    mean = float(kept @ counts) / total
    return replace(
        told,
        cells=Cells.of_values(kept[first], np.add.reduceat(weight[finite].astype(float), first)),
        finite=int(total),
        minimum=float(kept[0]),
        maximum=float(kept[-1]),
        mean=mean,
        squares=float(counts @ (kept - mean) ** 2),
    )


def _from_numbers(column: ColumnProfile, held: Numbers, reading: Reading) -> ColumnProfile:
    import polars as pl

    filled = held.cells.counts > 0
    numbers = pl.Series("label", held.cells.bounds[:-1][filled])
    weight = pl.Series("weight", held.cells.counts[filled])
    frame = pl.DataFrame([numbers, weight])
    for value, size in ((-math.inf, held.below_weight), (math.inf, held.above_weight)):
        if size:
            frame = frame.vstack(pl.DataFrame({"label": [value], "weight": [size]}))
    text = values("label", pl.Float64(), reading, lexical=False)
    if reading is Reading.NUMBER_LABEL:
        text = values("label", pl.Float64(), Reading.LABEL, lexical=False)
    counts = frame.select(
        text.alias("label"), pl.col("weight").round().cast(pl.Int64).alias("rows"), "weight"
    ).sort("label")
    return replace(column, reading=reading, values=Labels(counts))


def tally_of(column: ColumnProfile) -> NumberTally:
    """Return the tally that a pass over the rows would have made of a column of numbers."""
    held = column.values
    if not isinstance(held, Numbers):
        return NumberTally(column.gaps)
    return NumberTally(
        column.gaps, held.below, held.above, held.words, (), held.beyond, held.finite,
        held.minimum, held.maximum, held.mean, held.squares,
    )  # fmt: skip


def label_tally_of(column: ColumnProfile) -> LabelTally:
    """Return the tally that a pass over the rows would have made of a column of labels."""
    import polars as pl

    held = column.values
    if isinstance(held, Labels):
        counts = held.counts
    else:
        schema = {"label": pl.String, "rows": pl.UInt32, "weight": pl.Float64}
        counts = pl.DataFrame(schema=schema)
    return LabelTally(column.gaps, False, [counts])
