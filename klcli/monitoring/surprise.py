"""How improbable a count is if batch and reference do not differ: bounds that hold at any size."""

from __future__ import annotations

import math
from typing import Final

#: Of all runs without any change, at most about this share tells of one that is not there, for
#: each kind of change.
FALSE_ALARMS: Final = 0.01


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

    Twice exp(−n·KL) of the share in the smaller sample from that in both (Chernoff's bound, which
    holds for drawing without replacement, too: Hoeffding 1963, theorem 4).
    """
    own, n = (rows_p, n_p) if n_p <= n_q else (rows_q, n_q)
    pooled = (rows_p + rows_q) / (n_p + n_q)
    return math.log(2) - n * two_shares(own / n, pooled)


def two_shares(p: float, q: float) -> float:
    """Return the divergence of two cells, with shares p and 1 − p against q and 1 − q."""
    total = 0.0
    for a, b in ((p, q), (1 - p, 1 - q)):
        if a > 0:
            total += a * math.log(a / b) if b > 0 else math.inf
    return max(total, 0.0)
