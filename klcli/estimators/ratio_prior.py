"""What categories have in common: a prior of the log ratio of P to Q, learned from all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.estimators.multiplicity import Multiplicity, multiplicity

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats, Integers

#: Log ratios that priors and posteriors are worked out at: e^±9.6 is beyond what counts below
#: `_INFORMATIVE` can tell, and within a step no posterior from such counts bends much.
LOG_RATIOS: Final = np.linspace(-9.6, 9.6, 121)
#: Means and deviations of the normal priors. Both lie on the grid, so that the narrowest is the
#: point itself; deviations are a factor of 1.4 apart, which likelihoods of many rows resolve.
_MEANS: Final = 0.32 * np.arange(-6, 7)
_DEVIATIONS: Final = np.append(0.02, 0.11 * 2 ** (np.arange(11) / 2))
#: A category with more rows than this is informed by its own rows: priors are fitted as if it
#: had this many, and its posterior gets a finer grid of its own.
_INFORMATIVE: Final = 100.0
#: Points of that grid, in standard deviations of the log ratio.
_NODES: Final = np.linspace(-5.0, 5.0, 41)
#: How fast categories of other frequency lose their say: by a factor e for a factor e in rows.
_RANGE: Final = 1.0
#: The unseen count as if they had been seen half a time.
_UNSEEN_AT: Final = 0.5
#: The means of log ratios are within ±1/2: all of a class of categories are rarely e times more
#: frequent on one side.
_MEAN_SPREAD: Final = 0.5
#: Counts of resamples that share their pairs: those of more rows are hardly fewer.
_AT_ONCE: Final = 1 << 16


@cache
def _priors() -> tuple[Floats, Floats]:
    """Return the normal priors, shape (log ratios, priors), and the log of how likely each is.

    Deviations are equally likely on a log scale below 1, and less and less so above, as by
    (1 + deviation²)^−3/2: where nothing is known, a ratio of e is more plausible than of e³.
    """
    mean, deviation = (each.ravel() for each in np.meshgrid(_MEANS, _DEVIATIONS, indexing="ij"))
    prior = np.exp(-0.5 * ((LOG_RATIOS[:, None] - mean) / deviation) ** 2)
    log_weight = -1.5 * np.log1p(deviation**2) - 0.5 * (mean / _MEAN_SPREAD) ** 2
    return prior / prior.sum(axis=0), log_weight - np.log(np.exp(log_weight).sum())


@dataclass(frozen=True, slots=True, eq=False)
class RatioPosterior:
    """Posterior means for the categories of each pair of counts.

    A row of either side that falls into a category comes from P with probability π; at equal
    sample sizes that is p/(p + q), and the log ratio of P to Q is logit π − log(n/m).

    Attributes
    ----------
    share : ndarray of float, shape (pairs + 1,)
        Share of a category in both samples together. The last is for all categories that
        neither sample shows.
    from_p : ndarray of float, shape (pairs + 1,)
        E[π].
    weighted : ndarray of float, shape (pairs + 1,)
        E[π × log ratio].
    number : ndarray of float, shape (pairs + 1,)
        How many categories.
    offset : float
        log n/m.
    variance : float
        Of the value, from what the counts leave open of the prior, in nats²; NaN if not asked for.
    mean, mean_variance : float
        Of E_Q[f(p/q)] for the function that was given, and its variance; NaN without.
    """

    share: Floats
    from_p: Floats
    weighted: Floats
    number: Floats
    offset: float
    variance: float = math.nan
    mean: float = math.nan
    mean_variance: float = math.nan

    @property
    def terms(self) -> Floats:
        """Share of the categories of each pair in the value, in nats, shape (pairs + 1,)."""
        mass = self.number * self.share
        from_p, weighted = mass * self.from_p, mass * self.weighted
        return _terms(from_p, weighted, self.offset)

    @property
    def value(self) -> float:
        """D(P‖Q) in nats."""
        return float(self.terms.sum())


def _terms(from_p: Floats, weighted: Floats, offset: float) -> Floats:
    """Return the terms of D(P‖Q) from posterior means that are weighted by mass.

    The shares of P, and those of Q, are made to sum to 1 over the first axis.
    """
    total = from_p.sum(axis=0)
    terms: Floats = (weighted - (np.log(total / (1 - total)) - offset) * from_p) / total
    return terms


def posterior(
    counts: Multiplicity,
    *,
    uncertainty: bool = False,
    function: Callable[[Floats], Floats] | None = None,
    known: tuple[Floats, Floats] | None = None,
) -> RatioPosterior:
    """Fit the prior of log ratios and return what it makes of the counts.

    Given the rows x + y of a category in both samples, x is binomial. Its log odds have a normal
    prior whose mean and deviation are averaged over by their likelihood. Frequent and rare
    categories may differ in both; each learns most from those that are about as frequent. With
    `uncertainty`, the variance is worked out as well; with a `function` f of the log ratio, the
    mean of E_Q[f]. What `_likelihood` gives may be `known`.
    """
    n, m, pooled = counts.n, counts.m, counts.pooled
    offset = float(np.log(n / m))
    log_pi, log_rest = _log_sides(LOG_RATIOS + offset)
    prior, log_weight = _priors()
    likelihood, evidence = known or _likelihood(counts.x, counts.y, offset)
    level, levels = _levels(pooled)
    starts = np.flatnonzero(np.diff(level[order := np.argsort(level, kind="stable")], prepend=-1))
    by_level = np.add.reduceat((counts.number[:, None] * evidence)[order], starts)
    at = np.append(levels, np.log(_UNSEEN_AT))
    near = np.exp(-np.abs(at[:, None] - levels) / _RANGE)
    belief = near @ by_level + log_weight
    belief = np.exp(belief - belief.max(axis=1, keepdims=True))
    belief /= belief.sum(axis=1, keepdims=True)
    local = belief @ prior.T
    joint = np.vstack([likelihood, np.ones(len(LOG_RATIOS))])
    weight = joint * local[np.append(level, -1)]
    weight /= weight.sum(axis=1, keepdims=True)
    pi = np.exp(log_pi)
    from_p, weighted = weight @ pi, weight @ (pi * LOG_RATIOS)
    many = np.flatnonzero(pooled > _INFORMATIVE)
    if len(many):
        node, own = _own_grid(counts, many, local[level[many]], offset)
        chance = np.exp(_log_sides(node + offset)[0])
        from_p[many] = np.sum(own * chance, axis=1)
        weighted[many] = np.sum(own * chance * node, axis=1)
    unseen = pooled_unseen_mass(counts)
    share = np.append((1 - unseen) * pooled / (n + m), unseen)
    number = np.append(counts.number, 1.0)
    variance = mean = mean_variance = math.nan
    if uncertainty or function is not None:
        total = joint @ prior + 1e-300
    if uncertainty:
        # What the value would be if one prior held for all, each as likely as it is for what was
        # not seen. That is more than the counts leave open, but no ratios are quite normal: with
        # the variance of each class of categories by itself, intervals of two blocks of equal
        # shares covered the truth in 64 % of samples of 200 rows, with this in all of 150.
        each_p, each = (joint * pi) @ prior / total, (joint * (pi * LOG_RATIOS)) @ prior / total
        each_p[many], each[many] = from_p[many, None], weighted[many, None]
        mass = (number * share)[:, None]
        values = _terms(mass * each_p, mass * each, offset).sum(axis=0)
        variance = _spread(values, belief[-1])
    if function is not None:
        # The shares of P, and those of Q, are made to sum to 1.
        mass = number * share
        of_p = float(mass @ from_p)
        shift = math.log(of_p / (1 - of_p)) - offset
        terms = np.exp(log_rest) * function(LOG_RATIOS - shift)
        rest, per_prior = weight @ terms, (joint * terms) @ prior / total
        if len(many):
            of_q = np.exp(_log_sides(node + offset)[1])
            rest[many] = np.sum(own * of_q * function(node - shift), axis=1)
            per_prior[many] = rest[many, None]
        mean = float(mass @ rest) / (1 - of_p)
        mean_variance = _spread(mass @ per_prior / (1 - of_p), belief[-1])
    return RatioPosterior(share, from_p, weighted, number, offset, variance, mean, mean_variance)


def posterior_values(p: Floats, q: Floats) -> Floats:
    """Return the value of `posterior` for each row of counts, shape (resamples, cells).

    Resamples have most of their pairs of counts in common: what does not depend on the others of
    a row is worked out once for many rows. All rows have the same totals.
    """
    at_once = max(1, _AT_ONCE // max(1, p.shape[1]))
    blocks = [slice(first, first + at_once) for first in range(0, len(p), at_once)]
    return np.concatenate([np.empty(0), *(_block_values(p[rows], q[rows]) for rows in blocks)])


def _block_values(p: Floats, q: Floats) -> Floats:
    every = multiplicity(p.ravel(), q.ravel())
    likelihood, evidence = _likelihood(every.x, every.y, float(np.log(p[0].sum() / q[0].sum())))
    values = np.empty(len(p))
    for row, pair in enumerate(every.pair.reshape(p.shape)):
        number = np.bincount(pair[pair >= 0], minlength=len(every.x))
        shown = np.flatnonzero(number)
        counts = Multiplicity(every.x[shown], every.y[shown], number[shown].astype(float), pair)
        values[row] = posterior(counts, known=(likelihood[shown], evidence[shown])).value
    return values


def _likelihood(x: Floats, y: Floats, offset: float) -> tuple[Floats, Floats]:
    """Return the likelihood of log ratios for pairs of counts, and the log evidence of priors.

    Shapes (pairs, log ratios), of which the largest is 1, and (pairs, priors).
    """
    log_pi, log_rest = _log_sides(LOG_RATIOS + offset)
    scale = np.minimum(1.0, _INFORMATIVE / (x + y))[:, None]
    log_likelihood = scale * (x[:, None] * log_pi + y[:, None] * log_rest)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    return likelihood, np.log(likelihood @ _priors()[0] + 1e-300)


def _spread(values: Floats, chance: Floats) -> float:
    """Return the variance of values that have these probabilities."""
    return float(chance @ (values - chance @ values) ** 2)


def pooled_unseen_mass(counts: Multiplicity) -> float:
    """Return Good's estimate of the mass that neither sample has shown, in both together."""
    pooled = counts.pooled
    rows = float(counts.number @ pooled)
    once = float((counts.number * pooled)[pooled <= 1].sum())
    return min(once, rows - 1.0) / rows


