"""Whether the variance of the density ratio is finite, from how fast P outruns Q in its tails."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats

#: The variance of p/q is infinite where its Pareto shape is at least this.
_INFINITE_VARIANCE = 0.5
#: Normal quantile of the one-sided 97.5 % bound that has to lie above, and beyond which the shape
#: rises or falls outwards: pairs at the border are marked in at most 2.5 % of samples.
_SURE = 1.96
#: Standard errors by which the outermost rows have to exceed it where the shape rises outwards:
#: two findings that chance brings with 2.5 and 16 %.
_LIKELY = 1.0
#: Fewest rows of P, and cells with any, in a tail that tell anything about its shape.
_FEWEST_ROWS, _FEWEST_CELLS = 10, 5


def tail_shape(
    p: Floats, q: Floats, size: float | None = None, inner: float = 0.0
) -> tuple[float, float]:
    """Estimate the Pareto shape k of p/q in the tail that the last cells make up.

    Where the ratio has a Pareto tail of shape k over rows of Q, a row of P has Q's upper tail
    probability V below v with probability proportional to v^(1−k): k = 0 where the tails are
    alike, k ≥ 1/2 where the variance of p/q is infinite, k → 1 where Q ends and P goes on. So
    log 1/V is exponential with rate 1−k beyond a threshold, and is censored at Q's largest value.

    Parameters
    ----------
    p, q : ndarray, shape (cells,)
        Counts in increasing order of the values.
    size : float, optional
        Rows of Q in the tail; by default min(0.2 m, 3 √m) of m [2]_.
    inner : float
        Rows of Q beyond which the tail is not looked at.

    Returns
    -------
    shape, standard_error : float
        Maximum likelihood estimate for censored exponential data; NaN with too few rows.

    References
    ----------
    .. [1] B. M. Hill, "A simple general approach to inference about the tail of a distribution",
       Annals of Statistics 3 (1975), 1163-1174.
    .. [2] A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance
       sampling", J. Machine Learning Research 25 (2024), 1-58: the same k from fitted ratios, and
       the size of the tail, min(0.2 m, 3 √m).
    """
    size = _usual_size(q) if size is None else size
    beyond = np.cumsum(q[::-1])[::-1] - q / 2
    tail = beyond <= size
    if size < 1 or p[tail].sum() < _FEWEST_ROWS or np.count_nonzero(p[tail]) < _FEWEST_CELLS:
        return float("nan"), float("nan")
    # A value that repeats may lie across the threshold: the tail then begins beyond it.
    size = min(size, max(float(q[tail].sum()), 1.0))
    if size <= inner:
        return float("nan"), float("nan")
    observed = tail & (beyond > inner)
    distance = np.log(size / np.maximum(beyond, max(inner, 0.5)))
    rows = p[tail].sum()
    exposure = float(p[tail] @ distance[tail])
    rate = float(p[observed].sum() + 1) / (exposure + 1)
    # Rows of P make the estimate vary as for any exponential rate. Rows of Q move all tail
    # probabilities beyond them: the j-th has weight Σ_{i≥j} w_i/i, with w the share of P at rank
    # i, less its part in the threshold.
    weight = np.cumsum(np.where(observed, p / rows / np.maximum(beyond, 0.5), 0.0)) - 1 / size
    from_q = float(q[observed] @ weight[observed] ** 2) * (rows / max(exposure, 1.0)) ** 2
    from_p = 1 / float(p[observed].sum() + 1)
    return 1 - rate, rate * (from_p + from_q) ** 0.5


def _usual_size(q: Floats) -> float:
    m = float(q.sum())
    return min(0.2 * m, 3 * math.sqrt(m))


def heavy_shape(p: Floats, q: Floats, limit: float = _INFINITE_VARIANCE) -> float:
    """Return the Pareto shape of p/q in the tail of the last cells if it surely exceeds a limit.

    Few ratios are Pareto from where a tail is taken to begin. So the shape there is compared with
    that of the rows before it, four times as far in. Where it falls outwards, as between normal
    distributions a shift apart, of which it is 0 in the end though more than ½ for all that a
    thousand rows show, the variance is finite. Where it rises, as from Student's or Laplace's to
    a normal distribution, the whole tail understates it, and the outermost √m rows of Q tell.

    Parameters
    ----------
    p, q : ndarray, shape (cells,)
        Counts in increasing order of the values.
    limit : float
        The shape from which on the variance is infinite.

    Returns
    -------
    float
        NaN where the variance is finite for all that is known.
    """
    m = float(q.sum())
    size = _usual_size(q)
    shape, error = tail_shape(p, q)
    before, error_before = tail_shape(p, q, min(4 * size, m / 2), size)
    rise = (shape - before) / np.hypot(error, error_before)
    if shape - _SURE * error > limit and not rise < -_SURE:
        return shape
    if rise > _SURE:
        outermost, error = tail_shape(p, q, min(math.sqrt(m), size))
        if outermost - _LIKELY * error > limit:
            return outermost
    return float("nan")


def heavy_tail(table: CountTable, sample: str, reference: str) -> Finding | None:
    """Word the warning that the variance of p/q is infinite in a tail, if it is.

    Parameters
    ----------
    table : CountTable
        Ordered cells of finite numbers.
    sample, reference : str
        What to call P and Q.
    """
    return heavy_ratio(table, sample, reference, _INFINITE_VARIANCE)


def heavy_ratio(table: CountTable, sample: str, reference: str, limit: float) -> Finding | None:
    """Word the warning that p/q has a Pareto shape above `limit` in a tail, if it surely has.

    An estimate that averages (p/q)^a over rows of Q has infinite variance from 1/(2a) on.

    Parameters
    ----------
    table : CountTable
        Ordered cells of finite numbers.
    sample, reference : str
        What to call P and Q.
    limit : float
        The shape from which on the variance is infinite.
    """
    tails = {
        "upper": heavy_shape(table.p, table.q, limit),
        "lower": heavy_shape(table.p[::-1], table.q[::-1], limit),
    }
    sure = {name: shape for name, shape in tails.items() if shape > limit}
    if not sure:
        return None
    name = max(sure, key=sure.__getitem__)
    if limit < _INFINITE_VARIANCE:
        power = 1 / (2 * limit)
        return Finding(
            "heavy-tail",
            f"in the {name} tail the density ratio of {sample} to {reference} has Pareto shape "
            f"{sure[name]:.2f}: its power {power:.3g}, which is averaged here, has infinite "
            "variance, and the estimate is a lower bound",
        )
    return Finding(
        "heavy-tail",
        f"the {name} tail of {sample} is too heavy for {reference}: the density ratio has Pareto "
        f"shape {sure[name]:.2f}, so its variance is infinite and the estimate a lower bound",
    )
