"""D between a sample and a known distribution from the fitted log ratio, in both directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.onesample import normal
from klcli.onesample.fit import ensemble
from klcli.quantiles import middle_ranks
from klcli.typing import Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.known_counts import KnownCounts
    from klcli.onesample.fit import Ensemble, Member
    from klcli.typing import Floats

    #: Bounds between cells → derivatives of Q's log probabilities, shape (cells, parameters).
    Tangent = Callable[[Floats], Floats]

#: Standard deviation of the log of an exponential variable; see `klcli.estimators.ratio`.
_LOG_GAP_DEVIATION: Final = math.pi / math.sqrt(6)


@dataclass(frozen=True, slots=True)
class Both:
    """Point estimates of D(P‖Q) and D(Q‖P)."""

    forward: Point
    reverse: Point


def estimate_scores(table: KnownCounts, tangent: Tangent | None = None) -> Both:
    """Estimate both directions for numbers.

    Parameters
    ----------
    table : KnownCounts
        Rows of P.
    tangent : callable, optional
        Where parameters of Q were fitted to the rows, as `klcli.onesample.tangent.tangent_of`
        returns it. In those directions the rows show nothing any more, and so no optimism.

    Notes
    -----
    With g the fitted log p/q, D(P‖Q) is mean_P g − log E_Q e^g and D(Q‖P) is −E_Q g −
    log mean_P e^−g, in which means over rows of P are taken over the sample and expectations
    under Q are exact: the Donsker-Varadhan functional, which is the plug-in value with its
    first-order correction. The optimism of fitting g to the same rows is taken off, and the
    quadratic term and the spread of models go into the variance, as in
    `klcli.estimators.ratio.RatioPlugIn`, whose limit for ever more rows of Q this is.
    """
    fitted = ensemble(table)
    return Both(_forward(table, fitted, tangent), _reverse(table, fitted))


def _forward(table: KnownCounts, fitted: Ensemble, tangent: Tangent | None) -> Point:
    share = table.p / table.n_p
    values, squares, ratios = [], [], []
    for member in fitted.members:
        ratio, tilted = log_ratio(member)
        directions = None if tangent is None else tangent(member.grid.edges)
        optimism, square = _spread(member, tilted, directions)
        values.append(float(share @ ratio) - 0.5 * optimism)
        squares.append(0.5 * square)
        ratios.append(ratio)
    value = float(fitted.weights @ values)
    ratio = fitted.weights @ np.stack(ratios)
    excess = float(fitted.weights @ (np.array(squares) + (np.array(values) - value) ** 2))
    excess += (value - unsmoothed(table, fitted)) ** 2
    influence = ratio - share @ ratio
    contributions = share * ratio
    contributions += share * (value - contributions.sum())
    return Point(
        value, influence, np.zeros(len(share)), contributions,
        excess_variance=excess, null_variance=excess,
    )  # fmt: skip


def _reverse(table: KnownCounts, fitted: Ensemble) -> Point:
    share = table.p / table.n_p
    values, squares, ratios = [], [], []
    for member in fitted.members:
        ratio, _ = log_ratio(member)
        cells, mass_q = member.grid, np.exp(member.grid.log_q)
        log_p = member.fit.log_ratio + cells.log_base
        held = mass_q > 0
        own = np.where(held, log_p - _log_sum(log_p) - np.where(held, cells.log_q, 0.0), 0.0)
        shown = share > 0
        log_mean = _log_sum(np.log(share[shown]) - ratio[shown])
        optimism, square = _spread(member, mass_q / mass_q.sum())
        values.append(-float(mass_q @ own) - log_mean - 0.5 * optimism)
        squares.append(0.5 * square)
        ratios.append(ratio)
    value = float(fitted.weights @ values)
    ratio = fitted.weights @ np.stack(ratios)
    excess = float(fitted.weights @ (np.array(squares) + (np.array(values) - value) ** 2))
    odds = np.exp(-(ratio - ratio.min()))
    odds /= share @ odds
    beyond = math.hypot(*(max(side - 1 / table.n_p, 0.0) for side in beyond_rows(table)))
    return Point(
        value, 1 - odds, np.zeros(len(share)), share * odds * value,
        excess_variance=excess, null_variance=excess,
        beyond_support=_LOG_GAP_DEVIATION * beyond,
    )  # fmt: skip


def beyond_rows(table: KnownCounts) -> tuple[float, float]:
    """Return the probability under Q below the smallest and above the largest value of P."""
    shown = np.flatnonzero(table.p)
    low, high = table.lower[shown[0]], table.upper[shown[-1]]
    bounds = np.array([-np.inf, high]), np.array([low, np.inf])
    below, above = np.exp(normal.log_mass(*bounds))
    return float(below), float(above)


def log_ratio(member: Member) -> tuple[Floats, Floats]:
    """Return log p/q at each cell of the table, and the fitted mass of each cell of the grid."""
    cells, eta = member.grid, member.fit.log_ratio
    log_mean = _log_sum(eta + cells.log_base)
    ratio = cells.known + (eta - log_mean)[cells.owner]
    return ratio, np.exp(eta + cells.log_base - log_mean)


def _spread(member: Member, mass: Floats, directions: Floats | None = None) -> tuple[float, float]:
    """Return the sums of log(1 + μ) and of its square for the eigenvalues μ of A⁻¹C/n.

    C is the covariance of the basis; where parameters of Q were fitted, that of what is left of
    the basis once it has been regressed on their `directions`.
    """
    design = member.model.design
    root = (design - mass @ design) * mass[:, None] ** 0.5
    if directions is not None:
        fitted = (directions - mass @ directions) * mass[:, None] ** 0.5
        basis = np.linalg.qr(fitted)[0]
        root = root - basis @ (basis.T @ root)
    # Where scales differ by many orders of magnitude, rounding leaves no Cholesky factor.
    size, axes = np.linalg.eigh(member.fit.precision)
    whitened = (axes / np.maximum(size, 1e-13 * size[-1]) ** 0.5).T @ root.T
    eigenvalues = np.linalg.eigvalsh(whitened @ whitened.T)
    logs = np.log1p(np.maximum(eigenvalues, 0.0) / member.grid.rows)
    return float(logs.sum()), float(np.sum(logs**2))


def _log_sum(values: Floats) -> float:
    top = values.max()
    return float(top + np.log(np.exp(values - top).sum()))


def unsmoothed(table: KnownCounts, fitted: Ensemble) -> float:
    """Return an estimate of D(P‖Q) that assumes no smoothness beyond that of the base.

    By counts on 2n^⅓ quantile cells of the most likely base, corrected for bias (Zhang &
    Grabchak with known q: Σ p̂ [ψ(x) − ψ(n) − log q]).
    """
    from klcli.estimators.frequency import digamma

    cells = fitted.members[int(np.argmax(fitted.weights))].grid
    count = max(2, round(2 * cells.rows ** (1 / 3)))
    share = 0.5 * (cells.p + np.exp(cells.log_base))
    rank = middle_ranks(share)
    group = np.minimum((rank * count).astype(int), count - 1)
    p, mass = (
        np.bincount(group, each, count).astype(float)
        for each in (cells.p * cells.rows, np.exp(cells.log_base))
    )
    shown = p > 0
    known = float(table.p @ cells.known) / table.n_p
    terms = digamma(p[shown]) - digamma(np.array([cells.rows]))[0] - np.log(mass[shown])
    return known + float(p[shown] @ terms) / cells.rows
