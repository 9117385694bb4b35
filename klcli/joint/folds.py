"""Cross-fitting: every row is looked at by a fit that has not seen it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator

    from klcli.typing import Bools, Floats, Integers

#: Each fit sees four fifths of the rows: more folds cost more and add little (Hastie, Tibshirani
#: & Friedman, "The Elements of Statistical Learning", 2009, section 7.10).
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """A division of the pooled rows into folds, each with its share of both samples.

    Attributes
    ----------
    fold : ndarray of int, shape (n + m,)
        The fold in which a row is looked at.
    half : ndarray of bool, shape (n + m,)
        Half of the rows, for the fits that show how much more rows would help.
    """

    fold: Integers
    half: Bools

    @classmethod
    def draw(cls, n: int, m: int, rng: Generator) -> Folds:
        """Divide n rows of P, which come first, and m of Q at random."""
        order = [rng.permutation(size) for size in (n, m)]
        fold = np.concatenate([each % FOLDS for each in order])
        half = np.concatenate([each // FOLDS % 2 == 0 for each in order])
        return cls(fold, half)

    def splits(self) -> Iterator[tuple[Bools, Bools, bool]]:
        """Yield (rows to fit to, rows to look at, whether it is a half) for every fit."""
        for fold in range(FOLDS):
            test = self.fold == fold
            yield ~test, test, False
            yield ~test & self.half, test, True


def cross_fitted(folds: Folds, member: Callable[[Bools, Bools], Floats]) -> tuple[Floats, Floats]:
    """Return the log ratio at every row by fits to other rows, and to half as many.

    `member` takes (rows to fit to, rows to look at) and returns the log ratio at the latter.
    """
    whole, half = np.empty(len(folds.fold)), np.empty(len(folds.fold))
    for train, test, is_half in folds.splits():
        (half if is_half else whole)[test] = member(train, test)
    return whole, half
