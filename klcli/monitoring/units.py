"""A change of units: the same values, times a factor that is known to be one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.bounds import is_new
from klcli.data.wording import number
from klcli.monitoring.conversions import Conversion, conversions
from klcli.monitoring.samples import (
    DISTINCT,
    FAR,
    LEVELS,
    VAGUE,
    distance,
    function,
    noise,
    quantiles,
    shows_shape,
    step,
)
from klcli.monitoring.wording import percent
from klcli.quantiles import median, quantile
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

#: Distance that may be left beside noise: the values may also have moved a little.
_MOVED: Final = 0.03
#: Noise above which none is told: about a hundred rows of each side.
_BLIND: Final = 0.28
#: Different values that a batch must have for a few steps to be those of the reference converted.
_FEW: Final = 3
#: Share of zeros from which they are left out: they are zeros in any unit.
_ZEROS: Final = 0.05
#: Share of the spread that rounding may hide.
_ROUNDED: Final = 0.25
#: What a factor that has no name must at least be: below that, the values have merely shifted.
_UNNAMED: Final = 1.5
#: Where a part of the rows has changed: the least part, how far apart from the others it must lie,
#: as else a small shift of all of them looks alike, and how well the rest must fit.
_PART, _PART_APART, _PART_FIT = 0.05, 0.9, 0.2
#: Largest part of the rows that may be stuck at one value while the others are converted.
_MOST: Final = 0.5
#: Part of the noise by which a factor that is rarely meant must fit better than others.
_RARER: Final = 0.5


def unit_change(column: Column) -> Finding | None:
    """Tell whether the batch has the values of the reference in another unit, all or in part."""
    if column.table.kind == Kind.DATETIME:
        return None
    p, q = column.finite
    zeros = [float(np.mean(x == 0)) if len(x) else 0.0 for x in (p, q)]
    if min(zeros) >= _ZEROS and abs(zeros[0] - zeros[1]) <= noise(len(p), len(q)):
        p, q = p[p != 0], q[q != 0]
    if not (len(p) and len(q)):
        return None
    chance = noise(len(p), len(q))
    before = distance(p, q, 0.0)
    if chance > _BLIND or before < 3 * chance:
        return None
    pair = _Pair(p, q, chance)
    if before < FAR:
        return pair.unsigned() or pair.part()
    return pair.unsigned() or pair.known() or pair.unnamed() or pair.part() or _but_for(pair)


def _but_for(pair: _Pair) -> Finding | None:
    """Tell whether the values are converted but for one that many rows are stuck at."""
    p = pair.p
    starts = np.flatnonzero(is_new(p))
    rows = np.diff(starts, append=len(p))
    most = int(rows.argmax())
    share = float(rows[most] / len(p))
    if not _PART <= share <= _MOST:
        return None
    others = np.delete(p, slice(starts[most], starts[most] + rows[most]))
    pair = _Pair(others, pair.q, noise(len(others), len(pair.q)))
    if pair.noise > _BLIND or distance(others, pair.q, 0.0) < FAR:
        return None
    found = pair.known() or pair.unnamed()
    if found is None:
        return None
    told, colon, asked = found.message.partition(":")
    told = f"{told}, but for {percent(share)} of them, which are {number(float(p[starts[most]]))}"
    return Finding(found.code, told + colon + asked)


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Sorted values of batch and reference that differ by more than noise."""

    p: Floats
    q: Floats
    noise: float

    @property
    def left(self) -> float:
        """Distance that a change of units may leave."""
        return max(self.noise, _MOVED)

    def _handicap(self, conversion: Conversion) -> float:
        return _RARER * self.noise if conversion.rare else 0.0

    def unsigned(self) -> Finding | None:
        """Tell whether the values have lost their sign."""
        negative = int(np.searchsorted(self.q, 0.0))
        if self.p[0] < 0 or negative < _PART * len(self.q) or negative == len(self.q):
            return None
        if distance(self.p, self.q[negative:], 0.0) <= self.noise:
            return None  # The negative ones may as well have been left out.
        if distance(self.p, np.sort(np.abs(self.q)), 0.0) > self.noise:
            return None
        return Finding("unit-change", "the values are those of the reference without their sign")

    def known(self) -> Finding | None:
        """Find the conversion that leaves least, if it leaves but noise, and the next if as likely."""
        steps = step(self.p), step(self.q)
        fine = shows_shape(self.q)
        low, high = quantile(self.p, (0.25, 0.75)).tolist()
        fits: list[tuple[float, Conversion]] = []
        for conversion in conversions():
            slack = (steps[0] + abs(conversion.factor) * steps[1]) / 2
            converted = _converted(self.q, conversion)
            if fine and slack > _ROUNDED * (high - low):
                continue
            if not fine and not _all_fit(self.p, converted, slack):
                continue
            rest = distance(self.p, converted, slack) + self._handicap(conversion)
            if rest <= self.left:
                fits.append((rest, conversion))
        if not fits:
            return None
        fits.sort(key=lambda fit: fit[0])
        least = fits[0][0]
        about = "about " if self.noise > VAGUE or least > self.noise else ""
        close = [each for rest, each in fits if rest <= least + self.noise]
        named = " or ".join(each.words for each in close[:2] if each is close[0] or not each.rare)
        return Finding("unit-change", f"the values are {about}those of the reference {named}")

    def unnamed(self) -> Finding | None:
        """Find a factor that no table has: a currency, a sum instead of a mean."""
        mine, theirs = quantile(self.p, LEVELS), quantile(self.q, LEVELS)
        if self.noise > VAGUE or min(mine[0], theirs[0]) <= 0 or mine[0] == mine[-1]:
            return None
        factor = math.exp(median(np.log(mine / theirs)))
        converted = _converted(self.q, Conversion(factor))
        if max(factor, 1 / factor) < _UNNAMED:
            return None
        if not shows_shape(self.q) and not _all_fit(self.p, converted, 0.0):
            return None
        slack = (step(self.p) + factor * step(self.q)) / 2
        if distance(self.p, converted, slack) > self.left:
            return None
        size = f"times about {factor:.3g}" if factor > 1 else f"divided by about {1 / factor:.3g}"
        return Finding(
            "unit-change",
            f"the values are as if those of the reference {size}: another unit or currency?",
        )

    def part(self) -> Finding | None:
        """Find the conversion that a part of the rows has gone through."""
        at = quantiles(self.p)
        best: tuple[float, float, Conversion] | None = None
        for conversion in conversions():
            converted = _converted(self.q, conversion)
            if distance(self.q, converted, 0.0) < _PART_APART:
                continue
            places = np.concatenate([at, quantiles(self.q), quantiles(converted)])
            mine, old, new = (function(x, places) for x in (self.p, self.q, converted))
            part = float((mine - old) @ (new - old)) / float((new - old) @ (new - old))
            if not _PART <= part <= 1 - _PART:
                continue
            rest = float(np.max(np.abs(mine - (1 - part) * old - part * new)))
            rest += self._handicap(conversion)
            if rest <= min(self.noise, _PART_FIT * min(part, 1 - part)) and (
                best is None or rest < best[0]
            ):
                best = rest, part, conversion
        if best is None:
            return None
        _, part, conversion = best
        return Finding(
            "unit-change",
            f"about {percent(part)} of the values are as if those of the reference "
            f"{conversion.words}, the others as before",
        )


def _converted(q: Floats, conversion: Conversion) -> Floats:
    values: Floats = conversion.factor * q + conversion.offset
    return np.flip(values) if conversion.factor < 0 else values


def _all_fit(p: Floats, converted: Floats, slack: float) -> bool:
    """Tell whether all values of a batch that has but few are converted values."""
    mine, theirs = p[is_new(p)], converted[is_new(converted)]
    if not _FEW <= len(mine) <= 4 * DISTINCT or len(theirs) > 4 * DISTINCT:
        return False
    if slack > _ROUNDED * float(np.diff(mine).min()):
        slack = 0.0
    slack += 1e-9 * float(np.abs(mine).max())
    near = np.abs(mine[:, None] - theirs[None, :]).min(axis=1)
    return bool(np.all(near <= slack))
