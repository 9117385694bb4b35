"""First and second derivatives of a function by finite differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats

    Objective = Callable[[Floats], float]

#: Steps of differences, the first that meets no wall.
_STEPS: Final = (1e-3, 1e-4, 1e-5)
#: Of the quick differences that a search follows.
_QUICK: Final = 1e-4


def quick_slope(function: Objective, at: Floats) -> Floats:
    """Return the gradient by two points a coordinate, whose error of 1e-8 a search can bear."""
    found = [
        (function(_moved(at, i, _QUICK)) - function(_moved(at, i, -_QUICK))) / (2 * _QUICK)
        for i in range(len(at))
    ]
    return np.array(found)


def quick_curvature(function: Objective, at: Floats) -> Floats:
    """Return the matrix of second derivatives by differences, as exact as a search needs."""
    here, size, h = function(at), len(at), 10 * _QUICK
    up = [function(_moved(at, i, h)) for i in range(size)]
    down = [function(_moved(at, i, -h)) for i in range(size)]
    result = np.diag([(u - 2 * here + d) / h**2 for u, d in zip(up, down, strict=True)])
    for i in range(size):
        for j in range(i):
            plus = function(_moved(_moved(at, i, h), j, h))
            minus = function(_moved(_moved(at, i, -h), j, -h))
            mixed = plus + minus - up[i] - up[j] - down[i] - down[j] + 2 * here
            result[i, j] = result[j, i] = mixed / (2 * h**2)
    return result


def slope(function: Objective, at: Floats) -> Floats | None:
    """Return the gradient by four points a coordinate; None where no step is clear of walls."""
    for step in _STEPS:
        found = np.array([_first(function, at, i, step) for i in range(len(at))])
        if np.isfinite(found).all():
            return found
    return None


def _first(function: Objective, at: Floats, i: int, step: float) -> float:
    f = [function(_moved(at, i, k * step)) for k in (-2, -1, 1, 2)]
    return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * step)


def _moved(at: Floats, i: int, by: float) -> Floats:
    moved = np.array(at)
    moved[i] += by
    return moved


def curvature(function: Objective, at: Floats) -> Floats:
    """Return the matrix of second derivatives; NaN where no step stays clear of walls."""
    size = len(at)
    here = function(at)
    for step in _STEPS:
        result = np.empty((size, size))
        for i in range(size):
            f = [function(_moved(at, i, k * step)) for k in (-2, -1, 1, 2)]
            result[i, i] = (-f[0] + 16 * f[1] - 30 * here + 16 * f[2] - f[3]) / (12 * step**2)
            for j in range(i):
                corners = [
                    function(_moved(_moved(at, i, a * step), j, b * step))
                    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
                ]
                mixed = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
                result[i, j] = result[j, i] = mixed
        if np.isfinite(result).all():
            return result
    return np.full((size, size), math.nan)


def derivatives(function: Objective, at: Floats) -> tuple[Floats | None, Floats]:
    """Return gradient and curvature."""
    gradient = slope(function, at)
    if gradient is None:
        return None, np.full((len(at), len(at)), math.nan)
    return gradient, curvature(function, at)
