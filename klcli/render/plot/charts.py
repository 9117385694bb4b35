"""The charts of a column in characters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.render.plot.canvas import Canvas, resampled
from klcli.render.plot.ticks import ticks, written
from klcli.render.text import cell_width
from klcli.results import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Answer, Cell, Panel
    from klcli.render.plot.palette import Paint

#: Columns for the numbers left of a chart, and least width of a picture.
MARGIN: Final = 8


def density(
    cells: Sequence[Cell], width: int, height: int, unseen: Sequence[bool], paint: Paint
) -> list[str]:
    """Draw the densities of both sides."""
    p, q = [cell.density_p for cell in cells], [cell.density_q for cell in cells]
    top = max((value for value in (*p, *q) if math.isfinite(value)), default=1.0)
    # A pole would flatten all else.
    ordered = sorted(value for value in (*p, *q) if math.isfinite(value))
    if ordered and top > 8 * ordered[int(0.97 * (len(ordered) - 1))]:
        top = 2 * ordered[int(0.97 * (len(ordered) - 1))]
    canvas = Canvas(width, height, 0.0, (top or 1.0) * 1.02)
    canvas.area(resampled(q, width), "q")
    canvas.hatch(unseen, "faint")
    canvas.line([min(value, top) for value in p], "p")
    return _framed(canvas, paint)


def log_ratio(
    panel: Panel,
    cells: Sequence[Cell],
    width: int,
    height: int,
    unseen: Sequence[bool],
    paint: Paint,
) -> list[str]:
    """Draw the log ratio, with its band where there is one."""
    value = [cell.log_ratio for cell in cells]
    low = [cell.log_ratio_low for cell in cells]
    high = [cell.log_ratio_high for cell in cells]
    bottom, top = ratio_limits(cells, panel.answers)
    canvas = Canvas(width, height, bottom, top)
    canvas.band(resampled(low, width), resampled(high, width), "faint")
    canvas.hatch(unseen, "faint")
    canvas.rule(0.0, "faint")
    canvas.line(value, "")
    return _framed(canvas, paint, zero=True)


def ratio_limits(cells: Sequence[Cell], answers: Sequence[Answer]) -> tuple[float, float]:
    """Return the ends of the axis of the log ratio.

    All of the curve is shown where the first side of a direction has more than a millionth of its
    mass, but of the band no more than three times as much: where there are no rows it is as wide
    as one likes.
    """
    forward = any(answer.direction == Direction.FORWARD for answer in answers)
    reverse = any(answer.direction == Direction.REVERSE for answer in answers)
    weighty = [
        cell
        for cell in cells
        if (forward and cell.share_p > 1e-6) or (reverse and cell.share_q > 1e-6)
    ] or list(cells)
    values = [cell.log_ratio for cell in weighty if math.isfinite(cell.log_ratio)]
    low, high = min(values, default=-1.0), max(values, default=1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    span = max(high - low, 0.2)
    ends = [
        (cell.log_ratio_low, cell.log_ratio_high)
        for cell in cells
        if math.isfinite(cell.log_ratio_low)
    ]
    if ends:
        low = min(low, max(min(end[0] for end in ends), low - span))
        high = max(high, min(max(end[1] for end in ends), high + span))
    room = 0.03 * max(high - low, 1e-6)
    if high - low < 1e-9:
        room = 0.1
    return low - room, high + room


def integrands(
    panel: Panel, cells: Sequence[Cell], width: int, height: int, paint: Paint
) -> list[str]:
    """Return the chart of what is added up, as a density along the axis."""
    curves = [integrand(cells, answer.direction) for answer in panel.answers]
    values = [value for curve in curves for value in curve if math.isfinite(value)]
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.03 * max(high - low, 1e-9)
    canvas = Canvas(width, height, low - room, high + room)
    canvas.rule(0.0, "faint")
    for place, curve in enumerate(curves):
        canvas.line(curve, "", dotted=place > 0)
    return _framed(canvas, paint, zero=True)


def integrand(cells: Sequence[Cell], direction: str) -> list[float]:
    """Return what cells contribute per unit of the axis; NaN where that is infinite."""
    parts = [cell.part(direction) for cell in cells]
    return [
        part / (cell.upper - cell.lower) if math.isfinite(part) else math.nan
        for part, cell in zip(parts, cells, strict=True)
    ]


def sums(
    panel: Panel,
    cells: Sequence[Cell],
    width: int,
    height: int,
    unseen: Sequence[bool],
    paint: Paint,
) -> list[str]:
    """Draw what adds up to the divergence, from the left."""
    curves = [[cell.total(answer.direction) for cell in cells] for answer in panel.answers]
    values = [value for curve in curves for value in curve if math.isfinite(value)]
    ends = [answer.finite_estimate for answer in panel.answers]
    values += [end for end in ends if math.isfinite(end)]
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.03 * max(high - low, 1e-9)
    canvas = Canvas(width, height, low - room, high + room)
    canvas.hatch(unseen, "faint")
    canvas.rule(0.0, "faint")
    for place, curve in enumerate(curves):
        canvas.line(curve, "", dotted=place > 0)
    return _framed(canvas, paint, zero=True)


def _framed(canvas: Canvas, paint: Paint, *, zero: bool = False) -> list[str]:
    """Return a chart with numbers and a line at its left."""
    rows = canvas.lines(paint)
    marks: dict[int, str] = {}
    values = ticks(canvas.low, canvas.high, max(3, canvas.height // 2))
    if zero and 0.0 not in values:
        values.append(0.0)
    for value, mark in zip(values, written(values), strict=True):
        row = min(int(canvas.level(value)), canvas.height - 1)
        if row not in marks or value == 0:
            marks[row] = mark
    lines = []
    for place, text in enumerate(rows):
        label = marks.get(canvas.height - 1 - place, "")
        edge = "┤" if label else "│"
        lines.append(f"{label[: MARGIN - 1]:>{MARGIN - 1}}{edge}{text}".rstrip())
    return lines


def x_axis(panel: Panel, cells: Sequence[Cell], width: int) -> list[str]:
    """Return the line below the charts, and the numbers at its marks."""
    low, high = cells[0].lower, cells[-1].upper
    longest = 16 if panel.kind == "datetime" else 8
    values = ticks(low, high, max(2, width // (longest + 2)), scale=panel.scale, kind=panel.kind)
    labels = written(values, panel.kind)
    edge, line = ["─"] * width, [" "] * (width + MARGIN)
    taken = -1
    for value, label in zip(values, labels, strict=True):
        share = (value - low) / (high - low)
        if panel.scale == "log":
            share = math.log(value / low) / math.log(high / low)
        place = min(int(share * width), width - 1)
        start = min(max(MARGIN + place - cell_width(label) // 2, 0), width + MARGIN - len(label))
        if start <= taken:
            continue
        edge[place] = "┴"
        line[start : start + len(label)] = label
        taken = start + len(label)
    return [" " * (MARGIN - 1) + "└" + "".join(edge), "".join(line).rstrip()]
