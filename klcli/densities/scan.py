"""Evidence that a short stretch of cells differs, for many tables with the same margins at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.densities.bumps import level_evidence, times_log

if TYPE_CHECKING:
    from klcli.typing import Floats

#: A stretch is short up to this share of the cells: longer ones the other models see.
_SHORT = 1 / 16
#: Nats below which a gain comes to nothing, as there are hundreds of stretches.
_LEAST = 4.0
#: Tables that are looked at together: so few that the cache holds them.
_TOGETHER = 64


def scan(p: Floats, q: Floats, weight: float) -> Floats | None:
    """Return the evidence of the short stretch that sticks out most.

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
    ndarray, shape (resamples,), or None
        Log Bayes factor against no difference; None where there are too few cells for any.
    """
    cells = p.shape[1]
    lengths = [2**k for k in range(cells.bit_length()) if 2**k <= cells * _SHORT]
    if not lengths:
        return None
    total = np.concatenate([[0.0], np.cumsum(p[0] + q[0])])
    gains = np.full(len(p), _LEAST)
    for begin in range(0, len(p), _TOGETHER):
        part = slice(begin, begin + _TOGETHER)
        surplus = np.zeros((len(p[part]), cells + 1))
        np.cumsum(p[part], axis=1, out=surplus[:, 1:])
        surplus -= weight * total
        for length in lengths:
            _look(surplus, total, length, weight, gains[part])
    # They share the odds that one model has.
    stretches = sum(cells + 1 - length for length in lengths)
    return np.where(gains > _LEAST, gains - np.log(stretches), -np.inf)


def _look(surplus: Floats, total: Floats, length: int, weight: float, gains: Floats) -> None:
    """Put better gains of stretches of one length in place of others."""
    held = total[length:] - total[:-length]
    information = weight * (1 - weight) * held
    more = surplus[:, length:] - surplus[:, :-length]
    # The deviance is at most Pearson's statistic, and logarithms are dear.
    bar = np.sqrt((_LEAST - level_evidence(0.0, information)) * information)
    place = np.flatnonzero(np.abs(more) > bar)
    row, first = np.divmod(place, len(held))
    held, information = held[first], information[first]
    inside = more.ravel()[place] + weight * held
    deviance = times_log(inside, weight * held) + times_log(held - inside, (1 - weight) * held)
    np.maximum.at(gains, row, level_evidence(deviance, information))
