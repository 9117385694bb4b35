"""What two known distributions have in each cell, by quadrature or summation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.plotting.axis import round_up

if TYPE_CHECKING:
    from klcli.divergences.models import Model
    from klcli.typing import Floats

#: Cells along the axis, at least half as many: smooth curves on the widest picture.
_CELLS: Final = 384
#: The axis ends at these quantiles, or so many interquartile ranges beyond the quartiles.
_ENDS: Final = 0.005
_REACH: Final = 6.0
#: Whole numbers up to three times as far out as this quantile are added up, and at most so many
#: beyond either end of the axis.
_RARE: Final = 1e-5
_MOST_SUMMED: Final = 20_000
#: Less than this in a cell beyond the axis is rounding.
NOTHING: Final = 1e-12
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True, slots=True, eq=False)
class KnownPair:
    """Both distributions, and the values of their divergences in nats."""

    p: Model
    q: Model
    values: dict[str, float]
    circular: bool

    def terms(self, x: Floats) -> dict[str, Floats]:
        """Return p·log(p/q), or q·log(q/p), for each direction that is wanted."""
        log_p, log_q = self.p.log(x), self.q.log(x)
        return {
            direction: divergence_terms(
                *((log_p, log_q) if direction == "forward" else (log_q, log_p))
            )
            for direction in self.values
        }


def divergence_terms(log_p: Floats, log_q: Floats) -> Floats:
    """Return p·log(p/q), 0 where p is."""
    with np.errstate(all="ignore"):
        result: Floats = np.where(np.isneginf(log_p), 0.0, np.exp(log_p) * (log_p - log_q))
    return result


def cell_edges(pair: KnownPair, *, discrete: bool) -> Floats:
    """Return the bounds of the cells along the axis."""
    if pair.circular:
        return np.linspace(-math.pi, math.pi, _CELLS // 2 + 1)
    lows, highs = [], []
    for side in (pair.p, pair.q):
        ends, quartiles = side.quantiles(np.array([_ENDS])), side.quantiles(np.array([0.25]))
        reach = _REACH * float(quartiles[-1] - quartiles[0])
        lows.append(max(float(ends[0]), float(quartiles[0]) - reach))
        highs.append(min(float(ends[-1]), float(quartiles[-1]) + reach))
    low, high = min(lows), max(highs)
    if discrete:
        step = max(1, math.ceil((high - low + 1) / (_CELLS // 2)))
        first = math.floor(low)
        count = math.ceil((high - first + 1) / step)
        whole: Floats = first - 0.5 + step * np.arange(count + 1, dtype=float)
        return whole
    # An end of a support close by is shown, with what lies beyond it.
    span = high - low
    for bottom, top in (*pair.p.supports, *pair.q.supports):
        low = min(low, bottom - span / 20) if low - span / 10 < bottom <= low else low
        high = max(high, top + span / 20) if high <= top < high + span / 10 else high
    width = round_up((high - low) / _CELLS)
    edges = width * np.arange(math.floor(low / width), math.ceil(high / width) + 1, dtype=float)
    digits = 12 - math.floor(math.log10(max(abs(low), abs(high))))
    return np.unique(np.round(edges, digits))


def integrated(pair: KnownPair, edges: Floats) -> tuple[dict[str, Floats], Floats, Floats]:
    """Return the integrals over each cell, those beyond either end first and last."""
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    x = (middle[:, None] + half[:, None] * _NODES).ravel()

    def integral(values: Floats) -> Floats:
        result: Floats = values.reshape(-1, len(_NODES)) @ _WEIGHTS * half
        return result

    shares = []
    for side in (pair.p, pair.q):
        inner = integral(np.exp(side.log(x)))
        ends = (0.0, 0.0) if pair.circular else (side.below(edges[0]), side.above(edges[-1]))
        shares.append(np.concatenate([ends[:1], inner, ends[1:]]))
    parts = {}
    for name, values in pair.terms(x).items():
        tails = [0.0, 0.0]
        if not pair.circular:
            tails = [
                _tail(pair, name, float(edges[end]), sign) for end, sign in ((0, -1), (-1, 1))
            ]
        parts[name] = _to_total(
            np.concatenate([tails[:1], integral(values), tails[1:]]), pair.values[name]
        )
    return parts, shares[0], shares[1]


def _tail(pair: KnownPair, direction: str, end: float, sign: int) -> float:
    """Integrate from an end of the axis outward, over stretches each twice as long as the last.

    Of an infinite divergence, a tail whose stretches do not get smaller is infinite.
    """
    outer = (pair.p if direction == "forward" else pair.q).supports
    limit = min(low for low, _ in outer) if sign < 0 else max(high for _, high in outer)
    unit = max(abs(end), 1.0) / 16
    pieces: list[float] = []
    at = 0.0
    for power in range(60):
        far = unit * 2.0**power
        low, high = sorted((end + sign * at, end + sign * far))
        if sign < 0:
            low, high = max(low, limit), max(high, limit)
        else:
            low, high = min(low, limit), min(high, limit)
        if low >= high:
            break
        x = (low + high) / 2 + (high - low) / 2 * _NODES
        term = pair.terms(x)[direction]
        pieces.append(float(term @ _WEIGHTS) * (high - low) / 2)
        at = far
        if not math.isfinite(pieces[-1]) or abs(pieces[-1]) < 1e-16:
            break
    infinite = math.isinf(pair.values[direction])
    if any(math.isinf(piece) or math.isnan(piece) for piece in pieces):
        return math.inf if infinite else math.fsum(p for p in pieces if math.isfinite(p))
    if infinite and len(pieces) > 20 and abs(pieces[-1]) > 0.9 * abs(pieces[-2]):
        return math.inf
    return math.fsum(pieces)


def summed(pair: KnownPair, edges: Floats) -> tuple[dict[str, Floats], Floats, Floats]:
    """Add up whole numbers over each cell, those beyond either end first and last."""
    first, last = math.floor(edges[0]), math.ceil(edges[-1])
    for side in (pair.p, pair.q):
        # Quantiles farther out take some families minutes; three times as far is far enough.
        values = side.quantiles(np.array([_RARE, 0.5]))
        low, middle, high = values[[0, len(values) // 2, -1]].tolist()
        first = min(first, math.floor(middle - 3 * (middle - low)))
        last = max(last, math.ceil(middle + 3 * (high - middle)))
    first = max(first, math.floor(edges[0]) - _MOST_SUMMED)
    last = min(last, math.ceil(edges[-1]) + _MOST_SUMMED)
    x = np.arange(first, last + 1, dtype=float)
    place = np.searchsorted(edges, x)

    def sums(values: Floats) -> Floats:
        return np.bincount(place, values, len(edges) + 1).astype(float)

    # What is farther out still is known from the total.
    rest = -1 if math.isinf(max(high for _, high in (*pair.p.supports, *pair.q.supports))) else 0
    shares = [sums(np.exp(side.log(x))) for side in (pair.p, pair.q)]
    for share in shares:
        share[rest] += max(1.0 - share.sum(), 0.0)
    parts = {}
    for name, values in pair.terms(x).items():
        parts[name] = sums(values)
        if math.isfinite(pair.values[name]):
            parts[name][rest] += pair.values[name] - parts[name].sum()
    return parts, shares[0], shares[1]


def _to_total(parts: Floats, total: float) -> Floats:
    """Spread over the cells by how much the sum misses the divergence, which is known better."""
    sizes = np.abs(np.where(np.isfinite(parts), parts, 0.0))
    if not math.isfinite(total) or not np.all(np.isfinite(parts)) or sizes.sum() == 0:
        return parts
    adjusted: Floats = parts + (total - parts.sum()) * sizes / sizes.sum()
    return adjusted


def log_masses(values: Floats) -> Floats:
    """Return logs of probabilities, −inf of 0."""
    with np.errstate(divide="ignore"):
        result: Floats = np.log(values)
    return result
