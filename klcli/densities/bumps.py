"""Stretches where the ratio jumps off a smooth fit: spikes, clusters, gaps and sharp edges."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.typing import Floats, Integers

#: Prior variance of the log ratio within a stretch, against the smooth fit: weakly informative,
#: a factor of e² is ordinary and e⁴ is rare. That of the slope of smooth fits, too.
BUMP_VARIANCE = 4.0
#: Log posterior odds from which ends are fitted: below, they would weigh next to nothing.
_WORTH_WHILE = -2.0
_LOG_2 = math.log(2)
#: First cells of stretches that are looked at together.
_FIRSTS = 64


def bumps(log_odds: Floats, p: Floats, q: Floats) -> tuple[list[tuple[int, int]], float]:
    """Find the disjoint stretches of neighbouring cells that deserve a level of their own.

    Each stretch [i, j) gains the log Bayes factor of an own level against none, in Laplace's
    approximation around the binomial likelihood ratio, plus the log prior probability of that
    stretch: half of all stretches are a tail, the others begin anywhere, and the logarithm of
    their length is uniform. Of all sets of disjoint stretches the one with the largest sum is found by dynamic programming.

    A stretch at either end that holds rows of one sample alone may also be one where the other
    has no mass at all: as likely as not, its support ends there.

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
        Log prior probability of stretches like these against none, with what the evidence of a
        fit with their levels lacks where a support may end.

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
    sums = _sums(log_odds, p, q)
    log_prior = _log_prior(cells)
    # Mostly nothing sticks out, which few logarithms are enough to see.
    first, stop = _promising(sums, log_prior)
    if not (_gain(sums, first, stop, log_prior[first, stop]) > 0).any():
        return [], 0.0
    every, gain = np.arange(cells + 1), np.full(log_prior.shape, -np.inf)
    for part in _parts(cells):
        gain[part] = _gain(sums, every[part[0], None], every[None, part[1]], log_prior[part])
    chosen = _best_disjoint(gain)
    # No more than certain: longer stretches may be likelier alone, though not with the others.
    return chosen, sum(
        min(0.0, log_prior[place] + _kin(gain, *place)) + _beyond_level(sums, *place)
        for place in chosen
    )


def _sums(log_odds: Floats, p: Floats, q: Floats) -> list[Floats]:
    """Return running sums of p, q, what is expected of P, and its variance."""
    expected = 1 / (1 + np.exp(-np.clip(log_odds, -35, 35)))
    pooled = p + q
    return [
        np.concatenate([[0.0], np.cumsum(each)])
        for each in (p, q, pooled * expected, pooled * expected * (1 - expected))
    ]


def ends(log_odds: Floats, p: Floats, q: Floats) -> tuple[list[tuple[int, int]], float]:
    """Find where both tails deserve a level of their own, as `bumps` finds other stretches.

    Where one support is narrower, or a part of one sample is wider, both ends differ together and
    in the same direction: that is as likely as no stretch at all, and not as two accidents, and
    either sample may be the wider one. The logarithm of either length is uniform; each is its
    posterior mean, as the longest run of one sample holds some rows that chance put there.

    Returns
    -------
    stretches : list of (int, int)
        The first and the last one; empty where it is not worth while to look at them.
    log_prior : float
        Log prior probability of such ends against none.
    """
    cells = len(p)
    if cells < 3:
        return [], 0.0
    sums = _sums(log_odds, p, q)
    length = np.arange(1, cells)
    log_prior = -np.log(length * np.log(cells))
    zeros, last = np.zeros_like(length), np.full_like(length, cells)
    left = _gain(sums, zeros, length, log_prior)
    right = _gain(sums, last - length, last, log_prior)
    surplus = sums[0] - sums[2]
    more = surplus[length], surplus[-1] - surplus[last - length]
    # What has as many rows of P as are expected, but for rounding, may be of either sample.
    slack = 1e-9 * float(p.sum() + q.sum())
    either = [
        [
            np.where(sign * more[end] >= -slack, each, -np.inf)
            for end, each in enumerate((left, right))
        ]
        for sign in (1, -1)
    ]
    totals = [_log_sum(left) + _log_sum(right) for left, right in either]
    largest = int(np.argmax(totals))
    gained = totals[largest] - _LOG_2
    if gained < _WORTH_WHILE:
        return [], 0.0
    left, right = either[largest]
    inner, outer = _mean_place(left), _mean_place(right)
    if length[inner] + length[outer] > cells:
        return [], 0.0
    kin = _log_sum(left) - left[inner] + _log_sum(right) - right[outer]
    prior = log_prior[inner] + log_prior[outer] - _LOG_2
    places = [(0, int(length[inner])), (cells - int(length[outer]), cells)]
    beyond = sum(_beyond_level(sums, *place) for place in places)
    return places, min(0.0, float(prior + kin)) + beyond


