"""What estimates and test statistics are where P is Q: counts drawn from exact probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.onesample import normal
from klcli.onesample.fit import random_walk, smooth
from klcli.onesample.grid import Grid

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.known_counts import KnownCounts
    from klcli.typing import Floats

#: Cells of the test, half of them evenly spaced in rank and half in normal score.
_CELLS: Final = 64
#: Normal scores of cells beyond, where no row is expected, but one may lie.
_TAILS: Final = np.array([5.0, 6.0, 7.0, 8.0, 10.0, 14.0, 20.0, 30.0])


@dataclass(frozen=True, slots=True, eq=False)
class KnownNull:
    """The distribution under P = Q.

    Attributes
    ----------
    p_value : float
        NaN without draws.
    forward, reverse : ndarray, shape (draws,)
        Estimates of D(P‖Q) and D(Q‖P), in nats.
    """

    p_value: float
    forward: Floats
    reverse: Floats


def cell_edges(table: KnownCounts) -> Floats:
    """Return the bounds of the test's cells as normal scores; they depend on Q alone."""
    from scipy.special import ndtri

    even = ndtri(np.arange(1, _CELLS) / _CELLS)
    edges = np.concatenate([even, np.linspace(-4.5, 4.5, _CELLS), _TAILS, -_TAILS])
    if not table.points:
        bounds = table.upper[:-1]
        if not len(bounds):
            return np.empty(0)
        edges = bounds[np.clip(np.searchsorted(bounds, edges), 0, len(bounds) - 1)]
    result: Floats = np.unique(edges)
    return result


def simulate_scores(
    table: KnownCounts,
    outside: float,
    draws: int,
    rng: Generator,
    directions: Floats | None = None,
) -> KnownNull:
    """Test whether P is Q, by drawing counts from Q's exact probabilities.

    The statistic is the larger of two, each in units of its spread under the null: the log
    evidence of a smooth or rough difference, summed over penalties (as in `RatioPlugIn.null`,
    around a ratio of one), and the largest deviance of the share of rows beyond any bound [1]_,
    which single rows far out in a tail do not escape.

    Parameters
    ----------
    table : KnownCounts
        Numbers.
    outside : float
        Rows of values that Q cannot take: one is proof enough.
    draws : int
        Tables to draw; 0 for no test.
    rng : Generator
        Source of randomness.
    directions : ndarray, shape (cells of the test, parameters), optional
        Derivatives of Q's log probabilities in parameters that were fitted to these rows. To
        first order, fitting takes away what counts show in those directions [2]_, from drawn
        counts as from the observed: a parametric bootstrap in one step.

    References
    ----------
    .. [1] R. H. Berk, D. H. Jones, "Goodness-of-fit test statistics that dominate the Kolmogorov
       statistics", Z. Wahrscheinlichkeitstheorie verw. Gebiete 47 (1979), 47-59,
       doi:10.1007/BF00533250.
    .. [2] H. Chernoff, E. L. Lehmann, "The use of maximum likelihood estimates in χ² tests for
       goodness of fit", Annals of Mathematical Statistics 25 (1954), 579-586,
       doi:10.1214/aoms/1177728726.
    """
    edges = cell_edges(table)
    if draws == 0 or table.n_p + outside < 1:
        return KnownNull(np.nan, np.empty(0), np.empty(0))
    bounds = np.concatenate([[-np.inf], edges, [np.inf]])
    log_q = normal.log_mass(bounds[:-1], bounds[1:])
    share = np.exp(log_q)
    share /= share.sum()
    rows = max(1, round(table.n_p + outside))
    drawn = rng.multinomial(rows, share, size=draws) / rows
    z = table.lower if table.points else normal.middle(table.lower, table.upper)
    observed = np.bincount(np.searchsorted(edges, z, side="right"), table.p, len(share))
    p = np.vstack([observed / max(table.n_p, 1e-300), drawn])
    if directions is not None:
        p = p - _fitted_away(p - share, share, directions)
    cells = Grid(
        edges, np.arange(len(share)), share, log_q, log_q, normal.middle(bounds[:-1], bounds[1:]),
        np.zeros(len(share)), float(rows),
    )  # fmt: skip
    if len(share) < 2:
        return KnownNull(1 / (draws + 1) if outside else 1.0, np.zeros(draws), np.zeros(draws))
    evidence, values = _quadratic(cells, p - share, directions)
    statistic = np.maximum(_standardised(evidence), _standardised(_farthest(p, share)))
    p_value = float(np.mean(statistic >= statistic[0] - 1e-9))
    if outside:
        p_value = 1 / (draws + 1)
    return KnownNull(p_value, values[1:], values[1:])


