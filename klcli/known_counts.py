"""A sample beside a known distribution: counts of rows, and what Q expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.counts import Summary
    from klcli.divergences.known import Distribution
    from klcli.results import Finding, Kind
    from klcli.typing import Floats


@dataclass(frozen=True, slots=True)
class Against:
    """What a column is compared with: the distribution, and what was fitted of it."""

    known: Distribution
    fitted: tuple[tuple[str, float], ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class KnownCounts:
    """Rows of P in cells, with the exact probability of each cell under Q.

    Numbers stand on the scale of normal scores of Q, z = Φ⁻¹(F_Q(x)), on which Q is the standard
    normal distribution; a divergence does not change under monotone maps.

    Attributes
    ----------
    p : ndarray of float, shape (cells,)
        Rows of P. Weighted counts are scaled to sum to the effective sample size.
    lower, upper : ndarray of float, shape (cells,)
        Normal scores of the bounds of each cell. They are equal where P's values are single
        points of a continuous Q; otherwise cells are contiguous from −inf to inf. Empty for
        named categories.
    values : ndarray of float, shape (cells,)
        The value of each point, or the upper bound of each cell.
    labels : tuple of str
        Names of categories.
    log_mass : ndarray of float, shape (cells,)
        Log probability of each named category under Q, −inf where it has none. Empty for numbers.
    """

    p: Floats
    lower: Floats
    upper: Floats
    values: Floats
    labels: tuple[str, ...]
    log_mass: Floats

    @property
    def points(self) -> bool:
        """Whether P's values are points of a continuous Q."""
        return bool(len(self.lower) and self.lower[0] == self.upper[0])

    @property
    def n_p(self) -> float:
        """Rows of P."""
        return float(self.p.sum())

    @property
    def n_q(self) -> float:
        """Rows that would tell as much of Q as is known: no number is enough."""
        return np.inf

    @property
    def q(self) -> Floats:
        """Rows of Q: none were drawn, so they add nothing to a variance."""
        return np.zeros(len(self.p))


@dataclass(frozen=True, slots=True, eq=False)
class KnownColumn:
    """One column of a dataset against a known distribution.

    Attributes
    ----------
    name : str
        The column.
    kind : Kind
        What its values are.
    table : KnownCounts
        Rows whose values Q can take.
    summary : Summary
        What else is known of P.
    outside : float
        Rows of P, counted as in `table`, whose values have probability zero under Q.
    findings : tuple of Finding
        What the reader noticed.
    infinite : Finding or None
        Names the values of `outside`.
    undefined : Finding or None
        Why there is nothing to estimate from.
    fitted : int
        Parameters of Q that were fitted to these rows.
    """

    name: str
    kind: Kind
    table: KnownCounts
    summary: Summary
    outside: float = 0.0
    findings: tuple[Finding, ...] = ()
    infinite: Finding | None = None
    undefined: Finding | None = None
    fitted: int = 0


def no_counts() -> KnownCounts:
    """Return counts of nothing."""
    nothing = np.empty(0)
    return KnownCounts(nothing, nothing, nothing, nothing, (), nothing)
