"""A report of drift as one picture: columns × batches, and what moved in those that changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from klcli.monitoring.report import Verdict
from klcli.render import drift_words
from klcli.render.html.charts import is_range
from klcli.render.html.heatmap import SHADES
from klcli.render.html.wording import short
from klcli.render.plot import words
from klcli.render.plot.figure import saved
from klcli.render.plot.paired import legend, pale
from klcli.render.plot.palette import PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from klcli.monitoring.report import Cell, DriftReport, DriftResult

#: Most columns and batches of the map, and columns that are drawn one by one.
_ROWS, _COLUMNS, _MULTIPLES = 40, 60, 12
_ACROSS: Final = 3
_WIDTH: Final = 8.0
#: Above every divergence.
_HUGE: Final = 1e9


def drawn(report: DriftReport, file_format: str) -> bytes:
    """Return the picture as the content of a file.

    Parameters
    ----------
    report : DriftReport
        What to draw.
    file_format : str
        "png", "svg" or "pdf".
    """
    return saved(lambda: _figure(report), file_format)


def _figure(report: DriftReport) -> Figure:
    from matplotlib.figure import Figure

    columns = drift_words.by_column(report)
    worst = [drift_words.by_weight(results)[0] for results in columns]
    changed = [each for each in worst if each.verdict != Verdict.STABLE and each.cells]
    chosen = (changed or [each for each in worst if each.cells])[:_MULTIPLES]
    rows = math.ceil(len(chosen) / _ACROSS)
    several = len(report.batches) > 1
    heights = [0.7 + 0.24 * min(len(columns), _ROWS) if columns else 0.0, 1.9 * rows]
    heights = [max(height, 0.01) for height in heights]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.9), layout="constrained")
    figure.suptitle(_title(report), fontsize=10)
    parts: Any = figure.subfigures(2, 1, height_ratios=heights)
    upper, lower = parts
    if columns:
        _map(upper, report, columns[:_ROWS], max(len(columns) - _ROWS, 0))
    if chosen:
        grid = lower.subplots(2 * rows, _ACROSS, squeeze=False, height_ratios=[2, 1] * rows)
        for axis in grid.ravel():
            axis.set_axis_off()
        for place, result in enumerate(chosen):
            row, column = divmod(place, _ACROSS)
            top, bottom = grid[2 * row, column], grid[2 * row + 1, column]
            _multiple(top, bottom, result, several=several)
        source = f"the reference, {report.reference.source}"
        legend(lower, ["a batch", source], loc="outside upper left", ncols=2)
    return figure


def _title(report: DriftReport) -> str:
    line = f"Kullback–Leibler divergence D(P‖Q) in {report.unit}, P the batch, Q the reference"
    return f"{words.plain_text(drift_words.headline(report), 100)}\n{line}"


def _map(
    part: Any, report: DriftReport, columns: Sequence[Sequence[DriftResult]], left: int
) -> None:
    """Shade columns × batches by the divergence; ● is drift and ? undecided."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm
    from matplotlib.patches import Rectangle

    batches = report.batches[-_COLUMNS:]
    places = {batch.name: place for place, batch in enumerate(batches)}
    values = np.full((len(columns), len(batches)), np.nan)
    axis = part.subplots()
    norm = BoundaryNorm([0.0, *SHADES, _HUGE], 256)
    shades = colormaps["Greys"].resampled(320)
    for row, results in enumerate(columns):
        for result in results:
            place = places.get(result.batch)
            if place is None:
                continue
            size = result.estimate.finite_estimate
            values[row, place] = (
                min(max(size, 0.0), _HUGE / 2) if math.isfinite(size) else math.nan
            )
            dark = math.isfinite(size) and norm(max(size, 0.0)) > 150
            mark = {Verdict.DRIFT: "●", Verdict.UNDECIDED: "?"}.get(Verdict(result.verdict), "")
            text = f"{mark} {short(result.estimate.estimate)}" if len(batches) <= 12 else mark
            axis.text(
                place, row, text.strip(), ha="center", va="center", fontsize=7,
                color="white" if dark else "black",
            )  # fmt: skip
    axis.imshow(np.ma.masked_invalid(values), cmap=shades, norm=norm, aspect="auto")
    for row, place in np.argwhere(np.isnan(values)).tolist():
        axis.add_patch(
            Rectangle(
                (place - 0.5, row - 0.5), 1, 1, facecolor="none", edgecolor="0.8", hatch="///",
                linewidth=0, zorder=0,
            )
        )  # fmt: skip
    names = [words.plain_text(drift_words.column_name(results[0]), 30) for results in columns]
    axis.set_yticks(range(len(columns)), names)
    every = max(1, math.ceil(len(batches) / 12))
    labels = [words.plain_text(batch.name, 14) for batch in batches[::every]]
    crowded = sum(map(len, labels)) > 80
    turned = {"rotation": 35, "ha": "left", "rotation_mode": "anchor"} if crowded else {}
    axis.set_xticks(range(0, len(batches), every), labels, fontsize=8, **turned)
    axis.tick_params(length=0, labeltop=True, labelbottom=False)
    more = f"   {left:,} columns that differ less: not shown" if left else ""
    axis.set_xlabel(
        f"● drift   ? undecided   darker: larger   hatched: not compared{more}", fontsize=8
    )


