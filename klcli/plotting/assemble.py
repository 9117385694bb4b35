"""Cells summed up and banded, and panels made of them."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from klcli.plotting.report import Answer, Cell, Panel
from klcli.results import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klcli.results import Estimate


def finished(cells: Iterable[Cell], confidence: float) -> tuple[Cell, ...]:
    """Return cells with the ends of their bands and with running sums.

    Parameters
    ----------
    cells : iterable of Cell
        In their order.
    confidence : float
        Of the band at each point.
    """
    sums = {str(direction): 0.0 for direction in Direction}
    width = NormalDist().inv_cdf(0.5 + confidence / 2) if math.isfinite(confidence) else math.nan
    done = []
    for cell in cells:
        for direction in sums:
            part = cell.part(direction)
            sums[direction] += 0.0 if math.isinf(part) else part
        margin = width * cell.standard_error
        done.append(
            replace(
                cell,
                log_ratio_low=cell.log_ratio - margin,
                log_ratio_high=cell.log_ratio + margin,
                forward_sum=sums["forward"],
                reverse_sum=sums["reverse"],
            )
        )
    return tuple(done)


def answer(estimate: Estimate) -> Answer:
    """Return an estimate as the answer of a panel."""
    names = (estimate.density, estimate.estimator, estimate.interval)
    return Answer(
        str(estimate.direction),
        estimate.estimate,
        estimate.finite_estimate,
        estimate.standard_error,
        estimate.ci_low,
        estimate.ci_high,
        estimate.confidence,
        str(estimate.status),
        ", ".join(name for name in names if name),
        estimate.warnings,
    )


def nothing(column: str, kind: str, answers: Sequence[Answer]) -> Panel:
    """Return the panel of a column of which there is nothing to draw; the answers say why."""
    return Panel(column, kind, "", "", math.nan, tuple(answers), ())


def scaled(panel: Panel, factor: float) -> Panel:
    """Return the panel in a unit that is 1/`factor` nats; its answers are already in it."""
    return replace(panel, cells=tuple(cell.scaled(factor) for cell in panel.cells))
