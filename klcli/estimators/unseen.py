"""What Q may hold where it has no rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Standard deviation of the log of an exponential variable, π/√6: Q's mass beyond its largest of
#: m rows is exponential with mean 1/m, and each row of P there contributes its log.
_LOG_GAP_DEVIATION = math.pi / math.sqrt(6)
#: The same between two neighbouring rows of Q, of which a run of P takes up an unknown share. The
#: product of an exponential variable and a uniform share of it is below e^−5.45 with probability
#: 2.5 %, which a normal variable of this deviation is below −5.45.
_LOG_PART_DEVIATION = 5.45 / 1.96
#: A run of P between two rows of Q counts where chance has a probability of exp(−3) to leave one
#: as long anywhere.
_MARGIN = 3.0
#: Rows that tell how many of Q to expect in a run.
_BESIDE = 20.0


def unseen_deviation(p: Floats, q: Floats, log_ratio: Floats) -> float:
    """Return the standard deviation of D, in nats, by runs of P that hold no row of Q.

    Q's mass beyond its smallest and its largest row is known to no better than a factor; nor is
    it between two neighbours, which matters where more rows of P lie than chance puts there.
    One row is what chance leaves in any place, whatever P and Q are. Where the fit has smoothed a
    run between neighbours away, what it falls short of the log ratio with a row of Q there comes
    on top.
    """
    seen = np.flatnonzero(q)
    below = np.concatenate([[0.0], np.cumsum(p)])
    # Rows of P before the first cell with rows of Q, between neighbouring ones, and after the last.
    runs = below[np.append(seen, len(p))] - below[np.append(0, seen + 1)]
    excess = np.maximum(runs - 1, 0.0)
    n, m = float(p.sum()), float(q.sum())
    limit = math.log(max(n + m, 1.0)) + _MARGIN
    excess[1:-1][runs[1:-1] < limit / math.log1p(m / n)] = 0
    pooled = np.cumsum(p + q)
    deviation = np.full(len(excess), _LOG_PART_DEVIATION)
    for run in 1 + np.flatnonzero(excess[1:-1]):
        # By the rows beside the run (Laplace's rule of succession).
        left, right = seen[run - 1], seen[run]
        rows = max(runs[run], _BESIDE)
        begin = int(np.searchsorted(pooled, pooled[left] - rows, "right"))
        end = int(np.searchsorted(pooled, pooled[right - 1] + rows)) + 1
        near_p, near_q = (
            float(side[begin : left + 1].sum() + side[right:end].sum()) for side in (p, q)
        )
        share = (near_q + 1) / (near_p + near_q + 2)
        if -runs[run] * math.log1p(-share) < limit:
            excess[run] = 0
            continue
        inside = slice(left + 1, right)
        fitted = float(p[inside] @ log_ratio[inside]) / runs[run]
        deviation[run] += max(math.log(runs[run] * m / n) - fitted, 0.0) / 1.96
    outer, inner = excess[[0, -1]], (deviation * excess)[1:-1]
    return (
        math.hypot(
            _LOG_GAP_DEVIATION * float(np.sum(outer**2)) ** 0.5,
            float(np.sum(inner**2)) ** 0.5,
        )
        / n
    )
