"""Fits one family from several starts, forward or reverse, and tells distinct optima apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.fitting.em import in_order
from klcli.fitting.families import DEAR, NormalMixture, ScipyFamily, placed, reaching
from klcli.fitting.objectives import CrossEntropy, Reverse
from klcli.fitting.optimise import Optimum, minimise
from klcli.fitting.points import integers
from klcli.fitting.starts import near, start, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.random import Generator

    from klcli.fitting.families import Family
    from klcli.fitting.points import Points, Shape
    from klcli.typing import Floats

#: Optima are one if their quantiles differ by less than this share of the spread.
_SAME: Final = 0.01
_LOOKED_AT: Final = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
#: Values that scipy's own search gets to see.
_SCIPY: Final = 5000


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A local optimum of one objective.

    Attributes
    ----------
    family : Family
        With the coordinates in which it was found.
    loss : CrossEntropy or Reverse
        What was minimised.
    arrived, starts : int
        Starts that ended here, and all of them.
    """

    family: Family
    loss: CrossEntropy | Reverse
    optimum: Optimum
    arrived: int
    starts: int

    @property
    def median(self) -> float:
        """Its median."""
        values = self.family.values(self.optimum.free)
        return float(self.family.at(np.array([0.5]), values)[0])

    @property
    def values(self) -> Floats:
        """All parameters; components of a mixture in order of loc."""
        values = self.family.values(self.optimum.free)
        return in_order(values) if isinstance(self.family, NormalMixture) else values


def forward(
    family: ScipyFamily | NormalMixture,
    points: Points,
    *,
    starts: int,
    rng: Generator,
    seconds: float,
) -> list[Found]:
    """Return local minima of the cross-entropy, the best one first; none if all is infinite."""
    begun: list[Floats | None] = []
    if isinstance(family, NormalMixture):
        from klcli.fitting.em import fit_mixture

        for _ in range(4 + starts):
            mixed = fit_mixture(family.parts, points, rng)
            begun.append(None if mixed is None else mixed.values)
    else:
        values = points.values if points.rows else points.sample(_SCIPY)
        if points.rows:
            values = np.repeat(points.values, np.round(points.weights * points.rows).astype(int))
        few = values if len(values) <= _SCIPY else points.sample(_SCIPY)
        begun.append(start(family, few, full=True))
        starts = 0 if family.name in DEAR else starts
        begun += [
            near(family, points, stretch, rng)
            for stretch in ((0.0, 1.0), *[(0.02 * k, 1 - 0.03 * k) for k in range(1, 1 + starts)])
        ]
    return _search(family, begun, lambda side: CrossEntropy(side, points), points, seconds)


def reverse(
    family: ScipyFamily | NormalMixture,
    points: Points,
    target: Shape,
    *,
    still: bool,
    starts: int,
    rng: Generator,
    seconds: float,
    forward_values: Iterable[Floats],
) -> list[Found]:
    """Return local minima of D(Q‖P), the best one first; none if all is infinite."""
    begun: list[Floats | None] = list(forward_values)
    starts = 0 if family.name in DEAR else starts
    places = stretches(points, target, starts, rng, whole=not begun)
    begun += [near(family, points, stretch, rng) for stretch in places]
    return _search(
        family, begun, lambda side: Reverse(side, target, still), points, seconds, rough=False
    )


def _search(
    family: ScipyFamily | NormalMixture,
    begun: Iterable[Floats | None],
    loss_of: Callable[[Family], CrossEntropy | Reverse],
    points: Points,
    seconds: float,
    *,
    rough: bool = True,
) -> list[Found]:
    found: list[Found] = []
    given = [values for values in begun if values is not None]
    if not given:
        return []
    side = placed(family, given[0], points.mean, points.deviation or 1.0)
    if isinstance(side, ScipyFamily):
        side = reaching(side, given[0], lambda one: loss_of(one)(one.free(given[0])))
    loss = loss_of(side)
    tried = 0
    for values in given:
        if math.isnan(side.support(values)[0]):
            continue
        free = _inside(loss, side.free(values))
        optimum = minimise(
            loss, free, rough=rough and not isinstance(side, NormalMixture), seconds=seconds
        )
        if optimum is None:
            continue
        tried += 1
        _merge(found, Found(side, loss, optimum, 1, 0))
    # Of mirror images, which differ by rounding, the one on the left comes first.
    found.sort(key=lambda one: (not one.optimum.settled, round(one.optimum.value, 7), one.median))
    return [replace(one, starts=tried) for one in found]


def _inside(loss: CrossEntropy | Reverse, free: Floats) -> Floats:
    """Return coordinates at which the loss is finite: rounding can move an end past a value."""
    if math.isfinite(loss(free)):
        return free
    for step in (1e-14, 1e-12, 1e-10, 1e-8):
        for i in range(len(free)):
            for sign in (-1, 1):
                moved = np.array(free)
                moved[i] += sign * step * max(1.0, abs(moved[i]))
                if math.isfinite(loss(moved)):
                    return moved
    return free


def _merge(found: list[Found], new: Found) -> None:
    """Count a start that ended where others did; else add its optimum."""
    for position, old in enumerate(found):
        if _alike(old, new):
            better = old if _rank(old) <= _rank(new) else new
            found[position] = replace(better, arrived=old.arrived + 1)
            return
    found.append(new)


def _rank(one: Found) -> tuple[bool, float]:
    value = one.optimum.value
    return not one.optimum.settled, value


def _alike(a: Found, b: Found) -> bool:
    """Whether two optima are one distribution: equal quantiles, or equal masses."""
    first, second = (one.family.values(one.optimum.free) for one in (a, b))
    if a.family.discrete:
        x = integers(*(float(x) for x in a.family.at(np.array([0.001, 0.999]), first)))
        masses = [np.exp(a.family.log(x, values)) for values in (first, second)]
        return bool(np.abs(masses[0] - masses[1]).sum() < 2 * _SAME)
    quantiles = a.family.at(_LOOKED_AT, first)
    gaps = np.abs(quantiles - b.family.at(_LOOKED_AT, second))
    return bool(gaps.max() < _SAME * (quantiles[-1] - quantiles[0]))
