"""D(P‖Q) of several columns together by stacked density-ratio models: the joint default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.joint.chain import chained
from klcli.joint.features import Pool
from klcli.joint.folds import FOLDS, Folds, cross_fitted
from klcli.joint.functional import averaged, point
from klcli.joint.members import members
from klcli.joint.patterns import check, filled, state
from klcli.joint.score_test import score_test
from klcli.joint.stack import stacked
from klcli.joint.threads import one_thread_each
from klcli.one_thread import one_thread
from klcli.results import Finding

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.joint.members import Member
    from klcli.rows import JointPoint, RowPair
    from klcli.typing import Bools, Floats, Integers

#: Fewest rows of each sample: two in each half of a fold.
_FEWEST = 4 * FOLDS
#: Folds are drawn anew, and estimates averaged, while all draws together look at no more rows than
#: this: by then the luck of the draw is far below the standard error.
_REPEATED_BELOW, _MOST_REPEATS = 3000, 3


@dataclass(frozen=True, slots=True)
class JointRatio:
    """Density-ratio models of all columns, cross-fitted and stacked by log-loss.

    Every member gives log p/q at rows that it has not seen (five folds): penalised logistic
    regressions on scores, products, products within levels, curves and kernel features; two
    normal densities and two Gaussian mixtures, on the scale of ranks and on that of the numbers;
    and boosted trees, which also take categories. Their weighted sum, with the nonnegative weights
    that tell the rows of other folds apart best [1]_, goes into the Donsker-Varadhan functional,
    robustly normalised, and is extrapolated along the learning curve: see
    `klcli.joint.functional`. Most members see ranks alone, so monotone maps of a column hardly
    change the estimate.

    Rows with a level, or a missing or infinite number, that only one sample shows are set apart
    by the chain rule first, so that they shift nothing else.

    When to use: always, unless the columns are all numeric and few rows or much time matter.

    References
    ----------
    .. [1] M. J. van der Laan, E. C. Polley, A. E. Hubbard, "Super learner", Statistical
       Applications in Genetics and Molecular Biology 6 (2007), article 25.
    .. [2] M. Sugiyama, T. Suzuki, T. Kanamori, "Density Ratio Estimation in Machine Learning",
       Cambridge University Press 2012, chapters 4 and 12.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.joint.ratio import JointRatio
    >>> from klcli.rows import RowPair, Rows
    >>> rng = np.random.default_rng(16180339887498948482)
    >>> none = np.empty((2000, 0), dtype=int)
    >>> p, q = Rows(rng.normal(0.7, 1, (2000, 2)), none), Rows(rng.normal(size=(2000, 2)), none)
    >>> rows = RowPair(p, q, ("x", "y"), (), (), 2000, 2000)
    >>> round(JointRatio()(rows, rng).value, 1)  # the truth is 0.49
    0.5
    """

    name: ClassVar[str] = "ratio"
    categorical: ClassVar[bool] = True

    def __call__(self, rows: RowPair, rng: Generator) -> JointPoint:
        """Estimate D(P‖Q)."""
        return self.both(rows, rng)[0]

    @one_thread_each()
    def both(self, rows: RowPair, rng: Generator) -> tuple[JointPoint, JointPoint]:
        """Estimate D(P‖Q) and D(Q‖P) from the same fits.

        Raises
        ------
        InputError
            Without rows on one side, or without columns.
        MissingExtraError
            Without scikit-learn.
        """
        check(rows, categorical=True)
        numbers, codes, names = prepared(rows)
        n = len(rows.p)
        part, described = _parts(codes, names, n)

        def within(in_p: Bools, in_q: Bools) -> tuple[JointPoint, JointPoint] | Finding | None:
            chosen = np.concatenate([in_p, in_q])
            count_p, count_q = int(in_p.sum()), int(in_q.sum())
            label = np.arange(count_p + count_q) < count_p
            pool = Pool.of(numbers[chosen], codes[chosen], label)
            if not pool.scores.shape[1] and not pool.codes.shape[1]:
                return None
            if min(count_p, count_q) < _FEWEST:
                few = min(count_p, count_q)
                text = f"{few} {'row is' if few == 1 else 'rows are'} too few to compare jointly"
                return Finding("few-rows", f"{text}; they count as alike")
            return self._common(pool, rng)

        return chained(part[:n], part[n:], described, within)

    @one_thread()
    def null(self, rows: RowPair, resamples: int, rng: Generator) -> tuple[float, Floats]:
        """Test P = Q by permutation of a score statistic, see `klcli.joint.score_test`.

        Returns
        -------
        p_value : float
            Exact, the same for both directions.
        values : ndarray, shape (min(resamples, 499),)
            Approximate estimates under permutation, in nats.
        """
        check(rows, categorical=True)
        numbers, codes, _ = prepared(rows)
        return score_test(numbers, codes, len(rows.p), resamples, rng)

    def _common(self, pool: Pool, rng: Generator) -> tuple[JointPoint, JointPoint]:
        every = members(pool, rng).values()
        repeats = int(np.clip(_REPEATED_BELOW // len(pool.label), 1, _MOST_REPEATS))
        points = [_evaluated(pool, list(every), rng) for _ in range(repeats)]
        return averaged([each[0] for each in points]), averaged([each[1] for each in points])


def _evaluated(pool: Pool, every: list[Member], rng: Generator) -> tuple[JointPoint, JointPoint]:
    """Cross-fit once, stack, and take the expectation in both directions."""
    n = int(pool.label.sum())
    folds = Folds.draw(n, len(pool.label) - n, rng)
    fits = [cross_fitted(folds, member) for member in every]
    whole, half = (np.column_stack(each) for each in zip(*fits, strict=True))
    g = stacked(whole, pool.label, folds, np.ones(len(pool.label), dtype=bool))
    h = stacked(half, pool.label, folds, folds.half)
    return (
        point(g[:n], g[n:], h[:n], h[n:]),
        point(-g[n:], -g[:n], -h[n:], -h[:n], ("Q", "P")),
    )


def prepared(rows: RowPair) -> tuple[Floats, Integers, list[tuple[str, tuple[str, ...]]]]:
    """Split numbers that may be missing or infinite into finite numbers and a state.

    Returns
    -------
    numbers : ndarray, shape (n + m, d)
        The median stands for what is not finite: constant within its state.
    codes : ndarray of int, shape (n + m, c)
        The levels, and the state of each column of numbers that has more than one.
    names : list of (column, names of its levels)
    """
    numbers = np.vstack([rows.p.numbers, rows.q.numbers])
    codes = np.vstack([rows.p.codes, rows.q.codes])
    states = state(numbers)
    several: Bools = np.asarray(states.any(axis=0))
    names = [(name, levels) for name, levels in zip(rows.code_names, rows.levels, strict=True)]
    names += [
        (name, ("finite", "missing", "-inf", "+inf"))
        for name, some in zip(rows.number_names, several, strict=True)
        if some
    ]
    return filled(numbers), np.hstack([codes, states[:, several]]), names


def _parts(
    codes: Integers, names: list[tuple[str, tuple[str, ...]]], n: int
) -> tuple[Integers, list[str]]:
    """Set rows apart that have a level which only one sample shows.

    Part 0 is what both show; each such level is a part of its own, so that what it adds is as in
    the single column and the rest is not shifted by it.
    """
    part = np.zeros(len(codes), dtype=np.int64)
    described = ["levels that both show"]
    from_p = np.arange(len(codes)) < n
    changed = True
    # Without those rows, another level may be left with one sample only.
    while changed:
        changed = False
        for place, (column, levels) in enumerate(names):
            common = part == 0
            counts = [
                np.bincount(codes[common & side, place], minlength=len(levels))
                for side in (from_p, ~from_p)
            ]
            for level in np.flatnonzero((counts[0] > 0) != (counts[1] > 0)):
                part[common & (codes[:, place] == level)] = len(described)
                described.append(f"{column} = {levels[level]!r}")
                changed = True
    return part, described
