"""Estimates on pooled quantiles as cells, which assume no smoothness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from klcli.densities.groups import discrete
from klcli.estimators.frequency import plug_in, plug_in_values
from klcli.quantiles import quantile_groups, without_gaps

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Integers


def smoothed_away(table: CountTable, value: float) -> float:
    """Return by how much, in nats, an estimate on finer cells exceeds the value.

    The cells are twice as many as in `unsmoothed`, or four times as many, less what the quadratic
    term of so noisy an estimate makes of chance. Only upwards: smoothing hides differences and
    makes none.
    """
    if discrete(table):
        return 0.0
    twice, fourfold = (plug_in(_quantile_cells(table, times), None) for times in (2, 4))
    excess, finest = (max(finer.value - value, 0.0) for finer in (twice, fourfold))
    return math.sqrt(max(excess**2, finest**2 - fourfold.null_variance))


def unsmoothed(table: CountTable) -> float:
    """Return Zhang and Grabchak's estimate on cells, which assumes no smoothness.

    The cells are pooled quantiles, or the values themselves where they are discrete.
    """
    cells = table if discrete(table) else _quantile_cells(table, 1)
    return float(plug_in_values(cells.p[None], cells.q[None], None)[0])


def pooled_quantile(table: CountTable, times: int = 1) -> Integers:
    """Return in which of 2(n+m)^⅓ pooled quantiles, or that many times more, each cell lies.

    Where n and m differ, fewer: more cells than the smaller sample fills show nothing but chance.
    """
    count = max(2, round(2 * times * table.balanced_rows ** (1 / 3)))
    return quantile_groups(table.p + table.q, count)


def _quantile_cells(table: CountTable, times: int) -> CountTable:
    """Return pooled quantiles as cells."""
    return table.grouped(without_gaps(pooled_quantile(table, times)))
