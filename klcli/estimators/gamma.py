"""The logarithm of the gamma function, without waiting for SciPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers

#: Steps of Γ(x) = Γ(x + 1)/x before the series, whose first term left out is then below 1e-14.
_STEPS = 8
#: Values that are worked on at once: a dozen arrays of so many stay where they are quick to reach.
_PART = 16_384


def log_gamma(x: Floats) -> Floats:
    """Return log Γ(x) for x > 0, to within 1e-13 of max(1, |log Γ(x)|).

    Stirling's series, at x + 8 where x is below 8 [1]_. SciPy has it too, but importing that takes longer than the
    rest of an estimate.

    References
    ----------
    .. [1] M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 6.1.15 and 6.1.41.
    """
    if x.size > _PART:
        parts = np.array_split(x.ravel(), -(-x.size // _PART))
        return np.concatenate([log_gamma(part) for part in parts]).reshape(x.shape)
    small = x < _STEPS
    few = x[small]
    z = np.where(small, x + _STEPS, x) if len(few) else x
    u = 1 / (z * z)
    series = 1 / 12 - u * (1 / 360 - u * (1 / 1260 - u * (1 / 1680 - u * (1 / 1188))))
    result: Floats = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + series / z
    if len(few):
        product = few.copy()
        for step in range(1, _STEPS):
            product *= few + step
        result[small] -= np.log(product)
    return result


def log_rising(shape: float | Floats, counts: Floats | Integers) -> Floats:
    """Return the sum of log Γ(shape + count)/Γ(shape) over each row of counts.

    Whole counts, which repeat, are worked out once each.

    Parameters
    ----------
    shape : float or ndarray, shape (shapes,)
        Above 0.
    counts : ndarray of float or int, shape (rows, cells)
        Not below 0.

    Returns
    -------
    ndarray, shape (rows,) or (shapes, rows)
    """
    several = np.asarray(shape, dtype=float)
    if repeat(counts):
        largest = int(counts.max(initial=0))
        sums = np.zeros((*several.shape, largest + 1))
        steps = sums[..., 1:]
        np.add(several[..., None], np.arange(largest), out=steps)
        np.cumsum(np.log(steps, out=steps), axis=-1, out=steps)
        whole = counts.astype(np.intp, copy=False)
        rows = max(1, _PART // whole.shape[1])
        parts = [
            np.take(sums, whole[first : first + rows], axis=-1).sum(axis=-1)
            for first in range(0, len(whole), rows)
        ]
        return np.concatenate(parts, axis=-1)
    beside = several[..., None, None]
    total: Floats = (log_gamma(beside + counts) - log_gamma(beside)).sum(axis=-1)
    return total


def repeat(counts: Floats | Integers) -> bool:
    """Tell whether counts are whole numbers below how many they are, so that some are the same."""
    if not counts.max(initial=0) < counts.size:
        return False
    return counts.dtype.kind == "i" or bool(np.all(counts == np.floor(counts)))
