"""Exact counts of numbers in cells, which add up and can be read off anywhere in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.bounds import CELLS, is_atom, is_new

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.typing import Bools, Floats

#: More cells with rows than this are thinned. The limit lies above what one dataset is cut into
#: (`CELLS` quantiles, the halving cells at both ends, and a cell for each repeated value).
MOST_CELLS: Final = 2 * CELLS + 128


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """How many finite numbers of one column lie in each of some cells.

    Attributes
    ----------
    bounds : ndarray of float, shape (cells + 1,)
        Strictly increasing. A value that repeats lies between v and nextafter(v, inf). All
        numbers lie in [first, last).
    counts : ndarray of float, shape (cells,)
        Rows (or their weight) in [b_i, b_{i+1}).
    variance : ndarray of float, shape (cells + 1,)
        Squared standard error of how many numbers lie below each bound: 0 where counts were taken
        from the data, more where merging had to guess.
    """

    bounds: Floats
    counts: Floats
    variance: Floats

    @classmethod
    def counted(cls, bounds: Floats, counts: Floats) -> Cells:
        """Return cells whose counts are exact."""
        return cls(bounds, counts, np.zeros(len(bounds)))

    @classmethod
    def of_values(cls, values: Floats, counts: Floats) -> Cells:
        """Return a cell for each of some values, shape (values,), strictly increasing."""
        if not len(values):
            return cls.counted(np.empty(0), np.empty(0))
        with np.errstate(over="ignore"):
            bounds = np.column_stack([values, np.nextafter(values, np.inf)]).ravel()
        new = is_new(bounds)
        # Neighbouring doubles share a bound.
        inside = np.column_stack([counts, np.zeros(len(counts))]).ravel()
        kept = np.flatnonzero(new)
        summed = np.add.reduceat(inside, kept)
        return cls.counted(bounds[kept], summed[:-1])

    @property
    def total(self) -> float:
        """Rows in all cells."""
        return float(self.counts.sum())

    @property
    def atoms(self) -> Bools:
        """Which cells hold one single value, shape (cells,)."""
        return is_atom(self.bounds[:-1], self.bounds[1:])

    @property
    def exact(self) -> bool:
        """Whether every number is known: no cell with rows holds more than one value."""
        return bool(self.atoms[self.counts > 0].all()) and not self.variance.any()

    def ranks(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Return how many numbers lie below each of some values, and two variances of that.

        The first is that of the bounds; the second comes from guessing in between.

        Between bounds, the share of a cell below a value is taken to be its share of the cell's
        width, f. If the cell's w rows were one lump anywhere in it, that would have variance
        w²·f(1 − f) around f·w: the most there can be.

        Parameters
        ----------
        at : ndarray of float, shape (values,)
            Finite, in increasing order.
        """
        if not len(self.counts):
            return np.zeros(len(at)), np.zeros(len(at)), np.zeros(len(at))
        below = np.concatenate([[0.0], np.cumsum(self.counts)])
        cell = np.searchsorted(self.bounds, at, side="right") - 1
        inside = np.clip(cell, 0, len(self.counts) - 1)
        lower, upper = self.bounds[inside], self.bounds[inside + 1]
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            # Halves do not overflow; ends that no double follows are open.
            width = upper / 2 - lower / 2
            share = np.where(width > 0, (at / 2 - lower / 2) / width, 0.0)
        share = np.clip(np.where(np.isfinite(share), share, 0.0), 0.0, 1.0)
        share = np.where(at <= lower, 0.0, np.where(at >= upper, 1.0, share))
        weight = self.counts[inside]
        known = self.variance[inside] * (1 - share) + self.variance[inside + 1] * share
        return below[inside] + share * weight, known, weight**2 * share * (1 - share)

    def thinned(self, most: int, *, least: float = 0.0) -> Cells:
        """Return fewer cells: some of the bounds, so that no count becomes less exact.

        Kept are about `most` quantiles, cells that halve towards both ends, and the cells of
        single values that would fill a quantile cell alone.

        Parameters
        ----------
        most : int
            Cells with rows from which on there are too many.
        least : float
            Rows that every cell must hold.
        """
        if not len(self.counts):
            return self
        total, atoms = self.total, self.atoms
        below = np.concatenate([[0.0], np.cumsum(self.counts)])
        keep = np.zeros(len(below), dtype=bool)
        if np.count_nonzero(self.counts) <= most:
            # A bound between two empty cells tells nothing.
            keep[:-1] |= self.counts > 0
            keep[1:] |= self.counts > 0
        else:
            cells = min(most, CELLS)
            halving = 2.0 ** np.arange(int(np.log2(max(total / cells, 1.0))) + 1)
            targets = np.concatenate([np.arange(cells) * total / cells, halving, total - halving])
            nearest = np.searchsorted(below, targets, side="left")
            keep[np.minimum(nearest, len(below) - 1)] = True
            heavy = np.flatnonzero(atoms & (self.counts >= total / cells))
            keep[heavy] = keep[heavy + 1] = True
        filled = np.flatnonzero(self.counts > 0)
        keep[: filled[0]], keep[filled[-1] + 2 :] = False, False
        keep[filled[0]] = keep[filled[-1] + 1] = True
        kept = np.flatnonzero(keep)
        thin = Cells(self.bounds[kept], np.diff(below[kept]), self.variance[kept])
        return thin.crowded(least) if least > 1 else thin

    def crowded(self, least: float) -> Cells:
        """Return cells of at least so many rows each, or none, by merging neighbours."""
        kept, rows = [0], 0.0
        for cell, count in enumerate(self.counts):
            rows += count
            if rows >= least:
                kept.append(cell + 1)
                rows = 0.0
        if len(kept) == 1:
            kept.append(len(self.counts))
        kept[-1] = len(self.counts)
        below = np.concatenate([[0.0], np.cumsum(self.counts)])[kept]
        return Cells(self.bounds[kept], np.diff(below), self.variance[kept])

    def points(self, most: int) -> Floats:
        """Return sorted numbers that are spread as the column's are, at most about `most`."""
        size = round(min(self.total, most))
        if size < 1:
            return np.empty(0)
        filled = self.counts > 0
        lower, upper = self.bounds[:-1][filled], self.bounds[1:][filled]
        below = np.concatenate([[0.0], np.cumsum(self.counts[filled])])
        target = (np.arange(size) + 0.5) * below[-1] / size
        cell = np.clip(np.searchsorted(below, target, side="right") - 1, 0, len(lower) - 1)
        share = (target - below[cell]) / (below[cell + 1] - below[cell])
        single = is_atom(lower, upper)[cell]
        with np.errstate(over="ignore", invalid="ignore"):
            inside = lower[cell] * (1 - share) + upper[cell] * share
        points = np.where(single, lower[cell], inside)
        # The ends are known, whatever is between.
        points[0] = lower[0]
        if size > 1 and single[-1]:
            points[-1] = lower[-1]
        return np.asarray(np.sort(points), dtype=float)


