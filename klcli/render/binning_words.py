"""What other tools print, in words: the same rows in every format for people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.render import drift_words as words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klcli.monitoring.report import Binning, DriftReport, DriftResult

TITLE: Final = "What other tools print"
ABOUT: Final = (
    "What other tools print for the same data, in nats: they differ by bins, by the constant that "
    "fills empty ones, and by direction. None tells how sure it is; no verdict rests on them"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One number of another tool."""

    value: str
    tool: str
    direction: str
    cells: str
    formula: str
    bins: str
    note: str


def row(binning: Binning) -> Row:
    """Return a number with what it is."""
    cells = words.plural(binning.cells, "cell") if binning.cells else ""
    if binning.filled:
        cells += f", {binning.filled} filled"
    return Row(
        value(binning.value),
        binning.tool or "none",
        binning.direction,
        cells,
        binning.formula,
        binning.bins,
        binning.note,
    )


def value(number: float) -> str:
    """Return a number with four digits, enough to find it in another tool's report.

    >>> value(0.10259), value(float("inf"))
    ('0.1026', '∞')
    """
    return words.small(number) if not math.isfinite(number) else f"{number:.4g}"


def shown(report: DriftReport, *, every: bool = False) -> list[DriftResult]:
    """Return the results that have such numbers: of each column the worst batch, or `every` one."""
    seen: set[str] = set()
    chosen = []
    for result in words.by_weight(report.results):
        column = result.estimate.column
        if result.binnings and (every or column not in seen):
            seen.add(column)
            chosen.append(result)
    return chosen


def legend(results: Iterable[DriftResult]) -> list[str]:
    """Return what the tools compute: each formula, then each kind of cells, and whose it is."""
    rows = [row(binning) for result in results for binning in result.binnings if binning.formula]
    told: dict[str, dict[str, None]] = {}
    for text, tool in [
        *((each.formula, each.tool) for each in rows),
        *((each.bins, each.tool) for each in rows),
    ]:
        told.setdefault(text, {})[tool] = None
    return [f"{text}: {', '.join(tools)}" for text, tools in told.items()]
