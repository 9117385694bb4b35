"""Whether the variance of the density ratio is finite, from how fast P outruns Q in its tails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats

#: The variance of p/q is infinite where its Pareto shape is at least this.
_INFINITE_VARIANCE = 0.5
#: Normal quantile of the one-sided 95 % bound that has to lie above.
_ONE_SIDED = 1.645
#: Fewest rows of P in a tail that tell anything about its shape.
_FEWEST = 10


def tail_shape(p: Floats, q: Floats) -> tuple[float, float]:
    """Estimate the Pareto shape k of p/q in the tail that the last cells make up.

    Where the ratio has a Pareto tail of shape k over rows of Q, a row of P has Q's upper tail
    probability V below v with probability proportional to v^(1−k): k = 0 where the tails are
    alike, k ≥ 1/2 where the variance of p/q is infinite, k → 1 where Q ends and P goes on. So
    log 1/V is exponential with rate 1−k beyond a threshold, and is censored at Q's largest value.

    Parameters
    ----------
    p, q : ndarray, shape (cells,)
        Counts in increasing order of the values.

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
    m = q.sum()
    size = min(0.2 * m, 3 * m**0.5)
    beyond = np.cumsum(q[::-1])[::-1] - q / 2
    tail = beyond <= size
    if size < 1 or p[tail].sum() < _FEWEST:
        return float("nan"), float("nan")
    observed = tail & (beyond > 0)
    distance = np.log(size / np.maximum(beyond, 0.5))
    exposure = float(p[tail] @ distance[tail])
    rate = float(p[observed].sum() + 1) / (exposure + 1)
    return 1 - rate, rate / float(p[observed].sum() + 1) ** 0.5


def heavy_tail(table: CountTable) -> Finding | None:
    """Word the warning that the variance of p/q is infinite in a tail, if it is.

    The table holds ordered cells of finite numbers.
    """
    worst = max(
        (shape - _ONE_SIDED * error, shape, name)
        for name, (shape, error) in (
            ("upper", tail_shape(table.p, table.q)),
            ("lower", tail_shape(table.p[::-1], table.q[::-1])),
            ("no", (0.0, 0.0)),
        )
        if not np.isnan(shape)
    )
    if not worst[0] > _INFINITE_VARIANCE:
        return None
    return Finding(
        "heavy-tail",
        f"the {worst[2]} tail of the first is so much heavier (Pareto shape {worst[1]:.2f} of the "
        "density ratio, 0.5 or more) that the variance is infinite: a lower bound",
    )
