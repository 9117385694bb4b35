"""Densities of target and fits on one grid, for pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.fitting.normal_mixture import NormalMixture
    from klcli.fitting.report import Fit
    from klcli.fitting.scipy_family import ScipyFamily
    from klcli.fitting.target import Aim

#: Points of the grid.
POINTS: Final = 241
#: What lies beyond these quantiles of the target is not shown.
_SHOWN: Final = (0.002, 0.998)


def grid(
    aim: Aim, families: Sequence[ScipyFamily | NormalMixture], fits: Sequence[Fit]
) -> tuple[tuple[float, ...], tuple[float, ...], list[Fit]]:
    """Return the grid, the target's density there, and the fits with theirs."""
    low, high = aim.points.at(np.array(_SHOWN))
    by_name = {side.name: side for side in families}
    margin = 0.15 * (high - low)
    for fit in fits:
        side, values = by_name[fit.family], _values(fit)
        first, last = side.at(np.array(_SHOWN), values)
        # A fit may reach farther than the target, but not make it small.
        low = min(low, max(first, low - margin)) if np.isfinite(first) else low
        high = max(high, min(last, high + margin)) if np.isfinite(last) else high
    if families[0].discrete:
        step = max(1, int(np.ceil((high - low + 1) / POINTS)))
        x = np.arange(np.floor(low), np.ceil(high) + 1, step)
    else:
        x = np.linspace(low, high, POINTS)
    density = np.zeros(len(x)) if aim.shape is None else np.exp(aim.shape.log(x))
    if aim.shape is None:
        density[x == aim.points.values[0]] = 1.0
    with np.errstate(all="ignore"):
        filled = [
            replace(fit, density=tuple(np.exp(by_name[fit.family].log(x, _values(fit))).tolist()))
            for fit in fits
        ]
    return tuple(x.tolist()), tuple(density.tolist()), filled


def _values(fit: Fit) -> np.ndarray:
    return np.array([parameter.value for parameter in fit.parameters])
