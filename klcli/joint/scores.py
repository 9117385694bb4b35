"""A monotone scale for each numeric column on which normal pairs, or their images, are normal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats


def aligned_scores(p: Floats, q: Floats) -> Floats:
    """Return a monotone function of the pooled values that only their ranks determine.

    Each sample's normal scores Φ⁻¹(F̂(x)) are a normal scale of the column if any exists (the
    nonparanormal family of [1]_), up to a shift and a stretch. These are found by a weighted fit
    of one to the other, and both are averaged, with the inverse of their variances
    F(1−F)/(nφ²) for weights: so each sample's tail, where the other has no rows, is its own.

    Parameters
    ----------
    p, q : ndarray, shape (n,) and (m,)
        Finite values.

    Returns
    -------
    ndarray, shape (n + m,)
        Rows of P first; mean 0 and standard deviation 1, or all 0 for a constant.

    References
    ----------
    .. [1] H. Liu, J. Lafferty, L. Wasserman, "The nonparanormal: semiparametric estimation of high
       dimensional undirected graphs", J. Machine Learning Research 10 (2009), 2295-2328.
    """
    values = np.concatenate([p, q])
    score_p, weight_p = _normal_scores(p, values)
    score_q, weight_q = _normal_scores(q, values)
    total = weight_p + weight_q
    common = weight_p * weight_q / np.where(total > 0, total, 1.0)
    if not common.any():
        # The samples do not overlap, or one is constant: nothing to align.
        return pooled_scores(values)
    common /= common.sum()
    mean_p, mean_q = common @ score_p, common @ score_q
    spread_p = (common @ (score_p - mean_p) ** 2) ** 0.5
    spread_q = (common @ (score_q - mean_q) ** 2) ** 0.5
    stretch = spread_p / spread_q if min(spread_p, spread_q) > 0 else 1.0
    aligned = (score_p - mean_p) / stretch + mean_q
    weight = weight_p * stretch**2
    total = weight + weight_q
    blend = np.where(
        total > 0, (weight * aligned + weight_q * score_q) / np.where(total > 0, total, 1.0), 0.0
    )
    # Weights change with the value; where that would turn the order round, the scale stands still.
    order = np.argsort(values, kind="stable")
    blend[order] = np.maximum.accumulate(blend[order])
    return _standard(blend)


def pooled_scores(values: Floats) -> Floats:
    """Return the standardised normal scores of values, shape (N,), whatever their labels."""
    return _standard(_normal_scores(values, values)[0])


def _normal_scores(sample: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return Φ⁻¹ of the sample's mid-distribution function at values, and its precision.

    The precision is 0 beyond the sample's range.
    """
    from scipy.special import ndtri

    ordered = np.sort(sample)
    size = len(ordered)
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    rank = below / (2 * size)
    inside = np.clip(rank, 0.5 / size, 1 - 0.5 / size)
    score = ndtri(inside)
    precision = size * np.exp(-(score**2)) / (2 * np.pi * inside * (1 - inside))
    return score, np.where((rank > 0) & (rank < 1), precision, 0.0)


def _standard(score: Floats) -> Floats:
    spread = score.std()
    result: Floats = (score - score.mean()) / (spread if spread > 0 else 1.0)
    return result
