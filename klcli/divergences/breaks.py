"""Where integrals over two distributions are cut into pieces."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.models import Model

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Panels end at these quantiles of every part of P and Q, and where an end of a support lies.
#: Farther out the line is mapped, and the extremes cut it there.
_LEVELS: Final = np.array([0.01, 0.05, 0.15, 0.3, 0.5])
_EXTREMES: Final = np.array([1e-12, 1e-8, 1e-5, 1e-3])
#: More quantiles than these are thinned.
_PLENTY: Final = 64
#: A panel is at most so many times as wide as the one beside it.
_GRADING: Final = 4.0


def _quantiles(p: Model, q: Model, levels: Floats) -> Floats:
    return np.unique(np.concatenate([p.quantiles(levels), q.quantiles(levels)]))


def breaks_of(p: Model, q: Model, low: float, high: float) -> Floats:
    """Return where panels end between two numbers: quantiles of all parts, and ends of supports."""
    ends = [end for pair in (*p.supports, *q.supports) for end in pair if math.isfinite(end)]
    points = np.unique(np.concatenate([_hints(p, q), ends]))
    points = points[(points > low) & (points < high)]
    if not len(points):
        points = np.array([(low + high) / 2])
    # Quantiles that differ by rounding are one.
    apart = np.diff(points, prepend=-math.inf) > 1e-12 * np.abs(points)
    return _graded(points[apart], low, high)


def _hints(p: Model, q: Model) -> Floats:
    """Return quantiles of every part; of many parts those that tell something new.

    A quantile is left out if the next one below is nearer than the next ones of its own part. Panels that turn out to be too wide are cut anyway.
    """
    every = _quantiles(p, q, _LEVELS)
    if len(every) <= _PLENTY:
        return every
    single = [Model(np.ones(1), (part,), discrete=False) for part in (*p.parts, *q.parts)]
    own = [each.quantiles(_LEVELS) for each in single]
    gaps = [np.minimum(np.diff(x, prepend=-math.inf), np.diff(x, append=math.inf)) for x in own]
    points, needed = np.concatenate(own), np.concatenate(gaps)
    kept = [-math.inf]
    for k in np.argsort(points):
        if points[k] - kept[-1] > needed[k]:
            kept.append(float(points[k]))
    return np.array(kept[1:])


def extremes_of(p: Model, q: Model) -> Floats:
    """Return quantiles far out, where panels of the tails end."""
    every = _quantiles(p, q, _EXTREMES)
    return every[:: len(every) // _PLENTY + 1]


def _graded(points: Floats, low: float, high: float) -> Floats:
    """Cut wide panels beside narrow ones: families of other scales have their peaks there."""
    widths = [points[0] - low, *np.diff(points), high - points[-1]]
    added = [points]
    for number, (left, right) in enumerate(itertools.pairwise(points), 1):
        for start, sign, beside in ((left, 1, number - 1), (right, -1, number + 1)):
            steps = widths[beside] * _GRADING ** np.arange(1, 64)
            added.append(start + sign * steps[steps < (right - left) / 2])
    return np.unique(np.concatenate(added))
