"""What rows weigh, and whether these are weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.typing import Floats


def in_units(numbers: Floats, unit: float) -> tuple[Floats, int, float]:
    """Return weights in a unit, how many numbers are none, and the unit: the largest if it is 0.

    Only ratios of weights count: in this unit, squares of huge ones stay finite.
    """
    fine = np.isfinite(numbers) & (numbers >= 0)
    bad = len(fine) - int(np.count_nonzero(fine))
    unit = unit or float(numbers[fine].max(initial=0.0))
    return np.where(fine, numbers / (unit or 1.0), 0.0), bad, unit


def check(
    source: str, column: Sequence[str], rows: int, bad: int, total: float, squares: float
) -> None:
    """Refuse a side without rows, or with weights that are none.

    Parameters
    ----------
    source : str
        What messages call the side.
    column : sequence of str
        The column of weights, if there is one.
    rows, bad : int
        All rows, and those whose weight is none.
    total, squares : float
        Sums of the weights and of their squares.

    Raises
    ------
    InputError
        If so.
    """
    if rows == 0:
        raise InputError(
            f"{source}: no rows",
            "it is empty, has a header only, or a quote in it hides the rows",
        )
    if bad:
        raise InputError(
            f"{source}: {bad:,} of {rows:,} weights are missing, negative or not finite",
            f"repair column {column[0]!r}, or leave out --weight",
        )
    if not math.isfinite(squares):
        raise InputError(
            f"{source}: the weights differ by too many orders of magnitude",
            f"repair column {column[0]!r}, or leave out --weight",
        )
    if column and total == 0:
        raise InputError(f"{source}: all weights are 0", "leave out --weight")