def _fitted_away(excess: Floats, share: Floats, directions: Floats) -> Floats:
    centred = directions - share @ directions
    information = centred.T @ (centred * share[:, None])
    step = np.linalg.lstsq(information, (excess @ centred).T, rcond=1e-10)[0]
    result: Floats = (centred @ step).T * share
    return result


def _quadratic(cells: Grid, excess: Floats, directions: Floats | None) -> tuple[Floats, Floats]:
    """Return log evidence and estimate for shares that exceed Q's by `excess`.

    In `directions` that were fitted there is no excess, and so no optimism.
    """
    rows, share = cells.rows, cells.p
    evidence, estimates = [], []
    # A normal base near P adds location and scale, here a slope and a parabola.
    models = [smooth(cells, curved=False), smooth(cells, curved=True), random_walk(cells)]
    for model in models:
        centred = model.design - share @ model.design
        covariance = centred.T @ (centred * share[:, None])
        factor = np.linalg.cholesky(covariance + model.prior)
        whiten = np.linalg.inv(factor)
        roughness, rotation = np.linalg.eigh(whiten @ model.roughness @ whiten.T)
        squared_score = (excess @ (model.design @ (whiten.T @ rotation))) ** 2
        shrink = 1 / (1 + np.outer(np.maximum(roughness, 0), model.weights))
        gain = squared_score @ shrink
        determinant = 2 * np.log(np.diag(factor)).sum() - np.log(shrink).sum(axis=0)
        evidence.append(0.5 * (rows * gain + model.log_determinants - determinant))
        # A constant has no variance, and so no optimism.
        basis = (centred @ (whiten.T @ rotation)) * share[:, None] ** 0.5
        free = np.sum(basis**2, axis=0)
        if directions is not None:
            fitted = (directions - share @ directions) * share[:, None] ** 0.5
            free -= np.sum((np.linalg.qr(fitted)[0].T @ basis) ** 2, axis=0)
        optimism = free @ shrink / rows
        estimates.append(gain - 0.5 * squared_score @ shrink**2 - 0.5 * optimism)
    stacked = np.hstack(evidence)
    largest = stacked.max(axis=1)
    belief = np.exp(stacked - largest[:, None])
    total = belief.sum(axis=1)
    return np.log(total) + largest, np.sum(belief * np.hstack(estimates), axis=1) / total


def _farthest(p: Floats, share: Floats) -> Floats:
    """Return the largest deviance of a share below a bound, over all bounds and each row of p."""
    below, expected = np.cumsum(p, axis=1)[:, :-1], np.cumsum(share)[:-1]
    above, beyond = np.cumsum(p[:, ::-1], axis=1)[:, -2::-1], np.cumsum(share[::-1])[-2::-1]

    def part(seen: Floats, known: Floats) -> Floats:
        seen = np.maximum(seen, 0.0)
        logs = np.log(np.where(seen > 0, seen, 1.0)) - np.log(np.maximum(known, 1e-300))
        result: Floats = np.where(seen > 0, seen * logs, 0.0)
        return result

    deviance: Floats = (part(below, expected) + part(above, beyond)).max(axis=1)
    return deviance


def _standardised(statistic: Floats) -> Floats:
    """Return distances from the mean of the draws in standard deviations, to nine digits."""
    spread = float(statistic[1:].std())
    distance: Floats = (statistic - statistic[1:].mean()) / (spread or 1.0)
    return np.round(distance, 9)
