"""Points with weights that stand for a distribution: rows, integers, or nodes of quadrature."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from klcli.quantiles import middle_ranks

if TYPE_CHECKING:
    from klcli.divergences.models import Model
    from klcli.typing import Floats

#: Panels end at these quantiles. Beyond the last there is nothing that a float of size 1 shows.
LEVELS: Final = np.array(
    [1e-15, 1e-13, 1e-11, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5]
)
#: For a target that is named, so close that ten nodes follow a power of x between two of them.
_FINE: Final = np.sort(
    np.concatenate([LEVELS, [1e-14, 1e-12, 1e-10, 1e-8], 10.0 ** np.arange(-14.5, -2, 1)])
)
#: Nodes of a panel.
_ORDER: Final = 10
#: Whole numbers that are summed over.
MOST_INTEGERS: Final = 1 << 18


class Shape(Protocol):
    """A distribution of one number, as functions to evaluate."""

    @property
    def discrete(self) -> bool:
        """Whether it is of whole numbers."""

    @property
    def supports(self) -> list[tuple[float, float]]:
        """The interval on which each part lies."""

    def log(self, x: Floats) -> Floats:
        """Return the log density or log mass; −inf outside the support."""

    def ends(self) -> Floats:
        """Return where panels of quadrature end, or the first and last number of a sum."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownShape:
    """A distribution with a name."""

    model: Model
    _ends: list[Floats] = field(default_factory=list)

    @property
    def discrete(self) -> bool:
        """Whether it is of whole numbers."""
        return self.model.discrete

    @property
    def supports(self) -> list[tuple[float, float]]:
        """The interval on which each part lies."""
        return self.model.supports

    def log(self, x: Floats) -> Floats:
        """Return the log density or log mass; −inf outside the support."""
        return self.model.log(x)

    def ends(self) -> Floats:
        """Return quantiles of every part, and the ends of their supports."""
        if not self._ends:
            ends = [end for pair in self.supports for end in pair if math.isfinite(end)]
            self._ends.append(np.unique(np.concatenate([self.model.quantiles(_FINE), ends])))
        return self._ends[0]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """A distribution as points: Σ weights·f(values) is the mean of f.

    Attributes
    ----------
    values : ndarray, shape (points,)
        Increasing.
    weights : ndarray, shape (points,)
        They sum to 1.
    rows : int
        Rows behind them; 0 for a known distribution.
    span : tuple of float
        Ends of the support of a known distribution; NaN for rows.
    """

    values: Floats
    weights: Floats
    rows: int
    span: tuple[float, float] = (math.nan, math.nan)

    @classmethod
    def of_rows(cls, values: Floats) -> Points:
        """Return the distribution of rows, values that repeat as one point."""
        distinct, counts = np.unique(values, return_counts=True)
        return cls(distinct, counts / len(values), len(values))

    @classmethod
    def of_shape(cls, shape: Shape) -> Points:
        """Return nodes of quadrature, or the whole numbers, of a known distribution."""
        if shape.discrete:
            ends = shape.ends()
            values = integers(float(ends[0]), float(ends[-1]))
            masses = np.exp(shape.log(values))
        else:
            values, widths = panels(shape.ends())
            masses = widths * np.exp(shape.log(values))
        span = min(low for low, _ in shape.supports), max(high for _, high in shape.supports)
        # Floats near an end such as 1 may be the end itself, where densities are 0 or infinite.
        kept = (masses > 0) & (shape.discrete | ((values > span[0]) & (values < span[1])))
        return cls(values[kept], masses[kept] / masses[kept].sum(), 0, span)

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation."""
        return math.sqrt(float(self.weights @ (self.values - self.mean) ** 2))

    def at(self, levels: Floats) -> Floats:
        """Return quantiles, interpolated."""
        middle = middle_ranks(self.weights)
        return np.interp(levels, middle, self.values)

    def sample(self, size: int, low: float = 0.0, high: float = 1.0) -> Floats:
        """Return values as even as can be between two quantiles, for starts."""
        return self.at(low + (high - low) * (np.arange(size) + 0.5) / size)


def integers(low: float, high: float) -> Floats:
    """Return the whole numbers from `low` to `high`, at most 262,144 of them."""
    low, high = math.floor(low), math.ceil(high)
    return np.arange(low, min(high, low + MOST_INTEGERS) + 1, dtype=float)


@functools.cache
def _rule() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    return nodes, weights


def panels(ends: Floats) -> tuple[Floats, Floats]:
    """Return nodes and weights of Gauss and Legendre between neighbouring ends."""
    nodes, weights = _rule()
    half = np.diff(ends)[:, None] / 2
    middle = (ends[1:] + ends[:-1])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * weights).ravel()
