"""How the text of a CSV file is cut into columns, read off its first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from klcli.data.wording import listed
from klcli.errors import InputError
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from klcli.data.table import Part

_PEEKED_LINES: Final = 64
#: A comma wins wherever the header has one.
_SEPARATORS: Final = (";", "\t", "|")
#: A first line by which Excel is told what parts the columns.
_TOLD: Final = re.compile(r'\ufeff?"?sep=([,;|\t])"?\s*', re.IGNORECASE)
#: What begins like a number with a comma, or is one with a point, between semicolons; and what is
#: a number with a comma there.
_TELLING: Final = re.compile(r'(?:^|;)[ "]*[+-]?\d*(?:,\d|\.\d+[ "]*(?:;|$))')
_COMMA: Final = r'(?:^|;)[ "]*[+-]?\d*,\d+[ "]*(?:;|\r?$)'
#: Numbers whose commas may part thousands, those that surely do, and those that need none.
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_MILLIONS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3}){2,}")
_SMALL: Final = re.compile(r"[+-]?[1-9]\d{0,2}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text of one file is cut into columns.

    Attributes
    ----------
    names : tuple of str
        Unique names of the columns; never empty.
    header : bool
        Whether the first line holds the names. Where it holds numbers it is data.
    decimal_comma : bool
        Whether 1,5 means 1.5.
    line_length : float
        Mean length of the first lines, end of line included.
    skipped : int
        Lines before the header: 1 where Excel is told the separator in the first one.
    """

    separator: str
    names: tuple[str, ...]
    header: bool
    end_of_line: str
    decimal_comma: bool
    line_length: float
    skipped: int


def lines(part: Part, end_of_line: str = "\n", count: int | None = None) -> pl.LazyFrame:
    """Scan a text file, compressed or not, as one column `line`; empty lines are null."""
    import polars as pl

    text = pl.scan_csv(
        part.path,
        has_header=False,
        separator="\x1f",
        quote_char=None,
        eol_char=end_of_line,
        infer_schema=False,
        n_rows=count,
        glob=part.remote,
    )
    return text.select(pl.first().alias("line"))


def dialect_of(part: Part, separator: str) -> Dialect:
    """Tell the dialect of a file from its first lines.

    Parameters
    ----------
    part : Part
        The file, compressed or not.
    separator : str
        Empty to tell it from the first line.

    Raises
    ------
    InputError
        If there is no text.
    """
    end_of_line = "\n"
    first = _first_lines(part, end_of_line)
    if first and "\r" in first[0]:
        end_of_line = "\r"
        first = _first_lines(part, end_of_line)
    told = _TOLD.fullmatch(first[0]) if first else None
    if told is not None:
        separator = separator or told[1]
        first = first[1:]
    if not any(line.strip() for line in first):
        raise InputError(f"{part.source}: the file is empty", "give a file with a header and rows")
    separator = separator or _separator(part, first)
    decimal_comma = separator != "," and (
        _decimal_commas(part, first, separator)
        or (
            separator == ";" and _decimal_commas(part, _later(part, end_of_line, first), separator)
        )
    )
    try:
        header_line = next(csv.reader([line + "\n" for line in first], delimiter=separator))
    except csv.Error as error:
        raise InputError(
            f"{part.source}: the header cannot be read: {error}", "repair the first line"
        ) from error
    fields = [name.strip() for name in header_line]
    numbers = [name for name in fields if _is_number(name, decimal_comma=decimal_comma)]
    # No two columns are called 0: what looks like it is a row of numbers and words.
    repeated = sorted({name for name in numbers if numbers.count(name) > 1})
    header = len(numbers) < len(fields) and not repeated
    if header:
        fields = _unique_names(part, fields)
    else:
        fields = [f"x{position}" for position in range(len(fields))]
        why = "holds only numbers"
        if len(numbers) < len(header_line):
            why = f"repeats the number {repeated[0]}"
        part.findings.append(
            Finding(
                "no-header",
                f"{part.source}: the first line {why}, so it counts as data; the columns are "
                f"called {listed(fields, 3)}",
            )
        )
    length = sum(len(line) + 1 for line in first) / len(first)
    skipped = 0 if told is None else 1
    return Dialect(separator, tuple(fields), header, end_of_line, decimal_comma, length, skipped)


