"""Limits of total variation by Wilson's intervals of shares."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klcli.measures.inversion import Inverted


def unseen(rows: tuple[float, float], confidence: float) -> float:
    """Return how different two sides may be that show one and the same value only.

    The upper end of Wilson's interval for a share of 0 rows, of both sides together.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return math.hypot(*(z * z / (n + z * z) for n in rows))


def capped(
    inverted: Inverted, inside: tuple[float, float], rows: tuple[float, float], confidence: float
) -> Inverted:
    """Lower the lower end to what shares of samples allow.

    Of shares P(A) and Q(not A) that are 1 in samples, the truth may be less by a few rows, of which
    no resample shows any. The ends of Wilson's intervals are joined as in [1]_.

    References
    ----------
    .. [1] R. Newcombe, "Interval estimation for the difference between independent proportions",
       Statistics in Medicine 17 (1998) 873, method 10.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    below = 0.0
    for share, n in zip(inside, rows, strict=True):
        share = min(share, 1.0)  # noqa: PLW2901 - off by rounding
        middle = share + z * z / (2 * n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        below += (share - (middle - half) / (1 + z * z / n)) ** 2
    low = sum(inside) - 1 - math.sqrt(below)
    return replace(inverted, low=max(min(inverted.low, low), 0.0))
