"""How far apart two sorted samples are, and what chance makes of that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.bounds import is_new
from klcli.quantiles import quantile

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers

#: Quantiles that are compared: the tails are too noisy.
LEVELS: Final = np.linspace(0.05, 0.95, 37)
#: The 99.9 % quantile of Kolmogorov's distribution.
_CRITICAL: Final = 1.95
#: Noise above which samples tell little of each other: about five hundred rows of each side.
VAGUE: Final = 0.125
#: Distance that is worth a word: a quarter of the rows, at least, differ.
FAR: Final = 0.25
#: Different values that the quantiles must have to show a shape: a few steps look like anything.
DISTINCT: Final = 12
#: Share of different values from which whole numbers are ids.
_IDS: Final = 0.5


def noise(n: int, m: int) -> float:
    """Return the distance of two samples of one distribution that is taken for noise."""
    return _CRITICAL * math.sqrt(1 / max(n, 1) + 1 / max(m, 1))


def step(values: Floats) -> float:
    """Return the power of ten that values are rounded to; 0 if to none that shows."""
    some = values[:: max(len(values) // 2000, 1)]
    for power in range(3, -5, -1):
        scaled = some * 10.0**-power
        if np.all(np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1)):
            return 10.0**power
    return 0.0


def whole_units(seconds: Floats, unit: int) -> Integers:
    """Return how many whole hours or days after 1970 times are; integers are divided quicker."""
    whole: Integers = np.floor(seconds).astype(np.int64) // unit
    return whole


def shows_shape(values: Floats) -> bool:
    """Tell whether the quantiles of a sorted sample are as many different values as shapes need."""
    return len(set(quantile(values, LEVELS).tolist())) >= DISTINCT


def are_whole(values: Floats) -> bool:
    """Tell whether all values are whole numbers."""
    return bool(np.all(values == np.floor(values)))


def are_ids(values: Floats) -> bool:
    """Tell whether sorted values are whole and hardly repeat: batches have any part of them."""
    if not len(values) or not are_whole(values):
        return False
    different = int(np.count_nonzero(is_new(values)))
    return different >= _IDS * len(values)


def quantiles(values: Floats) -> Floats:
    """Return the values at `LEVELS`."""
    chosen: Floats = values[(LEVELS * len(values)).astype(int)]
    return chosen


def function(values: Floats, at: Floats) -> Floats:
    """Return the distribution function, halfway up its steps."""
    below = np.searchsorted(values, at, side="left")
    halfway: Floats = (below + np.searchsorted(values, at, side="right")) / (2 * len(values))
    return halfway


def distance(p: Floats, q: Floats, slack: float) -> float:
    """Return the largest difference of the distribution functions of two sorted samples.

    Functions are compared at the quantiles of both, halfway up their steps. Differences that
    moving values of p by up to `slack` removes, as rounding does, are none (Lévy's distance).
    """
    at = np.concatenate([quantiles(p), quantiles(q)])
    theirs = function(q, at)
    if not slack:
        return float(np.max(np.abs(function(p, at) - theirs)))
    least = np.searchsorted(p, at - slack, side="left") / len(p)
    most = np.searchsorted(p, at + slack, side="right") / len(p)
    return max(float(np.max(least - theirs)), float(np.max(theirs - most)), 0.0)