def _first_lines(part: Part, end_of_line: str) -> list[str]:
    column = lines(part, end_of_line, _PEEKED_LINES).collect().to_series()
    return [line for line in column.to_list() if line]


def _later(part: Part, end_of_line: str, first: list[str]) -> list[str]:
    """Return later lines with decimal commas, if the first ones leave open what decimals have."""
    import polars as pl

    if part.remote or len(first) < _PEEKED_LINES - 1 or any(map(_TELLING.search, first)):
        return []
    commas = lines(part, end_of_line).filter(pl.col("line").str.contains(_COMMA))
    return commas.head(_PEEKED_LINES).collect().to_series().to_list()


def _separator(part: Part, first: list[str]) -> str:
    counts = Counter(re.sub(r'"[^"]*"', "", first[0]))
    best = max(_SEPARATORS, key=lambda mark: counts[mark])
    if counts[","] or counts[best]:
        return "," if counts[","] else best
    # Tables of numbers with spaces between them, as numpy.savetxt writes them.
    tokens = first[0].split()
    if len(tokens) > 1 and all(_is_number(token) for token in tokens):
        if all(line.split(" ") == line.split() for line in first):
            return " "
        raise InputError(
            f"{part.source}: the columns are separated by runs of spaces",
            "make it CSV: sed 's/^ *//; s/  */,/g' FILE > NEW",
        )
    return ","


def _decimal_commas(part: Part, first: list[str], separator: str) -> bool:
    rows = [[field.strip(' "') for field in line.split(separator)] for line in first]
    fields = [field for row in rows for field in row]
    commas = [field for field in fields if re.fullmatch(r"[+-]?\d*,\d+", field)]
    if not commas or any(re.fullmatch(r"[+-]?\d*\.\d+", field) for field in fields):
        return False
    shown = "1,5"
    if all(map(_THOUSANDS.fullmatch, commas)):
        if any(_grouped(column, separator) for column in zip_longest(*rows)):
            return False
        shown = commas[0]  # it may have been meant otherwise
    text = f"numbers such as {shown} are read as {shown.replace(',', '.')}"
    part.findings.append(Finding("decimal-comma", f"{part.source}: {text}"))
    return True


def _grouped(column: Sequence[str | None], separator: str) -> bool:
    """Tell whether commas of a column part thousands: 1,234,567, or 1,234 beside 987.

    Decimals are written in full or not at all: beside 1,234 stands 0,987. Semicolons are there
    because commas part decimals.
    """
    fields = [field for field in column if field]
    if any(map(_MILLIONS.fullmatch, fields)):
        return True
    small = separator != ";" and any(map(_SMALL.fullmatch, fields))
    return small and any(map(_THOUSANDS.fullmatch, fields))


def _is_number(text: str, *, decimal_comma: bool = False) -> bool:
    if decimal_comma:
        text = text.replace(",", ".")
    try:
        float(text)
    except ValueError:
        return False
    # Python reads 2024_01 as a number; "nan" and "inf" may be names, what has a digit is a value.
    return "_" not in text and any(character.isdigit() for character in text)


def _unique_names(part: Part, names: list[str]) -> list[str]:
    """Name columns without a name by their position, and later ones of the same name anew."""
    names = [name or f"column_{position}" for position, name in enumerate(names, start=1)]
    unique: dict[str, None] = {}
    renamed: list[str] = []
    for name in names:
        new, count = name, 0
        while new in unique or (count and new in names):
            new = f"{name}_duplicated_{count}"
            count += 1
        if count:
            renamed.append(new)
        unique[new] = None
    if renamed:
        part.findings.append(
            Finding(
                "duplicate-columns",
                f"{part.source}: the header repeats names; the first keeps the name, the others "
                f"are called {listed(renamed, 5)}",
            )
        )
    return list(unique)
