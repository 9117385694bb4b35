"""Penalised logistic regression of "this row came from P" on the cells of a count table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.typing import Floats

#: No log ratio is further from the maximum than about this.
_TOLERANCE = 1e-6
#: Longest step of a log ratio, so that separated samples do not overshoot.
_LONGEST_STEP = 4.0
#: After a Newton step of this length, the next would be shorter than the tolerance.
_LAST_STEP = 5e-4
#: Steps that are tried with the information at no difference before that of the fit is used.
_QUICK_STEPS = 8
#: Each of those must be shorter than the one before by this factor.
_CONTRACTION = 0.3
#: A path ends when the evidence has fallen this far (in nats) below its maximum: what follows
#: would weigh less than 5e-5 in an average.
_NEGLIGIBLE = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """A basis in which every penalty of a model is diagonal where P and Q do not differ.

    Attributes
    ----------
    basis : ndarray, shape (k, k)
        One axis a column: there the information of centred functions and the prior add up to
        the identity.
    roughness : ndarray, shape (k,)
        Of each axis.
    mean : ndarray, shape (k,)
        Of each axis over the pooled rows.
    information : float
        Of a row: w(1 − w) for the share w of P.
    log_determinant : float
        Of information and prior, in the basis of the model.
    """

    basis: Floats
    roughness: Floats
    mean: Floats
    information: float
    log_determinant: float

    def solve(self, gradient: Floats, weight: float) -> Floats:
        """Return the Newton step from no difference with this weight of the penalty."""
        shrink = 1 / (1 + weight * self.roughness)
        step = shrink * (self.basis.T @ gradient)
        level = shrink * self.mean  # the uncentred information has one more term, of rank one
        step -= level * (
            self.information * (self.mean @ step) / (1 + self.information * (self.mean @ level))
        )
        result: Floats = self.basis @ step
        return result


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

    def axes(self, share: Floats, information: float) -> Axes:
        """Return the axes of the model for pooled shares, shape (cells,), of what it was made for."""
        # Exchanged samples have the same information but for rounding, and the same axes: these
        # come from the rounded value, so that it does not matter which of them asked first.
        information = float(f"{information:.12g}")
        known = self._axes.get(information)
        if known is None:
            mean = share @ self.design
            centred = self.design - mean
            covariance = centred.T @ (centred * share[:, None])
            factor = np.linalg.cholesky(information * covariance + self.prior)
            whiten = np.linalg.inv(factor)
            roughness, rotation = np.linalg.eigh(whiten @ self.roughness @ whiten.T)
            basis = whiten.T @ rotation
            known = Axes(
                basis,
                np.maximum(roughness, 0.0),
                mean @ basis,
                information,
                2 * float(np.log(np.diag(factor)).sum()),
            )
            self._axes[information] = known
        return known

    @cached_property
    def _axes(self) -> dict[float, Axes]:
        return {}

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
    share_p, share = p / rows, (p + q) / rows
    fits: list[Fit] = []
    best = -np.inf
    search = _Search(model, share_p, share)
    for weight, penalty, log_determinant in zip(
        model.weights, model.penalties(), model.log_determinants, strict=True
    ):
        coefficients, log_ratio, precision = search.maximum(float(weight), penalty)
        logit = log_ratio + search.offset
        likelihood = rows * float(share_p @ logit - share @ np.logaddexp(0, logit))
        prior = 0.5 * rows * float(coefficients @ penalty @ coefficients)
        # Half the work of a determinant, and no smaller a matrix can be positive definite.
        occam = 0.5 * float(log_determinant) - float(
            np.log(np.diag(np.linalg.cholesky(precision))).sum()
        )
        fits.append(Fit(log_ratio, likelihood - prior + occam, precision))
        best = max(best, fits[-1].log_evidence)
        if fits[-1].log_evidence < best - _NEGLIGIBLE:
            break
    return fits


class _Search:
    """Finds the maxima of the penalised likelihood along a path, each from the last one."""

    def __init__(self, model: Model, share_p: Floats, share: Floats) -> None:
        self.model, self.share_p, self.share = model, share_p, share
        weight = float(share_p.sum())
        self.offset = float(np.log(weight / (share.sum() - weight)))
        self.information = weight * (1 - weight)
        self.coefficients = np.zeros(model.design.shape[1])
        self.log_ratio = np.zeros(len(share))
        self.quick = True

    def maximum(self, weight: float, penalty: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the coefficients, the log ratio and the precision for one penalty."""
        if self.quick:
            # Once the log ratio is far from none, looser penalties will not bring it back.
            self.quick = self._near_no_difference(weight, penalty)
        if not self.quick:
            self._newton(penalty)
        precision = self.model.precision(self.share * self._variance(), penalty)
        return self.coefficients, self.log_ratio, precision

    def _near_no_difference(self, weight: float, penalty: Floats) -> bool:
        """Go by the information where P and Q do not differ; tell whether that ended well."""
        axes = self.model.axes(self.share, self.information)
        before = math.nan
        for _ in range(_QUICK_STEPS):
            longest = self._move(axes.solve(self._gradient(penalty), weight))
            # The next step is as much shorter again.
            if longest < _TOLERANCE or longest**2 < _TOLERANCE * before:
                return True
            if longest > _CONTRACTION * before:
                break
            before = longest
        return False

    def _newton(self, penalty: Floats) -> None:
        for _ in range(60):
            precision = self.model.precision(self.share * self._variance(), penalty)
            solved = np.linalg.solve(precision, self._gradient(penalty))
            step: Floats = np.asarray(solved, dtype=float)
            if self._move(step) < _LAST_STEP:
                break

    def _gradient(self, penalty: Floats) -> Floats:
        expected = self.share * self._probability()
        gradient: Floats = (self.share_p - expected) @ self.model.design
        return gradient - penalty @ self.coefficients

    def _move(self, step: Floats) -> float:
        """Take a step, and return the longest change of a log ratio that it asked for."""
        change = self.model.design @ step
        longest = float(np.abs(change).max())
        length = min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        self.coefficients = self.coefficients + length * step
        self.log_ratio = self.log_ratio + length * change
        return longest

    def _probability(self) -> Floats:
        probability: Floats = 1 / (1 + np.exp(-np.clip(self.log_ratio + self.offset, -35, 35)))
        return probability

    def _variance(self) -> Floats:
        probability = self._probability()
        return probability * (1 - probability)
