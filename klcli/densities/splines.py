"""Spline bases that are parametrised by their values at the knots, with their roughness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers


def _segment(x: Floats, knots: Floats) -> tuple[Integers, Floats, Floats, Floats]:
    """Return the knot below each x, the distances to both neighbours, and the gap."""
    below = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    return below, x - knots[below], knots[below + 1] - x, np.diff(knots)[below]


def linear(x: Floats, knots: Floats) -> tuple[Floats, Floats]:
    """Piecewise linear functions and their roughness ∫ f′².

    Parameters
    ----------
    x : ndarray, shape (points,)
        Where to evaluate, between the first and the last knot.
    knots : ndarray, shape (k,)
        Strictly increasing, at least two.

    Returns
    -------
    design : ndarray, shape (points, k)
        ``design @ values_at_knots`` is the function at `x`.
    roughness : ndarray, shape (k, k)
        ``v @ roughness @ v`` is ∫ f′².
    """
    below, left, right, gap = _segment(x, knots)
    design = np.zeros((len(x), len(knots)))
    rows = np.arange(len(x))
    design[rows, below] = right / gap
    design[rows, below + 1] = left / gap
    difference = np.diff(np.eye(len(knots)), axis=0)
    return design, difference.T @ (difference / np.diff(knots)[:, None])


def natural_cubic(x: Floats, knots: Floats) -> tuple[Floats, Floats]:
    """Natural cubic splines and their roughness ∫ f″².

    The Reinsch form: second derivatives at the knots follow from the values by a linear map.

    Parameters
    ----------
    x : ndarray, shape (points,)
        Where to evaluate, between the first and the last knot.
    knots : ndarray, shape (k,)
        Strictly increasing, at least three.

    Returns
    -------
    design : ndarray, shape (points, k)
        ``design @ values_at_knots`` is the function at `x`.
    roughness : ndarray, shape (k, k)
        ``v @ roughness @ v`` is ∫ f″².

    References
    ----------
    .. [1] P. J. Green, B. W. Silverman, "Nonparametric Regression and Generalized Linear Models",
       Chapman & Hall 1994, equations 2.3 to 2.5 and 2.22.
    """
    size = len(knots)
    gaps = np.diff(knots)
    inner = np.arange(size - 2)
    q = np.zeros((size, size - 2))
    q[inner, inner] = 1 / gaps[:-1]
    q[inner + 1, inner] = -1 / gaps[:-1] - 1 / gaps[1:]
    q[inner + 2, inner] = 1 / gaps[1:]
    r = np.diag((gaps[:-1] + gaps[1:]) / 3)
    r[inner[:-1], inner[1:]] = r[inner[1:], inner[:-1]] = gaps[1:-1] / 6
    curvature = np.zeros((size, size))
    curvature[1:-1] = np.linalg.solve(r, q.T)

    below, left, right, gap = _segment(x, knots)
    rows = np.arange(len(x))
    bend = (1 + left / gap)[:, None] * curvature[below + 1]
    bend += (1 + right / gap)[:, None] * curvature[below]
    design = -(left * right / 6)[:, None] * bend
    design[rows, below] += right / gap
    design[rows, below + 1] += left / gap
    return design, q @ curvature[1:-1]
