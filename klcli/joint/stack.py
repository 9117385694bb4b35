"""Stacking: the members' log ratios, weighted so that the rows are best told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.joint.folds import FOLDS

if TYPE_CHECKING:
    from klcli.joint.folds import Folds
    from klcli.typing import Bools, Floats

#: No log ratio beyond this can be told from samples that fit into memory.
_LARGEST = 30.0
#: Prior precision around equal weights, which decides between members that agree: by comparison
#: one row in ten thousand that they tell apart would outweigh it.
_RIDGE = 1e-3
#: The search ends when the log-likelihood gains less than this, in nats.
_ENOUGH = 1e-3


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

    Returns
    -------
    ndarray, shape (members + 1,)
        The last is a constant to be added.

    References
    ----------
    .. [1] L. Breiman, "Stacked regressions", Machine Learning 24 (1996), 49-64.
    .. [2] M. J. van der Laan, E. C. Polley, A. E. Hubbard, "Super learner", Statistical
       Applications in Genetics and Molecular Biology 6 (2007), article 25.
    """
    from scipy.optimize import nnls
    from scipy.special import expit

    rows, count = ratios.shape
    design = np.column_stack([np.clip(ratios, -_LARGEST, _LARGEST), np.ones(rows)])
    offset = float(np.log(label.mean() / (1 - label.mean())))
    ridge = np.append(np.full(count, _RIDGE), 0.0)
    centre = np.append(np.full(count, 1 / count), 0.0)

    def loss(parameters: Floats) -> float:
        logit = design @ parameters + offset
        penalty = 0.5 * float(ridge @ (parameters - centre) ** 2)
        return float(np.logaddexp(0.0, logit).sum() - logit[label].sum()) + penalty

    current, best = centre, loss(centre)
    # Newton's method with bounds: each quadratic model is a nonnegative least-squares problem.
    for _ in range(50):
        probability = expit(design @ current + offset)
        gradient = design.T @ (probability - label) + ridge * (current - centre)
        curvature = np.maximum(probability * (1 - probability), 1e-6)
        hessian = (design * curvature[:, None]).T @ design + np.diag(ridge)
        root = np.linalg.cholesky(hessian).T
        # The constant may be negative: it is the difference of two columns.
        target = root @ current - np.linalg.solve(root.T, gradient)
        found = nnls(np.column_stack([root, -root[:, -1]]), target)[0]
        step = np.append(found[:count], found[count] - found[count + 1]) - current
        scale = 1.0
        while scale > 1e-6 and loss(current + scale * step) > best:
            scale /= 2
        now = loss(current + scale * step)
        gained, best, current = best - now, min(best, now), current + scale * step
        if gained < _ENOUGH:
            break
    return current


def stacked(ratios: Floats, label: Bools, folds: Folds, some: Bools) -> Floats:
    """Return the weighted sum at every row, weighted by what is best at the rows of other folds.

    Weights that had seen a row would tell it from others a little too well, which at P = Q is all
    there is.

    Parameters
    ----------
    ratios : ndarray, shape (N, members)
        Cross-fitted log ratios.
    label : ndarray of bool, shape (N,)
    folds : Folds
    some : ndarray of bool, shape (N,)
        The rows by which to choose weights.
    """
    result = np.empty(len(label))
    bounded = np.column_stack([np.clip(ratios, -_LARGEST, _LARGEST), np.ones(len(label))])
    for fold in range(FOLDS):
        seen = (folds.fold != fold) & some
        here = folds.fold == fold
        result[here] = bounded[here] @ weights(ratios[seen], label[seen])
    return result
