"""How heavy the tails of a log ratio are, by its largest values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: The variance of the ratio is infinite where its Pareto shape is at least this.
INFINITE_VARIANCE = 0.5
#: Normal quantile of the one-sided 97.5 % bound that has to lie above, and beyond which the shape
#: rises or falls outwards: pairs at the border are marked in at most 2.5 % of samples.
_SURE = 1.96
#: Standard errors by which the outermost rows have to exceed it where the shape rises outwards:
#: two findings that chance brings with 2.5 and 16 %.
_LIKELY = 1.0
#: Fewest rows of P in a tail that tell anything about its shape.
_FEWEST = 20


def tail_shape(
    log_p: Floats, log_q: Floats, size: float | None = None, inner: float = 0.0
) -> tuple[float, float]:
    """Estimate the Pareto shape k of the density ratio from its values at both samples.

    Where the ratio has a Pareto tail of shape k over rows of Q, a row of P has Q's upper tail
    probability V below v with probability proportional to v^(1−k): so log 1/V is exponential
    with rate 1−k beyond a threshold, and censored at Q's largest ratio. k ≥ 1/2 is where the
    variance of the ratio is infinite. This looks at ranks of the ratio alone: unlike a fit to the
    ratios themselves it notices tails that the model of the ratio flattens.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        Log ratio at rows of P and of Q.
    size : float, optional
        Rows of Q in the tail; by default min(0.2 m, 3 √m) of m [2]_.
    inner : float
        Rows of Q beyond which the tail is not looked at.

    Returns
    -------
    shape, standard_error : float
        Maximum likelihood for censored exponential data; NaN with too few rows.

    References
    ----------
    .. [1] B. M. Hill, "A simple general approach to inference about the tail of a distribution",
       Annals of Statistics 3 (1975), 1163-1174.
    .. [2] A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance
       sampling", J. Machine Learning Research 25 (2024), 1-58: the same k from the ratios, and
       the size of the tail, min(0.2 m, 3 √m).
    """
    m = len(log_q)
    size = _usual_size(m) if size is None else size
    above = m - np.searchsorted(np.sort(log_q), log_p, "left").astype(float)
    tail = above <= size
    observed = float(np.sum(tail & (above > inner)))
    if size < 1 or tail.sum() < _FEWEST:
        return math.nan, math.nan
    exposure = float(np.log(size / np.maximum(above[tail], max(inner, 0.5))).sum())
    rate = (observed + 1) / (exposure + 1)
    # Rows of Q, whose ranks move all tail probabilities, add about as much as those of P.
    return 1 - rate, rate * (2 / (observed + 1)) ** 0.5


def heavy_shape(log_p: Floats, log_q: Floats) -> float:
    """Return the Pareto shape of the ratio where its variance is infinite for all that is known.

    Few ratios are Pareto from where a tail is taken to begin. So the shape there is compared with
    that of the rows before it, four times as far in. Where it rises outwards, as from Student's to
    normal distributions, the whole tail understates it, and the outermost √m rows of Q tell. Where
    it falls, as it does in the end to 0 between normal distributions a shift apart, it is followed
    to the end: if the log ratio is a quadratic form of normal columns, k is its limit plus a term
    proportional to 1/log(1/V), because V is e^(−x/2) x^(d/2−1) up to a factor. In many columns the
    shape may begin near 1 and yet end above ½.

    Parameters
    ----------
    log_p, log_q : ndarray, shape (n,) and (m,)
        Log ratio at rows of P and of Q.

    Returns
    -------
    float
        NaN where the variance is finite for all that is known.
    """
    m = len(log_q)
    size = _usual_size(m)
    wide = min(4 * size, m / 2)
    shape, error = tail_shape(log_p, log_q)
    before, error_before = tail_shape(log_p, log_q, wide, size)
    rise = (shape - before) / math.hypot(error, error_before)
    if shape - _SURE * error > INFINITE_VARIANCE:
        if not rise < -_SURE:
            return shape
        # Along 1/log(1/V) from the middle of either stretch, on the logarithmic scale, to 0.
        inside, outside = (
            1 / math.log(m / math.sqrt(size * wide)),
            1 / math.log(m / math.sqrt(size)),
        )
        far = outside / (inside - outside)
        limit = shape + far * (shape - before)
        if limit - _SURE * math.hypot((1 + far) * error, far * error_before) > INFINITE_VARIANCE:
            return limit
    if rise > _SURE:
        outermost, error = tail_shape(log_p, log_q, min(math.sqrt(m), size))
        if outermost - _LIKELY * error > INFINITE_VARIANCE:
            return outermost
    return math.nan


def _usual_size(m: int) -> float:
    return min(0.2 * m, 3 * math.sqrt(m))
