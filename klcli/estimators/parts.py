"""The chain rule over missing values, infinities and the numbers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.typing import Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Bools, Estimator, Floats

_PARTS = FrequencyPlugIn(Frequency())


@dataclass(frozen=True, slots=True)
class ByParts:
    """D = D(which part) + Σ P(part)·D(within part), for tables with cells that are no numbers.

    The parts are: missing, −inf, +inf, and the finite numbers. Which part a row belongs to is a
    category; only within the finite numbers does `inner` estimate. Zero contribution comes from
    within the numbers where one side has none of them.

    Parameters
    ----------
    inner : Estimator
        Applied to the finite numbers.

    References
    ----------
    .. [1] T. M. Cover, J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley 2006,
       theorem 2.5.3 (chain rule for relative entropy).
    """

    inner: Estimator
    name: ClassVar[str] = "by-parts"

    @property
    def corrects_bias(self) -> bool:
        """Whether the inner estimator does, see `klcli.typing.Estimator`."""
        return bool(getattr(self.inner, "corrects_bias", False))

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q)."""
        numbers = ~table.special
        if numbers.all():
            return self.inner(table)
        within = table.subset(numbers)
        if within.n_p == 0 or within.n_q == 0:
            nothing = np.zeros(len(within.p))
            return _chain(table, numbers, Point(0.0, nothing, nothing, nothing))
        return _chain(table, numbers, self.inner(within))

    def both(self, table: CountTable) -> tuple[Point, Point]:
        """Estimate D(P‖Q) and D(Q‖P)."""
        numbers = ~table.special
        if numbers.all():
            return self._inner(table)
        within = table.subset(numbers)
        turned = table.swapped()
        if within.n_p == 0 or within.n_q == 0:
            nothing = np.zeros(len(within.p))
            empty = Point(0.0, nothing, nothing, nothing)
            return _chain(table, numbers, empty), _chain(turned, numbers, empty)
        forward, reverse = self._inner(within)
        return _chain(table, numbers, forward), _chain(turned, numbers, reverse)

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of the count vectors `p` and `q`, shape (resamples, cells)."""
        numbers = ~table.special
        if numbers.all():
            return self.inner.values(table, p, q)
        usable, within, inner_p, inner_q = _usable(table, numbers, p, q)
        values = np.zeros(len(p))
        if usable.any():
            values[usable] = self.inner.values(within, inner_p, inner_q)
        return _joined(_parts(table, numbers, p, q), numbers, p, values)

    def null(self, table: CountTable, p: Floats, q: Floats) -> tuple[Floats, Callable[[], Floats]]:
        """Return a test statistic for each row of exchanged counts, and what gives the estimates.

        Log-likelihood ratios of the parts and of the numbers add up.
        """
        numbers = ~table.special
        if numbers.all():
            return self._null(table, p, q)
        usable, within, inner_p, inner_q = _usable(table, numbers, p, q)
        statistic, values = np.zeros(len(p)), np.zeros(len(p))
        if usable.any():
            statistic[usable], inner = self._null(within, inner_p, inner_q)
        parts = _parts(table, numbers, p, q)

        def estimates() -> Floats:
            if usable.any():
                values[usable] = inner()
            return _joined(parts, numbers, p, values)

        return statistic + _likelihood_ratio(parts, p, q), estimates

    def _null(
        self, table: CountTable, p: Floats, q: Floats
    ) -> tuple[Floats, Callable[[], Floats]]:
        own = getattr(self.inner, "null", None)
        if own is not None:
            result: tuple[Floats, Callable[[], Floats]] = own(table, p, q)
            return result
        values = self.inner.values(table, p, q)
        return _likelihood_ratio(values, p, q), lambda: values

    def _inner(self, table: CountTable) -> tuple[Point, Point]:
        both = getattr(self.inner, "both", None)
        if both is not None:
            points: tuple[Point, Point] = both(table)
            return points
        return self.inner(table), self.inner(table.swapped())


def _usable(
    table: CountTable, numbers: Bools, p: Floats, q: Floats
) -> tuple[Bools, CountTable, Floats, Floats]:
    """Return which resamples have numbers on both sides, and all of these: table and counts."""
    p, q = p[:, numbers], q[:, numbers]
    usable = (p.sum(axis=1) > 0) & (q.sum(axis=1) > 0)
    return usable, table.subset(numbers), p[usable], q[usable]


def _parts(table: CountTable, numbers: Bools, p: Floats, q: Floats) -> Floats:
    """Estimate for each row by how much the parts differ, in nats."""
    return _PARTS.values(_part_table(table, numbers), _outer(p, numbers), _outer(q, numbers))


def _joined(parts: Floats, numbers: Bools, p: Floats, values: Floats) -> Floats:
    """Join the values of the parts with those within the numbers, as `_chain` does."""
    present = p[:, numbers].sum(axis=1) / np.maximum(p.sum(axis=1), 1.0)
    result: Floats = parts + present * values
    return result


def _likelihood_ratio(divergence: Floats, p: Floats, q: Floats) -> Floats:
    """Return nm/(n+m)·D: near zero, the log-likelihood ratio that a divergence stands for."""
    n, m = p.sum(axis=1), q.sum(axis=1)
    result: Floats = divergence * n * m / np.maximum(n + m, 1.0)
    return result


def _outer(counts: Floats, numbers: Bools) -> Floats:
    """Return counts of the parts: each cell that is no number, and all numbers, last."""
    total = counts[..., numbers].sum(axis=-1, keepdims=True)
    return np.concatenate([counts[..., ~numbers], total], axis=-1)


def _part_table(table: CountTable, numbers: Bools) -> CountTable:
    names = [table.name(int(cell)) for cell in np.flatnonzero(~numbers)]
    return CountTable.categorical(
        (*names, "(numbers)"), _outer(table.p, numbers), _outer(table.q, numbers)
    )


def _chain(table: CountTable, numbers: Bools, inner: Point) -> Point:
    """Join the estimate of which part with that within the numbers."""
    if not np.isfinite(inner.value):
        unknown = np.full(len(table.p), np.nan)
        return Point(inner.value, unknown, unknown, unknown)
    parts = _PARTS(_part_table(table, numbers))
    present_p = table.p[numbers].sum() / max(table.n_p, 1.0)
    present_q = table.q[numbers].sum() / max(table.n_q, 1.0)
    influence_p, influence_q, contributions = (np.zeros(len(table.p)) for _ in range(3))
    for whole, part in (
        (influence_p, parts.influence_p),
        (influence_q, parts.influence_q),
        (contributions, parts.contributions),
    ):
        whole[~numbers] = part[:-1]
    # A row of P among the numbers says both that it is one, worth D(within), and which one.
    influence_p[numbers] = parts.influence_p[-1] + inner.value + inner.influence_p
    influence_p -= present_p * inner.value
    ratio = present_p / present_q if present_q > 0 else 0.0
    influence_q[numbers] = parts.influence_q[-1] + ratio * inner.influence_q
    total = table.p[numbers].sum()
    share = table.p[numbers] / total if total > 0 else table.p[numbers]
    contributions[numbers] = parts.contributions[-1] * share + present_p * inner.contributions
    return Point(
        parts.value + present_p * inner.value,
        influence_p,
        influence_q,
        contributions,
        present_p * inner.monte_carlo_error,
        parts.excess_variance + present_p**2 * inner.excess_variance,
        parts.null_variance + present_p**2 * inner.null_variance,
        present_p * inner.beyond_support,
    )
