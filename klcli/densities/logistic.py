"""Penalised logistic regression of "this row came from P" on the cells of a count table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.typing import Floats

#: Newton's method stops when no log ratio moves by more than this.
_TOLERANCE = 1e-6
#: Longest step of a log ratio, so that separated samples do not overshoot.
_LONGEST_STEP = 4.0
#: A path ends when the evidence has fallen this far (in nats) below its maximum: what follows
#: would weigh less than 1e-6 in an average.
_NEGLIGIBLE = 14.0


@dataclass(frozen=True, eq=False)
class Model:
    """A linear model of the log ratio, with Gaussian priors of growing looseness.

    Attributes
    ----------
    design : ndarray, shape (cells, k)
        The basis functions at each cell.
    roughness : ndarray, shape (k, k)
        Penalised with each of `weights` in turn.
    prior : ndarray, shape (k, k)
        Penalty that makes the prior proper, whatever the weight; like the others per row.
    weights : ndarray, shape (path,)
        Decreasing; per row of data, so that rows × weight is the prior precision.
    """

    design: Floats
    roughness: Floats
    prior: Floats
    weights: Floats

    def penalties(self) -> Iterator[Floats]:
        """Yield the penalty matrices along the path, smoothest first."""
        for weight in self.weights:
            yield weight * self.roughness + self.prior

    @cached_property
    def log_determinants(self) -> Floats:
        """The log determinants of the penalty matrices, shape (path,)."""
        return np.array([np.linalg.slogdet(penalty)[1] for penalty in self.penalties()])

    @cached_property
    def _band(self) -> tuple[Floats, Floats] | None:
        """Squares of the basis functions and products of neighbours, if no others overlap."""
        design = self.design
        if np.triu(np.abs(design).T @ np.abs(design), 2).any():
            return None
        return design.T**2, (design[:, :-1] * design[:, 1:]).T

    def precision(self, curvature: Floats, penalty: Floats) -> Floats:
        """Return the information of cells of this curvature, with a penalty, shape (k, k)."""
        band = self._band
        if band is None:
            # A matrix times itself: NumPy then computes but half of the product.
            root = self.design * np.sqrt(curvature)[:, None]
            result: Floats = root.T @ root + penalty
            return result
        result = penalty.copy()
        size = len(result)
        result.flat[:: size + 1] += band[0] @ curvature
        beside = band[1] @ curvature
        result.flat[1 :: size + 1] += beside
        result.flat[size :: size + 1] += beside
        return result


@dataclass(frozen=True, slots=True, eq=False)
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
    offset = np.log(p.sum() / q.sum())
    share_p, share = p / rows, (p + q) / rows
    coefficients = np.zeros(model.design.shape[1])
    fits: list[Fit] = []
    best = -np.inf
    for penalty, log_determinant in zip(model.penalties(), model.log_determinants, strict=True):
        coefficients, precision = _newton(model, penalty, share_p, share, offset, coefficients)
        log_ratio = model.design @ coefficients
        likelihood = rows * float(
            share_p @ (log_ratio + offset) - share @ np.logaddexp(0, log_ratio + offset)
        )
        prior = 0.5 * rows * float(coefficients @ penalty @ coefficients)
        occam = 0.5 * float(log_determinant - np.linalg.slogdet(precision)[1])
        fits.append(Fit(log_ratio, likelihood - prior + occam, precision))
        best = max(best, fits[-1].log_evidence)
        if fits[-1].log_evidence < best - _NEGLIGIBLE:
            break
    return fits


def _newton(
    model: Model, penalty: Floats, share_p: Floats, share: Floats, offset: float, start: Floats
) -> tuple[Floats, Floats]:
    design, coefficients = model.design, start
    for _ in range(60):
        probability = 1 / (1 + np.exp(-np.clip(design @ coefficients + offset, -35, 35)))
        gradient = design.T @ (share_p - share * probability) - penalty @ coefficients
        curvature = share * probability * (1 - probability)
        precision = model.precision(curvature, penalty)
        step = np.linalg.solve(precision, gradient)
        longest = float(np.abs(design @ step).max())
        coefficients = coefficients + step * min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        if longest < _TOLERANCE:
            break
    return coefficients, precision
