"""Cells as paired horizontal bars, with what each of them contributes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.render.plot import words
from klcli.render.plot.canvas import LEFT_EIGHTHS, SHADE
from klcli.render.text import cell_width, cut, pad, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Cell, Panel
    from klcli.render.plot.palette import Paint

GAP: Final = "  "
#: Longest name, shortest and longest bar.
_NAME, _SHORT, _LONG = 24, 8, 60
#: A width from which on there is room for the log ratio.
_WIDE: Final = 72


def table(
    panel: Panel,
    cells: Sequence[Cell],
    unit: str,
    width: int,
    paint: Paint,
    *,
    title: str = "",
) -> list[str]:
    """Return two lines for each cell: P, full, and Q, shaded.

    Beside P stands what the cell contributes to D(P‖Q) and, below it, to D(Q‖P), if asked for;
    then, with room for it, log p/q.
    """
    names = [printable(cell.label) for cell in cells]
    shares = [(words.share(cell.share_p), words.share(cell.share_q)) for cell in cells]
    parts = [[words.contribution(cell, answer) for answer in panel.answers] for cell in cells]
    ratios = [words.log_ratio(cell) for cell in cells]
    heads = [words.sign(answer.direction) for answer in panel.answers]
    part_width = max(
        max(len(part) for row in parts for part in row) + (len(heads[0]) + 1) * (len(heads) > 1),
        len(heads[0]),
    )
    share_width = max(5, *(len(each) for pair in shares for each in pair))
    ratio_width = max(len("log p/q"), *map(len, ratios)) if width >= _WIDE else 0
    used = share_width + part_width + 3 * len(GAP) + (ratio_width + len(GAP)) * (ratio_width > 0)
    name_width = min(max(map(cell_width, names)), _NAME, max(width - used - _SHORT, 8))
    name_width = max(name_width, min(len(title), width - used - _SHORT))
    room = min(max(width - used - name_width, _SHORT), _LONG)
    most = max(max(cell.share_p, cell.share_q) for cell in cells) or 1.0
    head = [
        pad(cut(title, name_width), name_width),
        pad("", room),
        pad("share", share_width, right=True),
        pad(heads[0] if len(heads) == 1 else unit, part_width, right=True),
    ]
    if ratio_width:
        head.append("log p/q")
    lines = [GAP.join(head).rstrip()]
    for name, cell, share, part, ratio in zip(names, cells, shares, parts, ratios, strict=True):
        for place, (side, of_rows) in enumerate((("p", cell.share_p), ("q", cell.share_q))):
            bar = _bar(of_rows / most, room, full=side == "p")
            text = ""
            if place < len(part):
                text = (
                    part[place]
                    if len(part) == 1
                    else f"{heads[place]} {part[place]:>{part_width - len(heads[0]) - 1}}"
                )
            words_ = [
                pad(cut(name, name_width) if place == 0 else "", name_width),
                paint(bar, side) + " " * (room - len(bar)),
                pad(share[place], share_width, right=True),
                pad(text, part_width, right=True),
            ]
            if ratio_width and place == 0:
                words_.append(ratio)
            lines.append(GAP.join(words_).rstrip())
        mark = _mark(cell)
        if mark:
            lines[-1] = f"{lines[-1]}{GAP}{mark}" if ratio_width else lines[-1]
    return lines


def _bar(share: float, room: int, *, full: bool) -> str:
    """Return a bar; what is there is never drawn as nothing."""
    if not share > 0:
        return ""
    if not full:
        return SHADE * max(1, round(share * room))
    eighths = max(1, round(8 * share * room))
    return "█" * (eighths // 8) + LEFT_EIGHTHS[eighths % 8].strip()


def _mark(cell: Cell) -> str:
    if math.isinf(cell.log_ratio):
        return "only in P" if cell.log_ratio > 0 else "only in Q"
    return ""
