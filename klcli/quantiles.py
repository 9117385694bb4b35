"""Quantiles of values as of NumPy, and of cells that hold counts.

NumPy would import numpy.ma for its own: that takes longer than an estimate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.typing import Floats, Integers


def median(values: Floats) -> float:
    """Return the middle of some values, or the mean of the two in the middle."""
    ordered = np.sort(values)
    return float(ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2


def quantile(ordered: Floats, levels: float | Sequence[float] | Floats) -> Floats:
    """Return the values at these shares of some sorted values, as `numpy.quantile` does.

    It sorts them, too.
    """
    place = np.asarray(levels, dtype=float) * (len(ordered) - 1)
    before = np.floor(place).astype(int)
    low, high = ordered[before], ordered[np.minimum(before + 1, len(ordered) - 1)]
    part, gap = place - before, high - low
    # From the nearer one.
    result: Floats = np.where(part < 0.5, low + gap * part, high - gap * (1 - part))
    return result


def upper_quantile(values: Floats, level: float) -> float:
    """Return the smallest of some values that at least this share of the others is not above.

    As `numpy.quantile` does by the method "higher": NaN where one of them is.
    """
    ordered = np.sort(values)  # NaN last
    if np.isnan(ordered[-1]):
        return math.nan
    return float(ordered[math.ceil(level * (len(values) - 1))])


def middle_ranks(counts: Floats) -> Floats:
    """Return how many rows lie before the middle of each cell."""
    middle: Floats = np.cumsum(counts) - counts / 2
    return middle


def quantile_groups(counts: Floats, groups: int) -> Integers:
    """Return in which of so many quantiles the middle of each cell lies, from 0."""
    rank = middle_ranks(counts) / max(float(counts.sum()), 1.0)
    group: Integers = np.minimum((rank * groups).astype(int), groups - 1)
    return group


def without_gaps(groups: Integers) -> Integers:
    """Return increasing numbers of groups as numbers from 0, of which none is left out."""
    dense: Integers = np.cumsum(np.diff(groups, prepend=groups[:1]) > 0)
    return dense
