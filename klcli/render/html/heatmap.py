"""Columns × batches as a table whose cells are shaded by the divergence."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import drift_words as words
from klcli.render.html.wording import Name, column, name, short
from klcli.render.summary import value
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import Batch, DriftResult

#: Shades begin at these values: two to a factor of ten, in the report's unit.
SHADES: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
#: A title doubles what a cell weighs: larger maps go without.
MOST_TITLES: Final = 600


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One comparison."""

    style: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One column of the data."""

    column: Name
    anchor: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """All of it, and what was left out."""

    batches: tuple[Name, ...]
    rows: tuple[HeatRow, ...]
    left_out: str


def heat_map(
    columns: Sequence[Sequence[DriftResult]],
    batches: Sequence[Batch],
    anchors: Sequence[str],
    most: int,
) -> HeatMap:
    """Return a map of at most `most` cells.

    If there are more, the columns that matter least are left out, then the earliest batches: the
    latest are those that somebody can still act on.
    """
    kept = columns[: max(most // 10, 1)]
    latest = batches[-max(most // max(len(kept), 1), 1) :]
    left = [
        words.plural(number, *noun)
        for number, noun in (
            (len(columns) - len(kept), ("column", "columns")),
            (len(batches) - len(latest), ("earlier batch", "earlier batches")),
        )
        if number
    ]
    titles = len(kept) * len(latest) <= MOST_TITLES
    rows = []
    for place, results in enumerate(kept):
        by_batch = {result.batch: result for result in results}
        cells = tuple(_cell(by_batch.get(batch.name), titles=titles) for batch in latest)
        anchor = anchors[place] if place < len(anchors) else ""
        rows.append(HeatRow(column(results[0]), anchor, cells))
    return HeatMap(tuple(name(batch.name) for batch in latest), tuple(rows), " and ".join(left))


def _cell(result: DriftResult | None, *, titles: bool) -> HeatCell:
    if result is None:
        return HeatCell("no", "", "")
    estimate = result.estimate
    mark = {Verdict.DRIFT: " d", Verdict.UNDECIDED: " u"}.get(Verdict(result.verdict), "")
    if math.isnan(estimate.finite_estimate) or estimate.status == Status.UNDEFINED:
        return HeatCell("na" + mark, "—", "")
    shade = bisect.bisect(SHADES, estimate.finite_estimate)
    _, interval = value(estimate)
    return HeatCell(f"h{shade}{mark}", short(estimate.estimate), interval if titles else "")
