"""Both distribution functions of a column of numbers, from its cells, and samples of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.densities.groups import merge
from klcli.diagnostics.support import percent
from klcli.intervals.permutation import exchange
from klcli.measures.heavy import heavy_values
from klcli.measures.inversion import DRAWS, normal_counts, unit
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.measures.material import Material
    from klcli.typing import Bools, Floats, Integers

#: Cells that samples are drawn of. What is observed comes from all of them.
_COARSE: Final = 256


@dataclass(frozen=True, eq=False)
class Line:
    """F − G along the line.

    Attributes
    ----------
    below, gaps : ndarray, shape (pieces,)
        F − G, and the length over which it holds.
    coarse_below, coarse_gaps : ndarray, shape (coarse pieces,)
        The same on merged cells.
    coarse_p, coarse_q : ndarray, shape (coarse cells,)
        Shares of the merged cells.
    rows : tuple of float
        Rows of P and of Q with a finite number.
    noise : tuple of ndarray, shape (draws, coarse cells)
        Standard normal numbers, the same for all steps.
    exchanged : ndarray or None, shape (permutations + 1, coarse pieces)
        F − G as observed, and with labels exchanged; None where rows cannot be.
    findings : tuple of Finding
        What was left out.
    heavy : Finding or None
        Says so if the tails are so heavy that ∫ |F − G| dx is known from below only.
    inner : tuple of ndarray or None
        `gaps` and `coarse_gaps` without those tails.
    unbounded : bool
        Whether one side shows infinities.
    scale : float
        What lengths are counted in, so that no square of one overflows.
    """

    below: Floats
    gaps: Floats
    coarse_below: Floats
    coarse_gaps: Floats
    coarse_p: Floats
    coarse_q: Floats
    rows: tuple[float, float]
    noise: tuple[Floats, Floats]
    exchanged: Floats | None
    findings: tuple[Finding, ...] = ()
    heavy: Finding | None = None
    inner: tuple[Floats, Floats] | None = None
    unbounded: bool = False
    scale: float = 1.0

    def drawn(self, below: Floats) -> Floats:
        """Return F − G of samples from a pair with this F − G, shape (draws, coarse pieces)."""
        n, m = self.rows
        pooled = (n * self.coarse_p + m * self.coarse_q) / (n + m)
        difference = np.diff(below, prepend=0.0, append=0.0)
        p, q = unit(pooled + m / (n + m) * difference), unit(pooled - n / (n + m) * difference)
        change = normal_counts(self.noise[0], p, n) - normal_counts(self.noise[1], q, m)
        result: Floats = below + np.cumsum(change, axis=1)[:, :-1]
        return result

    def lengths(self, *, far: bool) -> tuple[Floats, Floats]:
        """Return `gaps` and `coarse_gaps`; with `far`, without tails that are too heavy."""
        if far and self.inner is not None:
            return self.inner
        return self.gaps, self.coarse_gaps

    @property
    def shift(self) -> Floats:
        """F − G of two normal distributions side by side, on the scale of pooled ranks."""
        n, m = self.rows
        rank = np.cumsum(n * self.coarse_p + m * self.coarse_q)[:-1] / (n + m)
        normal = NormalDist()
        return np.array([normal.pdf(normal.inv_cdf(min(max(u, 1e-12), 1 - 1e-12))) for u in rank])


def line(material: Material, *, metric: bool) -> Line | Finding:
    """Return both distribution functions, or say why there are none.

    They are exact at the bounds of cells, which are values of the data. Of the values within a
    cell of several (from 4,096 different ones on) only the number is known: that moves a distance
    by less than a hundredth of its interval.

    Parameters
    ----------
    material : Material
        The column.
    metric : bool
        Whether distances on the line matter, or only the order.
    """
    table = material.fine
    bounded = table is None or not np.isinf(table.lower[table.roles == Role.ATOM]).any()
    # Without infinities both are the same.
    key = f"line {metric or bounded}"
    if key not in material.shared:
        material.shared[key] = _line(material, metric=metric or bounded)
    found: Line | Finding = material.shared[key]
    return found


def _line(material: Material, *, metric: bool) -> Line | Finding:
    if material.kind not in (Kind.NUMERIC, Kind.DATETIME):
        return Finding(
            "not-applicable",
            f"{material.kind} values have no order and no distance; "
            "--divergence tv or --divergence js compares them",
        )
    table = material.fine
    if table is None:
        return Finding(
            "not-applicable",
            "the cells of this density do not tell where values lie; leave --density at auto",
        )
    findings = []
    missing = table.roles == Role.MISSING
    shares = [float(side[missing].sum()) / side.sum() for side in (table.p, table.q)]
    if any(shares):
        findings.append(
            Finding(
                "missing-left-out",
                f"missing values have no place on the line and are left out: {percent(shares[0])} "
                f"of P, {percent(shares[1])} of Q; kl, js and tv count them",
            )
        )
    infinite = (table.roles == Role.ATOM) & np.isinf(table.lower)
    unbounded = metric and bool(infinite.any())
    if unbounded:
        findings.append(
            Finding("infinite-distance", "infinite values are infinitely far from all others")
        )
    # In the order of values, in which infinities have their place.
    numbers = table.subset(~missing & ~infinite if metric else ~missing)
    if numbers.n_p == 0 or numbers.n_q == 0:
        return Finding("all-missing", "no numbers are left on one side")
    low, high, spread = _places(numbers, material)
    largest = max(map(abs, material.span), default=0.0)
    scale = largest if math.isfinite(largest) and largest > 0 else 1.0
    low, high = low / scale, high / scale
    below, gaps, starts = _pieces(numbers, low, high, spread)
    group = merge(numbers.p + numbers.q, _COARSE)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    p, q = np.add.reduceat(numbers.p, first), np.add.reduceat(numbers.q, first)
    coarse_below = np.cumsum(p / p.sum() - q / q.sum())[:-1]
    owner = group[starts]
    coarse_gaps = _coarse(gaps, owner, len(p), merged=len(first) < len(numbers.p))
    found, inner = heavy_values(numbers, material.names) if metric else None, None
    if found is not None:
        shorter = np.where(found[1][starts], gaps, 0.0)
        inner = shorter, _coarse(shorter, owner, len(p), merged=len(first) < len(numbers.p))
    exchanged = None
    if material.resamples and not material.weighted:
        coarse = _table(p, q)
        some_p, some_q = exchange(coarse, material.resamples, material.rng("exchanged"))
        some_p, some_q = np.vstack([p, some_p]), np.vstack([q, some_q])
        paths = np.cumsum(some_p / some_p.sum(axis=1, keepdims=True), axis=1)
        paths -= np.cumsum(some_q / some_q.sum(axis=1, keepdims=True), axis=1)
        exchanged = paths[:, :-1]
    rng = material.rng("line")
    noise = rng.standard_normal((DRAWS, len(p))), rng.standard_normal((DRAWS, len(p)))
    return Line(
        below, gaps, coarse_below, coarse_gaps, p / p.sum(), q / q.sum(),
        (numbers.n_p, numbers.n_q), noise, exchanged, tuple(findings),
        None if found is None else found[0], inner, unbounded,
        scale,
    )  # fmt: skip


def _coarse(gaps: Floats, owner: Integers, cells: int, *, merged: bool) -> Floats:
    """Return over what length F − G holds that merged cells have at their ends."""
    lengths = np.bincount(owner, weights=gaps, minlength=cells).astype(float)
    if not merged:
        return lengths[:-1]
    # Half of what lies within a cell belongs to either of its ends.
    coarse: Floats = (lengths[:-1] + lengths[1:]) / 2
    coarse[:1] += lengths[0] / 2
    coarse[-1:] += lengths[-1] / 2
    return coarse


def _table(p: Floats, q: Floats) -> CountTable:
    from klcli.counts import CountTable

    return CountTable.categorical(tuple(map(str, range(len(p)))), p, q)


def _places(numbers: CountTable, material: Material) -> tuple[Floats, Floats, Bools]:
    """Return where the values of each cell begin and end, and whether they spread in between.

    Bounds are values of the data: what is alone in its cell lies at its lower bound.
    """
    low, high = numbers.lower.copy(), numbers.upper.copy()
    finite = material.span
    low = np.where(np.isneginf(low) & (numbers.roles == Role.INTERVAL), finite[0], low)
    high = np.where(np.isposinf(high) & (numbers.roles == Role.INTERVAL), finite[1], high)
    high = np.maximum(high, low)
    lone = (numbers.roles == Role.ATOM) | (numbers.p + numbers.q <= 1)
    return low, np.where(lone, low, high), ~lone


def _pieces(
    numbers: CountTable, low: Floats, high: Floats, spread: Bools
) -> tuple[Floats, Floats, Integers]:
    """Return F − G on stretches of the line, their lengths, and the cell that each begins in.

    Within a cell with several values F − G grows evenly, which is exact at both ends.
    """
    step_p, step_q = numbers.p / numbers.n_p, numbers.q / numbers.n_q
    after = np.cumsum(step_p - step_q)
    before = after - (step_p - step_q)
    cells = np.arange(len(low))
    with np.errstate(invalid="ignore"):  # −∞ and ∞ have no length
        lengths = high - low
    inside = spread & (lengths > 0)
    # Between the last value of a cell and the first of the next, F − G is constant.
    with np.errstate(invalid="ignore"):
        outer_gap = np.append(low[1:] - high[:-1], 0.0)
    outer_gap = np.where(np.isfinite(outer_gap), np.maximum(outer_gap, 0.0), 0.0)
    # The first of k values lies at the lower bound, the others evenly behind it.
    rows = numbers.p + numbers.q
    middle = before + (after - before) * (rows + 1) / (2 * rows)
    below = np.concatenate([middle[inside], after[:-1]])
    gaps = np.concatenate([lengths[inside], outer_gap[:-1]])
    starts = np.concatenate([cells[inside], cells[:-1]])
    return below, gaps, starts
