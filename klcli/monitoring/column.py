"""One column of one batch, from its counts alone: what `klcli.workers` are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from klcli.results import Status

if TYPE_CHECKING:
    from klcli.counts import ColumnTable
    from klcli.estimation.request import Request
    from klcli.monitoring.cells import LabelCells, NumberCells
    from klcli.monitoring.report import Cell
    from klcli.results import Estimate

# What these functions import is not needed by a command that has others do the work.


def prepare() -> None:
    """Import what most columns need."""
    from klcli.estimation import request
    from klcli.monitoring import cells, significance  # noqa: F401

    request.prepare()


def examined(
    column: ColumnTable, request: Request, cells: LabelCells | NumberCells, tests: int
) -> tuple[Estimate, tuple[Cell, ...]]:
    """Estimate the divergence of a column, and what each coarse cell adds to it, in nats.

    Parameters
    ----------
    column : ColumnTable
        The column.
    request : Request
        For one direction.
    cells : LabelCells or NumberCells
        Into which contributions are added up.
    tests : int
        Results that the grid will have, which p-values have to be fine enough for.
    """
    from klcli.estimation.column import examine_column
    from klcli.monitoring.cells import coarse
    from klcli.monitoring.significance import plain, refined
    from klcli.streams import stream

    (found,) = examine_column(column, replace(request, plain=plain))
    estimate, table, point = found.estimate, found.table, found.point
    if table is None or point is None:
        return estimate, ()
    total = estimate.finite_estimate
    if estimate.status == Status.LOWER_BOUND:
        total = estimate.estimate
    p_value = refined(
        found,
        resamples=request.resamples,
        level=1 - request.confidence,
        tests=tests,
        rng=stream(request.seed, "refined", column.name),
    )
    parts = coarse(cells, column.table, table, point.contributions, total)
    return replace(estimate, p_value=p_value), parts
