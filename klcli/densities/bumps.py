"""Stretches where the ratio jumps off a smooth fit: spikes, clusters, gaps and sharp edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Prior variance of the log ratio within a stretch, against the smooth fit: weakly informative,
#: a factor of e² is ordinary and e⁴ is rare. That of the slope of smooth fits, too.
BUMP_VARIANCE = 4.0


def bumps(log_odds: Floats, p: Floats, q: Floats) -> tuple[list[tuple[int, int]], float]:
    """Find the disjoint stretches of neighbouring cells that deserve a level of their own.

    Each stretch [i, j) gains the log Bayes factor of an own level against none, in Laplace's
    approximation around the binomial likelihood ratio, plus the log prior probability of that
    stretch: half of all stretches are a tail, the others begin anywhere, and the logarithm of
    their length is uniform. Of all sets of disjoint stretches the one with the largest sum is found by dynamic programming.

    Parameters
    ----------
    log_odds : ndarray, shape (cells,)
        Log odds that a row of each cell is of P, by the smooth fit.
    p, q : ndarray, shape (cells,)
        Counts.

    Returns
    -------
    stretches : list of (int, int)
        First cell and the one after the last, in order; empty where nothing sticks out.
    log_prior : float
        Log prior probability of stretches like these against none.

    References
    ----------
    .. [1] J. D. Scargle, J. P. Norris, B. Jackson, J. Chiang, "Studies in astronomical time
       series analysis VI: Bayesian block representations", Astrophysical Journal 764 (2013), 167,
       section 2.6 (the dynamic programme).
    .. [2] L. Dümbgen, V. G. Spokoiny, "Multiscale testing of qualitative hypotheses", Annals of
       Statistics 29 (2001), 124-152: short stretches are many and must pay for it.
    """
    cells = len(p)
    if cells < 3:
        return [], 0.0
    expected = 1 / (1 + np.exp(-np.clip(log_odds, -35, 35)))
    pooled = p + q
    rows_p, rows_q, mean, information = (
        _between(each) for each in (p, q, pooled * expected, pooled * expected * (1 - expected))
    )
    total = rows_p + rows_q
    other = np.maximum(total - mean, 1e-300)
    deviance = _times_log(rows_p, np.maximum(mean, 1e-300)) + _times_log(rows_q, other)
    # The prior shrinks the level: the deviance counts in the share that the data determine.
    determined = BUMP_VARIANCE * information
    occam = 0.5 * np.log1p(determined)
    length = np.subtract.outer(-np.arange(cells + 1), -np.arange(cells + 1)).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_prior = -np.log(2 * cells * length * np.log(cells))
        log_prior[0] = -np.log(4 * length[0] * np.log(cells))
        log_prior[:, -1] = -np.log(4 * length[:, -1] * np.log(cells))
        gain = deviance * determined / (1 + determined) - occam + log_prior
    possible = (length >= 1) & (length < cells)
    gain = np.where(possible, gain, -np.inf)
    if not gain.max() > 0:
        return [], 0.0
    chosen = _best_disjoint(gain)
    # No more than certain: longer stretches may be likelier alone, though not with the others.
    return chosen, sum(min(0.0, log_prior[place] + _kin(gain, *place)) for place in chosen)


def _kin(gain: Floats, first: int, stop: int) -> float:
    """Return the log of how many times likelier all overlapping stretches are than this one.

    Where exactly a stretch begins and ends is seldom certain; all answers count together.
    """
    others = gain[:stop, first + 1 :]
    return float(np.log(np.exp(others - others.max()).sum()) + others.max() - gain[first, stop])


def _between(counts: Floats) -> Floats:
    """Return the sum over [i, j) for each pair, shape (cells + 1, cells + 1); i is the row."""
    total = np.concatenate([[0.0], np.cumsum(counts)])
    result: Floats = np.maximum(total[None, :] - total[:, None], 0.0)
    return result


def _times_log(count: Floats, expected: Floats) -> Floats:
    """Return count·log(count/expected), 0 where the count is."""
    result: Floats = count * np.log(
        np.where(count > 0, count, 1.0) / np.where(count > 0, expected, 1.0)
    )
    return result


def _best_disjoint(gain: Floats) -> list[tuple[int, int]]:
    """Return the disjoint stretches with the largest sum of gains; entry (i, j) is [i, j)."""
    cells = len(gain) - 1
    best = np.zeros(cells + 1)
    start = np.full(cells + 1, -1)
    for stop in range(1, cells + 1):
        best[stop] = best[stop - 1]
        with_one = best[:stop] + gain[:stop, stop]
        first = int(with_one.argmax())
        if with_one[first] > best[stop]:
            best[stop], start[stop] = with_one[first], first
    chosen = []
    stop = cells
    while stop > 0:
        if start[stop] < 0:
            stop -= 1
        else:
            chosen.append((int(start[stop]), stop))
            stop = int(start[stop])
    return chosen[::-1]
