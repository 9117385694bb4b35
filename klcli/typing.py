"""Contracts between the layers, and names of array types. Imports nothing of klcli at run time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from klcli.counts import CountTable, PooledSample

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[Any]
Bools: TypeAlias = NDArray[np.bool_]

#: Chooses the boundaries of numeric cells: sorted, strictly increasing, finite. Cell i is
#: [b_i, b_{i+1}); what lies below the first or from the last on has cells of its own, open
#: to ±inf. A value that needs a cell of its own is bounded by v and nextafter(v, inf).
#: A layout may have a method ``tuning(sample)``: what it tried.
Layout: TypeAlias = "Callable[[PooledSample], Floats]"


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A point estimate of D(P‖Q) and how each row bears on it.

    Attributes
    ----------
    value : float
        The estimate in nats. Never clamped; may be negative, or inf.
    influence_p, influence_q : ndarray of float, shape (cells,)
        Influence function at a row of P (of Q) in each cell, in nats, so that
        value − D ≈ mean of influence_p over P + mean of influence_q over Q.
        Σ p·influence_p = 0 = Σ q·influence_q.
    contributions : ndarray of float, shape (cells,)
        Share of each cell in the value, in nats; they sum to `value`.
    monte_carlo_error : float
        Standard error from drawing at random, in nats; 0 for exact sums.
    excess_variance : float
        What has to be added to the variance that the influence values show, in nats²: the
        quadratic term and the uncertainty of the model, less what noise in the influence values
        themselves pretends. May be negative.
    null_variance : float
        Variance that would be left if P = Q, in nats², where the influence function vanishes.
    beyond_support : float
        Standard deviation, in nats, of what Q holds where it has no rows, and of what finer cells
        show: the value may be too small by that but hardly too large.
    alike : float
        Probability that P and Q do not differ, by which the value has been averaged with 0: the
        estimate if they do is value / (1 − alike), and influence values and variances are of it.
    """

    value: float
    influence_p: Floats
    influence_q: Floats
    contributions: Floats
    monte_carlo_error: float = 0.0
    excess_variance: float = 0.0
    null_variance: float = 0.0
    beyond_support: float = 0.0
    alike: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FittedPair:
    """Models of P and Q on the same cells.

    Attributes
    ----------
    log_p, log_q : ndarray of float, shape (cells,)
        Log of the mass that each model gives to each cell; −inf where it gives none.
    """

    log_p: Floats
    log_q: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LogRatio:
    """The log of p/q at each cell.

    Attributes
    ----------
    value : ndarray of float, shape (cells,)
        In nats; ±inf where one side has nothing.
    standard_error : ndarray of float, shape (cells,)
        Of each value by itself; NaN where it is not known.
    """

    value: Floats
    standard_error: Floats


class Density(Protocol):
    """How P and Q are modelled. A frozen dataclass whose fields are its parameters.

    A density that needs cells of its own has a method ``layout`` (see `Layout`); others get the
    pooled quantiles. One whose work grows with the cells may have a method ``reduce`` from count
    table to smaller count table; one that has mass in cells without rows, ``tuned(table)``, the
    model on all cells; one with assumptions that can fail, ``examine(table)``, the findings; one
    that is smooth between cells, ``band(table)``, the `LogRatio` at each cell. One that tries
    several values of a parameter may have ``tuning(table)``, or ``layout_tuning(sample)`` where
    its cells depend on them: what it tried, for people to see.
    """

    name: ClassVar[str]
    #: True if the model is of numbers, not of categories.
    numeric: ClassVar[bool]
    #: True if the model is of categories (numbers that repeat count as such).
    categorical: ClassVar[bool]

    def fit(self, table: CountTable) -> FittedPair:
        """Fit both models to the counts."""


class Estimator(Protocol):
    """How D(P‖Q) is computed from a count table. A frozen dataclass; data enters by the call.

    An estimator may also have ``both(table)``, which gives both directions for little more than
    the price of one; ``null(table, p, q)``, which gives a test statistic where the labels say
    nothing, and a function that gives the estimates; and ``corrects_bias``, True if resampled
    tables, which are biased against the table, have to be centred on the estimate.
    """

    name: ClassVar[str]

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q) with its influence function."""

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of the count vectors `p` and `q`, shape (resamples, cells).

        The cells are those of `table`, whose own counts are not looked at.
        """


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval in nats, with the standard error behind it."""

    low: float
    high: float
    standard_error: float


class IntervalMethod(Protocol):
    """A way to a confidence interval for D(P‖Q). A plain function with these arguments."""

    def __call__(
        self,
        estimator: Estimator,
        table: CountTable,
        point: Point,
        *,
        confidence: float,
        resamples: int,
        null_values: Floats,
        rng: Generator,
    ) -> Interval:
        """Return the interval around `point`, not yet intersected with [0, inf).

        `null_values`, shape (permutations,), are estimates from the same cells with the labels
        P and Q exchanged at random.
        """
