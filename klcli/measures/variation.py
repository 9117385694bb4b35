"""Total variation: the largest difference of the probabilities of any event."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.densities.frequency import masses
from klcli.estimators.empirical_bayes import posterior_weight
from klcli.estimators.multiplicity import multiplicity
from klcli.estimators.ratio_prior import posterior
from klcli.measures.contract import DIMENSIONLESS, Measured
from klcli.measures.inversion import (
    DRAWS,
    Inverted,
    invert,
    reached,
    unit,
)
from klcli.measures.plain import Plain
from klcli.measures.status import concerning
from klcli.measures.variation_ratio import invert_ratio
from klcli.measures.wilson import capped, unseen
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.counts import CountTable
    from klcli.measures.material import Material
    from klcli.results import Direction, Finding
    from klcli.typing import Floats

#: Counts that are drawn for each step of the inversion.
_COUNTS: Final = 1 << 18
#: Fewer draws than this tell their mean and spread, but not their tails.
_FEW: Final = 200
_HIDDEN: Final = frozenset(
    {"unresolved", "disagreement", "coarse-bins", "coarse-profile", "precision"}
)


@dataclass(frozen=True)
class TotalVariation(Plain):
    """sup_A |P(A) − Q(A)| = ½ ∫ |p − q|.

    Of numbers it is P(A) − Q(A) for the set A where the fitted ratio is above 1: the plug-in value
    with its first-order correction. Of categories it is the plain sum. Both are too large near
    zero, for A fits the samples; how much is worked out by drawing samples, see
    `klcli.measures.inversion.invert`.

    References
    ----------
    .. [1] A. Tsybakov, "Introduction to Nonparametric Estimation", Springer 2009, section 2.4,
       doi:10.1007/b13794.
    """

    name: ClassVar[str] = "tv"
    title: ClassVar[str] = "Total variation distance"
    symmetric: ClassVar[bool] = True
    given: ClassVar[bool] = False
    only: ClassVar[Direction | None] = None
    unit: ClassVar[str] = DIMENSIONLESS

    def __call__(self, material: Material) -> Measured | Finding:
        """Estimate from a column."""
        inverted = invert_ratio(material) if material.density == "ratio" else _categories(material)
        findings = dict.fromkeys(
            finding
            for side in (material.forward, material.reverse)
            for finding in concerning(side, escapes=False)
        )
        hidden = any(
            side.status is Status.LOWER_BOUND and _HIDDEN & {each.code for each in side.findings}
            for side in (material.forward, material.reverse)
        )
        low = inverted.low
        if material.p_value > material.level:
            low = 0.0
        return Measured(
            value=inverted.value,
            low=low,
            high=1.0 if hidden else min(inverted.high, 1.0),
            standard_error=inverted.standard_error,
            p_value=material.p_value,
            noise_floor=inverted.noise_floor if material.resamples else math.nan,
            density=material.density,
            estimator="plug-in",
            interval="inversion",
            reason="the set where the ratio is above 1, less what chance adds"
            if material.density == "ratio"
            else "half the sum of differences, less what chance adds",
            status=Status.LOWER_BOUND if hidden else Status.OK,
            findings=tuple(findings),
        )


def _categories(material: Material) -> Inverted:
    table = material.table
    held = table.p + table.q > 0
    n, m = max(round(table.n_p), 1), max(round(table.n_q), 1)
    mass_p, mass_q = (each[held] for each in masses(table.p, table.q, material.added or 0.0))
    pooled = (n * mass_p + m * mass_q) / (n + m)
    cells = len(pooled)
    observed = float(np.abs(mass_p - mass_q).sum()) / 2
    if cells < 2:
        return Inverted(0.0, 0.0, unseen((n, m), material.confidence), 0.0, 0.0)
    draws = min(DRAWS, max(_COUNTS // cells, 50))
    rng = material.rng("tv")

    def family(difference: Floats) -> Callable[[float], Floats]:
        """Return samples of pairs that differ in proportion to this, shape (cells,)."""
        difference = difference - difference.sum() * pooled

        def pair(size: float) -> tuple[Floats, Floats]:
            return (
                unit(pooled + size * m / (n + m) * difference),
                unit(pooled - size * n / (n + m) * difference),
            )

        def distance(size: float) -> float:
            p, q = pair(size)
            return float(np.abs(p - q).sum()) / 2

        def drawn(target: float) -> Floats:
            p, q = pair(reached(distance, target))
            some = rng.multinomial(n, p, size=draws) / n - rng.multinomial(m, q, size=draws) / m
            distances: Floats = np.abs(some).sum(axis=1) / 2
            return distances if draws >= _FEW else _normal(distances)

        return drawn

    # Chance adds most where the difference is in few categories, least where it is in all.
    order = np.argsort(-pooled, kind="stable")
    few, every = np.zeros(cells), np.sqrt(pooled)
    few[order[:2]] = 1, -1
    every[order[1::2]] *= -1
    shapes = [mass_p - mass_q if observed > 0 else few, few, every]
    families = [family(shape) for shape in (shapes if cells > 2 else shapes[:1])]
    inverted = invert(observed, families, material.confidence, 1.0)
    above = mass_p > mass_q
    inside = float(mass_p[above].sum()), float(mass_q[~above].sum())
    inverted = capped(inverted, inside, (n, m), material.confidence)
    return inverted if material.added is not None else _learned(inverted, table)


def _learned(inverted: Inverted, table: CountTable) -> Inverted:
    """Let rare categories learn from all others, as is done for D(P‖Q); within the interval."""
    weight = float(posterior_weight(table.p[None], table.q[None])[0])
    if weight == 0:
        return inverted
    counts = multiplicity(table.p, table.q)
    mean = posterior(counts, function=lambda log_ratio: np.abs(np.expm1(log_ratio)) / 2).mean
    value = inverted.value + weight * (mean - inverted.value)
    return replace(inverted, value=min(max(value, inverted.low), inverted.high))


def _normal(values: Floats) -> Floats:
    """Return quantiles of the normal distribution with this mean and spread."""
    scores = np.array([NormalDist().inv_cdf((i + 0.5) / 1000) for i in range(1000)])
    normal: Floats = values.mean() + values.std(ddof=1) * scores
    return normal