def _mean_place(gain: Floats) -> int:
    """Return the posterior mean of the place, or the likeliest where that one cannot be."""
    weight = np.exp(gain - gain.max())
    place = round(float(weight @ np.arange(len(gain)) / weight.sum()))
    return place if np.isfinite(gain[place]) else int(gain.argmax())


def _log_sum(logs: Floats) -> float:
    largest = float(logs.max())
    if largest == -math.inf:
        return largest
    return float(np.log(np.exp(logs - largest).sum())) + largest


@lru_cache(maxsize=4)
def _log_prior(cells: int) -> Floats:
    """Return the log prior of [i, j), shape (cells + 1, cells + 1), −inf where it is no stretch."""
    length = np.arange(1.0, cells)
    # By how far the end is behind the first cell, from −cells to cells.
    inner = np.full(2 * cells + 1, -np.inf)
    inner[cells + 1 : -1] = -np.log(2 * cells * length * np.log(cells))
    result: Floats = np.lib.stride_tricks.sliding_window_view(inner, cells + 1)[::-1].copy()
    result[0, 1:-1] = -np.log(4 * length * np.log(cells))
    result[1:-1, -1] = result[0, -2:0:-1]
    result.flags.writeable = False
    return result


def _promising(sums: list[Floats], log_prior: Floats) -> tuple[Integers, Integers]:
    """Return the first cells and the ends of all stretches that may gain, and of some others.

    The deviance of (x, y) from (μ, ν) of the same sum is at most (x − μ)²(1/μ + 1/ν).
    """
    rows_p, rows_q, mean, _ = sums
    surplus, other = rows_p - mean, rows_p + rows_q - mean
    firsts, stops = [], []
    for part in _parts(len(mean) - 1):
        some, after = part
        excess, expected, rest = (
            each[None, after] - each[some, None] for each in (surplus, mean, other)
        )
        with np.errstate(over="ignore"):
            bound = excess**2 * (1 / np.maximum(expected, 1e-300) + 1 / np.maximum(rest, 1e-300))
        # Half a nat more than rounding of a billion rows can take away.
        first, stop = np.nonzero(bound > -0.5 - log_prior[part])
        firsts.append(first + some.start)
        stops.append(stop + after.start)
    return np.concatenate(firsts), np.concatenate(stops)


def _parts(cells: int) -> Iterator[tuple[slice, slice]]:
    """Yield first cells and ends of all stretches, so few at once that the cache holds them.

    Most of those that would end before they begin are left out.
    """
    for begin in range(0, cells, _FIRSTS):
        yield slice(begin, begin + _FIRSTS), slice(begin + 1, None)


def _gain(sums: list[Floats], first: Integers, stop: Integers, log_prior: Floats) -> Floats:
    """Return the log posterior odds of an own level for [first, stop) against none."""
    level, none = _own_level(sums, first, stop)
    gain: Floats = level + log_prior
    either = np.isfinite(none)
    gain[either] = np.logaddexp(level[either], none[either]) - _LOG_2 + log_prior[either]
    return gain


def _own_level(sums: list[Floats], first: Integers, stop: Integers) -> tuple[Floats, Floats]:
    """Return the log Bayes factors of an own level, and of no mass of one sample, against none.

    The latter is −inf but at the ends, where there are rows of one sample alone.
    """
    rows_p, rows_q, mean, information = (
        np.maximum(total[stop] - total[first], 0.0) for total in sums
    )
    other = np.maximum(rows_p + rows_q - mean, 1e-300)
    deviance = times_log(rows_p, np.maximum(mean, 1e-300)) + times_log(rows_q, other)
    level = level_evidence(deviance, information)
    at_end = (first == 0) | (stop == len(sums[0]) - 1)
    return level, np.where(at_end & (np.minimum(rows_p, rows_q) == 0), deviance, -np.inf)


def level_evidence(deviance: Floats | float, information: Floats) -> Floats:
    """Return the log Bayes factor of an own level against none, in Laplace's approximation.

    The prior shrinks the level: the deviance counts in the share that the data determine.
    """
    determined = BUMP_VARIANCE * information
    result: Floats = deviance * determined / (1 + determined) - 0.5 * np.log1p(determined)
    return result


def _beyond_level(sums: list[Floats], first: int, stop: int) -> float:
    """Return what the log evidence of a level lacks if it may as well be that of no mass."""
    level, none = (
        float(each[0]) for each in _own_level(sums, np.array([first]), np.array([stop]))
    )
    return float(np.logaddexp(none - level, 0.0)) - _LOG_2 if math.isfinite(none) else 0.0


def _kin(gain: Floats, first: int, stop: int) -> float:
    """Return the log of how many times likelier all overlapping stretches are than this one.

    Where exactly a stretch begins and ends is seldom certain; all answers count together.
    """
    others = gain[:stop, first + 1 :]
    return float(np.log(np.exp(others - others.max()).sum()) + others.max() - gain[first, stop])


def times_log(count: Floats, expected: Floats) -> Floats:
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
