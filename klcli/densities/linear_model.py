"""Linear models of the log density ratio, with Gaussian priors of their coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.typing import Floats

#: Prior variance of the constant: wide enough to be of no account.
_LEVEL_VARIANCE = 100.0


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
    design : ndarray, shape (cells, k)
        The axes at each cell.
    information : float
        Of a row: w(1 − w) for the share w of P.
    log_determinant : float
        Of information and prior, in the basis of the model.
    """

    basis: Floats
    roughness: Floats
    mean: Floats
    design: Floats
    information: float
    log_determinant: float


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
                self.design @ basis,
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

    def extended(self, extra: Floats, precision: float) -> Model:
        """Return the model with columns added to the design, each with a prior of its own.

        Parameters
        ----------
        extra : ndarray, shape (cells, terms)
            The columns.
        precision : float
            Of their independent priors, per row of data.
        """
        size, terms = len(self.prior), extra.shape[1]
        roughness, prior = np.zeros((2, size + terms, size + terms))
        roughness[:size, :size], prior[:size, :size] = self.roughness, self.prior
        prior[size:, size:] = precision * np.eye(terms)
        longer = Model(np.hstack([self.design, extra]), roughness, prior, self.weights)
        # In blocks, determinants multiply.
        longer.__dict__["log_determinants"] = self.log_determinants + terms * math.log(precision)
        return longer

    @cached_property
    def _band(self) -> tuple[Floats, Floats] | None:
        """Squares of the basis functions and products of neighbours, if no others overlap."""
        design = self.design
        used = design != 0
        first, beyond = used.argmax(axis=1), design.shape[1] - used[:, ::-1].argmax(axis=1)
        if np.any(beyond - first > 2):
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


def level_prior(design: Floats, share: Floats, rows: float) -> Floats:
    """Penalty on the mean of the function, with a trace of ridge that keeps matrices regular."""
    mean = share @ design
    return np.outer(mean, mean) / (rows * _LEVEL_VARIANCE) + 1e-12 * np.eye(design.shape[1])


def path_weights(smoothest: float, roughest: float, rows: float) -> Floats:
    """Return one penalty a decade, as prior precisions per row.

    From `smoothest` (no roughness is left) to `roughest` (the fit would follow jumps of several
    nats between neighbours).
    """
    decades = int(np.ceil(np.log10(smoothest / roughest)))
    return np.logspace(0, -decades, decades + 1) * (smoothest / rows)
