"""The members of the stack: each gives a log ratio at some rows by a fit to others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import MissingExtraError
from klcli.joint.features import KERNEL_WIDTH, curves, kernel, linear, products, within_levels
from klcli.joint.penalised import Logistic

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from klcli.joint.features import Pool
    from klcli.typing import Bools, Floats

    Member = Callable[[Bools, Bools], Floats]

#: Prior precisions, weakly informative: a coefficient of one nat per standard deviation is ordinary.
_SLOPE, _CURVE, _KERNEL = 1.0, 1.0, 0.3


def members(pool: Pool, rng: Generator) -> dict[str, Member]:
    """Return the members that make sense for these rows, by name."""
    base, label = linear(pool), pool.label
    blocks = [(base, _SLOPE)]
    found: dict[str, Member] = {"linear": _logistic(blocks, label)}
    second = products(pool)
    if second.shape[1]:
        blocks = [*blocks, (second, _SLOPE)]
        found["quadratic"] = _logistic(blocks, label)
    third = within_levels(pool)
    if third.shape[1]:
        found["within levels"] = _logistic([*blocks, (third, _SLOPE)], label)
    if pool.scores.shape[1]:
        blocks = [*blocks, (curves(pool), _CURVE)]
        found["curves"] = _logistic(blocks, label)
        features = kernel(pool, KERNEL_WIDTH, rng)
        found["kernel"] = _logistic([*blocks, (features, _KERNEL)], label)
        # On the scale of ranks, which no monotone map changes, and on that of the numbers, where
        # narrow ridges are sharper and far clusters farther.
        for scale, rows in (("scores", pool.white), ("numbers", pool.raw)):
            found[f"normal {scale}"] = partial(normal, pool, rows)
            found[f"mixture {scale}"] = mixture(pool, rows, rng)
    found["boosting"] = partial(boosting, pool)
    return found


def _logistic(blocks: list[tuple[Floats, float]], label: Bools) -> Member:
    model = Logistic.prepare(blocks, label)
    return lambda train, test: model(label, train, test)


def level_ratio(pool: Pool, train: Bools, test: Bools) -> Floats:
    """Return the sum over the categorical columns of the log ratio of the level's frequency.

    With a half added to each count (Krichevsky & Trofimov).
    """
    total = np.zeros(int(test.sum()))
    for code in pool.codes.T:
        size = int(code.max()) + 1
        p, q = (
            np.bincount(code[train & side], minlength=size) + 0.5
            for side in (pool.label, ~pool.label)
        )
        total += np.log(p / p.sum() * q.sum() / q)[code[test]]
    return total


def normal(pool: Pool, white: Floats, train: Bools, test: Bools) -> Floats:
    """Return the log ratio of two normal densities (quadratic discriminant) of whitened rows."""
    result = level_ratio(pool, train, test)
    for sign, side in ((1, pool.label), (-1, ~pool.label)):
        rows = white[train & side]
        centre = rows.mean(axis=0)
        # A trace of ridge keeps a covariance of few rows or repeated values regular.
        covariance = np.cov(rows.T).reshape(rows.shape[1], -1) + 1e-6 * np.eye(rows.shape[1])
        root = np.linalg.cholesky(covariance)
        z = np.linalg.solve(root, (white[test] - centre).T)
        result += sign * (-0.5 * np.sum(z**2, axis=0) - np.log(np.diag(root)).sum())
    return result


def mixture(pool: Pool, white: Floats, rng: Generator) -> Member:
    """Return the log ratio of two Gaussian mixtures of whitened rows as a member."""
    from klcli.joint.mixture import chosen, log_ratio

    starts = [chosen(white[side], 8, rng) for side in (pool.label, ~pool.label)]

    def member(train: Bools, test: Bools) -> Floats:
        found = log_ratio(white, pool.label, starts, train, test)
        return found + level_ratio(pool, train, test)

    return member


def boosting(pool: Pool, train: Bools, test: Bools) -> Floats:
    """Return the log odds of boosted trees, less those of the sample sizes.

    Raises
    ------
    MissingExtraError
        Without scikit-learn.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise MissingExtraError.for_extra("--joint with the density ratio", "joint") from error
    # Trees bin at most 255 levels; rarer ones share the last.
    codes = np.minimum(pool.codes, 254)
    features = np.hstack([pool.scores, codes])
    categorical = np.arange(features.shape[1]) >= pool.scores.shape[1]
    model = HistGradientBoostingClassifier(
        learning_rate=0.12,
        max_iter=40,
        max_leaf_nodes=15,
        early_stopping=False,
        categorical_features=categorical if categorical.any() else None,
        random_state=0,
    )
    label = pool.label[train]
    model.fit(features[train], label)
    odds = label.mean()
    result: Floats = model.decision_function(features[test]) - np.log(odds / (1 - odds))
    return result
