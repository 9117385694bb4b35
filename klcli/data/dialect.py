"""How the text of a CSV file is cut into columns, read off its first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.errors import InputError
from klcli.results import Finding

if TYPE_CHECKING:
    import polars as pl

    from klcli.data.table import Part

_PEEKED_LINES: Final = 64
#: A comma wins wherever the header has one.
_SEPARATORS: Final = (";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text of one file is cut into columns.

    Attributes
    ----------
    names : tuple of str
        Unique names of the columns; never empty.
    header : bool
        Whether the first line holds the names. Where it holds numbers it is data.
    line_length : float
        Mean length of the first lines, end of line included.
    """

    separator: str
    names: tuple[str, ...]
    header: bool
    end_of_line: str
    line_length: float


def lines(part: Part, end_of_line: str = "\n", count: int | None = None) -> pl.LazyFrame:
    """Scan a text file, compressed or not, as one column `line`; empty lines are null."""
    import polars as pl

    return pl.scan_csv(
        part.path,
        has_header=False,
        new_columns=["line"],
        separator="\x1f",
        quote_char=None,
        eol_char=end_of_line,
        infer_schema=False,
        n_rows=count,
        glob=part.remote,
    )


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
    if not first:
        raise InputError(f"{part.source}: the file is empty", "give a file with a header and rows")
    length = sum(len(line) + 1 for line in first) / len(first)
    separator = separator or _separator(first[0])
    try:
        fields = next(csv.reader([line + "\n" for line in first], delimiter=separator))
    except csv.Error as error:
        raise InputError(f"{part.source}: the header cannot be read: {error}") from error
    if all(_is_number(name) for name in fields):
        part.findings.append(
            Finding(
                "no-header",
                f"{part.source}: the first line holds only numbers, so it counts as data and the "
                f"columns are named {'x0' if len(fields) == 1 else f'x0 … x{len(fields) - 1}'}",
            )
        )
        names = [f"x{position}" for position in range(len(fields))]
        return Dialect(separator, tuple(names), False, end_of_line, length)
    names = _unique_names(part, [name.strip() for name in fields])
    return Dialect(separator, tuple(names), True, end_of_line, length)


def _first_lines(part: Part, end_of_line: str) -> list[str]:
    column = lines(part, end_of_line, _PEEKED_LINES).collect().to_series()
    return [line for line in column.to_list() if line]


def _separator(header: str) -> str:
    counts = Counter(re.sub(r'"[^"]*"', "", header))
    if counts[","]:
        return ","
    best = max(_SEPARATORS, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _is_number(text: str) -> bool:
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
        more = f" and {len(renamed) - 5:,} more" if len(renamed) > 5 else ""
        part.findings.append(
            Finding(
                "duplicate-columns",
                f"{part.source}: the header repeats names; the first keeps the name, the others are "
                f"called {', '.join(renamed[:5])}{more}",
            )
        )
    return list(unique)
