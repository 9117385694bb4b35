"""The models of the log ratio that compete, for the pooled counts of cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from klcli.densities.linear_model import Model, level_prior, path_weights
from klcli.densities.splines import linear, natural_cubic
from klcli.quantiles import median, middle_ranks

if TYPE_CHECKING:
    from klcli.typing import Bools, Floats

#: Prior variance of the slope of the log ratio per unit of normal score, and of the deviation of
#: an atom from its neighbours: weakly informative, a unit change is ordinary and 4 is rare.
_SLOPE_VARIANCE = 4.0
_ATOM_VARIANCE = 1.0
#: Prior variance of the Pareto shape of p/q, and of q/p, in either tail: shapes beyond 1 belong to
#: no ratio of densities.
_SHAPE_VARIANCE = 1.0
#: An atom gets a term of its own where it holds this share of the pooled rows; at most so many.
_HEAVY = 0.02
_MOST_ATOMS = 16
#: A value is heaped that holds so many times the rows of either neighbour. The term that heaps have
#: in common costs little where it is not needed, and none where there are none.
_HEAPED = 1.5


def models(counts: Floats, every: bool) -> list[Model]:
    """Return the competing models for cells with these pooled counts, shape (cells,).

    They depend on the pooled counts alone, so they are the same under any exchange of labels.
    With `every`, the random walk has a knot at every cell.
    """
    return list(_models(counts.tobytes(), every))


# The estimate of a column and its permutation test ask for the same; threads may mix columns.
@lru_cache(maxsize=8)
def _models(counts_bytes: bytes, every: bool) -> tuple[Model, ...]:
    counts = np.frombuffer(counts_bytes)
    rows = float(counts.sum())
    share = counts / rows
    rank = middle_ranks(share)
    if len(counts) == 1:
        one = np.ones((1, 1))
        return (Model(one, np.zeros((1, 1)), level_prior(one, share, rows), np.ones(1)),)
    # The number of knots of a smoothing spline need only outgrow the roughness that n rows can
    # show, n^(1/5) for two derivatives and n^(1/3) for one; the penalty does the rest.
    score = normal_score(rank)
    knots = _at_most(score, rank, int(np.clip(3.2 * rows ** (1 / 3), 8, 64)))
    walk_knots = _at_most(
        rank, rank, len(share) if every else int(np.clip(5 * rows ** (1 / 3), 8, 128)), heavy=share
    )
    design, roughness = linear(rank, walk_knots)
    walk = Model(
        design, roughness, level_prior(design, share, rows), path_weights(10 * rows, 2e-3, rows)
    )
    if len(knots) < 3:
        return (walk,)
    design, roughness = natural_cubic(score, knots)
    centred = score - share @ score
    slope = ((share * centred) @ design) / (share @ centred**2)
    prior = level_prior(design, share, rows) + np.outer(slope, slope) / (rows * _SLOPE_VARIANCE)
    smooth = Model(design, roughness, prior, path_weights(10 * rows, 2e-4, rows))
    heavy = np.flatnonzero(share >= _HEAVY)
    tails = with_terms(smooth, _tails(rank, rows), _SHAPE_VARIANCE, rows)
    if not 0 < len(heavy) < len(counts) - 3:
        return smooth, tails, walk
    heavy = heavy[np.argsort(-share[heavy], kind="stable")[:_MOST_ATOMS]]
    atoms = with_terms(smooth, np.eye(len(counts))[:, heavy], _ATOM_VARIANCE, rows)
    return smooth, atoms, tails, walk


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    """By what values that repeat may differ from what their neighbours say.

    Attributes
    ----------
    terms : ndarray, shape (cells, k)
        Each column is 1 at the cells that have a term in common, and 0 elsewhere; none overlap.
    variances : ndarray, shape (path,)
        Of the independent terms: each in turn.
    """

    terms: Floats
    variances: Floats

    def model(self, counts: Floats, smooth: Model) -> Model:
        """Return the terms on top of a smooth curve, or of a line where their variance is unknown.

        A line, as many terms of unknown variance follow a curve, too.
        """
        rows = float(counts.sum())
        if len(self.variances) == 1:
            return with_terms(smooth, self.terms, float(self.variances[0]), rows)
        share = counts / rows
        score = normal_score(middle_ranks(share))
        line = np.stack([np.ones(len(share)), score - share @ score], axis=1)
        size = 2 + self.terms.shape[1]
        roughness, prior = np.eye(size), np.eye(size) / (rows * _SLOPE_VARIANCE)
        roughness[0, 0] = roughness[1, 1] = prior[0, 0] = 0
        prior[:2, :2] += level_prior(line, share, rows)
        design = np.hstack([line, self.terms])
        return Model(design, roughness, prior, 1 / (rows * self.variances))


def deviations(counts: Floats, atoms: Bools) -> list[Deviations]:
    """Return the terms that values may have where neighbours do not tell what they are.

    They depend on the pooled counts alone. Where most rows are on values that repeat, each has a
    term of its own. The variance goes from 1/rows, which so many rows do not show, to 1; that of
    dozens of values is known to about half a decade, so they are two a decade. Values that hold
    half as many rows again as either neighbour, as heaped ages do, have one term in common.

    Parameters
    ----------
    counts : ndarray, shape (cells,)
        Pooled.
    atoms : ndarray of bool, shape (cells,)
        Which cells hold values that repeat.
    """
    rows, found = float(counts.sum()), []
    if counts[atoms].sum() >= rows / 2 and np.count_nonzero(atoms) > 1:
        decades = int(np.ceil(np.log10(rows)))
        variances = np.logspace(0, decades, 2 * decades + 1) / rows
        found.append(Deviations(np.eye(len(counts))[:, atoms], variances))
    beside = np.concatenate([[np.inf], counts, [np.inf]])
    heaps = atoms & (counts > _HEAPED * np.maximum(beside[:-2], beside[2:]))
    if heaps.any():
        found.append(Deviations(heaps[:, None] * 1.0, np.array([_ATOM_VARIANCE])))
    return found


def _tails(rank: Floats, rows: float) -> Floats:
    """Return the log ratio of a Pareto tail of shape 1 at either end, shape (cells, 2)."""
    size = min(0.2, 3 / rows**0.5)
    beyond = np.stack([rank, 1 - rank], axis=1)
    terms: Floats = np.maximum(np.log(size / beyond), 0.0)
    return terms


def with_terms(model: Model, extra: Floats, variance: float, rows: float) -> Model:
    """Add columns to the design, with independent priors of this variance."""
    return model.extended(extra, 1 / (rows * variance))


def normal_score(rank: Floats) -> Floats:
    """Return the normal quantiles of ranks in (0, 1)."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(u) for u in rank])


def _at_most(x: Floats, rank: Floats, count: int, heavy: Floats | None = None) -> Floats:
    """Choose at most about `count` knots among the cells, evenly in rank, with both ends.

    Cells that hold half a knot's share or more (`heavy` holds the shares), and twice what is usual,
    each get a knot, and their edges too, so that they do not lean on their neighbours.
    """
    if len(x) <= count:
        return x
    bins = np.minimum((rank * count).astype(int), count - 1)
    chosen = np.diff(bins, prepend=-1) > 0
    chosen[-1] = True
    if heavy is not None:
        own = np.flatnonzero(heavy >= max(0.5 / count, 2 * median(heavy)))
        for around in (own - 1, own, own + 1):
            chosen[np.clip(around, 0, len(x) - 1)] = True
    knots: Floats = x[chosen]
    return knots
