"""Names, sentences and numbers as the page shows them: cut where they would push the rest away."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.render import drift_words as words
from klcli.render.text import cut, printable

if TYPE_CHECKING:
    from klcli.monitoring.report import DriftResult

#: Longer names are cut where they would push the numbers off the page.
NAME_WIDTH: Final = 40
SENTENCE_WIDTH: Final = 400


@dataclass(frozen=True, slots=True)
class Name:
    """A name from the data: what is shown, and all of it where that is cut."""

    shown: str
    full: str = ""


def name(text: str) -> Name:
    """Return a name short enough for a table."""
    full = words.name(text)
    shown = cut(full, NAME_WIDTH)
    return Name(shown, full if shown != full else "")


def column(result: DriftResult) -> Name:
    """Return the name of a result's column, short enough for a table."""
    if result.estimate.kind == "joint":
        return Name(words.column_name(result))
    return name(result.estimate.column)


def said(sentence: str) -> str:
    """Return a sentence that may quote the data; no line ends between a number and its sign.

    >>> said("5 % of them (p ≤ 0.001)").count("\N{NO-BREAK SPACE}")
    2
    """
    kept = re.sub(r"(?<=\d) (?=%)|(?<=[≤=]) (?=\d)", "\N{NO-BREAK SPACE}", printable(sentence))
    return cut(kept, SENTENCE_WIDTH)


def short(number: float) -> str:
    """Return a value in at most five characters, if it is not enormous.

    >>> short(0.00021), short(0.0123), short(0.512), short(12.3), short(float("inf"))
    ('0.000', '0.012', '0.51', '12', '∞')
    """
    if not math.isfinite(number):
        return words.small(number)
    if abs(number) < 0.1:
        return f"{max(number, 0.0):.3f}"
    if abs(number) >= 1e4:
        return f"{number:.0e}"
    return f"{number:.2f}" if abs(number) < 10 else f"{number:.0f}"
