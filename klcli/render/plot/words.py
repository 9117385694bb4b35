"""What stands around a picture: sources, the answer of each direction, warnings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.data.wording import counted
from klcli.plotting.report import Role
from klcli.render import summary
from klcli.render.numbers import UNKNOWN, decimals, fixed
from klcli.render.text import cut, printable
from klcli.results import Direction, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klcli.plotting.report import Answer, Cell, Panel, PlotReport
    from klcli.results import SourceInfo

#: What is summed up, by direction.
TERMS: Final = {Direction.FORWARD: "p·log(p/q)", Direction.REVERSE: "q·log(q/p)"}
#: Cells that either are in Q or are not; between numbers a fit may know more than the rows.
_WHOLE: Final = (Role.VALUE, Role.OTHERS, Role.MISSING, Role.INFINITE)


def sign(direction: str) -> str:
    """Return D(P‖Q) or D(Q‖P)."""
    return summary.SIGNS[Direction(direction)]


def source(side: SourceInfo) -> str:
    """Return what a side is, with the number of its rows if it has any."""
    return f"{side.source}, {counted(side.rows, 'row')}" if side.rows else side.source


def title(report: PlotReport, panel: Panel) -> str:
    """Return the name of a column; nothing for two known distributions."""
    of_data = report.p.rows is not None or report.q.rows is not None
    return panel.column or ("(empty name)" if of_data else "")


def headline(answer: Answer, unit: str) -> str:
    """Return one direction with its interval, in words."""
    value, interval = summary.value(answer)
    if answer.status == Status.UNDEFINED:
        return f"{sign(answer.direction)} is not known"
    if value.startswith("≥"):
        text = f"{sign(answer.direction)} ≥ {value[1:]} {unit}"
    else:
        text = f"{sign(answer.direction)} = {value} {unit}"
    if interval.startswith("≥"):
        if not float(interval[1:]) > 0:
            return text  # nothing of it is finite
        return f"{text}, the finite part {interval}"
    if interval in ("", UNKNOWN):
        return text
    return f"{text}, {percent(answer.confidence)} interval {interval}"


def total(answer: Answer, unit: str) -> str:
    """Return what the contributions add up to."""
    places = decimals(answer.finite_estimate, answer.standard_error)
    what = fixed(answer.finite_estimate, places)
    if answer.status == Status.INFINITE:
        return f"{what} {unit} without what is infinite"
    return f"{what} {unit}"


def percent(share: float) -> str:
    """Return a confidence in per cent."""
    return f"{100 * share:g} %"


def share(value: float) -> str:
    """Return a share of rows, short.

    >>> share(0.12345), share(0.00012), share(0.0), share(1.0)
    ('12.3 %', '0.012 %', '0 %', '100 %')
    """
    if value == 0:
        return "0 %"
    if value >= 0.9995:
        return f"{100 * value:.4g} %"
    return f"{100 * value:.1f} %" if value >= 0.001 else f"{100 * value:.2g} %"


def warnings(answers: Iterable[Answer], *, every: bool) -> list[tuple[str, str, str]]:
    """Return direction, message and code of each warning; "" for the direction if all share it."""
    answers = list(answers)
    found: dict[tuple[str, str], list[str]] = {}
    for answer in answers:
        for warning in answer.warnings:
            found.setdefault((warning.code, warning.message), []).append(sign(answer.direction))
    notes = [
        ("" if len(signs) == len(answers) else ", ".join(signs), message, code)
        for (code, message), signs in found.items()
    ]
    return notes if every else notes[:4]


def contribution(cell: Cell, answer: Answer) -> str:
    """Return what one cell contributes, as a number."""
    part = cell.part(answer.direction)
    if answer.status == Status.INFINITE and cell.role in _WHOLE and unseen(cell, answer.direction):
        return "∞"
    places = decimals(answer.finite_estimate, answer.standard_error)
    return fixed(part, places)


def log_ratio(cell: Cell) -> str:
    """Return log(p/q) with its band."""
    if math.isinf(cell.log_ratio) or math.isnan(cell.log_ratio_low):
        return fixed(cell.log_ratio, 2)
    low, high = (fixed(end, 2) for end in (cell.log_ratio_low, cell.log_ratio_high))
    return f"{fixed(cell.log_ratio, 2)} ({low} … {high})"


def unseen(cell: Cell, direction: str) -> bool:
    """Tell whether the first side of a direction has something here and the second has not."""
    first, second = cell.share_p, cell.share_q
    if direction == Direction.REVERSE:
        first, second = second, first
    return first > 0 and second == 0


def left_out(report: PlotReport) -> str:
    """Return which columns differ less and are not drawn."""
    names: Sequence[str] = report.left_out
    if not names:
        return ""
    shown = ", ".join(cut(printable(name), 24) for name in names[:8]) + (
        f" and {len(names) - 8} more" if len(names) > 8 else ""
    )
    return f"not drawn, as they differ less: {shown} (--column, --most)"


def plain_text(text: str, width: int = 60) -> str:
    """Return text from the data for Matplotlib: printable, short, and no formula."""
    return cut(printable(text), width).replace("$", r"\$")