def _levels(pooled: Floats) -> tuple[Integers, Floats]:
    """Sort categories by how frequent they are, in steps of √2.

    Returns
    -------
    level : ndarray of int, shape (pairs,)
    levels : ndarray of float, shape (levels,)
        Log of the number of rows of each.
    """
    step = np.round(2 * np.log2(pooled)).astype(int)
    present = np.flatnonzero(np.bincount(step - step.min())) + step.min()
    return np.searchsorted(present, step), present * np.log(2) / 2


def _log_sides(log_odds: Floats) -> tuple[Floats, Floats]:
    """Return log π and log(1 − π)."""
    return -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)


def _own_grid(
    counts: Multiplicity, pairs: Integers, prior: Floats, offset: float
) -> tuple[Floats, Floats]:
    """Return log ratios and their posterior weights for pairs whose likelihood is narrow.

    The prior, shape (pairs, log ratios), is interpolated.
    """
    # Half a row more on each side is the usual way to keep log odds finite (Haldane 1956).
    x, y = counts.x[pairs, None] + 0.5, counts.y[pairs, None] + 0.5
    node = np.log(x / y) - offset + _NODES * np.sqrt(1 / x + 1 / y)
    log_pi, log_rest = _log_sides(node + offset)
    log_likelihood = counts.x[pairs, None] * log_pi + counts.y[pairs, None] * log_rest
    last = len(LOG_RATIOS) - 1
    place = np.clip((node - LOG_RATIOS[0]) / (LOG_RATIOS[1] - LOG_RATIOS[0]), 0, last)
    left = np.minimum(place.astype(int), last - 1)
    low, high = (np.take_along_axis(prior, left + i, axis=1) for i in (0, 1))
    # Where no prior reaches, the rows speak alone.
    density = low + (place - left) * (high - low) + 1e-12
    weight = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * density
    weight /= weight.sum(axis=1, keepdims=True)
    return node, weight
