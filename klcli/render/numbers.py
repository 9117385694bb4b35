"""Numbers for people: as many digits as the standard error supports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Below a ten-thousandth of a nat there is nothing a reader would act on; the machine formats
#: hold every digit.
MOST_DECIMALS = 4
#: From here on numbers are written with an exponent.
_LONG = 1e12
BETWEEN = " … "
UNKNOWN = "—"


def decimals(value: float, standard_error: float) -> int:
    """Return how many decimals to show.

    Enough that rounding moves a value by at most a seventh of its standard error (two digits of
    an error that starts with 1 to 3, else one), as far as `MOST_DECIMALS` allows. Without a
    standard error: four significant digits.
    """
    if math.isfinite(standard_error) and standard_error > 0:
        wanted = math.ceil(math.log10(3.5 / standard_error))
    elif math.isfinite(value) and value != 0:
        wanted = 3 - math.floor(math.log10(abs(value)))
    else:
        wanted = MOST_DECIMALS
    return min(max(wanted, 0), MOST_DECIMALS)


def fixed(value: float, places: int) -> str:
    """Return `value` with so many decimals; ∞ and — where there is no number.

    What is too long to be read at a glance, distances in a column's own unit, as 4.09e+306.
    """
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= _LONG:
        return f"{value:.2e}"
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def p_value(value: float) -> str:
    """Return a p-value; permutation tests rarely resolve more than a thousandth."""
    if math.isnan(value):
        return UNKNOWN
    return "≤0.001" if value <= 0.001 else f"{value:.3f}"


def align(cells: Sequence[str]) -> list[str]:
    """Return the cells with their decimal points, or their last digits, one below the other."""
    after = max((len(tail) for _, point, tail in map(_split, cells) if point), default=-1)
    padded = []
    for cell in cells:
        _, point, tail = _split(cell)
        padded.append(cell + " " * (after - len(tail) if point else after + 1))
    width = max(map(len, padded), default=0)
    return [cell.rjust(width) for cell in padded]


def align_rows(counts: Sequence[int]) -> list[str]:
    """Return numbers of rows one below the other, with their noun.

    >>> align_rows([1, 27004])
    ['     1 row', '27,004 rows']
    """
    aligned = align([f"{count:,}" for count in counts])
    return [
        f"{number} {'row' if count == 1 else 'rows'}"
        for number, count in zip(aligned, counts, strict=True)
    ]


def align_intervals(cells: Sequence[str]) -> list[str]:
    """Return the cells with the … of each interval one below the other; others end at the right."""
    split = [cell.partition(BETWEEN) for cell in cells]
    low = max((len(first) for first, between, _ in split if between), default=0)
    high = max((len(last) for _, between, last in split if between), default=0)
    aligned = [
        first.rjust(low) + between + last.ljust(high) if between else first
        for first, between, last in split
    ]
    width = max(map(len, aligned), default=0)
    return [cell.rjust(width) for cell in aligned]


def _split(cell: str) -> tuple[str, str, str]:
    return cell.partition(".")
