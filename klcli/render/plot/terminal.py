"""The picture in characters, for terminals of any width and for files of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.plotting.report import Role
from klcli.render.plot import bars, words
from klcli.render.plot.canvas import HATCH, SHADE, Canvas, resampled
from klcli.render.plot.palette import PLAIN
from klcli.render.plot.plane import plane_lines
from klcli.render.plot.ticks import ticks, written
from klcli.render.text import cell_width, cut, cut_start, printable, wrap
from klcli.results import Direction, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Answer, Cell, Panel, PlotReport
    from klcli.render.plot.palette import Paint

#: Columns for the numbers left of a chart, and least width of a picture.
_MARGIN: Final = 8
NARROWEST: Final = 40
#: Width where nothing says otherwise, and the widest that is chosen without being asked for.
WIDTH, WIDEST = 80, 200
#: Lines of each chart.
HEIGHT: Final = 8


def picture(
    report: PlotReport,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    paint: Paint = PLAIN,
    verbose: bool = False,
) -> str:
    """Return the picture.

    Parameters
    ----------
    report : PlotReport
        What to draw.
    width : int
        Columns, at least 40.
    height : int
        Lines of each chart.
    paint : Paint
        Whether in colour.
    verbose : bool
        Every warning and how each column was estimated.
    """
    parts = [_sources(report, width, paint)]
    parts += [
        _panel(
            panel, words.title(report, panel), report.unit, width, height, paint, verbose=verbose
        )
        for panel in report.panels
    ]
    for plane in report.planes:
        lines = [
            *_title(" × ".join(plane.columns), plane.answers, report.unit, width, paint),
            *plane_lines(plane, report.unit, width, height, paint),
            *_notes(plane.answers, width, verbose=verbose),
        ]
        parts.append(lines)
    rest = words.left_out(report)
    if rest:
        parts.append(wrap(rest, width))
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _sources(report: PlotReport, width: int, paint: Paint) -> list[str]:
    lines = []
    for name, mark, side in (("P", "━━", report.p), ("Q", SHADE * 2, report.q)):
        text = printable(words.source(side))
        colour = name.lower()
        lines.append(f"{paint(mark, colour)} {name}  {cut_start(text, width - 6)}")
    return lines


def _title(name: str, answers: Sequence[Answer], unit: str, width: int, paint: Paint) -> list[str]:
    lines = [paint(cut(printable(name), width), "strong")] if name else []
    for answer in answers:
        lines += wrap(words.headline(answer, unit), width, "  ")
    return lines


def _notes(answers: Sequence[Answer], width: int, *, verbose: bool) -> list[str]:
    lines = []
    for direction, message, code in words.warnings(answers, every=verbose):
        where = f"{direction}: " if direction else ""
        lines += wrap(f"{where}{printable(message)} [{code}]", width, "  ")
    if verbose:
        for answer in answers:
            if answer.method:
                lines += wrap(f"{words.sign(answer.direction)}: {answer.method}", width, "  ")
    return lines


def _panel(
    panel: Panel, title: str, unit: str, width: int, height: int, paint: Paint, *, verbose: bool
) -> list[str]:
    lines = _title(title, panel.answers, unit, width, paint)
    if panel.shape in ("curve", "steps"):
        lines += _charts(panel, unit, width, height, paint)
        beside = [cell for cell in panel.cells if cell.role != Role.INTERVAL]
        if beside:
            lines += ["", *bars.table(panel, beside, unit, width, paint, title="beside the axis")]
    elif panel.shape == "bars":
        lines += ["", *bars.table(panel, panel.cells, unit, width, paint)]
    return lines + _notes(panel.answers, width, verbose=verbose)


def _charts(panel: Panel, unit: str, width: int, height: int, paint: Paint) -> list[str]:
    cells = [cell for cell in panel.cells if cell.role == Role.INTERVAL]
    room = width - _MARGIN
    unseen = _unseen(panel, cells, room)
    lines = ["", "density" + (" of the logarithm" if panel.scale == "log" else "")]
    lines += _density(cells, room, height, unseen, paint)
    lines += ["", *wrap(_ratio_title(panel, unit), width, "  ")]
    lines += _log_ratio(panel, cells, room, height, unseen, paint)
    if math.isnan(panel.confidence):
        lines += [
            "",
            "p·log(p/q)" if len(panel.answers) == 1 else "p·log(p/q), and q·log(q/p) dotted",
        ]
        lines += _integrands(panel, cells, room, height, paint)
    sums = ", ".join(
        f"{words.TERMS[Direction(answer.direction)]} {words.total(answer, unit)}"
        + (" (dotted)" if place else "")
        for place, answer in enumerate(panel.answers)
    )
    lines += ["", *wrap(f"contribution, summed from the left: {sums}", width, "  ")]
    lines += _sums(panel, cells, room, height, unseen, paint)
    lines += _x_axis(panel, cells, room, paint)
    if any(unseen):
        what = "rows on one side only" if panel.answers[0].confidence > 0 else "one side is 0"
        lines.append(paint(f"{HATCH * 2} {what}", "faint"))
    return lines


def _ratio_title(panel: Panel, unit: str) -> str:
    band = ""
    if not math.isnan(panel.confidence):
        band = f" with its pointwise {words.percent(panel.confidence)} band"
    return f"log p/q in {unit}{band}"


def _unseen(panel: Panel, cells: Sequence[Cell], width: int) -> list[bool]:
    """Return the columns of the chart where one side has nothing and that matters."""
    open_above = [
        answer.direction
        for answer in panel.answers
        if answer.status in (Status.LOWER_BOUND, Status.INFINITE)
    ]
    marks = [float(any(words.unseen(cell, each) for each in open_above)) for cell in cells]
    return [mark > 0.5 for mark in resampled(marks, width)]


def _density(
    cells: Sequence[Cell], width: int, height: int, unseen: Sequence[bool], paint: Paint
) -> list[str]:
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


def _log_ratio(
    panel: Panel,
    cells: Sequence[Cell],
    width: int,
    height: int,
    unseen: Sequence[bool],
    paint: Paint,
) -> list[str]:
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


def _integrands(
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


def _sums(
    panel: Panel,
    cells: Sequence[Cell],
    width: int,
    height: int,
    unseen: Sequence[bool],
    paint: Paint,
) -> list[str]:
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
        lines.append(f"{label[: _MARGIN - 1]:>{_MARGIN - 1}}{edge}{text}".rstrip())
    return lines


def _x_axis(panel: Panel, cells: Sequence[Cell], width: int, paint: Paint) -> list[str]:
    low, high = cells[0].lower, cells[-1].upper
    longest = 16 if panel.kind == "datetime" else 8
    values = ticks(low, high, max(2, width // (longest + 2)), scale=panel.scale, kind=panel.kind)
    labels = written(values, panel.kind)
    edge, line = ["─"] * width, [" "] * (width + _MARGIN)
    taken = -1
    for value, label in zip(values, labels, strict=True):
        share = (value - low) / (high - low)
        if panel.scale == "log":
            share = math.log(value / low) / math.log(high / low)
        place = min(int(share * width), width - 1)
        start = min(max(_MARGIN + place - cell_width(label) // 2, 0), width + _MARGIN - len(label))
        if start <= taken:
            continue
        edge[place] = "┴"
        line[start : start + len(label)] = label
        taken = start + len(label)
    del paint
    return [" " * (_MARGIN - 1) + "└" + "".join(edge), "".join(line).rstrip()]
