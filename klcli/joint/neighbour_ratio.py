"""The log density ratio at a row from the rows of both samples in a ball around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.joint.chain import digamma_at
from klcli.joint.neighbours import SAME, nearest, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.typing import Bools, Floats

#: Neighbours listed beyond those asked for: a ball that reaches farther is counted by itself.
_LIST = 32


def log_ratios(p: Floats, q: Floats, scales: Sequence[int]) -> Floats:
    """Return log p/q at each row of P, without that row, for each number of neighbours.

    Parameters
    ----------
    p, q : ndarray, shape (n, d) and (m, d)
        Whitened rows.
    scales : sequence of int
        Neighbours of either sample that the ball around a row reaches to; at most n − 1 and m.

    Returns
    -------
    ndarray, shape (scales, n)
    """
    n, m = len(p), len(q)
    near_p = nearest(p, p, min(max(scales) + _LIST, n - 1) + 1)[0][:, 1:]
    near_q = nearest(q, p, min(max(scales) + _LIST, m))[0]
    result = np.empty((len(scales), n))
    for place, k in enumerate(scales):
        radius = np.maximum(near_p[:, k - 1], near_q[:, k - 1])
        log_p, last_p = _mass(p, p, near_p, radius, 1)
        log_q, last_q = _mass(q, p, near_q, radius, 0)
        inner = (last_p > 0) & (last_q > 0)
        stretch = np.log(np.where(inner, last_q, 1.0) / np.where(inner, last_p, 1.0))
        result[place] = log_p - log_q + p.shape[1] * stretch + np.log(m / (n - 1))
    return result


def _mass(
    points: Floats, at: Floats, distances: Floats, radius: Floats, own: int
) -> tuple[Floats, Floats]:
    """Return ψ(rows in the ball) and the distance of the farthest of them.

    Where the ball reaches beyond the list, its rows are counted, and the log of so many and the
    radius itself are as good to order 1/count².
    """
    inside = distances <= (radius * (1 + SAME))[:, None]
    count = inside.sum(axis=1).astype(float)
    farthest = distances[np.arange(len(at)), np.maximum(count.astype(int) - 1, 0)]
    log_mass = digamma_at(count)
    beyond = np.flatnonzero(inside[:, -1])
    if len(beyond) and distances.shape[1] < len(points) - own:
        total = within(points, at[beyond], radius[beyond]).astype(float) - own
        log_mass[beyond] = np.where(radius[beyond] > 0, np.log(total), digamma_at(total))
        farthest[beyond] = radius[beyond]
    return log_mass, farthest


def extrapolated(values: Floats, scales: Sequence[int], dimension: int) -> Floats:
    """Extrapolate to no bias from one or two numbers of neighbours, along the first axis.

    The bias is proportional to k^(2/d): that of a density with two derivatives.
    """
    if len(scales) == 1:
        return np.asarray(values[0])
    growth = (scales[1] / scales[0]) ** (2 / dimension) - 1
    result: Floats = values[0] + (values[0] - values[1]) / growth
    return result


def pooled_values(
    distances: Floats, places: Floats, label: Bools, scales: Sequence[int], dimension: int
) -> float:
    """Estimate D from the neighbours of all rows together, shape (n + m, reach), and labels.

    A list that holds too few rows of one side is used as far as it goes.
    """
    from_p = label[places[label]]
    reach = distances[label]
    rows = np.arange(len(reach))
    count_p = np.cumsum(from_p, axis=1, dtype=np.int32)
    count_q = np.arange(1, from_p.shape[1] + 1, dtype=np.int32) - count_p
    n = len(reach)
    m = len(label) - n
    last = from_p.shape[1] - 1
    values = []
    for k in scales:
        far_p, far_q = (
            np.where(count[:, -1] >= k, np.argmax(count >= k, axis=1), last)
            for count in (count_p, count_q)
        )
        radius = reach[rows, np.maximum(far_p, far_q)] * (1 + SAME)
        end = np.sum(reach <= radius[:, None], axis=1) - 1
        inside_p, inside_q = count_p[rows, end], count_q[rows, end]
        last_p, last_q = (
            reach[rows, np.argmax(count >= inside[:, None], axis=1)]
            for count, inside in ((count_p, inside_p), (count_q, inside_q))
        )
        inner = (last_p > 0) & (last_q > 0) & (inside_p > 0) & (inside_q > 0)
        stretch = np.log(np.where(inner, last_q, 1.0) / np.where(inner, last_p, 1.0))
        masses = digamma_at(inside_p.astype(float)) - digamma_at(inside_q.astype(float))
        values.append(float(np.mean(masses + dimension * stretch)) + np.log(m / (n - 1)))
    return float(extrapolated(np.array(values), scales, dimension))