def _multiple(top: Any, bottom: Any, result: DriftResult, *, several: bool) -> None:
    """Draw the shares of both sides in each cell and, below, what each cell contributes."""
    cells = result.cells
    for axis in (top, bottom):
        axis.set_axis_on()
        axis.set_xlim(0, len(cells))
    _shares(top, cells)
    parts = [cell.contribution for cell in cells]
    shown = [part if math.isfinite(part) else 0.0 for part in parts]
    bottom.bar([place + 0.5 for place in range(len(cells))], shown, 0.8, color="0.25")
    for place, part in enumerate(parts):
        if math.isinf(part):
            bottom.text(place + 0.5, 0, "∞", ha="center", va="bottom")
    bottom.axhline(0, color="0.5", linewidth=0.6)
    where = f", {words.plain_text(result.batch, 14)}" if several else ""
    name = words.plain_text(drift_words.column_name(result), 20)
    top.set_title(f"{name}{where}\n{_value(result)}", fontsize=8)
    top.set_xticks([])
    ends = sorted({0, len(cells) // 2, len(cells) - 1})
    bottom.set_xticks([place + 0.5 for place in ends], [_label(cells[place]) for place in ends])
    for axis in (top, bottom):
        axis.tick_params(labelsize=6.5)
        axis.locator_params(axis="y", nbins=3)


def _shares(axis: Any, cells: Sequence[Cell]) -> None:
    """Draw steps for ranges of numbers, bars apart for all else."""
    edges = list(range(len(cells) + 1))
    ranges = [is_range(cell) for cell in cells]
    share_p, share_q = (
        [share if math.isfinite(share) else 0.0 for share in shares]
        for shares in zip(*((cell.share_p, cell.share_q) for cell in cells), strict=True)
    )
    p = [share if each else math.nan for share, each in zip(share_p, ranges, strict=True)]
    q = [share if each else math.nan for share, each in zip(share_q, ranges, strict=True)]
    axis.stairs(q, edges, fill=True, color=pale())
    axis.stairs(q, edges, color=PAPER["q"], linestyle="--", linewidth=0.9, baseline=None)
    axis.stairs(p, edges, color=PAPER["p"], linewidth=1.4, baseline=None)
    single = [place for place, each in enumerate(ranges) if not each]
    axis.bar(
        [place + 0.3 for place in single], [share_p[place] for place in single], 0.36,
        color=PAPER["p"],
    )  # fmt: skip
    axis.bar(
        [place + 0.68 for place in single], [share_q[place] for place in single], 0.36,
        facecolor=pale(), edgecolor=PAPER["q"], hatch="////", linewidth=0.6,
    )  # fmt: skip
    axis.set_ylim(bottom=0)


def _value(result: DriftResult) -> str:
    from klcli.render.summary import value

    number, interval = value(result.estimate)
    verdict = drift_words.verdict(result)
    return f"{number} ({interval}), {verdict}" if interval else f"{number}, {verdict}"


def _label(cell: Cell) -> str:
    return words.plain_text(cell.label, 12)
