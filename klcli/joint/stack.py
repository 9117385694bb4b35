"""Stacking: the members' log ratios, weighted so that the rows are best told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Bools, Floats

#: No log ratio beyond this can be told from samples that fit into memory.
_LARGEST = 30.0


def weights(ratios: Floats, label: Bools) -> Floats:
    """Return the nonnegative weights that minimise the log-loss of the weighted sum.

    They need not sum to one: at P = Q all are 0, and a member that is too sure of itself is
    tempered.

    Parameters
    ----------
    ratios : ndarray, shape (N, members)
        Cross-fitted log ratios.
    label : ndarray of bool, shape (N,)
        Whether a row is of P.

    References
    ----------
    .. [1] L. Breiman, "Stacked regressions", Machine Learning 24 (1996), 49-64.
    .. [2] M. J. van der Laan, E. C. Polley, A. E. Hubbard, "Super learner", Statistical
       Applications in Genetics and Molecular Biology 6 (2007), article 25.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    rows, count = ratios.shape
    bounded = np.clip(ratios, -_LARGEST, _LARGEST)
    offset = float(np.log(label.mean() / (1 - label.mean())))
    target = label.astype(float)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        logit = bounded @ parameters[:-1] + parameters[-1] + offset
        residual = expit(logit) - target
        gradient = np.append(bounded.T @ residual, residual.sum()) / rows
        return float(np.logaddexp(0.0, logit).mean() - target @ logit / rows), gradient

    start = np.append(np.full(count, 1 / count), 0.0)
    bounds = [(0.0, None)] * count + [(-1.0, 1.0)]
    found = minimize(
        loss, start, jac=True, bounds=bounds, method="L-BFGS-B",
        options={"ftol": 1e-10, "gtol": 1e-6, "maxiter": 500},
    )  # fmt: skip
    result: Floats = found.x[:-1]
    return result


def combined(ratios: Floats, weight: Floats) -> Floats:
    """Return the weighted sum of log ratios, shape (N, members) → (N,)."""
    result: Floats = np.clip(ratios, -_LARGEST, _LARGEST) @ weight
    return result
