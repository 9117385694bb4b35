"""What rows weigh, and whether these are weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import InputError

if TYPE_CHECKING:
    from klcli.typing import Floats


def in_units(numbers: Floats, unit: float) -> tuple[Floats, int, float]:
    """Return weights in a unit, how many numbers are none, and the unit: the largest if it is 0.

    Only ratios of weights count: in this unit, squares of huge ones stay finite.
    """
    fine = np.isfinite(numbers) & (numbers >= 0)
    bad = len(fine) - int(np.count_nonzero(fine))
    unit = unit or float(numbers[fine].max(initial=0.0))
    return np.where(fine, numbers / (unit or 1.0), 0.0), bad, unit


@dataclass(slots=True)
class WeightSums:
    """What all rows of a side weigh together.

    Attributes
    ----------
    rows, bad : int
        All rows, and those whose weight is none.
    total, squares : float
        Sums of the weights and of their squares.
    """

    rows: int = 0
    bad: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, rows: int, weights: Floats | None, bad: int) -> None:
        """Add a batch of rows, of which some have weights that are none."""
        self.rows += rows
        if weights is not None:
            self.bad += bad
            self.total += float(weights.sum())
            self.squares += float(weights @ weights)

    def check(self, source: str, column: str | None) -> None:
        """Refuse a side without rows, or with weights that are none.

        Parameters
        ----------
        source : str
            What messages call the side.
        column : str or None
            The column of weights, if there is one.

        Raises
        ------
        InputError
            If so.
        """
        if self.rows == 0:
            raise InputError(
                f"{source}: no rows",
                "it is empty, has a header only, or a quote in it hides the rows",
            )
        if self.bad:
            raise InputError(
                f"{source}: {self.bad:,} of {self.rows:,} weights are missing, negative or not finite",
                f"repair column {column!r}, or leave out --weight",
            )
        if not math.isfinite(self.squares):
            raise InputError(
                f"{source}: the weights differ by too many orders of magnitude",
                f"repair column {column!r}, or leave out --weight",
            )
        if column is not None and self.total == 0:
            raise InputError(f"{source}: all weights are 0", "leave out --weight")
