"""Whether the density ratio has a finite variance, from its largest values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Above this the sample mean of the ratio converges too slowly to be trusted at any feasible
#: sample size (Vehtari et al. 2024, section 3).
_LIMIT = 0.7


def pareto_shape(ratio: Floats, counts: Floats) -> float:
    """Estimate the shape k of the tail of the ratio p/q over rows of Q.

    The ratio has 1/k finite moments: its variance is infinite for k ≥ 1/2, its mean for k ≥ 1.

    Parameters
    ----------
    ratio : ndarray, shape (cells,)
        Fitted p/q at each cell.
    counts : ndarray, shape (cells,)
        Rows of Q in each cell.

    Returns
    -------
    float
        k̂, regularised towards 1/2 as for ten more observations; NaN with fewer than five rows in
        the tail, −inf where the tail is constant.

    References
    ----------
    .. [1] A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance
       sampling", J. Machine Learning Research 25 (2024), 1-58, section 2 and appendix G.
    .. [2] J. Zhang, M. A. Stephens, "A new and efficient estimation method for the generalized
       Pareto distribution", Technometrics 51 (2009), 316-325.
    """
    order = np.argsort(-ratio, kind="stable")
    ratio, counts = ratio[order], np.round(counts[order]).astype(int)
    rows = int(counts.sum())
    size = int(min(0.2 * rows, 3 * rows**0.5))
    if size < 5:
        return float("nan")
    # A tail of many rows is thinned evenly: its quantiles are what matters.
    index = np.searchsorted(np.cumsum(counts), np.linspace(0, size, min(size, 1000) + 1), "right")
    tail = ratio[np.minimum(index, len(ratio) - 1)][::-1]
    excess = tail[1:] - tail[0]
    excess = excess[excess > 0]
    if len(excess) < 5:
        return float("-inf")
    return _generalized_pareto(excess)


def _generalized_pareto(excess: Floats) -> float:
    """Return the posterior mean of k (Zhang & Stephens, equations 3 to 6; sorted input)."""
    size = len(excess)
    grid = 30 + int(size**0.5)
    quartile = excess[int(size / 4 + 0.5) - 1]
    theta = 1 / excess[-1] + (1 - (grid / (np.arange(1, grid + 1) - 0.5)) ** 0.5) / (3 * quartile)
    shape = np.log1p(-theta[:, None] * excess).mean(axis=1)
    likelihood = size * (np.log(-theta / shape) - shape - 1)
    weight = np.exp(likelihood - likelihood.max())
    best = float(weight @ theta / weight.sum())
    shape_hat = float(np.log1p(-best * excess).mean())
    return (size * shape_hat + 10 * 0.5) / (size + 10)


def heavy_tail(ratio: Floats, counts: Floats) -> Finding | None:
    """Word the warning that the variance of the ratio looks infinite, if it does."""
    shape = pareto_shape(ratio, counts)
    if not shape > _LIMIT:
        return None
    return Finding(
        "heavy-tail",
        f"the largest density ratios have Pareto shape {shape:.2f} > {_LIMIT}: their variance is "
        "infinite or as good as, so the true divergence is likely larger",
    )
