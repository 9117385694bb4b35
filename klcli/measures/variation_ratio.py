"""Total variation from the fitted log ratio of numbers."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from klcli.densities.logistic import sigmoid
from klcli.measures.inversion import (
    DRAWS,
    Inverted,
    invert,
    normal_counts,
    reached,
    unit,
)
from klcli.measures.wilson import capped, unseen
from klcli.quantiles import middle_ranks

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.densities.linear_model import Model
    from klcli.densities.logistic import Fit
    from klcli.densities.ratio import Ensemble
    from klcli.measures.material import Material
    from klcli.typing import Floats


def invert_ratio(material: Material) -> Inverted:
    """Refit to each sample by one step of Newton's method from the pair that it is drawn from."""
    table = material.table
    special = table.special
    ensemble = material.ensemble
    p, q = ensemble.p, ensemble.q
    outer_p, outer_q = table.p[special], table.q[special]
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
            chance = sigmoid(size * shape + odds)
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
            chance = sigmoid(at + odds)
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
    return capped(inverted, inside, (n, m), material.confidence)


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
    odds = sigmoid(fit.log_ratio + math.log(p.sum() / q.sum()))
    share = (p + q) / (p + q).sum()
    return fit.precision - model.precision(share * odds * (1 - odds), np.zeros_like(fit.precision))


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
