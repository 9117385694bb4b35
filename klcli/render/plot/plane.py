"""Several columns together along two of them, in characters."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING, Final

from klcli.render.plot import words
from klcli.render.plot.canvas import EIGHTHS, resampled
from klcli.render.plot.ticks import ticks, written
from klcli.render.text import cell_width, cut, pad, printable, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Answer, Axis, Plane
    from klcli.render.plot.palette import Paint

#: Contributions above zero, and below it, from small to large; "·" are rows without any to speak of.
_UP, _DOWN = "░▒▓█", "-=≡"
#: Where the next character begins, as a share of the largest.
_STEPS_UP: Final = (0.04, 0.15, 0.35, 0.65)
_STEPS_DOWN: Final = (0.04, 0.15, 0.5)
_MARGIN: Final = 10
#: Widest and highest map: two characters to a cell at most.
_WIDEST: Final = 120


def plane_lines(plane: Plane, unit: str, width: int, height: int, paint: Paint) -> list[str]:
    """Return a map for each direction, with the marginal distributions beside it.

    Parameters
    ----------
    plane : Plane
        What to draw.
    unit : str
        Of contributions.
    width, height : int
        Columns in all; the map is twice as high as a chart.
    paint : Paint
        Whether in colour.
    """
    lines = []
    for answer in plane.answers:
        lines += ["", *_map(plane, answer, unit, width, height, paint)]
    return lines


def _map(
    plane: Plane, answer: Answer, unit: str, width: int, height: int, paint: Paint
) -> list[str]:
    beside = 14 if width >= 60 else 0
    across = min(width - _MARGIN - beside, _WIDEST)
    upwards = len(plane.y.labels) or min(2 * height, len(plane.y.edges) - 1)
    sums = [[0.0] * across for _ in range(upwards)]
    seen = [[0.0] * across for _ in range(upwards)]
    off = 0.0
    columns, rows = len(plane.x.edges) - 1, len(plane.y.edges) - 1
    for cell in plane.cells:
        part = cell.part(answer.direction)
        part = part if math.isfinite(part) else 0.0
        if cell.x < 0:
            off = part
            continue
        for x, share_x in _spans(cell.x, columns, across):
            for y, share_y in _spans(cell.y, rows, upwards):
                sums[y][x] += part * share_x * share_y
                seen[y][x] += (cell.share_p + cell.share_q) * share_x * share_y
    largest = max((abs(value) for row in sums for value in row), default=0.0) or 1.0
    lines = wrap(
        f"contribution to {words.sign(answer.direction)}: {_UP} more in P, {_DOWN} less, · little",
        width, "  ",
    )  # fmt: skip
    lines += _top(plane.x, across, paint)
    marks = _left(plane.y, upwards)
    tallest = max((*plane.y.share_p, *plane.y.share_q), default=1.0) or 1.0
    side = list(
        zip(_along(plane.y.share_p, upwards), _along(plane.y.share_q, upwards), strict=True)
    )
    if beside:
        head = " " * (_MARGIN + across) + f" {'P':<6} {'Q':<5}"
        lines.append(head.rstrip())
    for y in reversed(range(upwards)):
        body = paint.runs(
            _character(value, there, largest)
            for value, there in zip(sums[y], seen[y], strict=True)
        )
        line = f"{pad(cut(marks.get(y, ''), _MARGIN - 1), _MARGIN - 1, right=True)}{'┤' if y in marks else '│'}{body}"
        if beside:
            most = tallest * rows / upwards if not plane.y.labels else tallest
            bars = [_strip(value / most, 6) for value in side[y]]
            plain = cell_width(_plain_body(sums[y], seen[y], largest))
            line += " " * (across - plain) + f" {paint(bars[0], 'p')}{' ' * (7 - len(bars[0]))}"
            line += paint(bars[1], "q")
        lines.append(line.rstrip())
    lines += _bottom(plane.x, across)
    axes = f"across: {printable(plane.x.column)}; upwards: {printable(plane.y.column)}"
    adds = f"contributions add up to {words.total(answer, unit)}"
    if off:
        adds += f", {off:.2g} of them off the axes"
    return [*lines, *wrap(f"{axes}; {adds}", width, "  ")]


def _spans(place: int, number: int, wanted: int) -> list[tuple[int, float]]:
    """Return which of `wanted` characters a cell covers, and with what share of it."""
    start, end = place * wanted / number, (place + 1) * wanted / number
    first, last = int(start), min(math.ceil(end - 1e-9), wanted)
    return [
        (each, (min(end, each + 1) - max(start, each)) / (end - start))
        for each in range(first, last)
    ]


def _character(value: float, there: float, largest: float) -> tuple[str, str]:
    if not there:
        return " ", ""
    size = abs(value) / largest
    if value >= 0:
        step = bisect.bisect(_STEPS_UP, size)
        return (_UP[step - 1], "p") if step else ("·", "faint")
    step = bisect.bisect(_STEPS_DOWN, size)
    return (_DOWN[step - 1], "q") if step else ("·", "faint")


def _plain_body(values: Sequence[float], seen: Sequence[float], largest: float) -> str:
    characters = (
        _character(value, there, largest)[0] for value, there in zip(values, seen, strict=True)
    )
    return "".join(characters).rstrip()


def _along(shares: Sequence[float], wanted: int) -> list[float]:
    """Return shares of cells as shares of `wanted` characters."""
    scale = len(shares) / wanted
    return [value * scale if math.isfinite(value) else 0.0 for value in resampled(shares, wanted)]


def _strip(share: float, room: int) -> str:
    from klcli.render.plot.canvas import LEFT_EIGHTHS

    eighths = min(round(8 * share * room), 8 * room)
    if share > 0:
        eighths = max(eighths, 1)
    return "█" * (eighths // 8) + LEFT_EIGHTHS[eighths % 8].strip()


def _top(axis: Axis, across: int, paint: Paint) -> list[str]:
    """Return the marginal distributions of the axis across, one line for each side."""
    lines = []
    most = max((*axis.share_p, *axis.share_q), default=1.0) or 1.0
    for name, shares in (("P", axis.share_p), ("Q", axis.share_q)):
        levels = [min(8, round(8 * value / most)) for value in resampled(shares, across)]
        bars = "".join(EIGHTHS[level] for level in levels)
        lines.append(f"{name:>{_MARGIN - 1}} {paint(bars.rstrip(), name.lower())}".rstrip())
    return lines


def _left(axis: Axis, upwards: int) -> dict[int, str]:
    """Return what stands beside the lines of the map, counted from the bottom."""
    if axis.labels:
        return {place: printable(label) for place, label in enumerate(axis.labels)}
    low, high = axis.edges[0], axis.edges[-1]
    values = ticks(low, high, max(2, upwards // 3), scale=axis.scale, kind=axis.kind)
    marks: dict[int, str] = {}
    for value, label in zip(values, written(values, axis.kind), strict=True):
        marks.setdefault(min(int(_share(axis, value) * upwards), upwards - 1), label)
    return marks


def _bottom(axis: Axis, across: int) -> list[str]:
    edge, line = ["─"] * across, [" "] * (_MARGIN + across)
    low, high = axis.edges[0], axis.edges[-1]
    if axis.labels:
        step = across / len(axis.labels)
        places = [(int((k + 0.5) * step), printable(name)) for k, name in enumerate(axis.labels)]
        room = max(int(step) - 1, 1)
        places = [(place, cut(name, room)) for place, name in places]
    else:
        longest = 16 if axis.kind == "datetime" else 8
        values = ticks(
            low, high, max(2, across // (longest + 2)), scale=axis.scale, kind=axis.kind
        )
        shares = [min(int(_share(axis, value) * across), across - 1) for value in values]
        places = list(zip(shares, written(values, axis.kind), strict=True))
    taken = -1
    for place, label in places:
        edge[place] = "┴"
        start = max(_MARGIN + place - cell_width(label) // 2, 0)
        start = min(start, _MARGIN + across - cell_width(label))
        if start > taken:
            line[start : start + cell_width(label)] = label
            taken = start + cell_width(label)
    return [" " * (_MARGIN - 1) + "└" + "".join(edge), "".join(line).rstrip()]


def _share(axis: Axis, value: float) -> float:
    low, high = axis.edges[0], axis.edges[-1]
    if axis.scale == "log":
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)
