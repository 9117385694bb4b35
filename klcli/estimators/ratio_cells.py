"""What the cells within a group add to the divergence of the groups, where no curve tells it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Role
from klcli.densities.groups import added_up
from klcli.estimators.frequency import plug_in, plug_in_values
from klcli.typing import Point

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats, Integers


def with_cells(point: Point, table: CountTable, group: Integers) -> Point:
    """Add what cells differ by within their groups: D = D(groups) + Σ P(group)·D(within group).

    The second part is by how much Zhang and Grabchak's estimate on cells exceeds that on groups.
    Cells that hold several values may differ within as much again as all do on average: for their
    share of P, that is what the upper end of an interval also allows for.

    Parameters
    ----------
    point : Point
        The estimate from groups.
    table : CountTable
        The cells.
    group : ndarray of int, shape (cells,)
        In which group each cell is.

    References
    ----------
    .. [1] T. M. Cover, J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley 2006,
       theorem 2.5.3 (chain rule for relative entropy).
    """
    grouped = table.grouped(group)
    cells, groups = plug_in(table, None), plug_in(grouped, None)
    within = cells.value - groups.value
    influence_p = cells.influence_p - groups.influence_p[group]
    influence_q = cells.influence_q - groups.influence_q[group]
    share = (table.p + table.q) / np.maximum(grouped.p + grouped.q, 1.0)[group]
    several = float(table.p[table.roles != Role.ATOM].sum()) / table.n_p
    linear = float(table.p @ influence_p**2) / table.n_p**2
    linear += float(table.q @ influence_q**2) / table.n_q**2
    # As in `plug_in`: of what differs by chance alone, the linear term shows twice the variance.
    quadratic = max(cells.null_variance - groups.null_variance, 0.0)
    return Point(
        point.value + within,
        point.influence_p[group] + influence_p,
        point.influence_q[group] + influence_q,
        cells.contributions + share * (point.contributions - groups.contributions)[group],
        point.monte_carlo_error,
        point.excess_variance + max(-quadratic, quadratic - linear),
        point.null_variance + quadratic,
        math.hypot(point.beyond_support, several * max(within, 0.0)),
    )


def cell_values(p: Floats, q: Floats, group: Integers) -> Floats:
    """Return what `with_cells` adds, for each row of counts of shape (resamples, cells)."""
    groups = plug_in_values(added_up(p, group), added_up(q, group), None)
    values: Floats = plug_in_values(p, q, None) - groups
    return values
