"""Two columns on paper: rows of both sides over what each cell contributes, and the marginals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from klcli.render.plot import words
from klcli.render.plot.paired import legend
from klcli.render.plot.palette import PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Answer, Axis, Plane

#: Contributions beyond this share of the largest are hatched where they are negative.
_NOTABLE: Final = 0.05


def draw_plane(part: Any, plane: Plane, unit: str, sources: Sequence[str]) -> None:
    """Draw a map for each direction, with the marginal distributions above and beside it.

    Parameters
    ----------
    part : SubFigure
        Where to draw.
    plane : Plane
        What to draw.
    unit : str
        Of contributions.
    sources : sequence of str
        What P and Q are.
    """
    number = len(plane.answers)
    widths = [5.0] * number + [1.1]
    grid = part.add_gridspec(2, number + 1, width_ratios=widths, height_ratios=[1.1, 5])
    for place, answer in enumerate(plane.answers):
        axis = part.add_subplot(grid[1, place])
        top = part.add_subplot(grid[0, place], sharex=axis)
        _map(part, axis, plane, answer, unit)
        _marginal(top, plane.x, upright=False)
        if place == 0:
            legend(top, sources)
            axis.set_ylabel(words.plain_text(plane.y.column))
        else:
            axis.tick_params(labelleft=False)
        axis.set_xlabel(words.plain_text(plane.x.column))
        if number > 1:
            top.set_title(words.sign(answer.direction), loc="right", fontsize=9)
    side = part.add_subplot(grid[1, number], sharey=axis)
    _marginal(side, plane.y, upright=True)
    for axis_, name in ((axis, "x"), (axis, "y")):
        _labelled(axis_, plane.x if name == "x" else plane.y, name)


def _map(part: Any, axis: Any, plane: Plane, answer: Answer, unit: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.patches import Rectangle

    x, y = plane.x.edges, plane.y.edges
    inside = [cell for cell in plane.cells if cell.x >= 0]
    parts = [cell.part(answer.direction) for cell in inside]
    most = max((abs(value) for value in parts if math.isfinite(value)), default=0.0) or 1.0
    colours = LinearSegmentedColormap.from_list("klcli", [PAPER["down"], "white", PAPER["up"]])
    shade: Any = ScalarMappable(Normalize(-most, most), colours)
    groups: dict[bool, tuple[list[Any], list[Any]]] = {False: ([], []), True: ([], [])}
    for cell, value in zip(inside, parts, strict=True):
        known = value if math.isfinite(value) else 0.0
        corner = (x[cell.x], y[cell.y])
        box = Rectangle(corner, x[cell.x + 1] - corner[0], y[cell.y + 1] - corner[1])
        boxes, faces = groups[known < -_NOTABLE * most]
        boxes.append(box)
        faces.append(shade.to_rgba(known))
    for negative, (boxes, faces) in groups.items():
        # Hatched, what is negative can be told from what is positive without colour.
        axis.add_collection(
            PatchCollection(
                boxes, facecolor=faces, edgecolor="0.5" if negative else "none",
                hatch="...." if negative else None, linewidth=0,
            )
        )  # fmt: skip
    for side, style in (
        ("q", {"marker": "x", "color": PAPER["q"], "linewidth": 0.5}),
        ("p", {"marker": "o", "facecolor": "none", "edgecolor": PAPER["p"], "linewidth": 0.5}),
    ):
        dots = [dot for dot in plane.dots if dot.side == side]
        axis.scatter([dot.x for dot in dots], [dot.y for dot in dots], s=6, alpha=0.6, **style)
    for set_scale, scale in ((axis.set_xscale, plane.x.scale), (axis.set_yscale, plane.y.scale)):
        if scale == "log":
            set_scale("log")
    axis.set_xlim(x[0], x[-1])
    axis.set_ylim(y[0], y[-1])
    bar = part.colorbar(shade, ax=axis, location="bottom", shrink=0.8, aspect=40, pad=0.02)
    bar.set_label(f"contribution to {words.sign(answer.direction)}, {unit}; dotted: below 0")
    bar.outline.set_linewidth(0.5)


def _marginal(axis: Any, along: Axis, *, upright: bool) -> None:
    way = "horizontal" if upright else "vertical"
    style = {"orientation": way, "baseline": 0}
    axis.stairs(along.share_q, along.edges, fill=True, color=PAPER["q"], alpha=0.25, **style)
    axis.stairs(along.share_q, along.edges, color=PAPER["q"], linestyle="--", **style)
    axis.stairs(along.share_p, along.edges, color=PAPER["p"], linewidth=1.5, **style)
    axis.tick_params(labelbottom=upright, labelleft=not upright)
    axis.locator_params(axis="x" if upright else "y", nbins=2)


def _labelled(axis: Any, along: Axis, name: str) -> None:
    """Put names of categories, or dates, beside an axis."""
    set_ticks = axis.set_xticks if name == "x" else axis.set_yticks
    if along.labels:
        places = [place + 0.5 for place in range(len(along.labels))]
        labels = [words.plain_text(label, 16) for label in along.labels]
        set_ticks(places, labels, **({"rotation": 90} if name == "x" and len(labels) > 5 else {}))
    elif along.kind == "datetime":
        from klcli.render.plot.ticks import ticks, written

        places = ticks(along.edges[0], along.edges[-1], 4, kind="datetime")
        set_ticks(places, written(places, "datetime"))
