"""Densities drawn in text: a strip of eighth blocks for the target and for each fit."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

from klcli.render.text import cell_width, cut, pad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.fitting.report import FitReport

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
#: Lines of each strip.
_HEIGHT: Final = 3
_LABEL: Final = 18


def sketch(report: FitReport, width: int) -> list[str]:
    """Return strips one below the other on one scale, and the axis below them."""
    strips = [("P", report.density)]
    several = len({fit.family for fit in report.fits}) > 1
    for fit in report.fits:
        number = f" {fit.optimum}" if fit.optima > 1 and fit.objective == "reverse" else ""
        name = f"{fit.family} " if several else ""
        strips.append((f"{name}{fit.objective}{number}", fit.density))
    label = min(max(cell_width(name) for name, _ in strips), _LABEL)
    room = max(width - label - 2, 20)
    columns = [_resampled(density, room) for _, density in strips]
    finite = [value for column in columns for value in column if math.isfinite(value)]
    top = _top(columns, max(finite, default=0.0))
    lines: list[str] = []
    for (name, _), column in zip(strips, columns, strict=True):
        rows = _strip(column, top)
        while len(rows) > 1 and not rows[0].strip():
            rows = rows[1:]
        for position, row in enumerate(rows):
            head = cut(name, label) if position == len(rows) - 1 else ""
            lines.append(f"{pad(head, label)}  {row}".rstrip())
    lines.append(" " * (label + 2) + _axis(report.grid[0], report.grid[-1], len(columns[0])))
    return lines


def _top(columns: Sequence[Sequence[float]], highest: float) -> float:
    """Return what fills a strip: the highest value, unless that is a spike beside the target's."""
    target = max((value for value in columns[0] if math.isfinite(value)), default=0.0)
    return min(highest, 3 * target) if target > 0 else highest


def _resampled(density: Sequence[float], room: int) -> list[float]:
    """Return a value for each column of the terminal, the highest of what falls into it."""
    count = len(density)
    if count <= room:
        repeat = max(room // count, 1)
        return [value for value in density for _ in range(repeat)]
    edges = [round(i * count / room) for i in range(room + 1)]
    return [max(density[low:high], default=0.0) for low, high in itertools.pairwise(edges)]


def _strip(column: Sequence[float], top: float) -> list[str]:
    eighths = [
        min(round(8 * _HEIGHT * value / top), 8 * _HEIGHT)
        if top > 0 and math.isfinite(value)
        else 8 * _HEIGHT * (value == math.inf)
        for value in column
    ]
    return [
        "".join(_BLOCKS[min(max(height - 8 * level, 0), 8)] for height in eighths)
        for level in range(_HEIGHT - 1, -1, -1)
    ]


def _axis(low: float, high: float, width: int) -> str:
    middle_value = (low + high) / 2
    if abs(middle_value) < 1e-6 * (high - low):
        middle_value = 0.0
    left, middle, right = (f"{value:.4g}" for value in (low, middle_value, high))
    line = [" "] * width
    centre = max((width - len(middle)) // 2, 0)
    for start, text in ((0, left), (centre, middle), (width - len(right), right)):
        line[start : start + len(text)] = text
    return "".join(line)
