"""How improbable a count is if batch and reference do not differ: bounds that hold at any size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Of all runs without any change, at most about this share tells of one that is not there, for
#: each kind of change.
FALSE_ALARMS: Final = 0.01
#: Standard deviations of a χ² variable within which a difference is noise.
_NOISE: Final = 4.0


def bar(tests: int, places: float = 1) -> float:
    """Return the log probability below which something is no accident.

    `tests` columns and batches are looked at, in each of them `places` that might stand out.
    """
    return math.log(FALSE_ALARMS / (max(tests, 1) * max(places, 1)))


def log_alone(rows: float, own: float, other: float) -> float:
    """Return the log of the probability that `rows` given rows are all in one sample.

    The sample has `own` rows, the other one `other`. Each further row goes there with at most
    the probability of the first.
    """
    return rows * math.log(own / (own + other)) if own > 0 else -math.inf


def log_shares(rows_p: float, n_p: float, rows_q: float, n_q: float) -> float:
    """Return the log of a bound on the probability of two shares so far apart.

    Twice exp(−n·KL) of a share of one draw from that of all (Chernoff's bound, which holds for
    drawing without replacement, too: Hoeffding 1963, theorem 4). The draw is the smaller sample, of
    which some rows are of the kind; or the rows of the kind, of which some are in the one sample:
    two looks at the same table, and the sharper bound holds.
    """
    own, n = (rows_p, n_p) if n_p <= n_q else (rows_q, n_q)
    both, total = rows_p + rows_q, n_p + n_q
    if both <= 0:
        return 0.0
    surprise = max(n * two_shares(own / n, both / total), both * two_shares(own / both, n / total))
    return min(math.log(2) - surprise, 0.0)


def two_shares(p: float, q: float) -> float:
    """Return the divergence of two cells, with shares p and 1 − p against q and 1 − q."""
    total = 0.0
    for a, b in ((p, q), (1 - p, 1 - q)):
        if a > 0:
            total += a * math.log(a / b) if b > 0 else math.inf
    return max(total, 0.0)


def likelihood_ratio(p: Floats, q: Floats) -> float:
    """Return G of a 2 × cells contingency table, in which no cell is empty on both sides."""
    pooled = (p + q) / (p.sum() + q.sum())

    def part(counts: Floats) -> float:
        shown = counts > 0
        return float(counts[shown] @ np.log(counts[shown] / counts.sum() / pooled[shown]))

    return 2 * (part(p) + part(q))


def within_noise(statistic: float, free: int) -> bool:
    """Tell whether a χ² statistic with `free` degrees of freedom is what chance makes of it."""
    return statistic <= noise(free)


def noise(free: int) -> float:
    """Return the largest χ² statistic with `free` degrees of freedom that is taken for noise."""
    return free + _NOISE * math.sqrt(2 * free)
