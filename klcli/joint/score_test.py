"""An exact permutation test: how much evidence the labels hold against P = Q."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.joint.features import (
    KERNEL_WIDTH,
    Pool,
    curves,
    kernel,
    linear,
    products,
    within_levels,
)
from klcli.joint.labels import p_value, permuted_labels

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.typing import Floats, Integers

#: Prior precisions of a log ratio per standard deviation of a feature: from ordinary effects, one
#: nat, down to those that no test could find.
_PRIORS = (1.0, 10.0, 100.0, 1e3, 1e4)

#: Beyond this many permutations the p-value would only be finer than 1/500.
_MOST_RESAMPLES = 499


def score_test(
    numbers: Floats, codes: Integers, n: int, resamples: int, rng: Generator
) -> tuple[float, Floats]:
    """Test P = Q by a Bayes factor around a ratio of one, with its exact null distribution.

    The log ratio is linear in features of a row with a normal prior. Around a ratio of one the
    likelihood is quadratic, so that the Bayes factor follows from the score alone. It is averaged
    over nested sets of features and over priors. The features depend on the pooled rows and not on
    their labels: so with exchanged labels the statistic has the same distribution, whatever ties
    there are and however unequal the samples.

    Parameters
    ----------
    numbers : ndarray, shape (N, d)
        Finite.
    codes : ndarray of int, shape (N, c)
    n : int
        The first n rows are of P.
    resamples : int
        Permutations; at most 499 are drawn.
    rng : Generator
        Source of randomness.

    Returns
    -------
    p_value : float
    values : ndarray, shape (min(resamples, 499),)
        Approximate estimates of D under permutation, in nats: as in `klcli.estimators.ratio`, a
        Newton step from a ratio of one, less its optimism.

    References
    ----------
    .. [1] J. Goeman, S. van de Geer, H. van Houwelingen, "Testing against a high dimensional
       alternative", J. R. Statist. Soc. B 68 (2006), 477-493: the score statistic of a prior.
    """
    pool = Pool.of(numbers, codes, np.arange(len(numbers)) < n, blind=True)
    rows = len(numbers)
    weight = n / rows
    blocks = [linear(pool), products(pool)]
    if pool.scores.shape[1]:
        blocks += [curves(pool), kernel(pool, KERNEL_WIDTH, rng), within_levels(pool)]
    design = np.hstack(blocks)
    design = design - design.mean(axis=0)
    sizes = np.unique(np.cumsum([block.shape[1] for block in blocks]))
    information = weight * (1 - weight) * design.T @ design / rows
    models = [np.linalg.eigh(information[:size, :size]) for size in sizes if size]
    if not models:
        return float("nan"), np.empty(0)

    # Seven digits, alike for all permutations, are enough to rank them.
    single = design.astype(np.float32)

    def both(labels: Floats) -> tuple[Floats, Floats]:
        score = (labels.astype(np.float32) @ single).astype(float) / rows
        evidence, estimates = [], []
        for values, vectors in models:
            squared = (score[:, : len(values)] @ vectors) ** 2
            for prior in _PRIORS:
                posterior = np.maximum(values, 0.0) + prior / rows
                gain = squared @ (1 / posterior)
                spread = squared @ (np.maximum(values, 0.0) / posterior**2)
                optimism = np.sum(np.maximum(values, 0.0) / posterior) / rows
                occam = np.sum(np.log(prior / rows) - np.log(posterior))
                evidence.append(0.5 * (rows * gain + occam))
                estimates.append((gain - 0.5 * spread - 0.5 * optimism) / (weight * (1 - weight)))
        stacked = np.stack(evidence, axis=1)
        largest = stacked.max(axis=1)
        belief = np.exp(stacked - largest[:, None])
        statistic = np.log(belief.sum(axis=1)) + largest
        estimate = np.sum(belief * np.stack(estimates, axis=1), axis=1) / belief.sum(axis=1)
        return statistic, estimate

    found: list[Floats] = []

    def statistic(labels: Floats) -> Floats:
        value, estimate = both(labels)
        found.append(estimate)
        return value

    resamples = min(resamples, _MOST_RESAMPLES)
    observed, permuted = permuted_labels(n, rows - n, resamples, rng, statistic)
    return p_value(observed, permuted), np.concatenate(found)[1:]
