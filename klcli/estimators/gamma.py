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

    Stirling's series at x + 8 [1]_. SciPy has it too, but importing that takes longer than the
    rest of an estimate.

    References
    ----------
    .. [1] M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 6.1.15 and 6.1.41.
    """
    z = x + _STEPS
    u = 1 / (z * z)
    series = 1 / 12 - u * (1 / 360 - u * (1 / 1260 - u * (1 / 1680 - u * (1 / 1188))))
    product = x.copy()
    for step in range(1, _STEPS):
        product *= x + step
    result: Floats = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + series / z
    return result - np.log(product)


def log_rising(shape: float, counts: Floats) -> Floats:
    """Return log Γ(shape + counts)/Γ(shape), 0 where the count is 0.

    Whole counts, which repeat, are worked out once each.
    """
    largest = counts.max(initial=0.0)
    if largest < counts.size and np.all(counts == np.floor(counts)):
        steps = np.log(shape + np.arange(largest))
        return np.append(0.0, np.cumsum(steps))[counts.astype(np.intp)]
    return log_gamma(shape + counts) - log_gamma(np.array([shape]))
