"""How far above a fit the truth may lie, by what its merged cells and smooth curve hide."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.diagnostics.cycles import cycles
from klcli.diagnostics.resolution import fitted_ratio, on_fine_cells
from klcli.estimators.unseen import unseen_deviation

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.densities.ratio import Ratio
    from klcli.results import Finding
    from klcli.typing import Point


def allow_for_runs(fine: CountTable, table: CountTable, point: Point, density: Ratio) -> Point:
    """Let the upper end of a fit reach as far as runs of P that hold no row of Q.

    Cells that were merged for the fit hide where runs end. Those that count one by one have none.

    Parameters
    ----------
    fine, table : CountTable
        The cells as counted, and as estimated from.
    point : Point
        The estimate from `table`.
    density : Ratio
        Of which it is the estimate.
    """
    numbers, cells = table.numbers, fine.numbers
    if not numbers.n_p or not numbers.n_q or not math.isfinite(point.value):
        return point
    if density.by_cell(numbers) is not None:
        return point
    ratio = on_fine_cells(cells, numbers, fitted_ratio(table, point))
    unseen = unseen_deviation(cells.p, cells.q, np.log(ratio)) * float(cells.n_p / fine.n_p)
    return replace(point, beyond_support=math.hypot(point.beyond_support, unseen))


def allow_for_cycles(
    fine: CountTable, table: CountTable, point: Point
) -> tuple[Point, Finding | None]:
    """Let the upper end of times reach as far as their cycles, which a smooth ratio hides.

    Parameters as of `allow_for_runs`.

    Returns
    -------
    point : Point
        The same, with what may be beyond it.
    finding : Finding or None
        Where chance does not make as much, so that the estimate is a lower bound.
    """
    numbers, cells = table.numbers, fine.numbers
    if not numbers.n_p or not numbers.n_q or not math.isfinite(point.value):
        return point, None
    hidden, finding = cycles(cells, numbers, fitted_ratio(table, point))
    hidden *= float(cells.n_p / fine.n_p)
    return replace(point, beyond_support=math.hypot(point.beyond_support, hidden)), finding
