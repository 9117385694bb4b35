"""The log ratio of P to a known Q, by penalised likelihood, averaged over models by evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.densities.bumps import BUMP_VARIANCE, bumps
from klcli.densities.linear_model import Model, level_prior, path_weights
from klcli.densities.logistic import Fit
from klcli.densities.splines import linear, natural_cubic
from klcli.onesample.bases import bases
from klcli.onesample.grid import grid
from klcli.quantiles import middle_ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.known_counts import KnownCounts
    from klcli.onesample.grid import Grid
    from klcli.typing import Floats

#: Prior variances: of slope and curvature per unit of normal score, of single cells, of the
#: level. As in `klcli.densities.ratio`.
_SLOPE_VARIANCE: Final = 4.0
_CURVATURE_VARIANCE: Final = 1.0
_ATOM_VARIANCE: Final = 1.0
_HEAVY: Final = 0.02
_MOST_ATOMS: Final = 16
_NEGLIGIBLE_WEIGHT: Final = 1e-4
_TOLERANCE: Final = 1e-6
_LONGEST_STEP: Final = 4.0
_NEGLIGIBLE: Final = 14.0
#: Rows of Q for each of P in the search for stretches: so many that they are as good as known.
_MANY: Final = 1e4


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One fit: cells of a base, the model on top of it, and its maximum."""

    grid: Grid
    model: Model
    fit: Fit
    log_evidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Fits of several models, with the weights that follow from their evidence."""

    members: list[Member]
    weights: Floats


def ensemble(table: KnownCounts) -> Ensemble:
    """Fit log p/q to a sample, with Q exact.

    The likelihood is that of density estimation on a known measure, Σ η(x) − n log ∫ e^η dB, for
    which B, the base, is Q itself or a normal or Student distribution near P [1]_ [2]_. As with
    two samples (`klcli.densities.ratio.Ratio`), η is a natural cubic spline in the normal score,
    or a random walk where that is likelier, with terms for heavy single values and for stretches
    that stick out; penalties, models and bases are averaged by their evidence.

    References
    ----------
    .. [1] B. W. Silverman, "On the estimation of a probability density function by the maximum
       penalized likelihood method", Annals of Statistics 10 (1982), 795-810,
       doi:10.1214/aos/1176345872.
    .. [2] C. Gu, C. Qiu, "Smoothing spline density estimation: theory", Annals of Statistics 21
       (1993), 217-234, doi:10.1214/aos/1176349023.
    """
    members: list[Member] = []
    best: tuple[float, Grid, Model, list[Fit], float] | None = None
    for base in bases(table):
        cells = grid(table, base)
        if len(cells.p) < 2:
            continue
        # The likelihood of the base against Q, less what its parameters cost (Schwarz 1978).
        own = float(table.p @ cells.known) - 0.0
        if base.parameters == 3:
            own -= 0.5 * np.log(table.n_p)
        model = smooth(cells, curved=base.parameters > 0)
        fits = path(model, cells)
        members += _members(cells, model, fits, own)
        top = max(fit.log_evidence for fit in fits) + own
        if best is None or top > best[0]:
            best = top, cells, model, fits, own
    if best is None:
        return _constant(table)
    _, cells, model, fits, own = best
    if not table.points:
        heavy = np.flatnonzero(cells.p >= _HEAVY)
        if 0 < len(heavy) < len(cells.p) - 3:
            heavy = heavy[np.argsort(-cells.p[heavy], kind="stable")[:_MOST_ATOMS]]
            extra = np.zeros((len(cells.p), len(heavy)))
            extra[heavy, np.arange(len(heavy))] = 1
            atoms = _with_terms(model, extra, _ATOM_VARIANCE, cells.rows)
            members += _members(cells, atoms, path(atoms, cells), own)
    walk = random_walk(cells)
    walks = path(walk, cells)
    members += _members(cells, walk, walks, own)
    members += _with_bumps(cells, model, fits, own)
    evidence = np.array([member.log_evidence for member in members])
    weights = np.exp(evidence - evidence.max())
    weights /= weights.sum()
    keep = np.flatnonzero(weights > _NEGLIGIBLE_WEIGHT)
    return Ensemble([members[place] for place in keep], weights[keep] / weights[keep].sum())


def _constant(table: KnownCounts) -> Ensemble:
    """Return the only ratio that a single cell can have."""
    cells = grid(table, bases(table)[0])
    one = np.ones((1, 1))
    fit = Fit(np.zeros(1), 0.0, one)
    return Ensemble([Member(cells, Model(one, 0 * one, one, np.ones(1)), fit, 0.0)], np.ones(1))


def _members(cells: Grid, model: Model, fits: Sequence[Fit], own: float) -> list[Member]:
    return [Member(cells, model, fit, fit.log_evidence + own) for fit in fits]


def smooth(cells: Grid, *, curved: bool) -> Model:
    """Return the spline in the normal score; if `curved`, with a parabola of its own."""
    rows, score, mass = cells.rows, cells.score, np.exp(cells.log_base)
    rank = 0.5 * (middle_ranks(cells.p) + middle_ranks(mass))
    knots = _knots(score, rank, int(np.clip(3.2 * rows ** (1 / 3), 8, 64)))
    if len(knots) < 3:
        return random_walk(cells)
    design, roughness = natural_cubic(score, knots)
    centred = score - mass @ score
    slope = ((mass * centred) @ design) / (mass @ centred**2)
    prior = level_prior(design, mass, rows) + np.outer(slope, slope) / (rows * _SLOPE_VARIANCE)
    model = Model(design, roughness, prior, path_weights(10 * rows, 2e-4, rows))
    if not curved:
        return model
    held = np.flatnonzero(cells.p)
    inner = np.clip(score, score[held[0]], score[held[-1]])
    parabola = 0.5 * inner**2 + inner * (score - inner)
    return _with_terms(model, parabola[:, None], _CURVATURE_VARIANCE, rows)


def random_walk(cells: Grid) -> Model:
    """Return piecewise linear functions of the rank, for steps and edges."""
    rows, mass = cells.rows, np.exp(cells.log_base)
    share = 0.5 * (cells.p + mass)
    rank = middle_ranks(share)
    knots = _knots(rank, rank, int(np.clip(5 * rows ** (1 / 3), 8, 128)), share)
    if len(knots) < 2:
        knots = rank
    design, roughness = linear(rank, knots)
    return Model(
        design, roughness, level_prior(design, mass, rows), path_weights(10 * rows, 2e-3, rows)
    )


def path(model: Model, cells: Grid) -> list[Fit]:
    """Fit a model along its penalties, smoothest first, until the rest cannot matter."""
    coefficients = np.zeros(model.design.shape[1])
    fits: list[Fit] = []
    best = -np.inf
    for penalty, log_determinant in zip(model.penalties(), model.log_determinants, strict=True):
        coefficients, precision = _newton(model, penalty, cells, coefficients)
        log_ratio = model.design @ coefficients
        likelihood = cells.rows * (cells.p @ log_ratio - _log_mean(log_ratio, cells.log_base))
        prior = 0.5 * cells.rows * float(coefficients @ penalty @ coefficients)
        occam = 0.5 * float(log_determinant - np.linalg.slogdet(precision)[1])
        fits.append(Fit(log_ratio, float(likelihood) - prior + occam, precision))
        best = max(best, fits[-1].log_evidence)
        if fits[-1].log_evidence < best - _NEGLIGIBLE:
            break
    return fits


def _newton(model: Model, penalty: Floats, cells: Grid, start: Floats) -> tuple[Floats, Floats]:
    design, coefficients = model.design, start
    for _ in range(60):
        log_mass = design @ coefficients + cells.log_base
        mass = np.exp(log_mass - log_mass.max())
        mass /= mass.sum()
        mean = mass @ design
        gradient = cells.p @ design - mean - penalty @ coefficients
        precision = model.precision(mass, penalty) - np.outer(mean, mean)
        step = np.linalg.solve(precision, gradient)
        longest = float(np.abs(design @ step).max())
        coefficients = coefficients + step * min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        if longest < _TOLERANCE:
            break
    return coefficients, precision


def _log_mean(log_ratio: Floats, log_mass: Floats) -> float:
    total = log_ratio + log_mass
    top = total.max()
    return float(top + np.log(np.exp(total - top).sum()))


def _with_bumps(cells: Grid, model: Model, fits: list[Fit], own: float) -> list[Member]:
    """Fit a model with a level of its own for each stretch that sticks out of the smooth one."""
    rows_p, rows_q = cells.p * cells.rows, np.exp(cells.log_base) * cells.rows * _MANY
    chosen = max(fits, key=lambda fit: fit.log_evidence)
    found: dict[tuple[tuple[int, int], ...], float] = {}
    for fit in (fits[0], chosen):
        log_ratio = fit.log_ratio - _log_mean(fit.log_ratio, cells.log_base)
        places, log_prior = bumps(log_ratio - np.log(_MANY), rows_p, rows_q)
        found.setdefault(tuple(places), log_prior)
    members = []
    for stretches, log_prior in found.items():
        if not stretches:
            continue
        extra = np.zeros((len(cells.p), len(stretches)))
        for column, (first, stop) in enumerate(stretches):
            extra[first:stop, column] = 1
        bumpy = _with_terms(model, extra, BUMP_VARIANCE, cells.rows)
        members += _members(cells, bumpy, path(bumpy, cells), own + log_prior)
    return members


def _with_terms(model: Model, extra: Floats, variance: float, rows: float) -> Model:
    size, total = model.design.shape[1], model.design.shape[1] + extra.shape[1]
    roughness, prior = np.zeros((total, total)), np.zeros((total, total))
    roughness[:size, :size], prior[:size, :size] = model.roughness, model.prior
    prior[size:, size:] = np.eye(extra.shape[1]) / (rows * variance)
    return Model(np.hstack([model.design, extra]), roughness, prior, model.weights)


def _knots(x: Floats, rank: Floats, count: int, heavy: Floats | None = None) -> Floats:
    if len(x) > count:
        bins = np.minimum((rank * count).astype(int), count - 1)
        chosen = np.diff(bins, prepend=-1) > 0
        chosen[0] = chosen[-1] = True
        if heavy is not None:
            own = np.flatnonzero(heavy >= 0.5 / count)
            for around in (own - 1, own, own + 1):
                chosen[np.clip(around, 0, len(x) - 1)] = True
        x = x[chosen]
    result: Floats = x[np.concatenate([[True], np.diff(x) > 1e-9])]
    return result
