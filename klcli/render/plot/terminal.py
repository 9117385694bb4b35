"""The picture in characters, for terminals of any width and for files of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.plotting.report import Role
from klcli.render.plot import bars, words
from klcli.render.plot.canvas import HATCH, SHADE, resampled
from klcli.render.plot.charts import MARGIN, density, integrands, log_ratio, sums, x_axis
from klcli.render.plot.palette import PLAIN
from klcli.render.plot.plane import plane_lines
from klcli.render.text import cut, cut_start, printable, wrap
from klcli.results import Direction, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Answer, Cell, Panel, PlotReport
    from klcli.render.plot.palette import Paint

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
    room = width - MARGIN
    unseen = _unseen(panel, cells, room)
    lines = ["", "density" + (" of the logarithm" if panel.scale == "log" else "")]
    lines += density(cells, room, height, unseen, paint)
    lines += ["", *wrap(_ratio_title(panel, unit), width, "  ")]
    lines += log_ratio(panel, cells, room, height, unseen, paint)
    if math.isnan(panel.confidence):
        lines += [
            "",
            "p·log(p/q)" if len(panel.answers) == 1 else "p·log(p/q), and q·log(q/p) dotted",
        ]
        lines += integrands(panel, cells, room, height, paint)
    totals = ", ".join(
        f"{words.TERMS[Direction(answer.direction)]} {words.total(answer, unit)}"
        + (" (dotted)" if place else "")
        for place, answer in enumerate(panel.answers)
    )
    lines += ["", *wrap(f"contribution, summed from the left: {totals}", width, "  ")]
    lines += sums(panel, cells, room, height, unseen, paint)
    lines += x_axis(panel, cells, room)
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
