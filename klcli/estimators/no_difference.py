"""How likely it is that two samples of categories come from one distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.estimators.gamma import log_rising, repeat

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers

#: Largest deviation of log ratios that is considered: beyond it, samples hardly share values.
_WIDEST: Final = 3.5
#: Deviations, equally likely on a log scale from the noise of all rows in one category up.
_DEVIATIONS: Final = 14
#: Entries that are worked out at once: larger tables take one deviation after the other.
_AT_ONCE: Final = 20_000


def log_bayes_factor(p: Floats, q: Floats) -> Floats:
    """Return the log evidence that P and Q differ, against that they do not.

    Given the rows of a category in both samples, those of P are binomial: with one and the same
    share n/(n + m) where nothing differs, else with shares from a beta distribution around it,
    so that the counts are beta-binomial [1]_. Its concentration c stands for a deviation
    (c·nm/(n + m)²)^−1/2 of the log ratios of P to Q; the evidence is averaged over deviations,
    equally likely on a log scale and less so above 1, as by (1 + deviation²)^−3/2.

    Parameters
    ----------
    p, q : ndarray of float, shape (resamples, cells)
        Counts.

    Returns
    -------
    ndarray of float, shape (resamples,)
        The same if P and Q change places.

    References
    ----------
    .. [1] J. G. Skellam, "A probability distribution derived from the binomial distribution by
       regarding the probability of success as variable between the sets of trials", Journal of
       the Royal Statistical Society B 10 (1948) 257; as a test of homogeneity I. J. Good,
       Annals of Statistics 4 (1976) 1159, doi:10.1214/aos/1176343649.
    """
    n, m = p.sum(axis=1), q.sum(axis=1)
    share = float(np.mean(n / (n + m)))
    least = float(np.mean(1 / np.sqrt(n + m)))
    deviation = np.exp(np.linspace(np.log(least), np.log(_WIDEST), _DEVIATIONS))
    log_prior = -1.5 * np.log1p(deviation**2)
    log_prior -= np.log(np.exp(log_prior).sum())
    pooled = p + q
    if np.all(pooled == pooled[:1]):
        # Rows that only exchange P and Q.
        pooled = pooled[:1]
    concentration = 1 / (deviation**2 * share * (1 - share))
    evidence = np.empty((_DEVIATIONS, len(p)))
    at_once = max(1, _AT_ONCE // max(1, p.size))
    counts: list[Floats | Integers] = [p, q, pooled]
    if at_once < _DEVIATIONS:
        # Whole numbers are told once, and not for each deviation.
        counts = [each.astype(np.intp) if repeat(each) else each for each in counts]
    for first in range(0, _DEVIATIONS, at_once):
        some = slice(first, first + at_once)
        evidence[some] = log_rising(concentration[some] * share, counts[0])
        evidence[some] += log_rising(concentration[some] * (1 - share), counts[1])
        evidence[some] -= log_rising(concentration[some], counts[2])
    evidence -= n * np.log(share) + m * np.log(1 - share)
    evidence += log_prior[:, None]
    largest = evidence.max(axis=0)
    result: Floats = np.log(np.exp(evidence - largest).sum(axis=0)) + largest
    return result


def likelihood_ratio(p: Floats, q: Floats) -> Floats:
    """Return the log-likelihood ratio of two multinomials against one, for each row of counts."""

    def log_likelihood(counts: Floats) -> Floats:
        # A sum over rows of n log n, of which most repeat.
        whole = np.all(counts == np.floor(counts)) and counts.max(initial=0.0) < counts.size
        if whole:
            steps = np.arange(counts.max(initial=0.0) + 1)
            table = steps * np.log(np.maximum(steps, 1.0))
            terms = table[counts.astype(np.intp)]
        else:
            terms = counts * np.log(np.where(counts > 0, counts, 1.0))
        total = counts.sum(axis=1)
        result: Floats = terms.sum(axis=1) - total * np.log(np.maximum(total, 1.0))
        return result

    return log_likelihood(p) + log_likelihood(q) - log_likelihood(p + q)


def probability(log_factor: Floats) -> Floats:
    """Return how likely it is that nothing differs, if that was as likely as not."""
    result: Floats = 1 / (1 + np.exp(np.clip(log_factor, -500, 500)))
    return result
