"""The count table: cells, with how often P and Q fall into each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.results import Finding, Kind, Tuning
    from klcli.typing import Bools, Floats, Integers


class Role(IntEnum):
    """What a cell of a count table holds."""

    INTERVAL = 0  #: every number in [lower, upper)
    ATOM = 1  #: one single value: a category, or a number
    MISSING = 2  #: rows without a value


@dataclass(frozen=True, slots=True, eq=False)
class CountTable:
    """Counts of two samples over the same cells.

    Numeric cells stand in increasing order; categories in the order of first use or of the
    alphabet, which carries no meaning. The missing cell, if any, is the last.

    Attributes
    ----------
    p, q : ndarray of float, shape (cells,)
        Rows of P and of Q in each cell. Whole numbers unless rows are weighted; weighted counts
        are scaled to sum to the effective sample size.
    roles : ndarray of int8, shape (cells,)
        The `Role` of each cell.
    labels : tuple of str
        Name of each cell for people; empty for numeric tables, whose names follow from the bounds.
    lower, upper : ndarray of float, shape (cells,)
        Bounds [lower, upper) of each numeric cell (lower is the value of an atom); NaN for
        categories and for the missing cell. ±inf where a cell is open.
    """

    p: Floats
    q: Floats
    roles: Integers
    labels: tuple[str, ...]
    lower: Floats
    upper: Floats

    @property
    def ordered(self) -> bool:
        """Whether the cells are numeric and stand in increasing order."""
        return not self.labels

    @property
    def n_p(self) -> float:
        """Rows of P in all cells."""
        return float(self.p.sum())

    @property
    def n_q(self) -> float:
        """Rows of Q in all cells."""
        return float(self.q.sum())

    @property
    def balanced_rows(self) -> float:
        """Rows of two samples of equal size that tell as much: 4nm/(n+m).

        Estimates of small differences vary as 1/n + 1/m. So that is n + m where n = m, and no
        more than four times the smaller sample: of that many cells it fills as many as two equal
        samples do.
        """
        return 4 * self.n_p * self.n_q / max(self.n_p + self.n_q, 1.0)

    @property
    def special(self) -> Bools:
        """Which cells are categories among numbers, shape (cells,): missing, −inf and +inf."""
        infinite = (self.roles == Role.ATOM) & np.isinf(self.lower)
        result: Bools = (self.roles == Role.MISSING) | infinite
        return result

    @property
    def numbers(self) -> CountTable:
        """The cells that hold finite numbers."""
        return self.subset(~self.special)

    def swapped(self) -> CountTable:
        """Return the table with P and Q exchanged."""
        return replace(self, p=self.q, q=self.p)

    def subset(self, keep: Bools) -> CountTable:
        """Return the cells where `keep`, shape (cells,), is True."""
        labels = (
            tuple(label for label, k in zip(self.labels, keep, strict=True) if k)
            if self.labels
            else ()
        )
        return CountTable(
            self.p[keep],
            self.q[keep],
            self.roles[keep],
            labels,
            self.lower[keep],
            self.upper[keep],
        )

    def grouped(self, group: Integers) -> CountTable:
        """Return groups of cells as categories; `group`, shape (cells,), numbers them from 0."""
        p, q = (np.bincount(group, side).astype(float) for side in (self.p, self.q))
        return CountTable.categorical(tuple(map(str, range(len(p)))), p, q)

    def name(self, cell: int) -> str:
        """Return the name of one cell for people."""
        if self.labels:
            return self.labels[cell]
        if self.roles[cell] == Role.MISSING:
            return "(missing)"
        if self.roles[cell] == Role.ATOM:
            return f"{self.lower[cell]:g}"
        return f"[{self.lower[cell]:g}, {self.upper[cell]:g})"

    @classmethod
    def categorical(
        cls, labels: tuple[str, ...], p: Floats, q: Floats, *, missing: bool = False
    ) -> CountTable:
        """Build a table of categories; with `missing`, the last label is the missing cell."""
        roles = np.full(len(labels), Role.ATOM, dtype=np.int8)
        if missing:
            roles[-1] = Role.MISSING
        nan = np.full(len(labels), np.nan)
        return cls(np.asarray(p, float), np.asarray(q, float), roles, labels, nan, nan)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one pass over one side of a column tells.

    Attributes
    ----------
    rows, missing : int
        Rows in all, and rows without a value (null or NaN).
    effective_rows : float
        Kish's effective sample size (sum w)² / sum w²; equals `rows` without weights.
    minimum, maximum, mean, standard_deviation : float
        Of the finite values; NaN for categories and where there are none.
    distinct : int or None
        Distinct values, where they were all seen; None where only a sample was kept.
    """

    rows: int
    missing: int
    effective_rows: float
    minimum: float
    maximum: float
    mean: float
    standard_deviation: float
    distinct: int | None

    @property
    def weighted(self) -> bool:
        """Whether rows weigh differently."""
        return self.effective_rows < self.rows * (1 - 1e-9)


@dataclass(frozen=True, slots=True)
class PooledSample:
    """What a layout of numeric cells may look at: values of both sides, before counting.

    Attributes
    ----------
    p, q : ndarray of float, shape (≤ sample size,)
        Sorted finite values of each side: all of them, or a uniform random sample of rows.
    complete : bool
        Whether `p` and `q` hold every value.
    summary_p, summary_q : Summary
        From all rows, also where the values are a sample.
    """

    p: Floats
    q: Floats
    complete: bool
    summary_p: Summary
    summary_q: Summary


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """One column of two datasets, ready for estimation.

    Attributes
    ----------
    name : str
        The column's name in both datasets.
    kind : Kind
        What the values are.
    table : CountTable
        The counts of both sides.
    p, q : Summary
        What else is known of each side.
    findings : tuple of Finding
        What the reader noticed: mixed types, values beyond 2⁵³, too many categories, …
    undefined : Finding or None
        Why there is nothing to estimate from (text, all missing, kinds that do not match);
        `table` then has no cells.
    finer : CountTable or None
        Where the cells of `table` are a method's own: quantiles of a sample of the rows.
    tuning : tuple of Tuning
        What the method tried to choose them.
    """

    name: str
    kind: Kind
    table: CountTable
    p: Summary
    q: Summary
    findings: tuple[Finding, ...] = ()
    undefined: Finding | None = None
    finer: CountTable | None = None
    tuning: tuple[Tuning, ...] = ()

    @property
    def weighted(self) -> bool:
        """Whether rows weigh differently on either side."""
        return self.p.weighted or self.q.weighted
