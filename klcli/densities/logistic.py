"""Penalised logistic regression of "this row came from P" on the cells of a count table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.densities.linear_model import Model
    from klcli.typing import Floats

#: No log ratio is further from the maximum than about this.
_TOLERANCE = 1e-7
#: Longest step of a log ratio, so that separated samples do not overshoot.
_LONGEST_STEP = 4.0
#: After a Newton step of this length, the next would be shorter than the tolerance.
_LAST_STEP = 5e-4
#: Steps that are tried with the information at no difference before that of the fit is used.
_QUICK_STEPS = 16
#: Each of those must be shorter than the one before by this factor.
_CONTRACTION = 0.3
#: A path ends when the evidence has fallen this far (in nats) below its maximum: what follows
#: would weigh less than 5e-5 in an average.
_NEGLIGIBLE = 10.0


@dataclass(frozen=True, eq=False)
class Fit:
    """The penalised maximum of the likelihood for one penalty.

    Attributes
    ----------
    log_ratio : ndarray, shape (cells,)
        log p/q at each cell.
    log_evidence : float
        Laplace's approximation to the log marginal likelihood of the penalty.
    precision : ndarray, shape (k, k)
        Negative Hessian of the penalised mean log-likelihood.
    """

    log_ratio: Floats
    log_evidence: float
    precision: Floats

    @cached_property
    def whiten(self) -> Floats:
        """The matrix W for which W·precision·Wᵀ is the identity, shape (k, k)."""
        return np.linalg.inv(np.linalg.cholesky(self.precision))


def path(model: Model, p: Floats, q: Floats) -> list[Fit]:
    """Fit a model along its penalties, each from where the last one ended.

    Parameters
    ----------
    model : Model
        Design and penalties.
    p, q : ndarray, shape (cells,)
        Counts.

    Returns
    -------
    list of Fit
        One for each penalty until the evidence has fallen so far that the rest cannot matter.
    """
    rows = float(p.sum() + q.sum())
    share_p, share = p / rows, (p + q) / rows
    offset = _offset(share_p, share)
    fits: list[Fit] = []
    best = -np.inf
    for found, penalty, log_determinant in zip(
        _maxima(model, share_p, share), model.penalties(), model.log_determinants, strict=True
    ):
        logit = found.log_ratio + offset
        likelihood = rows * float(share_p @ logit - share @ np.logaddexp(0, logit))
        prior = 0.5 * rows * float(found.coefficients @ penalty @ found.coefficients)
        precision = model.precision(share * _variance(logit), penalty)
        # Half the work of a determinant, and no smaller a matrix can be positive definite.
        occam = 0.5 * float(log_determinant) - float(
            np.log(np.diag(np.linalg.cholesky(precision))).sum()
        )
        fits.append(Fit(found.log_ratio, likelihood - prior + occam, precision))
        best = max(best, fits[-1].log_evidence)
        if fits[-1].log_evidence < best - _NEGLIGIBLE:
            break
    return fits


@dataclass(frozen=True, slots=True, eq=False)
class _Maximum:
    """Where the penalised likelihood is largest: coefficients, and log p/q at each cell."""

    coefficients: Floats
    log_ratio: Floats


def _maxima(model: Model, share_p: Floats, share: Floats) -> Iterator[_Maximum]:
    """Find the maxima along the path of a model.

    Those near no difference are found together, the others each from the last one: looser
    penalties will not bring a log ratio back that is far from none.
    """
    last = _Maximum(np.zeros(model.design.shape[1]), np.zeros(len(share)))
    done = 0
    for last in _near_no_difference(model, share_p, share):
        yield last
        done += 1
    for penalty in islice(model.penalties(), done, None):
        last = _newton(model, penalty, share_p, share, last)
        yield last


def _near_no_difference(model: Model, share_p: Floats, share: Floats) -> list[_Maximum]:
    """Go by the information where P and Q do not differ, for all penalties at once.

    Returns
    -------
    list of _Maximum
        Those of the path up to the first one that is too far away.
    """
    weight = float(share_p.sum())
    axes = model.axes(share, weight * (1 - weight))
    offset, information = _offset(share_p, share), axes.information
    # Along the axes the penalised information is diagonal, but for a term of rank one: that of
    # functions that are not centred.
    penalty = 1 + np.outer(axes.roughness, model.weights)
    level = axes.mean[:, None] / penalty
    lift = information / (1 + information * (axes.mean @ level))
    along = np.zeros(penalty.shape)
    log_ratio = np.zeros((len(share), len(model.weights)))
    before = np.full(len(model.weights), np.nan)
    settled = np.zeros(len(model.weights), dtype=bool)
    for _ in range(_QUICK_STEPS):
        centred = log_ratio - share @ log_ratio
        residual = share_p[:, None] - share[:, None] * (
            _probability(log_ratio + offset) - information * centred
        )
        step = (axes.design.T @ residual) / penalty - along
        step -= level * (lift * (axes.mean @ step))
        step[:, settled] = 0
        change = axes.design @ step
        longest = np.abs(change).max(axis=0)
        length = np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))
        along += length * step
        log_ratio += length * change
        # The next step is as much shorter again.
        settled |= (longest < _TOLERANCE) | (longest**2 < _TOLERANCE * before)
        lost = ~settled & (longest > _CONTRACTION * before)
        if lost.any():
            # What comes after the first that is lost is of no use either.
            kept = int(lost.argmax())
            along, log_ratio, settled = along[:, :kept], log_ratio[:, :kept], settled[:kept]
            longest, lift = longest[:kept], lift[:kept]
            penalty, level = penalty[:, :kept], level[:, :kept]
        if settled.all():
            break
        before = longest
    count = len(settled) if settled.all() else int(settled.argmin())
    coefficients = axes.basis @ along[:, :count]
    return [_Maximum(coefficients[:, i], log_ratio[:, i]) for i in range(count)]


def _newton(
    model: Model, penalty: Floats, share_p: Floats, share: Floats, start: _Maximum
) -> _Maximum:
    """Find the maximum for one penalty."""
    coefficients, log_ratio = start.coefficients, start.log_ratio
    offset = _offset(share_p, share)
    for _ in range(60):
        logit = log_ratio + offset
        precision = model.precision(share * _variance(logit), penalty)
        gradient = (share_p - share * _probability(logit)) @ model.design - penalty @ coefficients
        step = np.linalg.solve(precision, gradient)
        change = model.design @ step
        longest = float(np.abs(change).max())
        length = min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        coefficients = coefficients + length * step
        log_ratio = log_ratio + length * change
        if longest < _LAST_STEP:
            break
    return _Maximum(coefficients, log_ratio)


def _offset(share_p: Floats, share: Floats) -> float:
    """Return the logit of P's share of all rows."""
    weight = float(share_p.sum())
    return float(np.log(weight / (share.sum() - weight)))


def sigmoid(logit: Floats) -> Floats:
    """Return the probabilities that logits stand for."""
    probability: Floats = 1 / (1 + np.exp(np.minimum(np.maximum(-logit, -700.0), 700.0)))
    return probability


def _probability(logit: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp(np.minimum(np.maximum(-logit, -35.0), 35.0)))
    return probability


def _variance(logit: Floats) -> Floats:
    probability = _probability(logit)
    return probability * (1 - probability)
