"""How the variance of an estimate grows with the divergence, and that of squared deviations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats


def slope(value: float, linear: float, at_null: float, n_p: float, n_q: float) -> float:
    """Return b of the variance a + bD of an estimate of D, in nats.

    Near zero, D and the linear part of the variance are both squares of the log ratio: they are in
    proportion, by 2(1/n + 1/m) for smooth alternatives. The observed slope is shrunk to that where
    the estimate is within its noise.

    Parameters
    ----------
    value : float
        The estimate; below zero it counts as zero.
    linear : float
        The part of its variance that vanishes where P = Q: that of the influence function, in
        nats².
    at_null : float
        The part a that is left there.
    n_p, n_q : float
        Rows of P and of Q.
    """
    noise, estimate = math.sqrt(at_null), max(value, 0.0)
    local = 2 * (1 / n_p + 1 / n_q)
    # Also for one value on both sides, or one row on each: they show no variance, but prove nothing.
    if linear + at_null == 0 or estimate + noise == 0:
        return local
    return (linear + local * noise) / (estimate + noise)


def of_squares(variance: Floats, rows: Floats) -> Floats:
    """Return the variance of the squared deviation of binomial counts from their mean.

    The fourth central moment less the squared variance, given the variance of each and of how many
    rows it is.
    """
    result: Floats = 2 * variance**2 + variance * (1 - 6 * variance / np.maximum(rows, 1.0))
    return result
