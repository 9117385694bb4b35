"""A column of numbers on paper: densities, log ratio, contributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from klcli.data.wording import number
from klcli.plotting.report import Role
from klcli.render.plot import words
from klcli.render.plot.charts import integrand, ratio_limits
from klcli.render.plot.paired import draw_pairs, draw_parts, legend
from klcli.render.plot.palette import PAPER
from klcli.results import Direction, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.plotting.report import Cell, Panel
#: Seconds.
_DAY: Final = 86400.0


def draw_curves(part: Any, panel: Panel, unit: str, sources: Sequence[str]) -> None:
    """Draw charts below one another on a shared axis, and beside them what is off the axis.

    Parameters
    ----------
    part : SubFigure
        Where to draw.
    panel : Panel
        Of shape "curve" or "steps".
    unit : str
        Of log ratios and contributions.
    sources : sequence of str
        What P and Q are.
    """
    cells = [cell for cell in panel.cells if cell.role == Role.INTERVAL]
    beside = [
        cell
        for cell in panel.cells
        if cell.role != Role.INTERVAL and max(cell.share_p, cell.share_q) > 1e-6
    ]
    known = math.isnan(panel.confidence)
    rows = 4 if known else 3
    grid = part.add_gridspec(rows, 2 if beside else 1, width_ratios=[5, 1.3] if beside else None)
    axes = [part.add_subplot(grid[0, 0])]
    axes += [part.add_subplot(grid[row, 0], sharex=axes[0]) for row in range(1, rows)]
    for axis in axes[:-1]:
        axis.tick_params(labelbottom=False)
    _density(axes[0], panel, cells)
    legend(axes[0], sources)
    _log_ratio(axes[1], panel, cells, unit)
    if known:
        _integrands(axes[2], panel, cells)
    _sums(axes[-1], panel, cells, unit)
    low, high = cells[0].lower, cells[-1].upper
    if panel.scale == "log":
        axes[0].set_xscale("log")
    axes[0].set_xlim(low, high)
    for axis in axes:
        _hatch(axis, panel, cells)
    if panel.kind == Kind.DATETIME:
        _dates(axes[-1], low, high)
    if panel.column:
        axes[-1].set_xlabel(words.plain_text(panel.column))
    if beside:
        share, parts = part.add_subplot(grid[0, 1]), part.add_subplot(grid[-1, 1])
        draw_pairs(share, beside, "")
        draw_parts(parts, beside, panel.answers, "", legend=False)
        for axis, title in ((share, "share off the axis"), (parts, "contribution")):
            axis.set_title(title, fontsize=9)
            axis.locator_params(axis="x", nbins=2)


def _density(axis: Any, panel: Panel, cells: Sequence[Cell]) -> None:
    edges = [cell.lower for cell in cells] + [cells[-1].upper]
    unit = _DAY if panel.kind == Kind.DATETIME else 1.0
    p, q = [unit * cell.density_p for cell in cells], [unit * cell.density_q for cell in cells]
    if panel.shape == "steps":
        axis.stairs(q, edges, fill=True, color=PAPER["q"], alpha=0.25, linewidth=0)
        axis.stairs(q, edges, color=PAPER["q"], linewidth=1.0, linestyle="--")
        axis.stairs(p, edges, color=PAPER["p"], linewidth=1.6, baseline=None)
    else:
        x = middles(panel, cells)
        axis.fill_between(x, q, color=PAPER["q"], alpha=0.25, linewidth=0)
        axis.plot(x, q, color=PAPER["q"], linewidth=1.0, linestyle="--")
        axis.plot(x, p, color=PAPER["p"], linewidth=1.6)
    axis.set_ylim(bottom=0)
    name = "density of log" if panel.scale == "log" else "density"
    axis.set_ylabel("density per day" if panel.kind == Kind.DATETIME else name)


def middles(panel: Panel, cells: Sequence[Cell]) -> list[float]:
    """Return the middle of each cell along the axis."""
    if panel.scale == "log":
        return [math.sqrt(cell.lower * cell.upper) for cell in cells]
    return [(cell.lower + cell.upper) / 2 for cell in cells]


def _log_ratio(axis: Any, panel: Panel, cells: Sequence[Cell], unit: str) -> None:
    x = middles(panel, cells)
    low, high = ratio_limits(cells, panel.answers)
    axis.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
    if not math.isnan(panel.confidence):
        axis.fill_between(
            x,
            [max(cell.log_ratio_low, 10 * low - high) for cell in cells],
            [min(cell.log_ratio_high, 10 * high - low) for cell in cells],
            color="0.8",
            linewidth=0,
        )
    axis.plot(x, [cell.log_ratio for cell in cells], color="black", linewidth=1.3)
    axis.set_ylim(low, high)
    axis.set_ylabel(f"log p/q, {unit}")


def _integrands(axis: Any, panel: Panel, cells: Sequence[Cell]) -> None:
    x = middles(panel, cells)
    axis.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
    for answer, style in zip(panel.answers, ("-", "--"), strict=False):
        label = words.TERMS[Direction(answer.direction)]
        axis.plot(
            x, integrand(cells, answer.direction), color="black", linewidth=1.3, linestyle=style,
            label=label,
        )  # fmt: skip
    if len(panel.answers) > 1:
        axis.legend(frameon=False, fontsize=8)
        axis.set_ylabel("what is summed")
    else:
        axis.set_ylabel(words.TERMS[Direction(panel.answers[0].direction)])


def _sums(axis: Any, panel: Panel, cells: Sequence[Cell], unit: str) -> None:
    edges = [cell.upper for cell in cells]
    axis.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
    for answer, style in zip(panel.answers, ("-", "--"), strict=False):
        sums = [cell.total(answer.direction) for cell in cells]
        axis.plot(
            edges, sums, color="black", linewidth=1.3, linestyle=style,
            label=words.sign(answer.direction),
        )  # fmt: skip
        end = answer.finite_estimate
        if math.isfinite(end):
            # Where all of it adds up to, what is off the axis included.
            axis.plot([edges[-1]], [end], marker="<", color="black", clip_on=False, markersize=5)
    if len(panel.answers) > 1:
        axis.legend(frameon=False, fontsize=8)
    axis.set_ylabel(f"sum, {unit}")


def _hatch(axis: Any, panel: Panel, cells: Sequence[Cell]) -> None:
    """Hatch where one side has nothing, if a divergence is open or infinite because of it."""
    doubtful = [
        answer.direction
        for answer in panel.answers
        if answer.status in (Status.LOWER_BOUND, Status.INFINITE)
    ]
    runs: list[list[float]] = []
    for cell in cells:
        if any(words.unseen(cell, direction) for direction in doubtful):
            if runs and runs[-1][1] == cell.lower:
                runs[-1][1] = cell.upper
            else:
                runs.append([cell.lower, cell.upper])
    for low, high in runs:
        axis.axvspan(low, high, facecolor="none", edgecolor="0.6", hatch="///", linewidth=0)


def _dates(axis: Any, low: float, high: float) -> None:
    from klcli.render.plot.ticks import ticks

    places = ticks(low, high, 5, kind="datetime")
    axis.set_xticks(places, [number(place, "datetime") for place in places])
