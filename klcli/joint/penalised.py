"""Ridge logistic regression of "this row came from P", again and again on parts of the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klcli.typing import Bools, Floats

#: Longest step of a log ratio, so that separated samples do not overshoot.
_LONGEST_STEP = 4.0
#: A fit to a part of the rows ends when the gradient of the mean loss is this small in the metric
#: of the Hessian: half its square is the loss that remains, below the 1/N that matters.
_GRADIENT = 1e-3
#: Steps to where the metric is taken. Rows that a ridge can hardly keep from being separated need
#: more to the minimum, but the metric need not be exact.
_NEWTON_STEPS = 8
#: Rows from which the metric is taken: some for each of a few hundred features.
_METRIC_ROWS = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A design with a penalty, and what makes fits to parts of its rows quick.

    Attributes
    ----------
    design : ndarray of float32, shape (N, k)
        Features of all rows; the last column is one.
    penalty : ndarray, shape (k,)
        Prior precision of each coefficient.
    hessian : ndarray, shape (k, k)
        Of the mean loss at its minimum over some of the rows, without the penalty.
    """

    design: NDArray[np.float32]
    penalty: Floats
    hessian: Floats
    #: By numbers of rows, of which the parts of a cross-validation have two at most.
    _inverses: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def prepare(cls, blocks: list[tuple[Floats, float]], label: Bools) -> Logistic:
        """Stack blocks of features, each with its prior precision, and look at some rows of each."""
        ones = np.ones((len(label), 1))
        design = np.hstack([*(block for block, _ in blocks), ones])
        penalty = np.concatenate([*(np.full(b.shape[1], weight) for b, weight in blocks), [1e-6]])
        some = np.unique(np.linspace(0, len(label) - 1, _METRIC_ROWS).astype(int))
        hessian = _newton(design[some], penalty, label[some])
        # Seven digits are more than the tolerance asks for, and half the memory to go through.
        return cls(design.astype(np.float32), penalty, hessian)

    def __call__(self, label: Bools, train: Bools, test: Bools) -> Floats:
        """Return log p/q at the rows `test` by a fit to the rows `train`.

        The curvature at other rows only sets the pace of the descent; where it ends is determined
        by the rows `train`.
        """
        from scipy.optimize import minimize

        design, target = self.design[train], label[train].astype(float)
        rows = len(target)
        offset = float(np.log(target.mean() / (1 - target.mean())))
        inverse = self._inverse(rows)

        def loss(coordinates: Floats) -> tuple[float, Floats]:
            coefficients = inverse.T @ coordinates
            logit = (design @ coefficients.astype(np.float32)).astype(float) + offset
            value = np.logaddexp(0.0, logit).mean() - target @ logit / rows
            value += 0.5 * float(self.penalty @ coefficients**2) / rows
            residual = (_sigmoid(logit) - target).astype(np.float32)
            gradient = design.T @ residual + self.penalty * coefficients
            return float(value), inverse @ gradient / rows

        start = np.zeros(len(self.penalty))
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"gtol": _GRADIENT, "maxiter": 200}
        )
        result: Floats = self.design[test].astype(float) @ (inverse.T @ found.x)
        return result

    def _inverse(self, rows: int) -> Floats:
        """Return the inverse of the root of the metric for so many rows."""
        if rows not in self._inverses:
            metric = np.linalg.cholesky(self.hessian + np.diag(self.penalty / rows))
            self._inverses[rows] = np.linalg.inv(metric)
        return self._inverses[rows]


def _newton(design: Floats, penalty: Floats, label: Bools) -> Floats:
    """Return the Hessian of the mean loss at its penalised minimum over all rows."""
    rows = len(label)
    offset = float(np.log(label.mean() / (1 - label.mean())))
    coefficients = np.zeros(len(penalty))
    for _ in range(_NEWTON_STEPS):
        probability = _sigmoid(design @ coefficients + offset)
        weight = np.maximum(probability * (1 - probability), 1e-6)
        hessian = (design * weight[:, None]).T @ design
        gradient = design.T @ (label - probability) - penalty * coefficients
        step = np.linalg.solve(hessian + np.diag(penalty), gradient)
        longest = float(np.abs(design @ step).max())
        coefficients += step * min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        # The metric need not be exact.
        if longest < 1.0:
            break
    result: Floats = hessian / rows
    return result


def _sigmoid(x: Floats) -> Floats:
    from scipy.special import expit

    result: Floats = expit(x)
    return result
