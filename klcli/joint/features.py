"""What the members of the stack see of a row: scores, levels, and functions of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.joint.scores import aligned_scores, pooled_scores
from klcli.joint.whitening import whitened

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.typing import Bools, Floats, Integers

#: Quantiles at which the cubic truncated powers of a column begin: the knots that Harrell,
#: "Regression Modeling Strategies" (2015), table 2.3, gives for seven.
_KNOTS = (0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975)
#: Of more columns, fewer knots: all powers together are as many as for 71 columns, as the time
#: of a fit grows with the square of their number or faster. Harrell's five and six knots are as
#: evenly spaced as these.
_MOST_POWERS, _OUTERMOST = 500, 0.05
#: A level needs this many rows of both samples together for a term of its own.
_LEAST_ROWS = 10
#: At most so many levels get terms of their own, the most frequent ones.
_MOST_LEVELS = 64
#: Whitened values beyond this say no more than that they are wild: a normal density is down to
#: exp(−200) there.
_WILD = 20.0
#: Products of features: as many as 30 numeric columns have, which is what keeps a fit quick, and
#: one for four rows, beyond which a ridge cannot tell them apart.
_MOST_PRODUCTS, _PRODUCTS_PER_ROW = 500, 0.25
#: Centres of the kernel features: enough to be dense in two or three dimensions; beyond that no
#: number is.
_CENTRES = 200
#: Bandwidth of the kernel as a share of the median distance between rows. Half of it did best or
#: nearly so over the pairs of tests/joint (a quarter and one were tried).
KERNEL_WIDTH = 0.5
#: Eigenvalues of the kernel at its centres below this share of the largest are rounding error.
_RANK = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """All rows, P first, in the form that the members look at.

    Attributes
    ----------
    label : ndarray of bool, shape (N,)
        Whether a row is of P.
    scores : ndarray, shape (N, d)
        Aligned normal scores of the numeric columns, see `klcli.joint.scores`.
    white : ndarray, shape (N, rank)
        The same, whitened.
    raw : ndarray, shape (N, rank)
        The numbers themselves, robustly whitened.
    codes : ndarray of int, shape (N, c)
        Levels, numbered from 0 in each column.
    levels : ndarray, shape (N, k)
        Indicators of levels with enough rows, each divided by its standard deviation.
    """

    label: Bools
    scores: Floats
    white: Floats
    raw: Floats
    codes: Integers
    levels: Floats

    @classmethod
    def of(cls, numbers: Floats, codes: Integers, label: Bools, *, blind: bool = False) -> Pool:
        """Prepare rows, P first; `numbers` are finite. With `blind`, labels do not matter.

        Nothing looks at the raw numbers then, and the scores stand for them.
        """
        varying = [column for column in numbers.T if np.ptp(column) > 0]
        if blind:
            columns = [pooled_scores(column) for column in varying]
        else:
            columns = [aligned_scores(column[label], column[~label]) for column in varying]
        scores = np.column_stack(columns) if columns else np.empty((len(label), 0))
        white, raw = scores, scores
        if columns:
            white = _whitened(scores)
            raw = white if blind else _whitened(np.column_stack(varying))
        kept = [np.unique(code, return_inverse=True)[1] for code in codes.T if np.ptp(code) > 0]
        numbered = np.column_stack(kept) if kept else np.empty((len(label), 0), dtype=np.int64)
        return cls(label, scores, white, raw, numbered, _indicators(numbered))


def _whitened(numbers: Floats) -> Floats:
    """Whiten robustly, and stop wild values where any normal density has long ended."""
    result: Floats = np.clip(whitened(numbers), -_WILD, _WILD)
    return result


def _indicators(codes: Integers) -> Floats:
    columns: list[Floats] = []
    for code in codes.T:
        counts = np.bincount(code)
        frequent = np.argsort(-counts, kind="stable")[:_MOST_LEVELS]
        columns += [
            (code == level).astype(float)
            for level in frequent
            if _LEAST_ROWS <= counts[level] <= len(code) - _LEAST_ROWS
        ]
    if not columns:
        return np.empty((len(codes), 0))
    stacked = np.column_stack(columns)
    result: Floats = (stacked - stacked.mean(axis=0)) / stacked.std(axis=0)
    return result


def linear(pool: Pool) -> Floats:
    """Return scores and levels, shape (N, rank + k)."""
    return np.hstack([pool.white, pool.levels])


def products(pool: Pool) -> Floats:
    """Return products of two scores, then of scores and levels, then of two levels.

    As many of these three groups as rows can carry. Scores are whitened, and squares divided by
    √2, so that normal rows give columns of one standard deviation.
    """
    base = linear(pool)
    numbers = pool.white.shape[1]
    first, second = np.triu_indices(base.shape[1])
    # The square of an indicator says nothing new.
    new = (first != second) | (first < numbers)
    group = (first >= numbers).astype(int) + (second >= numbers)
    sizes = np.cumsum(np.bincount(group[new], minlength=3))
    new &= sizes[group] <= _most_products(pool)
    first, second = first[new], second[new]
    return _varying(_product(base, first, second))


def within_levels(pool: Pool) -> Floats:
    """Return products of two scores and a level, as far as rows can carry them beside the others.

    They make the covariance of numbers depend on the level, as in conditional Gaussian
    distributions [1]_: all that differs where no column differs, nor any two of them.

    References
    ----------
    .. [1] S. L. Lauritzen, N. Wermuth, "Graphical models for associations between variables, some
       of which are qualitative and some quantitative", Annals of Statistics 17 (1989), 31-57,
       doi:10.1214/aos/1176347003.
    """
    rows, numbers = pool.white.shape
    levels = pool.levels.shape[1]
    first, second = np.triu_indices(numbers)
    # Of `products`, in which a level has no square.
    others = (numbers + levels) * (numbers + levels + 1) // 2 - levels
    if others + len(first) * levels > _most_products(pool):
        return np.empty((rows, 0))
    pairs = _product(pool.white, first, second)
    return _varying((pairs[:, :, None] * pool.levels[:, None, :]).reshape(rows, -1))


def _most_products(pool: Pool) -> float:
    return min(_MOST_PRODUCTS, len(pool.label) * _PRODUCTS_PER_ROW)


def _product(base: Floats, first: Integers, second: Integers) -> Floats:
    result = base[:, first] * base[:, second]
    square = first == second
    result[:, square] = (result[:, square] - 1) / 2**0.5
    return result


def _varying(columns: Floats) -> Floats:
    kept: Floats = columns[:, columns.std(axis=0) > 0]
    return kept


def curves(pool: Pool) -> Floats:
    """Return cubic truncated powers of each score, standardised; none where columns are too many."""
    levels = _levels(pool.scores.shape[1])
    if not levels:
        return np.empty((len(pool.label), 0))
    knots = np.quantile(pool.scores, levels, axis=0)
    powers = np.hstack([np.maximum(pool.scores - knot, 0.0) ** 3 for knot in knots])
    spread = powers.std(axis=0)
    powers, spread = powers[:, spread > 0], spread[spread > 0]
    result: Floats = (powers - powers.mean(axis=0)) / spread
    return result


def _levels(columns: int) -> tuple[float, ...]:
    """Return at which quantiles of each column powers begin."""
    count = _MOST_POWERS // columns if columns else 0
    if count >= len(_KNOTS):
        return _KNOTS
    return (0.5,) if count == 1 else tuple(np.linspace(_OUTERMOST, 1 - _OUTERMOST, count))


def kernel(pool: Pool, width: float, rng: Generator) -> Floats:
    """Return Nyström features of a Gaussian kernel on scores and levels.

    Parameters
    ----------
    pool : Pool
        The rows.
    width : float
        Bandwidth as a share of the median distance between rows.
    rng : Generator
        Draws the centres from all rows alike.

    References
    ----------
    .. [1] C. Williams, M. Seeger, "Using the Nyström method to speed up kernel machines", Advances
       in Neural Information Processing Systems 13 (2000).
    """
    base = linear(pool)
    centres = base[rng.choice(len(base), min(_CENTRES, len(base)), replace=False)]
    distances = _squared(centres, centres)
    scale = 2 * width**2 * max(float(np.median(distances)), 1e-12)
    values, vectors = np.linalg.eigh(np.exp(-distances / scale))
    keep = values > _RANK * values[-1]
    features = np.exp(-_squared(base, centres) / scale) @ (vectors[:, keep] / values[keep] ** 0.5)
    result: Floats = features - features.mean(axis=0)
    return result


def _squared(x: Floats, y: Floats) -> Floats:
    result: Floats = np.maximum(
        np.sum(x**2, axis=1)[:, None] + np.sum(y**2, axis=1) - 2 * x @ y.T, 0.0
    )
    return result
