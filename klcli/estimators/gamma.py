"""The logarithm of the gamma function, without waiting for SciPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Steps of Γ(x) = Γ(x + 1)/x before the series, whose first term left out is then below 1e-14.
_STEPS = 8


def log_gamma(x: Floats) -> Floats:
    """Return log Γ(x) for x > 0, to within 1e-13 of max(1, |log Γ(x)|).

    Stirling's series, at x + 8 where x is below 8 [1]_. SciPy has it too, but importing that takes longer than the
    rest of an estimate.

    References
    ----------
    .. [1] M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 6.1.15 and 6.1.41.
    """
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


def log_rising(shape: float | Floats, counts: Floats) -> Floats:
    """Return log Γ(shape + counts)/Γ(shape), 0 where the count is 0.

    Whole counts, which repeat, are worked out once each.

    Parameters
    ----------
    shape : float or ndarray, shape (shapes,)
        Above 0.
    counts : ndarray, any shape
        Not below 0.

    Returns
    -------
    ndarray
        The shape of `counts`, behind (shapes,) for several of them.
    """
    several = np.asarray(shape, dtype=float)
    largest = counts.max(initial=0.0)
    if largest < counts.size and np.all(counts == np.floor(counts)):
        steps = np.log(several[..., None] + np.arange(largest))
        sums = np.concatenate([np.zeros((*several.shape, 1)), np.cumsum(steps, axis=-1)], axis=-1)
        result: Floats = np.take(sums, counts.astype(np.intp), axis=-1)
        return result
    beside = several.reshape(several.shape + (1,) * counts.ndim)
    return log_gamma(beside + counts) - log_gamma(beside)
