"""Pictures of benchmarks: a dot for each pair, a line for each method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

_TICKS = (0.5, 1, 2, 3, 5, 10, 20)


@dataclass(frozen=True)
class Panel:
    """One part of a picture.

    Attributes
    ----------
    title, label : str
        Above it, and below its axis.
    values : dict of str to list of float
        For each method, the value of each pair; NaN is left out.
    limits : tuple of float
        Ends of the axis; values beyond stand there as filled triangles.
    marks : tuple of float
        Where dashed lines stand.
    log : bool
        Whether the axis is logarithmic; the bar is then the geometric mean, else the mean.
    """

    title: str
    label: str
    values: dict[str, list[float]]
    limits: tuple[float, float]
    marks: tuple[float, ...]
    log: bool = False


def strips(path: Path, panels: Sequence[Panel], first: int = 1) -> None:
    """Draw the panels side by side, the first methods in black; it has no colour."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "klcli", "font.size": 9})
    lines = list(panels[0].values)
    size = (3.6 * len(panels) + 1.6, 0.3 * len(lines) + 1)
    figure, axes = plt.subplots(
        1, len(panels), figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, panel in zip(axes[0], panels, strict=True):
        for line, name in enumerate(lines):
            _dots(axis, panel, line, panel.values.get(name, []), line < first)
        for mark in panel.marks:
            axis.axvline(mark, color="0.6", linewidth=0.8, linestyle="--", zorder=0)
        low, high = panel.limits
        if panel.log:
            axis.set_xscale("log")
            ticks = [tick for tick in _TICKS if low <= tick <= high]
            axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axis.set_xticks([], minor=True)
            axis.set_xlim(low * 0.95, high * 1.05)
        else:
            axis.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
        axis.set_title(panel.title, fontsize=9)
        axis.set_xlabel(panel.label)
        axis.set_yticks(range(len(lines)), lines)
        axis.set_ylim(len(lines) - 0.5, -0.5)
        axis.spines[["top", "right"]].set_visible(False)
    undated = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, dpi=110, metadata=undated)
    plt.close(figure)
    if path.suffix == ".png":
        from PIL import Image

        # Sixteen greys are all that it needs, in a quarter of the space.
        Image.open(path).convert("L").quantize(16).save(path, optimize=True)


def _dots(axis: Axes, panel: Panel, line: int, values: list[float], strong: bool) -> None:
    x = np.array(values, float)
    x = x[~np.isnan(x)]
    if not len(x):
        return
    shown = np.clip(x, *panel.limits)
    inside = shown == x
    y = line + np.random.default_rng(line).uniform(-0.22, 0.22, len(x))  # apart from each other
    colour = "black" if strong else "0.5"
    axis.plot(shown[inside], y[inside], "o", ms=3, mfc="none", mec=colour, mew=0.7)
    for beyond, marker in ((x < shown, "<"), (x > shown, ">")):
        axis.plot(shown[beyond], y[beyond], marker, ms=3.5, mfc=colour, mec=colour, mew=0.5)
    middle = np.exp(np.mean(np.log(shown))) if panel.log else shown.mean()
    axis.plot([middle] * 2, [line - 0.36, line + 0.36], color="black", lw=2)
