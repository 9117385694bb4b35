"""Rows of two samples over the same columns: what joint estimators look at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.results import Finding, Tuning
    from klcli.typing import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one sample.

    Attributes
    ----------
    numbers : ndarray of float, shape (rows, numeric columns)
        NaN where a value is missing; may hold ±inf.
    codes : ndarray of int, shape (rows, categorical columns)
        Level of each row in each categorical column. A missing value is a level of its own.
    """

    numbers: Floats
    codes: Integers

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.numbers)


@dataclass(frozen=True, slots=True, eq=False)
class RowPair:
    """Rows of P and Q, with the columns in the same order and the levels coded alike.

    Attributes
    ----------
    p, q : Rows
        At most as many rows as the cap allows: all, or a uniform random sample.
    number_names, code_names : tuple of str
        Names of the numeric and of the categorical columns.
    levels : tuple of tuple of str
        Names of the levels of each categorical column; code i stands for the i-th.
    total_p, total_q : int
        Rows of each side before the cap.
    findings : tuple of Finding
        What the reader noticed: a cap that was applied, columns left out and why, …
    """

    p: Rows
    q: Rows
    number_names: tuple[str, ...]
    code_names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    total_p: int
    total_q: int
    findings: tuple[Finding, ...] = ()

    def swapped(self) -> RowPair:
        """Return the pair with P and Q exchanged."""
        return RowPair(
            self.q, self.p, self.number_names, self.code_names, self.levels,
            self.total_q, self.total_p, self.findings,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class JointPoint:
    """A point estimate of D(P‖Q) of several columns together, in nats.

    Attributes
    ----------
    value : float
        The estimate. Never clamped; may be negative, or inf.
    influence_p : ndarray of float, shape (rows of P,)
        Influence function at each row of P; sums to 0.
    influence_q : ndarray of float, shape (rows of Q,)
        The same at each row of Q.
    excess_variance : float
        What has to be added to the variance that the influence values show, in nats²: model
        uncertainty, disagreement between models, squared bias that cannot be corrected.
    null_variance : float
        Variance that would be left if P = Q, in nats².
    findings : tuple of Finding
        What the estimator cannot know, with a number in it.
    lower_bound : bool
        Whether the findings make the estimate a lower bound.
    finite_value : float
        The bias-corrected value over what both sides show, where `value` is infinite; NaN, which
        stands for `value` itself, elsewhere.
    escaped_mass : float
        Share of P's rows in levels, missing ones included, that Q never shows.
    tuning : tuple of Tuning
        What was tried to choose a parameter, for P and Q as the rows were given; of several parts
        of the rows, for the largest.
    """

    value: float
    influence_p: Floats
    influence_q: Floats
    excess_variance: float = 0.0
    null_variance: float = 0.0
    findings: tuple[Finding, ...] = ()
    lower_bound: bool = False
    finite_value: float = math.nan
    escaped_mass: float = 0.0
    tuning: tuple[Tuning, ...] = ()


class JointEstimator(Protocol):
    """How D(P‖Q) is computed from rows. A frozen dataclass whose fields are its parameters."""

    name: ClassVar[str]
    #: True if it also takes categories.
    categorical: ClassVar[bool]

    def both(self, rows: RowPair, rng: Generator) -> tuple[JointPoint, JointPoint]:
        """Estimate D(P‖Q) and D(Q‖P)."""

    def null(self, rows: RowPair, resamples: int, rng: Generator) -> tuple[float, Floats]:
        """Exchange labels; return the p-value and estimates, in nats, where P and Q are alike."""
