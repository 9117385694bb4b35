"""Families as functions of their parameters: density, quantiles, support, and free coordinates."""

from __future__ import annotations

import difflib
import functools
import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from klcli.divergences.build import FAMILIES
from klcli.divergences.names import NUMERIC
from klcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klcli.typing import Floats

#: Parameters that count something: no likelihood has a derivative there, so they are given.
_COUNTED: Final[dict[str, tuple[str, ...]]] = {
    "betabinom": ("n",), "betanbinom": ("n",), "binom": ("n",), "boltzmann": ("N",),
    "hypergeom": ("M", "n", "N"), "irwinhall": ("n",), "ksone": ("n",), "kstwo": ("n",),
    "nchypergeom_fisher": ("M", "n", "N"), "nchypergeom_wallenius": ("M", "n", "N"),
    "nhypergeom": ("M", "n", "r"), "zipfian": ("n",),
}  # fmt: skip
#: Families whose parameters are no fixed list of numbers, or that are of angles.
_REFUSED: Final = {
    "poisson_binom": "it has as many parameters as trials",
    "vonmises": "it is of angles; vonmises_line is the same on the line",
}
_MIXTURE: Final = re.compile(r"mixture:(\d+)")
#: More components than this are no mixture but a density estimate.
MOST_PARTS: Final = 50


