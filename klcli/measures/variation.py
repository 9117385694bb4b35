"""Total variation: the largest difference of the probabilities of any event."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.densities.frequency import masses
from klcli.diagnostics.support import no_number
from klcli.estimators.empirical_bayes import posterior_weight
from klcli.estimators.multiplicity import multiplicity
from klcli.estimators.ratio_prior import posterior
from klcli.measures.contract import DIMENSIONLESS, Measured
from klcli.measures.inversion import (
    DRAWS,
    Inverted,
    invert,
    normal_counts,
    reached,
    unit,
)
from klcli.measures.plain import Plain
from klcli.measures.status import concerning
from klcli.quantiles import middle_ranks
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.counts import CountTable
    from klcli.densities.linear_model import Model
    from klcli.densities.logistic import Fit
    from klcli.densities.ratio import Ensemble
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
        inverted = _numbers(material) if material.density == "ratio" else _categories(material)
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
    capped = _capped(inverted, inside, (n, m), material.confidence)
    return capped if material.added is not None else _learned(capped, table)


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


def _numbers(material: Material) -> Inverted:
    """Refit to each sample by one step of Newton's method from the pair that it is drawn from."""
    table = material.table
    single = no_number(table)
    ensemble = material.ensemble
    p, q = ensemble.p, ensemble.q
    outer_p, outer_q = table.p[single], table.q[single]
    if not ensemble.members:
        # Where one side has no numbers, those of the other are one more cell by itself.
        outer_p, outer_q = np.append(outer_p, p.sum()), np.append(outer_q, q.sum())
        p = q = np.empty(0)
    units, n, m = len(p), table.n_p, table.n_q
    if units + len(outer_p) < 2:
        return Inverted(0.0, 0.0, unseen((n, m), material.confidence), 0.0, 0.0)
    share_p, share_q = np.append(p, outer_p) / n, np.append(q, outer_q) / m
    pooled = (n * share_p + m * share_q) / (n + m)
    odds = math.log(n / m)
    log_ratio = np.empty(0)
    if units:
        log_ratio = ensemble.log_ratio() + math.log(p.sum() / q.sum()) - odds
    alone = np.log(np.maximum(outer_p, 0.5) / np.maximum(outer_q, 0.5)) - odds
    own = np.append(log_ratio, alone)
    observed = float(_distance(log_ratio, share_p - share_q)[()])
    rng = material.rng("tv")
    noise = [rng.standard_normal((DRAWS, len(pooled))) for _ in range(2)]
    penalties = [_penalty(model, fit, ensemble) for model, fit in ensemble.members]
    rows = float(p.sum() + q.sum())

    def family(shape: Floats) -> Callable[[float], Floats]:
        """Return samples of pairs whose log ratio is in proportion to this, shape (cells,)."""

        def pair(size: float) -> tuple[Floats, Floats]:
            chance = _sigmoid(size * shape + odds)
            return unit(pooled * chance), unit(pooled * (1 - chance))

        def distance(size: float) -> float:
            mass_p, mass_q = pair(size)
            return float(np.abs(mass_p - mass_q).sum()) / 2

        def drawn(target: float) -> Floats:
            mass_p, mass_q = pair(reached(distance, target))
            change_p, change_q = (
                normal_counts(each, mass, size)
                for each, mass, size in zip(noise, (mass_p, mass_q), (n, m), strict=True)
            )
            at = np.log(np.maximum(mass_p[:units], 1e-300) / np.maximum(mass_q[:units], 1e-300))
            chance = _sigmoid(at + odds)
            score = change_p[:, :units] * (n * (1 - chance)) - change_q[:, :units] * (m * chance)
            curvature = (n * mass_p + m * mass_q)[:units] / rows * chance * (1 - chance)
            fitted = at + score @ _smoother(ensemble, penalties, curvature) / rows
            return _distance(fitted, mass_p - mass_q + change_p - change_q)

        return drawn

    # A difference with one change of sign, half way, is moved most by chance.
    shift = np.append(_scores(p + q), np.zeros(len(outer_p)))
    shapes = [own, shift] if np.ptp(own) > 1e-9 else [shift]
    inverted = invert(observed, [family(shape) for shape in shapes], material.confidence, 1.0)
    above = own > 0
    inside = float(share_p[above].sum()), float(share_q[~above].sum())
    return _capped(inverted, inside, (n, m), material.confidence)


def unseen(rows: tuple[float, float], confidence: float) -> float:
    """Return how different two sides may be that show one and the same value only.

    The upper end of Wilson's interval for a share of 0 rows, of both sides together.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return math.hypot(*(z * z / (n + z * z) for n in rows))


def _capped(
    inverted: Inverted, inside: tuple[float, float], rows: tuple[float, float], confidence: float
) -> Inverted:
    """Lower the lower end to what shares of samples allow.

    Of shares P(A) and Q(not A) that are 1 in samples, the truth may be less by a few rows, of which
    no resample shows any. The ends of Wilson's intervals are joined as in [1]_.

    References
    ----------
    .. [1] R. Newcombe, "Interval estimation for the difference between independent proportions",
       Statistics in Medicine 17 (1998) 873, method 10.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    below = 0.0
    for share, n in zip(inside, rows, strict=True):
        share = min(share, 1.0)  # noqa: PLW2901 - off by rounding
        middle = share + z * z / (2 * n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        below += (share - (middle - half) / (1 + z * z / n)) ** 2
    low = sum(inside) - 1 - math.sqrt(below)
    return replace(inverted, low=max(min(inverted.low, low), 0.0))


def _scores(counts: Floats) -> Floats:
    rank = middle_ranks(counts) / counts.sum()
    return np.array([NormalDist().inv_cdf(u) for u in rank])


def _smoother(ensemble: Ensemble, penalties: list[Floats], curvature: Floats) -> Floats:
    """Return the matrix that takes scores of cells to changes of the averaged log ratio."""
    inverses: dict[int, Floats] = {}
    designs: dict[int, Floats] = {}
    for (model, _), belief, penalty in zip(
        ensemble.members, ensemble.weights, penalties, strict=True
    ):
        inverse = belief * np.linalg.inv(model.precision(curvature, penalty))
        inverses[id(model)] = inverses.get(id(model), 0.0) + inverse
        designs[id(model)] = model.design
    smoother: Floats = sum(
        (design @ inverses[key] @ design.T for key, design in designs.items()),
        np.zeros((len(curvature), len(curvature))),
    )
    return smoother


def _penalty(model: Model, fit: Fit, ensemble: Ensemble) -> Floats:
    """Return the penalty of a fit: its precision less its information."""
    p, q = ensemble.p, ensemble.q
    odds = _sigmoid(fit.log_ratio + math.log(p.sum() / q.sum()))
    share = (p + q) / (p + q).sum()
    return fit.precision - model.precision(share * odds * (1 - odds), np.zeros_like(fit.precision))


def _sigmoid(x: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    return result


def _distance(log_ratio: Floats, difference: Floats) -> Floats:
    """Return P(A) − Q(A), A where the ratio is above 1; of cells that are no numbers, by itself.

    Parameters
    ----------
    log_ratio : ndarray, shape (..., units)
        Of the cells that hold numbers, which come first.
    difference : ndarray, shape (..., cells)
        p − q of all cells; the sum over them is 0.
    """
    units = log_ratio.shape[-1]
    inside = np.sum(np.sign(log_ratio) * difference[..., :units], axis=-1)
    alone = np.abs(difference[..., units:]).sum(axis=-1)
    distances: Floats = (inside + alone) / 2
    return distances
