"""What is asked for every column, so light that those who only ask need not import the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.counts import CountTable
    from klcli.estimation.choice import Method
    from klcli.results import Direction


@dataclass(frozen=True, slots=True)
class Request:
    """What to estimate for every column.

    Attributes
    ----------
    method : Method
        Density, estimator, interval and their options.
    directions : tuple of Direction
        Which divergences, in the order of the results.
    confidence : float
        Of the intervals and of the noise floor.
    resamples : int
        Permutations, and bootstrap resamples; 0 leaves the p-value out.
    seed : int
        Each column draws from its own stream, so that results do not depend on which other
        columns are estimated.
    first_look : int
        Permutations that are enough where they show nothing, see
        `klcli.intervals.permutation.permutation`; 0 for always all.
    plain : callable, optional
        Tells of counts whether they differ so plainly that the first look is enough for them,
        too.
    """

    method: Method
    directions: tuple[Direction, ...]
    confidence: float
    resamples: int
    seed: int
    first_look: int = 0
    plain: Callable[[CountTable], bool] | None = None


def prepare() -> None:
    """Import what answers most requests, for `klcli.workers`."""
    import numpy as np

    from klcli.estimation import column  # noqa: F401
    from klcli.estimation.choice import Method

    np.random.default_rng()
    for kind in (Kind.NUMERIC, Kind.CATEGORICAL):
        Method().for_kind(kind)
