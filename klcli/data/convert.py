"""Columns turned into the numbers or the text that is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.kinds import Declared, Evidence, Reading
from klcli.data.table import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from klcli.typing import Floats

_ISO: Final = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?)?$"
_PADDED: Final = r"^0+[0-9]+$"
#: With a space where ISO 8601 has a T.
_ISO_FORMATS: Final = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M%#z",
)
_UNITS: Final = {"ms": 1e3, "us": 1e6, "ns": 1e9}
#: Times that are written as text: within 250,000 years of 1970.
_WRITTEN_SECONDS: Final = 250_000 * 365.25 * 86400
_TRUTHS: Final = ("false", "true")
#: Texts that stand for a missing value in formats that have no types.
_NULLS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")


def values(name: str, dtype: pl.DataType, reading: Reading, *, lexical: bool) -> pl.Expr:
    """Return a column as what `reading` asks for: floats, text, or whether it is missing.

    Numbers that are missing come out as null or NaN, labels as null. In `lexical` text, space
    around a value and the ways to write null have no meaning.
    """
    import polars as pl

    chosen = column(name)
    if reading is Reading.NONE:
        return chosen.is_null()
    # Series do not work under names such as "^$".
    chosen = chosen.alias("")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        chosen = chosen.cast(pl.String)
    if not reading.numeric:
        chosen = _label(chosen, dtype, reading, lexical=lexical)
    elif Declared.of(dtype) is Declared.TEXT:
        chosen = _number_in_text(chosen, reading)
    else:
        chosen = _number(chosen, dtype)
    return chosen.alias(name)


def _number_in_text(text: pl.Expr, reading: Reading) -> pl.Expr:
    import polars as pl

    if reading is Reading.NUMBER:
        return text.map_batches(text_numbers, return_dtype=pl.Float64)
    if reading is Reading.TIME:
        return cleaned(text).map_batches(iso_seconds, return_dtype=pl.Float64)
    lower = cleaned(text).str.to_lowercase()
    return pl.when(lower.is_in(_TRUTHS)).then(lower == "true").cast(pl.Float64)


def _number(chosen: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    if isinstance(dtype, pl.Datetime | pl.Duration):
        return chosen.to_physical().cast(pl.Float64) / _UNITS[dtype.time_unit]
    if dtype == pl.Date:
        return chosen.to_physical().cast(pl.Float64) * 86400
    if dtype == pl.Time:
        return chosen.to_physical().cast(pl.Float64) / 1e9
    return chosen.cast(pl.Float64)


def _label(chosen: pl.Expr, dtype: pl.DataType, reading: Reading, *, lexical: bool) -> pl.Expr:
    import polars as pl

    if dtype.is_float():
        chosen = pl.when(chosen == 0).then(0.0).otherwise(chosen.fill_nan(None))  # −0 is 0
    if isinstance(dtype, pl.Datetime):
        # Polars panics where it has to write years that no calendar has.
        moment = chosen.to_physical() / _UNITS[dtype.time_unit]
        chosen = pl.when(moment.abs() < _WRITTEN_SECONDS).then(chosen)
    if isinstance(dtype, pl.Duration):
        chosen = chosen.to_physical() / _UNITS[dtype.time_unit]  # seconds, as where it is a number
    label = chosen.cast(pl.String)
    if lexical:
        label = cleaned(label)
    if reading is Reading.TRUTH_LABEL:
        return label.str.to_lowercase()
    seconds = isinstance(dtype, pl.Duration)
    if reading is Reading.NUMBER_LABEL or dtype.is_float() or dtype.is_decimal() or seconds:
        # 1.0 in one file is 1 in the other: pandas writes integers so once one is missing.
        label = label.str.replace(r"^([+-]?\d+)\.0*$", "$1")
        label = label.str.replace(r"^([+-]?\d*\.\d*?[1-9])0+$", "$1")
    return label


def is_plain(dtype: pl.DataType, reading: Reading) -> bool:
    """Tell whether a column holds the numbers that are asked for, if not as doubles."""
    import polars as pl

    if reading is not Reading.NUMBER:
        return False
    wide = dtype in (pl.Int128, pl.UInt128)
    return dtype in (pl.Float32, pl.Float64) or (dtype.is_integer() and not wide)


def floats(numbers: pl.Series) -> Floats:
    """Return numbers as doubles, NaN where missing.

    Where they lie in several pieces, each goes straight to its place in an array that can be
    sorted there: memory that is touched for the first time takes longer than copying.
    """
    import polars as pl

    if numbers.null_count():
        # Twice as fast as leaving it to `to_numpy`.
        numbers = numbers.cast(pl.Float64).fill_null(np.nan)
    if numbers.n_chunks() == 1 and numbers.dtype == pl.Float64:
        return numbers.to_numpy()
    array = np.empty(len(numbers))
    start = 0
    for piece in numbers.get_chunks():
        array[start : start + len(piece)] = piece.to_numpy()
        start += len(piece)
    return array


def counted_labels(raw: pl.Series, reading: Reading, *, lexical: bool) -> pl.DataFrame:
    """Count the labels of a column as it was read.

    Returns
    -------
    DataFrame
        Columns `label`, null where missing, and `rows`.
    """
    import polars as pl

    if raw.dtype == pl.Boolean:
        true, missing = int(raw.sum()), raw.null_count()
        rows = [true, len(raw) - true - missing, missing]
        counted = pl.DataFrame({"label": [True, False, None], "rows": rows}).filter(
            pl.col("rows") > 0
        )
    else:
        # Faster than `value_counts`, and without its 24 bytes for each row.
        labels = raw.alias("label").to_frame().lazy()
        counted = labels.group_by("label").agg(pl.len().alias("rows")).collect()
    if raw.dtype == pl.String and reading is Reading.LABEL and not lexical:
        return counted
    as_asked = counted.select(values("label", raw.dtype, reading, lexical=lexical), "rows")
    return as_asked.group_by("label").agg(pl.col("rows").sum())


def cleaned(text: pl.Expr) -> pl.Expr:
    """Return text without space around it, null where it stands for a missing value."""
    import polars as pl

    bare = text.str.strip_chars()
    return pl.when(bare.is_in(_NULLS)).then(None).otherwise(bare)


def text_numbers(texts: pl.Series) -> pl.Series:
    """Read text as numbers; what is none becomes null."""
    import polars as pl

    numbers = texts.cast(pl.Float64, strict=False)
    failed = numbers.is_null() & texts.is_not_null()
    if failed.any():
        # Cleaning all values would cost as much as converting them; few columns need it.
        bare = texts.filter(failed).str.strip_chars()
        numbers = numbers.scatter(failed.arg_true(), bare.cast(pl.Float64, strict=False))
    return numbers


def iso_seconds(texts: pl.Series) -> pl.Series:
    """Read ISO 8601 dates and times as seconds since 1970; what is none becomes null."""
    import polars as pl

    texts = texts.str.replace("T", " ", literal=True)
    first = texts.drop_nulls().head(1)
    seconds = pl.Series(texts.name, [None], dtype=pl.Float64).new_from_index(0, len(texts))

    def parsed(some: pl.Series, form: str) -> pl.Series:
        moment = some.str.to_datetime(form, strict=False, time_unit="us")
        return moment.to_physical().cast(pl.Float64) / 1e6

    # Trying the format of the first value first saves trying the others on most columns.
    for form in sorted(_ISO_FORMATS, key=lambda form: parsed(first, form).null_count()):
        seconds = seconds.zip_with(seconds.is_not_null(), parsed(texts, form))
        if seconds.null_count() == texts.null_count():
            break
    return seconds


def evidence(
    frame: pl.DataFrame, columns: Sequence[str], rows: str | None = None, *, final: bool
) -> dict[str, Evidence]:
    """Count what the values of text columns look like.

    With `rows`, each value counts as often as that column of `frame` says. `final` tells whether
    all values of the source are there.
    """
    import polars as pl

    every = column(*columns)
    # One expression over all columns at a time: a thousand of them would take polars longer to
    # plan than to compute.
    bare = frame.select(cleaned(every.cast(pl.String)).name.keep())
    if rows is not None:
        bare = bare.with_columns(frame[rows])

    def counted(test: pl.Expr) -> pl.Expr:
        times = test if rows is None else test.fill_null(False) * pl.col(rows)
        return pl.struct(times.sum())

    present, numbers, booleans, dates, padded = bare.select(
        present=counted(every.is_not_null()),
        numbers=counted(every.cast(pl.Float64, strict=False).is_not_null()),
        booleans=counted(every.str.to_lowercase().is_in(_TRUTHS)),
        dates=counted(every.str.contains(_ISO)),
        padded=counted(every.str.contains(_PADDED)),
    ).row(0)
    return {
        name: Evidence(
            present[name], numbers[name], booleans[name], dates[name], final,
            padded[name] / max(present[name], 1),
        )
        for name in columns
    }  # fmt: skip