class Family(Protocol):
    """A family with some of its parameters fixed.

    ``values`` are all parameters in the order of ``names``; ``free`` are the coordinates of those
    that are fitted, each from −inf to inf.
    """

    @property
    def name(self) -> str:
        """Its name, as it was asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters."""

    @property
    def fixed(self) -> Mapping[str, float]:
        """Parameters that are given."""

    @property
    def discrete(self) -> bool:
        """Whether it is of whole numbers."""

    @property
    def size(self) -> int:
        """Number of parameters that are fitted."""

    def log(self, x: Floats, values: Floats) -> Floats:
        """Return the log density (or mass) at `x`, shape (points,)."""

    def quantiles(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles at `levels` and at 1 − `levels` of every part, in order."""

    def at(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of the whole distribution."""

    def support(self, values: Floats) -> tuple[float, float]:
        """Return the ends of the support; NaN where there is no such distribution."""

    def values(self, free: Floats) -> Floats:
        """Return all parameters."""

    def free(self, values: Floats) -> Floats:
        """Return the coordinates of those that are fitted."""

    def expression(self, values: Floats) -> str:
        """Return the distribution as other commands take it, in full precision."""


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
    """

    name: str
    dist: Any
    names: tuple[str, ...]
    discrete: bool
    fixed: Mapping[str, float]
    scales: tuple[str, ...]
    centre: float = 0.0
    spread: float = 1.0
    _fitted: tuple[int, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        fitted = tuple(i for i, name in enumerate(self.names) if name not in self.fixed)
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
        with np.errstate(all="ignore"):
            log = self.dist.logpmf if self.discrete else self.dist.logpdf
            return np.asarray(log(x, *values), dtype=float)

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
            value = _FROM_FREE[scale](float(coordinate))
            values[position] = (
                self.centre + self.spread * value
                if scale == "place"
                else self.spread * value
                if scale == "size"
                else value
            )
        return values

    def free(self, values: Floats) -> Floats:
        """Return the coordinates of the parameters that are fitted."""
        free = []
        for position, scale in zip(self._fitted, self.scales, strict=True):
            value = float(values[position])
            if scale == "place":
                value = (value - self.centre) / self.spread
            elif scale == "size":
                value /= self.spread
            free.append(_TO_FREE[scale](value))
        return np.array(free)

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


_FROM_FREE: Final = {
    "real": float, "place": float, "positive": _exp, "size": _exp, "unit": _expit,
}  # fmt: skip
_TO_FREE: Final = {"real": float, "place": float, "positive": _log, "size": _log, "unit": _logit}


@dataclass(frozen=True, slots=True)
class NormalMixture:
    """Mixtures of K normal distributions.

    Attributes
    ----------
    parts : int
        K.
    centre, spread : float
        Where the target is, so that coordinates are of one size.
    """

    parts: int
    centre: float = 0.0
    spread: float = 1.0

    @property
    def name(self) -> str:
        """As it was asked for."""
        return f"mixture:{self.parts}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters: of each component its weight, loc and scale."""
        each = range(1, self.parts + 1)
        return tuple(f"{name}{k}" for k in each for name in ("weight", "loc", "scale"))

    @property
    def fixed(self) -> Mapping[str, float]:
        """Nothing can be fixed."""
        return {}

    @property
    def discrete(self) -> bool:
        """Numbers, not whole numbers."""
        return False

    @property
    def size(self) -> int:
        """Number of parameters that are fitted: the weights sum to 1."""
        return 3 * self.parts - 1

    def log(self, x: Floats, values: Floats) -> Floats:
        """Return the log density at `x`."""
        parts = self.part_logs(x, values)
        top = parts.max(axis=0)
        result: Floats = top + np.log(np.exp(parts - top).sum(axis=0))
        return result

    def part_logs(self, x: Floats, values: Floats) -> Floats:
        """Return log of weight times density of each component, shape (parts, points)."""
        weights, locs, scales = values[0::3, None], values[1::3, None], values[2::3, None]
        z = (x - locs) / scales
        result: Floats = np.log(weights) - np.log(scales) - 0.5 * math.log(2 * math.pi) - z * z / 2
        return result

    def quantiles(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of every component at `levels` and at 1 − `levels`, in order."""
        from scipy.special import ndtri

        z = np.concatenate([ndtri(levels), -ndtri(levels)])
        result: Floats = np.unique(values[1::3, None] + values[2::3, None] * z)
        return result

    def at(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of the whole mixture, by interpolation."""
        from scipy.special import ndtr

        x = np.unique(values[1::3, None] + values[2::3, None] * np.linspace(-6, 6, 241))
        shares = values[0::3] @ ndtr((x - values[1::3, None]) / values[2::3, None])
        return np.interp(levels, shares, x)

    def support(self, values: Floats) -> tuple[float, float]:  # noqa: ARG002
        """Return the whole line."""
        return -math.inf, math.inf

    def values(self, free: Floats) -> Floats:
        """Return all parameters: weights by softmax against the first component."""
        logits = np.concatenate([[0.0], free[: self.parts - 1]])
        weights = np.exp(logits - logits.max())
        rest = free[self.parts - 1 :]
        scales = np.exp(np.clip(rest[1::2], -700, 700))
        locs = self.centre + self.spread * rest[0::2]
        table = np.column_stack([weights / weights.sum(), locs, self.spread * scales])
        return np.asarray(table.ravel())

    def free(self, values: Floats) -> Floats:
        """Return the coordinates."""
        logs = np.log(np.maximum(values[0::3], 1e-300))
        places = (values[1::3] - self.centre) / self.spread
        rest = np.column_stack([places, np.log(values[2::3] / self.spread)]).ravel()
        return np.concatenate([logs[1:] - logs[0], rest])

    def expression(self, values: Floats) -> str:
        """Return the mixture as other commands take it, in full precision."""
        rows = values.reshape(-1, 3)
        return " + ".join(f"{float(w)!r}*norm({float(m)!r}, {float(s)!r})" for w, m, s in rows)


def family(name: str, fix: Mapping[str, float]) -> ScipyFamily | NormalMixture:
    """Return the family that a name stands for, with some parameters fixed.

    Raises
    ------
    UsageError
        If there is none, or it cannot be fitted, or a parameter is not its own.
    """
    if name.partition(":")[0].lower() == "mixture":
        return _mixture(name, fix)
    dist, names, discrete = _scipy(name)
    unknown = next((each for each in fix if each not in names), None)
    if unknown is not None:
        raise UsageError(
            f"--fix {unknown}: {name} has no parameter {unknown[:60]!r}",
            f"its parameters are {', '.join(names)}",
        )
    fixed = dict(fix)
    if discrete:
        fixed.setdefault("loc", 0.0)  # as scipy.stats.fit does
    counted = [each for each in _COUNTED.get(name, ()) if each not in fixed]
    if counted:
        raise UsageError(
            f"{name}: {' and '.join(counted)} must be given, not fitted",
            " ".join(f"--fix {each}=NUMBER" for each in counted),
        )
    _check_fixed(name, dist, names, fixed)
    free = [each for each in names if each not in fixed]
    if not free:
        raise UsageError(f"{name}: every parameter is fixed", "leave one out of --fix, or use kl exact")
    return ScipyFamily(name, dist, names, discrete, fixed, ("real",) * len(free))


def names_of(name: str) -> tuple[str, ...]:
    """Return the names of a family's parameters, in order."""
    return _scipy(name)[1]


def _mixture(name: str, fix: Mapping[str, float]) -> NormalMixture:
    found = _MIXTURE.fullmatch(name.lower())
    parts = int(found[1]) if found else 0
    if not 1 <= parts <= MOST_PARTS:
        raise UsageError(
            f"{name[:60]!r} is no mixture",
            f"write mixture:K for K normal distributions, from mixture:1 to mixture:{MOST_PARTS}",
        )
    if fix:
        raise UsageError(f"--fix: parameters of {name} cannot be fixed", "leave out --fix")
    return NormalMixture(parts)


def _scipy(name: str) -> tuple[Any, tuple[str, ...], bool]:
    if name in _REFUSED:
        raise UsageError(f"{name} cannot be fitted: {_REFUSED[name]}", "take another --family")
    known = (*FAMILIES, *NUMERIC)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), (*known, "mixture:2"), n=1, cutoff=0.6)
        if near or not name.isidentifier() or name.startswith("_"):
            hint = f"did you mean {near[0]!r}?" if near else "take a name from scipy.stats"
            raise UsageError(f"no family is called {name[:60]!r}", hint)
    from scipy import stats

    dist = vars(stats).get(name)
    if not isinstance(dist, stats.rv_continuous | stats.rv_discrete):
        text = f"scipy.stats has no family of numbers called {name[:60]!r}"
        raise UsageError(text, "take norm, gamma, t, poisson or another, or mixture:2")
    discrete = isinstance(dist, stats.rv_discrete)
    shapes = tuple(dist.shapes.replace(" ", "").split(",")) if dist.shapes else ()
    return dist, (*shapes, "loc") if discrete else (*shapes, "loc", "scale"), discrete


