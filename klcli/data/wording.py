"""Numbers and names for messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """Return "1 row" or "1,234 rows"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names in quotes, separated by commas, and how many are not listed."""
    if not names:
        return "none"
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def written_otherwise(names: Sequence[str], others: Sequence[str]) -> str:
    """Return "'Unit Price' may be 'unit_price'" of names that differ but in case and punctuation.

    Empty if there are none. Names of which several would be alike say nothing.

    >>> written_otherwise(["Unit Price", "size"], ["unit_price", "weight"])
    "'Unit Price' may be 'unit_price'"
    """
    mine, theirs = _by_letters(names), _by_letters(others)
    pairs = [
        f"{mine[letters][0]!r} may be {theirs[letters][0]!r}"
        for letters in mine
        if letters and len(mine[letters]) == len(theirs.get(letters, ())) == 1
    ]
    return ", ".join(pairs)


def _by_letters(names: Sequence[str]) -> dict[str, list[str]]:
    """Return names by their letters and digits alone."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(re.sub(r"[\W_]+", "", name).casefold(), []).append(name)
    return found


def number(value: float, kind: str = Kind.NUMERIC) -> str:
    """Return a number, or a time in words of the calendar.

    >>> number(0.1), number(86400000.0), number(9876543.21), number(86400.0, "datetime")
    ('0.1', '86400000', '9876543.21', '1970-01-02')
    """
    if kind == Kind.DATETIME:
        try:
            moment = datetime.fromtimestamp(value, tz=UTC)
        except (OverflowError, ValueError, OSError):
            return f"{value:.6g}"
        return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00").removesuffix(" 00:00")
    # Large numbers in full: rounded, or with an exponent, nobody finds them in the data.
    if value.is_integer() and abs(value) < 1e12:
        return f"{value:.0f}"
    return f"{value:.12g}" if 1e6 <= abs(value) < 1e12 else f"{value:.6g}"
