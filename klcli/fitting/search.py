"""Fits one family from several starts, forward or reverse, and tells distinct optima apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.fitting.coordinates import (
    apart,
    can_anchor,
    held,
    pinned,
    place,
    placed,
    reaching,
)
from klcli.fitting.em import in_order
from klcli.fitting.families import DEAR
from klcli.fitting.normal_mixture import NormalMixture
from klcli.fitting.objectives import CrossEntropy, Reverse
from klcli.fitting.optimise import Optimum, minimise
from klcli.fitting.points import integers
from klcli.fitting.starts import near, start, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.random import Generator

    from klcli.fitting.families import Family
    from klcli.fitting.points import Points, Shape
    from klcli.fitting.scipy_family import ScipyFamily
    from klcli.typing import Floats

#: Optima are one if their quantiles differ by less than this share of the spread.
_SAME: Final = 0.01
_LOOKED_AT: Final = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
#: An end so near to that of the target, in units of the spread, is meant to be there.
_AT_END: Final = 1e-6
#: Digits of a loc, in units of the scale, that a search is sure of.
_DIGITS: Final = 6
#: Where a family nears another one as a shape grows, log shapes up to here: farther out rounding of
#: its density outweighs what is gained.
_NEARS: Final = 11.0
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
    values : ndarray
        All parameters; components of a mixture in order of loc.
    arrived, starts : int
        Starts that ended here, and all of them.
    """

    family: Family
    loss: CrossEntropy | Reverse
    optimum: Optimum
    values: Floats
    arrived: int
    starts: int

    @property
    def median(self) -> float:
        """Its median."""
        return float(self.family.at(np.array([0.5]), self.values)[0])


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
    tried = 0
    for values in given:
        ended = _from(family, given[0], values, loss_of, points, seconds, rough=rough)
        if ended is not None:
            tried += 1
            _merge(found, ended)
    # Of mirror images, which differ by rounding, the one on the left comes first.
    found.sort(key=lambda one: (not one.optimum.settled, round(one.optimum.value, 7), one.median))
    return [replace(one, starts=tried) for one in found]


def _from(
    family: ScipyFamily | NormalMixture,
    first: Floats,
    values: Floats,
    loss_of: Callable[[Family], CrossEntropy | Reverse],
    points: Points,
    seconds: float,
    *,
    rough: bool,
) -> Found | None:
    """Return where a start leads: with the ends of the target held, and free."""
    # Of rows the forward fit has the moments, or nearly.
    moments = points.mean, points.deviation or 1.0
    spot = moments if rough and points.rows else place(family, values, points)
    if isinstance(family, NormalMixture):
        mixed = placed(family, first, *spot)
        return _ended(mixed, values, loss_of, points, seconds, rough=False)
    side = placed(family, first, *spot)
    if math.isnan(side.support(values)[0]):
        return None
    side = reaching(side, first, lambda one: loss_of(one)(one.free(first)))
    fast = pinned(side, points.span, values)
    if fast is not None:
        fast = replace(placed(fast, first, *spot), reach=side.reach)
        ended = _ended(fast, values, loss_of, points, seconds, rough=False)
        if (
            ended is not None
            and ended.optimum.converged
            and held(fast, ended.loss.at, ended.values, side.spread)
        ):
            return ended
        if not math.isfinite(loss_of(side).at(values)):
            values = apart(side, values, points.span, 1.0 if rough else -1.0)
    return _ended(side, values, loss_of, points, seconds, rough=rough)


def _ended(
    side: ScipyFamily | NormalMixture,
    values: Floats,
    loss_of: Callable[[Family], CrossEntropy | Reverse],
    points: Points,
    seconds: float,
    *,
    rough: bool,
) -> Found | None:
    sides: list[ScipyFamily | NormalMixture] = [side]
    if can_anchor(side):
        # For rows only if need be: it costs quantiles, and ends that rows set are easier seen plain.
        sides.insert(
            bool(points.rows), replace(side, anchored=True, reach=min(side.reach, _NEARS))
        )
    best: Found | None = None
    for each in sides:
        loss = loss_of(each)
        free = _inside(loss, each.free(values if best is None else best.values))
        optimum = minimise(loss, free, rough=rough and best is None, seconds=seconds)
        if optimum is None:
            continue
        new = Found(each, loss, optimum, _tidy(each, loss, optimum, points), 1, 0)
        best = new if best is None else min(best, new, key=_rank)
        if best.optimum.settled:
            break
    return best


def _tidy(
    side: ScipyFamily | NormalMixture,
    loss: CrossEntropy | Reverse,
    optimum: Optimum,
    points: Points,
) -> Floats:
    """Return all parameters, without what a search leaves of 0 and of the target's ends.

    A loc so near to a round number takes that; an end of the support that came to lie at that of the
    target is put there, if that is no worse.
    """
    values = side.values(optimum.free)
    if isinstance(side, NormalMixture):
        values = in_order(values)
        return values if points.rows else _rounded(values, slice(1, None, 3), loss, optimum.value)
    if "loc" in side.fixed or points.rows:
        return values
    place = side.names.index("loc")
    support = side.support(values)
    if not any(map(math.isfinite, support)):
        return _rounded(values, slice(place, place + 1), loss, optimum.value)
    for own, end in zip(support, points.span, strict=True):
        if own != end and abs(own - end) < _AT_END * side.spread:
            moved = values.copy()
            moved[place] += end - own
            if loss.at(moved) <= optimum.value + 1e-9:
                return moved
    return values


def _rounded(values: Floats, which: slice, loss: CrossEntropy | Reverse, least: float) -> Floats:
    result = values.copy()
    spread = max(float(values[-1]), 1e-300)
    unit = 10.0 ** (math.floor(math.log10(spread)) - _DIGITS)
    near = np.round(values[which] / unit) * unit + 0.0
    result[which] = np.where(np.abs(near - values[which]) < unit / 10, near, values[which])
    return result if loss.at(result) <= least + 1e-12 else values


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
    first, second = a.values, b.values
    if a.family.discrete:
        x = integers(*(float(x) for x in a.family.at(np.array([0.001, 0.999]), first)))
        masses = [np.exp(a.family.log(x, values)) for values in (first, second)]
        return bool(np.abs(masses[0] - masses[1]).sum() < 2 * _SAME)
    quantiles = a.family.at(_LOOKED_AT, first)
    gaps = np.abs(quantiles - b.family.at(_LOOKED_AT, second))
    return bool(gaps.max() < _SAME * (quantiles[-1] - quantiles[0]))
