"""Fits of families on paper: which of them cover the target, and which seek one mode of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from klcli.render.plot import words
from klcli.render.plot.figure import saved
from klcli.render.plot.palette import PAPER
from klcli.results import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from klcli.fitting.report import Divergence, Fit, FitReport

_WIDTH: Final = 8.0
#: Lines of forward fits, by family; and of reverse fits, one for each optimum. Dashes tell them apart
#: without colour.
_FORWARD: Final = ("-", (0, (6, 1.5)), (0, (8, 1.5, 1.5, 1.5)))
_REVERSE: Final = ("--", ":", "-.", (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)))
#: Bluish green, reddish purple, orange and sky blue of Okabe and Ito, after the blue.
_BLUES: Final = (PAPER["q"], "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: Density of a fit beside that of the target above which it would flatten all else.
_SPIKE: Final = 4.0


def drawn(report: FitReport, file_format: str) -> bytes:
    """Return the picture as the content of a file.

    Parameters
    ----------
    report : FitReport
        What to draw.
    file_format : str
        "png", "svg" or "pdf".
    """
    return saved(lambda: _figure(report), file_format)


def _figure(report: FitReport) -> Figure:
    from matplotlib.figure import Figure

    rows = 3 if any(fit.objective == Direction.REVERSE for fit in report.fits) else 2
    figure = Figure(figsize=(_WIDTH, 1.8 + 1.9 * rows), layout="constrained")
    axes: Any = figure.subplots(rows, 1, sharex=True, height_ratios=[1.6, *[1] * (rows - 1)])
    styles = _styles(report.fits)
    _densities(axes[0], report, styles)
    for axis, objective in zip(axes[1:], (Direction.FORWARD, Direction.REVERSE), strict=False):
        _integrands(axis, report, styles, objective)
    axes[-1].set_xlim(report.grid[0], report.grid[-1])
    if report.target.column:
        axes[-1].set_xlabel(words.plain_text(report.target.column))
    return figure


def _styles(fits: Sequence[Fit]) -> list[dict[str, Any]]:
    """Return how each fit is drawn: forward ones in vermilion, reverse ones in other colours."""
    styles = []
    number = {Direction.FORWARD: 0, Direction.REVERSE: 0}
    for fit in fits:
        objective = Direction(fit.objective)
        place = number[objective]
        number[objective] += 1
        if objective is Direction.FORWARD:
            dashes: Any = _FORWARD[place % len(_FORWARD)]
            styles.append({"color": PAPER["p"], "linestyle": dashes, "linewidth": 1.8})
        else:
            dashes = _REVERSE[place % len(_REVERSE)]
            colour = _BLUES[place % len(_BLUES)]
            styles.append({"color": colour, "linestyle": dashes, "linewidth": 1.5})
    return styles


def _densities(axis: Any, report: FitReport, styles: Sequence[dict[str, Any]]) -> None:
    """Draw the target as an area and each fit as a line."""
    target = report.target
    whole = {"step": "mid"} if target.discrete else {}
    steps = {"drawstyle": "steps-mid"} if target.discrete else {}
    name = words.plain_text(target.source, 70)
    axis.fill_between(report.grid, report.density, color="0.8", label=f"P  {name}", **whole)
    axis.plot(report.grid, report.density, color="0.45", linewidth=0.8, **steps)
    for fit, style in zip(report.fits, styles, strict=True):
        axis.plot(report.grid, fit.density, label=_label(fit, report), **style, **steps)
    top = max((value for value in report.density if math.isfinite(value)), default=0.0)
    others = [value for fit in report.fits for value in fit.density if math.isfinite(value)]
    if top > 0:
        axis.set_ylim(0, 1.05 * min(max([top, *others]), _SPIKE * top))
    axis.set_ylabel("probability" if target.discrete else "density")
    axis.legend(
        frameon=False, fontsize=7.5, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2
    )


def _label(fit: Fit, report: FitReport) -> str:
    # Less than a millionth of the axis is what the search left of 0.
    least = 1e-6 * (report.grid[-1] - report.grid[0])
    numbers = ", ".join(
        f"{each.name}={each.value if abs(each.value) > least else 0.0:.3g}"
        for each in fit.parameters
    )
    number = f" {fit.optimum}" if fit.optima > 1 and fit.objective == Direction.REVERSE else ""
    text = (
        f"{fit.objective}{number}  {fit.family}({numbers}): "
        f"D(P‖Q) = {_value(fit.forward)}, D(Q‖P) = {_value(fit.reverse)} {report.unit}"
    )
    return words.plain_text(text, 120)


def _value(divergence: Divergence) -> str:
    if math.isinf(divergence.value):
        return "∞"
    return "—" if math.isnan(divergence.value) else f"{divergence.value:.3g}"


def _integrands(
    axis: Any, report: FitReport, styles: Sequence[dict[str, Any]], objective: Direction
) -> None:
    """Draw what one objective sums up, for every fit: high where it would hurt."""
    forward = objective is Direction.FORWARD
    steps = {"drawstyle": "steps-mid"} if report.target.discrete else {}
    for fit, style in zip(report.fits, styles, strict=True):
        pairs = zip(report.density, fit.density, strict=True)
        terms = [_term(p, q) if forward else _term(q, p) for p, q in pairs]
        axis.plot(report.grid, terms, **{**style, "linewidth": 1.2}, **steps)
    axis.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
    axis.set_ylabel(words.TERMS[objective])


def _term(first: float, second: float) -> float:
    """Return first·log(first/second); NaN, a gap in the line, where it is infinite."""
    if not (math.isfinite(first) and math.isfinite(second)):
        return math.nan
    if first <= 0:
        return 0.0
    return first * math.log(first / second) if second > 0 else math.nan