def merged(parts: Sequence[Cells]) -> Cells:
    """Return the cells of several parts of a dataset together.

    All bounds are kept while they are few. Where a bound of one part lies within a cell of
    another, its rank there is a guess. Values that repeat at the same places in all parts make
    such guesses err alike, so their standard errors add up; earlier guesses are independent of
    them. All parts at once give better counts than one after the other.
    """
    filled = [part for part in parts if part.total > 0]
    if not filled:
        return Cells.counted(np.empty(0), np.empty(0))
    if len(filled) == 1:
        return filled[0]
    bounds = np.sort(np.concatenate([part.bounds for part in filled]))
    bounds = bounds[np.concatenate([[True], bounds[1:] != bounds[:-1]])]
    # Which bounds to keep needs no interpolation: each cell counts as if it lay at its lower end.
    piled = np.zeros(len(bounds))
    for part in filled:
        piled[np.searchsorted(bounds, part.bounds[:-1])] += part.counts
    kept = Cells.counted(bounds, piled[:-1]).thinned(MOST_CELLS).bounds
    if kept[-1] < bounds[-1]:
        kept = np.append(kept, bounds[-1])
    below, variance, guess = np.zeros(len(kept)), np.zeros(len(kept)), np.zeros(len(kept))
    for part in filled:
        rank, known, guessed = part.ranks(kept)
        below += rank
        variance += known
        guess += np.sqrt(guessed)
    return Cells(kept, np.diff(below), variance + guess**2)


def joint_bounds(p: Floats | None, q: Floats | None, free: Floats) -> Floats:
    """Return bounds at which counts of both sides are known as well as can be.

    Parameters
    ----------
    p, q : ndarray of float, or None
        Bounds that a side was counted between; None if it can be counted between any.
    free : ndarray of float
        Bounds that would be chosen if both could. They are used outside of the others.
    """
    if p is None or q is None:
        fixed = p if q is None else q
        if fixed is None:
            return free
    else:
        # What repeats on either side keeps a cell of its own.
        atoms = is_atom(q[:-1], q[1:])
        fixed = np.concatenate([p, q[:-1][atoms], q[1:][atoms], q[[0, -1]]])
    outside = free[(free < fixed.min()) | (free > fixed.max())]
    bounds: Floats = np.sort(np.concatenate([fixed, outside]))
    return bounds[np.isfinite(bounds) & is_new(bounds)]
