"""To what steps the numbers of each side are rounded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.typing import Floats

#: Steps of numbers are 5, 2 and 1 times powers of ten, from the largest to the smallest of these.
_LARGEST, _SMALLEST = 6, -12
#: Steps of times, in seconds, and what to call them; shorter ones are decimal.
_TIMES: Final = {86_400.0: "whole days", 3_600.0: "whole hours", 60.0: "whole minutes"}
#: Share of a side's distinct values that may be off its own grid: entries from elsewhere.
_STRAY: Final = 0.01
#: Share of the rows of the other side off that grid from which it has not been rounded alike.
_OFF: Final = 0.1
#: Distinct values that are looked at; a share of `_STRAY` is told among so many.
_LOOKED_AT: Final = 1000
#: Values that are looked at first.
_GLANCE: Final = 40
#: Fewest distinct values that make a grid, and minus the log of the probability with which values
#: of the other side's grid may all lie on the coarser one by chance: one in a million.
_FEWEST: Final = 10
_SURPRISE: Final = 13.8
#: Rounding shows in counts only where values repeat: at least so many rows for each value.
_REPEATS: Final = 2.0


def differently_rounded(
    name: str, p: Floats, q: Floats, *, times: bool, single: tuple[bool, bool]
) -> Finding | None:
    """Warn where the values of one side are rounded to longer steps than those of the other.

    Taken literally, P then has values that repeat where Q has none or others, and the divergence
    tells more of the rounding than of what was measured.

    Parameters
    ----------
    name : str
        The column.
    p, q : ndarray of float, shape (rows,)
        Sorted finite numbers of both sides.
    times : bool
        Whether they are seconds of times.
    single : tuple of bool
        Which side holds single-precision numbers.
    """
    sides = []
    for values, short in ((p, single[0]), (q, single[1])):
        if not len(values):
            return None
        distinct = values[np.concatenate([[True], values[1:] != values[:-1]])]
        looked_at = distinct[
            np.linspace(0, len(distinct) - 1, min(len(distinct), _LOOKED_AT)).astype(np.intp)
        ]
        precision = float(np.finfo(np.float32 if short else np.float64).eps)
        sides.append((values, distinct, looked_at, precision))
    steps = [rounding_step(looked_at, precision, times) for _, _, looked_at, precision in sides]
    if steps[0] == steps[1]:
        return None
    coarse = 0 if steps[0] > steps[1] else 1
    step, other = steps[coarse], steps[1 - coarse]
    values, distinct, looked_at, _ = sides[coarse]
    finer, _, _, precision = sides[1 - coarse]
    chance = math.log(step / other) if other else math.inf
    if len(looked_at) < _FEWEST or len(looked_at) * chance < _SURPRISE:
        return None
    if len(values) < _REPEATS * len(distinct):
        return None
    off = 1 - float(np.mean(_on_grid(finer, step, precision)))
    if off < _OFF:
        return None
    grid = _TIMES.get(step, "") if times else ""
    grid = grid or f"multiples of {step:g}{' s' if times else ''}"
    return Finding(
        "rounding",
        f"{name!r}: the values of {'PQ'[coarse]} are {grid}, {100 * off:.3g} % of those of "
        f"{'PQ'[1 - coarse]} are not; rounded alike, they may differ less",
    )


def rounding_step(values: Floats, precision: float, times: bool) -> float:
    """Return the longest step of which nearly all values are multiples; 0 if there is none.

    Parameters
    ----------
    values : ndarray of float, shape (values,)
        Finite.
    precision : float
        Relative precision of the numbers.
    times : bool
        Whether they are seconds of times.
    """
    if not values.any():
        return 0.0
    steps = np.array([*_steps(times)])
    # They get shorter, and of the last ones any number of so many digits is a multiple.
    steps = steps[1e-4 * steps >= np.abs(values).max() * precision]
    # Of most steps a few values are enough to see that too many are off.
    few = values[:: -(-len(values) // _GLANCE)]
    off = np.count_nonzero(~_on_grid(few, steps[:, None], precision), axis=1)
    for step in steps[off <= _STRAY * len(values)].tolist():
        if np.mean(_on_grid(values, step, precision)) >= 1 - _STRAY:
            return float(step)
    return 0.0


def _steps(times: bool) -> Iterator[float]:
    if times:
        yield from _TIMES
    for power in range(0 if times else _LARGEST, _SMALLEST - 1, -1):
        for digit in (1.0,) if times else (5.0, 2.0, 1.0):
            yield digit * 10.0**power if power >= 0 else digit / 10.0**-power


def _on_grid(values: Floats, step: float | Floats, precision: float) -> np.ndarray:
    """Tell which values are multiples of `step`, but for what floating-point numbers lose."""
    steps = values / step
    tolerance = 4 * precision * np.abs(steps)
    result: np.ndarray = np.abs(steps - np.round(steps)) <= tolerance
    return result
