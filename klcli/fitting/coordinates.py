"""Coordinates that suit a start: where they are centred, how wide one unit is, what is held."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeGuard, TypeVar

import numpy as np

from klcli.fitting.families import DEAR
from klcli.fitting.normal_mixture import NormalMixture
from klcli.fitting.scipy_family import ScipyFamily

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.fitting.points import Points
    from klcli.typing import Floats

Side = TypeVar("Side", ScipyFamily, NormalMixture)

#: Quantiles that tell where a start is, and how wide: one standard deviation of a normal.
_PLACES: Final = np.array([0.16, 0.5, 0.84])
#: An end that is held may not move by this share of the spread and the objective fall.
_MOVES: Final = (1e-4, 1e-2)


def place(
    family: ScipyFamily | NormalMixture, values: Floats, points: Points
) -> tuple[float, float]:
    """Return centre and spread of a start, so that coordinates are of one size about it.

    Those of the target's moments would not do: a Cauchy distribution has none, and a reverse fit
    may be a narrow peak of a wide target.
    """
    if family.name not in DEAR:
        low, middle, high = (float(x) for x in family.at(_PLACES, values))
        if math.isfinite(low) and math.isfinite(high) and high > low:
            return middle, (high - low) / 2
    low, high = (float(x) for x in points.at(_PLACES[[0, 2]]))
    return points.mean, (high - low) / 2 or points.deviation or 1.0


def can_anchor(side: ScipyFamily | NormalMixture) -> TypeGuard[ScipyFamily]:
    """Whether loc and scale are fitted beside a shape, and quantiles are quick."""
    return (
        isinstance(side, ScipyFamily)
        and not side.discrete
        and side.name not in DEAR
        and side.size > 2
        and not side.fixed.keys() & {"loc", "scale"}
    )


def placed(side: Side, start: Floats, centre: float, spread: float) -> Side:
    """Return the family with coordinates that suit values like `start` and a target's place.

    Where a parameter may not be negative its log is the coordinate; where it may not exceed 1
    either, its log odds. Which values there may be is asked of scipy's support.
    """
    if isinstance(side, NormalMixture):
        return replace(side, centre=centre, spread=spread)

    def legal(position: int, value: float) -> bool:
        tried = start.copy()
        tried[position] = value
        return not math.isnan(side.support(tried)[0])

    scales = []
    for position in side.fitted:
        value = float(start[position])
        if side.names[position] == "loc":
            scales.append("place")
        elif side.names[position] == "scale":
            scales.append("size")
        elif value > 0 and not legal(position, -max(value, 1.0)):
            unit = 0 < value < 1 and not legal(position, 1.5)
            scales.append("unit" if unit else "positive")
        else:
            scales.append("real")
    return replace(side, scales=tuple(scales), centre=centre, spread=spread)


def reaching(
    side: ScipyFamily, start: Floats, loss: Callable[[ScipyFamily], float]
) -> ScipyFamily:
    """Return the family with shapes as far out as `start`, if that makes the loss smaller."""
    sizes = [
        abs(coordinate)
        for scale, coordinate in zip(side.scales, side.free(start), strict=True)
        if scale in {"positive", "unit"}
    ]
    farthest = max(sizes, default=0.0)
    if farthest <= side.reach - 3:
        return side
    farther = replace(side, reach=farthest + 3)
    return farther if loss(farther) < loss(side) - 1e-6 or math.isinf(loss(side)) else side


def pinned(
    side: ScipyFamily | NormalMixture, span: tuple[float, float], start: Floats
) -> ScipyFamily | None:
    """Return the family with its support's ends held at those of the target; None if it has none.

    A fit that may not go beyond an end, and does best there, has no derivative in the direction of
    that end; the others are smooth.
    """
    if isinstance(side, NormalMixture) or side.discrete or "loc" in side.fixed:
        return None
    ends = side.support(start)
    low, high = (
        end if math.isfinite(end) and math.isfinite(own) else math.nan
        for end, own in zip(span, ends, strict=True)
    )
    if math.isfinite(low) and math.isfinite(high) and "scale" in side.fixed:
        return None
    if not (math.isfinite(low) or math.isfinite(high)):
        return None
    return replace(side, pins=(low, high), scales=("real",) * (side.size - 1))


def held(side: ScipyFamily, at: Callable[[Floats], float], values: Floats, spread: float) -> bool:
    """Tell whether the objective rises wherever the ends that are held may go.

    What is −∞ does not count: there an end where the density is infinite met a node.
    """
    least = at(values) - 1e-8  # what rounding of quadrature may do
    both = all(map(math.isfinite, side.pins))
    for step in _MOVES:
        for sign in (-1, 1):
            for stretched in (0.0, -1.0)[: 1 + both]:
                moved = values.copy()
                moved[-2] += sign * step * spread
                moved[-1] += stretched * sign * step * spread
                if -math.inf < at(moved) < least:
                    return False
            if both:
                moved = values.copy()
                moved[-1] += sign * step * spread
                if -math.inf < at(moved) < least:
                    return False
    return True


def apart(side: ScipyFamily, start: Floats, span: tuple[float, float], outwards: float) -> Floats:
    """Return a start with finite ends of its support a little off the target's.

    Parameters
    ----------
    outwards : float
        1 to have them beyond, −1 before.
    """
    values = start.copy()
    low, high = side.support(values)
    width = values[-1]
    if not side.fixed.keys() & {"loc", "scale"} and all(map(math.isfinite, (low, high, *span))):
        values[-1] *= (span[1] - span[0]) / (high - low) * (1 + 0.1 * outwards)
        low, high = side.support(values)
        values[-2] += (span[0] + span[1]) / 2 - (low + high) / 2
    elif math.isfinite(low) and math.isfinite(span[0]) and "loc" not in side.fixed:
        values[-2] += span[0] - 0.05 * outwards * width - low
    elif math.isfinite(high) and math.isfinite(span[1]) and "loc" not in side.fixed:
        values[-2] += span[1] + 0.05 * outwards * width - high
    return values
