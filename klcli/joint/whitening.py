"""Robust whitening: coordinates in which distance means the same in every direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Degrees of freedom of the t distribution whose likelihood is maximised. Three is heavy enough
#: that no share of outliers below 1/(d + 3) can break the estimate (Dümbgen & Tyler 2005).
_FREEDOM = 3.0
#: Directions in which the data vary this much less than in the widest, relative to the standard
#: deviations of the columns, are rounding error: columns that are linear functions of others.
_SINGULAR = 1e-10
#: Values beyond this many scales count as so many, so that squares do not overflow.
_WILD = 1e6


def whitened(rows: Floats) -> Floats:
    """Return rows, shape (n, d), centred and with scatter one, shape (n, rank)."""
    centre, matrix = whitening(rows)
    result: Floats = np.clip((rows - centre) @ matrix, -_WILD, _WILD)
    return result


def _spread(centred: Floats) -> Floats:
    """Return a robust scale of each column: of its middle nine tenths, or of all if they agree."""
    low, high = np.quantile(centred, (0.05, 0.95), axis=0)
    largest = np.abs(centred).max(axis=0)
    result: Floats = np.where(high > low, high - low, largest)
    return result


def whitening(rows: Floats) -> tuple[Floats, Floats]:
    """Return centre and matrix so that ``(rows - centre) @ matrix`` has scatter one.

    The scatter is the maximum likelihood estimate under a multivariate t distribution, so it is
    affine equivariant and wild values hardly move it.

    Parameters
    ----------
    rows : ndarray, shape (n, d)
        Finite, no column constant.

    Returns
    -------
    centre : ndarray, shape (d,)
    matrix : ndarray, shape (d, rank)

    References
    ----------
    .. [1] J. T. Kent, D. E. Tyler, "Redescending M-estimates of multivariate location and
       scatter", Annals of Statistics 19 (1991), 2102-2119.
    """
    centre = np.median(rows, axis=0)
    spread = _spread(rows - centre)
    scaled = np.clip((rows - centre) / spread, -_WILD, _WILD)
    root, offset = np.eye(rows.shape[1]), np.zeros(rows.shape[1])
    for _ in range(20):
        weight = (_FREEDOM + root.shape[1]) / (
            _FREEDOM + np.sum(((scaled - offset) @ root) ** 2, axis=1)
        )
        offset = weight @ scaled / weight.sum()
        centred = scaled - offset
        scatter = (centred * weight[:, None]).T @ centred / len(rows)
        values, vectors = np.linalg.eigh(scatter)
        keep = values > _SINGULAR * values[-1]
        before, root = root, vectors[:, keep] / np.sqrt(values[keep])
        if before.shape == root.shape and np.allclose(
            before @ before.T, root @ root.T, rtol=1e-3, atol=0
        ):
            break
    return centre + offset * spread, root / spread[:, None]
