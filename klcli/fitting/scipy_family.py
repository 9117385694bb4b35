"""Families of scipy.stats as functions of their free coordinates."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from klcli.typing import Floats


@dataclass(frozen=True, slots=True)
class ScipyFamily:
    """A family of scipy.stats.

    Attributes
    ----------
    dist : rv_continuous or rv_discrete
        The family.
    scales : tuple of str
        For each parameter that is fitted, how its coordinate is spread over the line: "real" as
        it is, "positive" by its log, "unit" (between 0 and 1) by its log odds, "place" in units of
        `spread` from `centre`, "size" by the log in units of `spread`.
    centre, spread : float
        Where the target is, so that coordinates are of one size.
    reach : float
        Coordinates of shapes count up to here, from −reach: beyond it a family has long become
        another one, and its density is full of rounding.
    anchored : bool
        Whether the coordinates of loc and scale stand for the median and half the distance of the
        quantiles 0.16 and 0.84. Where a family nears another one as a shape grows, as gamma nears
        norm, loc and scale run away together with the shape; these do not.
    pins : tuple of float
        Ends of the support that are held where they are, by loc, or by loc and scale; NaN for
        others.
    """

    name: str
    dist: Any
    names: tuple[str, ...]
    discrete: bool
    fixed: Mapping[str, float]
    scales: tuple[str, ...]
    centre: float = 0.0
    spread: float = 1.0
    reach: float = 14.0
    anchored: bool = False
    pins: tuple[float, float] = (math.nan, math.nan)
    _fitted: tuple[int, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        ends = sum(map(math.isfinite, self.pins))
        placed = {*self.fixed, *("loc", "scale")[:ends]}
        fitted = tuple(i for i, name in enumerate(self.names) if name not in placed)
        object.__setattr__(self, "_fitted", fitted)

    @property
    def size(self) -> int:
        """Number of parameters that are fitted."""
        return len(self._fitted)

    @property
    def fitted(self) -> tuple[int, ...]:
        """Positions of the parameters that are fitted."""
        return self._fitted

    def log(self, x: Floats, values: Floats) -> Floats:
        """Return the log density (or mass) at `x`; NaN where there is no such distribution."""
        log = self.dist.logpmf if self.discrete else self.dist.logpdf
        with np.errstate(all="ignore"):
            try:
                return np.asarray(log(x, *values), dtype=float)
            except (ArithmeticError, ValueError, RuntimeError):  # of some families, far out
                return np.full(np.shape(x), math.nan)

    def quantiles(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles at `levels` and at 1 − `levels`, in order."""
        rest = 1 if self.discrete else 2
        shapes, place = tuple(map(float, values[:-rest])), values[-rest:]
        standard = _quantiles(self.dist, tuple(map(float, levels)), shapes)
        found = place[0] + (standard if self.discrete else place[1] * standard)
        result: Floats = np.unique(found[np.isfinite(found)])
        return result

    def at(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of the whole distribution."""
        with np.errstate(all="ignore"):
            return np.asarray(self.dist.ppf(levels, *values), dtype=float)

    def support(self, values: Floats) -> tuple[float, float]:
        """Return the ends of the support; NaN where there is no such distribution."""
        with np.errstate(all="ignore"):
            low, high = self.dist.support(*values)
        return float(low), float(high)

    def values(self, free: Floats) -> Floats:
        """Return all parameters."""
        values = np.array([self.fixed.get(name, 0.0) for name in self.names])
        for position, scale, coordinate in zip(self._fitted, self.scales, free, strict=True):
            if scale in {"positive", "unit"}:
                coordinate = min(max(coordinate, -self.reach), self.reach)  # noqa: PLW2901
            value = _FROM_FREE[scale](float(coordinate))
            values[position] = (
                self.centre + self.spread * value
                if scale == "place"
                else self.spread * value
                if scale == "size"
                else value
            )
        if self.anchored:
            middle, half = self._standard(values)
            values[-1] /= half
            values[-2] -= middle * values[-1]
        if any(map(math.isfinite, self.pins)):
            self._pin(values)
        return values

    def _pin(self, values: Floats) -> None:
        """Set loc, and scale for two ends, so that the support ends where it is to."""
        first, last = self.pins
        with np.errstate(all="ignore"):
            low, high = self.dist.support(*values[:-2])
            if math.isfinite(first) and math.isfinite(last):
                values[-1] = (last - first) / (high - low)
            values[-2] = (
                first - values[-1] * low if math.isfinite(first) else last - values[-1] * high
            )

    def free(self, values: Floats) -> Floats:
        """Return the coordinates of the parameters that are fitted."""
        free = []
        if self.anchored:
            middle, half = self._standard(values)
            values = np.append(values[:-2], [values[-2] + middle * values[-1], values[-1] * half])
        for position, scale in zip(self._fitted, self.scales, strict=True):
            value = float(values[position])
            if scale == "place":
                value = (value - self.centre) / self.spread
            elif scale == "size":
                value /= self.spread
            free.append(_TO_FREE[scale](value))
        return np.array(free)

    def _standard(self, values: Floats) -> tuple[float, float]:
        """Return median and half width where loc is 0 and scale 1; NaN where there are none."""
        low, middle, high = _quantiles(
            self.dist, (0.16, 0.5, 0.84), tuple(map(float, values[:-2]))
        )[:3]
        half = float(high - low) / 2
        return float(middle), half if half > 0 else math.nan

    def spent(self, free: Floats) -> tuple[int, ...]:
        """Return positions of parameters that came to the end of what is tried."""
        return tuple(
            position
            for position, scale, coordinate in zip(self._fitted, self.scales, free, strict=True)
            if scale in {"positive", "unit"} and abs(coordinate) > self.reach - 0.01
        )

    def expression(self, values: Floats) -> str:
        """Return the distribution as other commands take it, in full precision."""
        pairs = zip(self.names, values, strict=True)
        return f"{self.name}({', '.join(f'{name}={float(value)!r}' for name, value in pairs)})"


@functools.lru_cache(64)
def _quantiles(dist: Any, levels: tuple[float, ...], shapes: tuple[float, ...]) -> Floats:
    """Return quantiles where loc is 0 and scale 1: most steps of a search change these only."""
    with np.errstate(all="ignore"):
        found: Floats = np.concatenate([dist.ppf(levels, *shapes), dist.isf(levels, *shapes)])
    return found


def _exp(coordinate: float) -> float:
    return math.exp(min(max(coordinate, -700.0), 700.0))


def _expit(coordinate: float) -> float:
    return 1 / (1 + math.exp(min(-coordinate, 700.0)))


def _log(value: float) -> float:
    return math.log(max(value, 1e-300))


def _logit(value: float) -> float:
    return _log(value) - math.log(max(1 - value, 1e-16))


_FROM_FREE: Final[dict[str, Callable[[float], float]]] = {
    "real": float, "place": float, "positive": _exp, "size": _exp, "unit": _expit,
}  # fmt: skip
_TO_FREE: Final[dict[str, Callable[[float], float]]] = {
    "real": float,
    "place": float,
    "positive": _log,
    "size": _log,
    "unit": _logit,
}