def _check_fixed(
    name: str, dist: Any, names: tuple[str, ...], fixed: Mapping[str, float]
) -> None:
    for each, value in fixed.items():
        if not math.isfinite(value):
            raise UsageError(f"--fix {each}={value:g}: not a finite number", "give a number")
        if (each == "scale" and not value > 0) or (
            (dist.name in {"binom", "hypergeom"} or each in _COUNTED.get(name, ()))
            and each in _COUNTED.get(name, ())
            and not (value >= 0 and float(value).is_integer())
        ):
            what = "positive" if each == "scale" else "a whole number from 0 up"
            raise UsageError(f"--fix {each}={value:g}: {each} of {name} must be {what}", "")
    if all(each in fixed for each in names):
        low, _ = dist.support(*[fixed[each] for each in names])
        if math.isnan(low):
            raise UsageError(f"--fix: scipy.stats does not define {name} there", "")


def placed(
    side: ScipyFamily | NormalMixture, start: Floats, centre: float, spread: float
) -> ScipyFamily | NormalMixture:
    """Return the family with coordinates that suit values like `start` and a target's place.

    Where a parameter may not be negative its log is the coordinate; where it may not exceed 1
    either, its log odds. Which values there may be is asked of scipy's support.
    """

    if isinstance(side, NormalMixture):
        return replace(side, centre=centre, spread=spread)

    def legal(position: int, value: float) -> bool:
        tried = start.copy()
        tried[position] = value
        return not math.isnan(side.support(tried)[0])

    scales = []
    for position in side.fitted:
        value = float(start[position])
        if side.names[position] == "loc":
            scales.append("place")
        elif side.names[position] == "scale":
            scales.append("size")
        elif value > 0 and not legal(position, -max(value, 1.0)):
            unit = 0 < value < 1 and not legal(position, 1.5)
            scales.append("unit" if unit else "positive")
        else:
            scales.append("real")
    return replace(side, scales=tuple(scales), centre=centre, spread=spread)
