"""Settings of some columns only."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What is different for the columns whose names match a pattern; None leaves it as it is.

    Attributes
    ----------
    pattern : str
        Name of a column, or a pattern with ``*``, ``?`` and ``[…]``.
    tolerance : float, optional
        In the report's unit.
    kind : {'categorical', 'numeric'}, optional
        What the values are taken for.
    exclude : bool, optional
        Leave these columns out; False takes them in again.
    density, estimator, interval, smoothing, bins, bandwidth, neighbors : optional
        As for `klcli.estimate`.
    """

    pattern: str
    tolerance: float | None = None
    kind: str | None = None
    exclude: bool | None = None
    density: str | None = None
    estimator: str | None = None
    interval: str | None = None
    smoothing: str | float | None = None
    bins: str | int | Sequence[float] | None = None
    bandwidth: str | float | None = None
    neighbors: int | str | None = None

    def matches(self, column: str) -> bool:
        """Whether the rule is for this column."""
        return column == self.pattern or fnmatchcase(column, self.pattern)
