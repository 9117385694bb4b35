"""A second opinion: other estimates of the same divergence, from the same rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.densities.ratio import Ratio
from klcli.diagnostics.disagreement import (
    error_of_difference,
    quantiles_of_numbers,
    too_high,
    too_low,
)
from klcli.estimators.frequency import plug_in
from klcli.estimators.parts import ByParts
from klcli.estimators.ratio import RatioPlugIn

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.results import Finding
    from klcli.typing import Integers, Point

#: With fewer rows on either side no two estimates differ by more than sampling explains.
_FEWEST = 10


def second_opinion(
    finer: CountTable, table: CountTable, point: Point, *, smooth_ratio: bool
) -> tuple[Finding | None, bool]:
    """Compare an estimate of numbers with others that assume less, or something else.

    Zhang and Grabchak's estimate on 2(n+m)^⅓ pooled quantiles (fewer where n and m
    differ, see `CountTable.balanced_rows`) assumes no smoothness. What its
    cells hide makes it too low, by about as much again as it gains over half as many cells. So an
    estimate below it smooths too much. One above it may be right, where P has a spike that is
    narrower than a cell; only if the smooth ratio, which follows spikes, is below it, too, it is
    taken for too high.

    Parameters
    ----------
    finer : CountTable
        Cells that are fine enough to tell; P is the first sample.
    table : CountTable
        The cells of the estimate.
    point : Point
        The estimate, on the cells of `table`.
    smooth_ratio : bool
        Whether the estimate is the smooth ratio itself.

    Returns
    -------
    finding : Finding or None
        What differs, with both numbers.
    low : bool
        Whether the estimate is too low.
    """
    if min(finer.n_p, finer.n_q) < _FEWEST or not math.isfinite(point.value):
        return None, False
    numbers = np.flatnonzero(~finer.special)
    if not len(numbers):  # Infinities and missing values have the same cells in every method.
        return None, False
    count = max(4, 2 * round(finer.balanced_rows ** (1 / 3)))
    group = quantiles_of_numbers(finer, numbers, count)
    grouped = finer.grouped(group)
    quantiles = _spread(plug_in(grouped, None), group)
    point = _spread(point, _owners(finer, table))
    name = f"Zhang-Grabchak on {len(grouped.p)} quantile cells"
    error = error_of_difference(finer, point, quantiles)
    found = too_low(point.value, quantiles.value, error, name)
    if found is not None or smooth_ratio:
        return found, found is not None
    halved = quantiles_of_numbers(finer, numbers, count // 2)
    gain = quantiles.value - plug_in(finer.grouped(halved), None).value
    ratio = ByParts(RatioPlugIn(Ratio()))(finer)
    others = {name: quantiles.value, "the smooth ratio": ratio.value}
    error = max(error, error_of_difference(finer, point, ratio))
    return too_high(point.value, others, max(gain, 0.0), error), False


def _spread(point: Point, owner: Integers) -> Point:
    """Return an estimate with the influence values on finer cells."""
    return replace(
        point, influence_p=point.influence_p[owner], influence_q=point.influence_q[owner]
    )


def _owners(finer: CountTable, table: CountTable) -> Integers:
    """Return in which cell of `table` each cell of `finer` begins."""
    within = np.flatnonzero(~table.special)
    owner = within[
        np.clip(np.searchsorted(table.lower[within], finer.lower, "right") - 1, 0, len(within) - 1)
    ]
    # What is no number has a cell of its own on either table: −inf, +inf, or missing (NaN).
    for cell in np.flatnonzero(finer.special):
        same = np.array_equal
        owner[cell] = next(
            (
                other
                for other in np.flatnonzero(table.special)
                if same(table.lower[[other]], finer.lower[[cell]], equal_nan=True)
            ),
            owner[cell],
        )
    return owner
