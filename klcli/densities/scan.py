"""Evidence that a short stretch of cells differs, for many tables with the same margins at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.densities.bumps import BUMP_VARIANCE, times_log

if TYPE_CHECKING:
    from klcli.typing import Floats

#: A stretch is short up to this share of the cells: longer ones the other models see.
_SHORT = 1 / 16
#: Nats below which a gain comes to nothing, as there are hundreds of stretches.
_LEAST = 4.0
#: Tables that are looked at together: so few that the cache holds them.
_TOGETHER = 64


def scan(p: Floats, q: Floats, weight: float) -> tuple[Floats, Floats] | None:
    """Return the evidence of the short stretch that sticks out most, and what it would mean.

    Stretches of 1, 2, 4, … cells may have a level of their own, equally many of each length, and
    begin anywhere: those that `klcli.densities.bumps` looks for, where many tables are looked at.

    Parameters
    ----------
    p, q : ndarray, shape (resamples, cells)
        Counts, of which each row adds up to the same pooled counts.
    weight : float
        P's share of all rows.

    Returns
    -------
    evidence : ndarray, shape (resamples, 1)
        Log Bayes factor against no difference.
    estimates : ndarray, shape (resamples, 1)
        Of the divergence, times weight·(1 − weight).
    None where there are too few cells for any.
    """
    cells = p.shape[1]
    lengths = [2**k for k in range(cells.bit_length()) if 2**k <= cells * _SHORT]
    if not lengths:
        return None
    total = np.concatenate([[0.0], np.cumsum(p[0] + q[0])])
    gains, estimates = np.full((len(p), 1), _LEAST), np.zeros((len(p), 1))
    for begin in range(0, len(p), _TOGETHER):
        part = slice(begin, begin + _TOGETHER)
        surplus = np.zeros((len(p[part]), cells + 1))
        np.cumsum(p[part], axis=1, out=surplus[:, 1:])
        surplus -= weight * total
        for length in lengths:
            _look(surplus, total, length, weight, gains[part, 0], estimates[part, 0])
    # They share the odds that one model has.
    stretches = sum(cells + 1 - length for length in lengths)
    evidence = np.where(gains > _LEAST, gains - np.log(stretches), -np.inf)
    return evidence, estimates / total[-1]


def _look(
    surplus: Floats, total: Floats, length: int, weight: float, gains: Floats, estimates: Floats
) -> None:
    """Put better gains of stretches of one length, and their estimates, in place of others."""
    held = total[length:] - total[:-length]
    determined = BUMP_VARIANCE * weight * (1 - weight) * held
    cost = 0.5 * np.log1p(determined)
    more = surplus[:, length:] - surplus[:, :-length]
    # The deviance is at most Pearson's statistic, and logarithms are dear.
    bar = np.sqrt((_LEAST + cost) * weight * (1 - weight) * held)
    place = np.flatnonzero(np.abs(more) > bar)
    row, first = np.divmod(place, len(held))
    held = held[first]
    inside = more.ravel()[place] + weight * held
    deviance = times_log(inside, weight * held) + times_log(held - inside, (1 - weight) * held)
    shrink = determined[first] / (1 + determined[first])
    gain = deviance * shrink - cost[first]
    order = np.argsort(gain)  # of those of one table, the last and best remains
    order = order[gain[order] > gains[row[order]]]
    gains[row[order]] = gain[order]
    estimates[row[order]] = (deviance * (2 * shrink - shrink**2) - 0.5 * shrink)[order]
