"""Where a log ratio starts from: Q itself, or a normal or Student distribution near P."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.onesample import normal
from klcli.quantiles import middle_ranks

if TYPE_CHECKING:
    from klcli.known_counts import KnownCounts
    from klcli.typing import Floats

#: Degrees of freedom that are tried: from a Cauchy distribution, a factor of two apart.
_FREEDOMS: Final = (1.0, 2.0, 4.0, 8.0)
#: Steps of the EM algorithm; each gains most of what is left.
_STEPS: Final = 30
#: Spread of normal scores, and relative to them, below which their digits tell nothing.
_NARROW: Final = 1e-9
#: Values that a base is fitted to, evenly spaced among all rows if there are more.
_LOOKED_AT: Final = 4096


@dataclass(frozen=True, slots=True)
class Base:
    """A Student distribution on the scale of normal scores; normal if `freedom` is infinite.

    Attributes
    ----------
    location, scale, freedom : float
        Its parameters.
    parameters : int
        How many of them were fitted.
    """

    location: float = 0.0
    scale: float = 1.0
    freedom: float = math.inf
    parameters: int = 0

    def score(self, z: Floats) -> Floats:
        """Return w = Φ⁻¹(B(z)), on which the base is standard normal."""
        x = (z - self.location) / self.scale
        if math.isinf(self.freedom):
            return x
        from scipy.special import ndtri, stdtr

        side = -np.abs(x)
        with np.errstate(divide="ignore"):
            w = ndtri(np.maximum(stdtr(self.freedom, side), 1e-300 * (side > -np.inf)))
        result: Floats = np.where(x > 0, -w, w)
        return result

    def value(self, w: Floats) -> Floats:
        """Return the z of which `w` is the score."""
        x = w
        if not math.isinf(self.freedom):
            from scipy.special import ndtr, stdtrit

            side = stdtrit(self.freedom, ndtr(-np.abs(w)))
            x = np.where(w > 0, -side, side)
        result: Floats = self.location + self.scale * x
        return result

    def log_ratio(self, z: Floats) -> Floats:
        """Return log b(z)/φ(z), the density against that of Q."""
        x = (z - self.location) / self.scale
        if math.isinf(self.freedom):
            log_density = -0.5 * x * x - normal.HALF_LOG_2PI
        else:
            v = self.freedom
            constant = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi)
            log_density = constant - (v + 1) / 2 * np.log1p(x * x / v)
        result: Floats = log_density - math.log(self.scale) + 0.5 * z * z + normal.HALF_LOG_2PI
        return result


def bases(table: KnownCounts) -> list[Base]:
    """Return Q itself, and the normal and Student distributions nearest to P.

    By maximum likelihood, the Student distribution by the EM algorithm [1]_; it is left out where
    the normal distribution fits better.

    References
    ----------
    .. [1] K. L. Lange, R. J. A. Little, J. M. G. Taylor, "Robust statistical modeling using the
       t distribution", J. Am. Stat. Assoc. 84 (1989), 881-896, doi:10.2307/2290063.
    """
    z, weight = _some(table)
    found = [Base()]
    mean, deviation = _moments(z, weight)
    if not deviation > _NARROW * (1 + abs(mean)):
        return found
    plain = Base(mean, deviation, math.inf, 2)
    found.append(plain)
    students = [_student(z, weight, freedom) for freedom in _FREEDOMS]
    likelihood = [float(weight @ base.log_ratio(z)) for base in students]
    best = int(np.argmax(likelihood))
    if likelihood[best] > float(weight @ plain.log_ratio(z)):
        found.append(students[best])
    return found


def too_narrow(table: KnownCounts) -> bool:
    """Tell whether rows lie so close together that no base can follow them."""
    mean, deviation = _moments(*_some(table))
    return not deviation > _NARROW * (1 + abs(mean))


def _moments(z: Floats, weight: Floats) -> tuple[float, float]:
    mean = float(weight @ z)
    return mean, math.sqrt(float(weight @ (z - mean) ** 2))


def _some(table: KnownCounts) -> tuple[Floats, Floats]:
    z = table.lower if table.points else normal.middle(table.lower, table.upper)
    shown = np.flatnonzero(table.p)
    z, weight = z[shown], table.p[shown]
    if len(z) > _LOOKED_AT:
        rank = middle_ranks(weight)
        levels = (np.arange(_LOOKED_AT) + 0.5) / _LOOKED_AT * weight.sum()
        z, weight = np.interp(levels, rank, z), np.ones(_LOOKED_AT)
    return z, weight / weight.sum()


def _student(z: Floats, weight: Floats, freedom: float) -> Base:
    order = np.cumsum(weight)
    places = np.minimum(np.searchsorted(order, [0.25, 0.5, 0.75]), len(z) - 1)
    low, middle, high = z[places]
    location = float(middle)
    scale = max(float(high - low) / 1.5, _NARROW * (1 + abs(location)))
    for _ in range(_STEPS):
        x = (z - location) / scale
        pull = weight * (freedom + 1) / (freedom + x * x)
        location = float(pull @ z / pull.sum())
        scale = max(math.sqrt(float(pull @ (z - location) ** 2)), _NARROW * (1 + abs(location)))
    return Base(location, scale, freedom, 3)
