"""Intervals for distances that have no derivative at zero, by inverting a test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.typing import Floats

#: Samples from each pair: a 97.5 % quantile of them is one between 96 % and 99 % of all.
DRAWS: Final = 500
#: Distances that samples are drawn at, as shares of the largest that matters.
_STEPS: Final = np.array([0.0, 0.08, 0.17, 0.3, 0.45, 0.6, 0.8, 1.0])
#: How many standard deviations beyond the observed distance that is.
_REACH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Inverted:
    """A distance that is corrected for what chance adds.

    Attributes
    ----------
    value : float
        Negative where the observed distance is less than chance alone makes it.
    low, high : float
        The interval.
    standard_error : float
        Standard deviation of the observed distance where the value is the truth.
    noise_floor : float
        With no difference at all, values stay below this with the same confidence.
    """

    value: float
    low: float
    high: float
    standard_error: float
    noise_floor: float

    def scaled(self, factor: float) -> Inverted:
        """Return the same in another unit."""
        return Inverted(*(getattr(self, name) * factor for name in self.__slots__))


def invert(
    observed: float,
    families: Sequence[Callable[[float], Floats]],
    confidence: float,
    largest: float = math.inf,
) -> Inverted:
    """Find the distances that the observed one is compatible with.

    Distances such as max |F − G| are too large by an amount of order n^−1/2 where nothing
    differs, by less and less the more does, and their bootstrap fails in between. So samples are
    drawn from pairs at growing distances; a distance is in the interval if the observed one is
    between the quantiles of samples from there [1]_. How far chance moves the observed distance
    depends on where P and Q differ: the interval is that of all families of pairs together, of
    which the first goes through the data. The estimate is the distance in that family whose
    samples have the observed one on average. A distance below what chance makes on average says
    no more of how small the truth is than that average: the upper end is that of the larger one.

    Parameters
    ----------
    observed : float
        The distance of the samples.
    families : sequence of callable
        True distance → distances of samples from there, shape (draws,).
    confidence : float
        Of the interval.
    largest : float
        That a distance can be.

    References
    ----------
    .. [1] G. Casella, R. Berger, "Statistical Inference", 2nd edition, Duxbury 2002, section
       9.2.1, inverting a test statistic; along a curve of distributions through the data as in
       B. Efron, "Nonparametric standard errors and confidence intervals", Canadian Journal of
       Statistics 9 (1981) 139, section 11, doi:10.2307/3314608.
    """
    own, *_ = families
    spread = max(float(own(at).std()) for at in (0.0, observed))
    grid = _STEPS * min(observed + _REACH * spread, largest)
    tail = (1 - confidence) / 2
    low, high = math.inf, 0.0
    usual = max(observed, float(own(0.0).mean()))
    for family in families:
        samples = [family(at) for at in grid]
        below, above = (
            np.array([float(np.quantile(each, level)) for each in samples])
            for level in (tail, 1 - tail)
        )
        low = min(low, _truth(grid, above, observed))
        high = max(high, _truth(grid, below, usual))
        if family is own:
            mean = np.array([float(each.mean()) for each in samples])
            deviation = [float(each.std()) for each in samples]
            null = samples[0]
    value = _estimate(grid, mean, observed)
    return Inverted(
        value,
        min(low, max(value, 0.0)),
        max(high, value, 0.0),
        float(np.interp(max(value, 0.0), grid, deviation)),
        max(_estimate(grid, mean, float(np.quantile(null, confidence))), 0.0),
    )


def _truth(grid: Floats, at: Floats, seen: float) -> float:
    """Return the distance whose samples have `at` equal to `seen`; at least 0."""
    if seen <= at[0]:
        return 0.0
    rising = np.maximum.accumulate(at)
    if seen >= rising[-1]:
        return float(grid[-1])
    # Near 0 a distance adds to what chance makes as the legs of a right triangle do: squares
    # are nearly linear.
    return math.sqrt(float(np.interp(seen**2, rising**2, grid**2)))


def _estimate(grid: Floats, mean: Floats, seen: float) -> float:
    if seen < mean[0]:
        return -math.sqrt(max(float(mean[0]) ** 2 - seen**2, 0.0))
    return _truth(grid, mean, seen)


def reached(distance: Callable[[float], float], target: float, largest: float = 1e6) -> float:
    """Return the size of a difference that has a distance, by bisection; at most `largest`."""
    if target <= 0:
        return 0.0
    high = 1.0
    while distance(high) < target and high < largest:
        high *= 2
    low = 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if distance(middle) < target else (low, middle)
    return high


def normal_counts(noise: Floats, mass: Floats, rows: float) -> Floats:
    """Return by how much shares of cells in samples differ from their probabilities.

    Normal with the covariance of multinomial counts, which sums over many cells have [1]_.

    Parameters
    ----------
    noise : ndarray, shape (draws, cells)
        Standard normal numbers; the same for all steps, so that distances change smoothly.
    mass : ndarray, shape (cells,)
        Probabilities.
    rows : float
        Rows of each sample.

    References
    ----------
    .. [1] M. Donsker, "Justification and extension of Doob's heuristic approach to the
       Kolmogorov-Smirnov theorems", Annals of Mathematical Statistics 23 (1952) 277,
       doi:10.1214/aoms/1177729445.
    """
    deviation = noise * np.sqrt(mass / rows)
    change: Floats = deviation - mass * deviation.sum(axis=1, keepdims=True)
    return change


def unit(mass: Floats) -> Floats:
    """Return probabilities in proportion to what is positive."""
    mass = np.maximum(mass, 0.0)
    probabilities: Floats = mass / mass.sum()
    return probabilities
