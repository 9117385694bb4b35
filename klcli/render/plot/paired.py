"""Cells on paper as paired bars, with their log ratios and contributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from klcli.render.plot import words
from klcli.render.plot.palette import PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Answer, Cell, Panel

_HALF: Final = 0.38
#: Q's bars are pale and hatched, P's are full: they differ without colour.
_HATCH: Final = "////"


def draw_bars(part: Any, panel: Panel, unit: str, sources: Sequence[str]) -> None:
    """Draw shares, log ratios and contributions of categories side by side.

    Parameters
    ----------
    part : SubFigure
        Where to draw.
    panel : Panel
        Of shape "bars".
    unit : str
        Of log ratios and contributions.
    sources : sequence of str
        What P and Q are.
    """
    share, ratio, parts = part.subplots(1, 3, sharey=True, width_ratios=[2, 1.2, 1.2])
    draw_pairs(share, panel.cells, "share")
    legend(share, sources)
    _ratios(ratio, panel.cells, unit)
    draw_parts(parts, panel.cells, panel.answers, f"contribution, {unit}")
    for axis in (ratio, parts):
        axis.tick_params(axis="y", length=0)
        axis.locator_params(axis="x", nbins=4)


def legend(axis: Any, sources: Sequence[str], **where: Any) -> None:
    """Say above a chart, or elsewhere, which is P and which Q."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=PAPER["p"], linewidth=2.5),
        Patch(facecolor=pale(), edgecolor=PAPER["q"], linestyle="--"),
    ]
    labels = [
        f"{name}  {words.plain_text(text)}" for name, text in zip("PQ", sources, strict=True)
    ]
    above = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "borderaxespad": 0.2}
    axis.legend(handles, labels, frameon=False, fontsize=8, **(where or above))


def pale() -> tuple[float, float, float]:
    """Return the colour of Q's areas: a quarter of its blue on white."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - 0.25 * (1 - value) for value in to_rgb(PAPER["q"]))
    return red, green, blue


def draw_pairs(axis: Any, cells: Sequence[Cell], label: str) -> None:
    """Draw the shares of both sides."""
    places = range(len(cells))
    axis.barh(
        [place - _HALF / 2 for place in places], [cell.share_p for cell in cells], _HALF,
        color=PAPER["p"],
    )  # fmt: skip
    axis.barh(
        [place + _HALF / 2 for place in places], [cell.share_q for cell in cells], _HALF,
        facecolor=pale(), edgecolor=PAPER["q"], hatch=_HATCH, linewidth=0.6,
    )  # fmt: skip
    _named(axis, cells)
    axis.set_xlabel(label)


def draw_parts(
    axis: Any, cells: Sequence[Cell], answers: Sequence[Answer], label: str, *, legend: bool = True
) -> None:
    """Draw what each cell contributes: full bars forward, hatched ones reverse."""
    height = 2 * _HALF / len(answers)
    for number, answer in enumerate(answers):
        parts = [cell.part(answer.direction) for cell in cells]
        shown = [part if math.isfinite(part) else 0.0 for part in parts]
        places = [
            place + (number - (len(answers) - 1) / 2) * height for place in range(len(cells))
        ]
        style = {"color": "0.25"} if number == 0 else {
            "facecolor": "white", "edgecolor": "0.25", "hatch": _HATCH, "linewidth": 0.6,
        }  # fmt: skip
        axis.barh(places, shown, height, label=words.sign(answer.direction), **style)
        for place, cell in zip(places, cells, strict=True):
            if words.contribution(cell, answer) == "∞":
                axis.annotate("∞", (0, place), xytext=(3, 0), textcoords="offset points",
                              va="center", fontsize=9)  # fmt: skip
    axis.axvline(0, color="0.5", linewidth=0.8)
    if len(answers) > 1 and legend:
        axis.legend(frameon=False, fontsize=7, loc="best")
    _named(axis, cells)
    axis.set_xlabel(label)


def _ratios(axis: Any, cells: Sequence[Cell], unit: str) -> None:
    for place, cell in enumerate(cells):
        if math.isfinite(cell.log_ratio):
            axis.plot([cell.log_ratio_low, cell.log_ratio_high], [place, place], color="0.4",
                      linewidth=1.6)  # fmt: skip
            axis.plot([cell.log_ratio], [place], "o", color="black", markersize=3.5)
    low, high = axis.get_xlim()
    for place, cell in enumerate(cells):
        if math.isinf(cell.log_ratio):
            up = cell.log_ratio > 0
            axis.plot([high if up else low], [place], ">" if up else "<", color="black",
                      markersize=5, clip_on=False)  # fmt: skip
    axis.set_xlim(low, high)
    axis.axvline(0, color="0.5", linewidth=0.8, linestyle=":")
    axis.set_xlabel(f"log p/q, {unit}")


def _named(axis: Any, cells: Sequence[Cell]) -> None:
    names = [words.plain_text(cell.label, 24) for cell in cells]
    axis.set_yticks(range(len(cells)), names)
    axis.set_ylim(len(cells) - 0.5, -0.5)
