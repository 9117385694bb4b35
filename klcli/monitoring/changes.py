"""What happened to a column, in words that name it: one detector after the other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import internal
from klcli.monitoring.hours import hour_changes
from klcli.monitoring.label_changes import label_changes
from klcli.monitoring.number_changes import number_changes
from klcli.monitoring.report import NOT_TOLD
from klcli.monitoring.stuck import repeated_values
from klcli.monitoring.surprise import bar, log_shares
from klcli.monitoring.wording import percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.counts import ColumnTable
    from klcli.data.kept import KeptSide
    from klcli.data.profiles.side import ProfileSide
    from klcli.monitoring.stuck import Repeated
    from klcli.typing import Floats


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a batch and of its reference.

    Attributes
    ----------
    table : ColumnTable
        Counts of both.
    p, q : KeptSide or ProfileSide
        Where more can be asked.
    tests : int
        Columns and batches that are looked at.
    """

    table: ColumnTable
    p: KeptSide | ProfileSide
    q: KeptSide | ProfileSide
    tests: int

    @cached_property
    def finite(self) -> tuple[Floats, Floats]:
        """Sorted numbers of batch and reference: all, or a sample; none of categories."""
        both = []
        for side in (self.p, self.q):
            name = own_name(side, self.table.name)
            both.append(side.finite(name) if name in side.numbers else np.empty(0))
        return both[0], both[1]

    def is_far(self, value: float) -> bool:
        """Tell whether a number lies farther from those of the reference than these range."""
        known = self.table.q
        width = known.maximum - known.minimum
        return value > known.maximum + width or value < known.minimum - width

    @cached_property
    def repeated(self) -> list[Repeated]:
        """Numbers that the batch shows far more often than the reference."""
        return repeated_values(self)


def own_name(side: KeptSide | ProfileSide, name: str) -> str:
    """Return what a column is called on one side: lone columns are paired whatever their names."""
    return name if name in side.views else next(iter(side.views))


def told(column: Column) -> tuple[Finding, ...]:
    """Return what happened to a column; a detector that fails costs its column's words alone."""
    found: list[Finding] = []
    try:
        found.extend(column_changes(column))
    except Exception as error:
        if os.environ.get("KLCLI_DEBUG"):
            raise
        found.append(
            Finding(
                NOT_TOLD,
                f"what happened could not be told: {internal(error)}; this is a bug in kl, and "
                "the divergence is not affected",
            )
        )
    return tuple(found)


def column_changes(column: Column) -> Iterator[Finding]:
    """Say what happened to a column; nothing if chance may have done it."""
    yield from _missing(column)
    table = column.table
    if table.undefined is not None or not (table.table.n_p and table.table.n_q):
        return
    if any(side.missing >= side.rows for side in (table.p, table.q)):
        return  # where there are no values at all, nothing has become of them
    if table.table.ordered:
        hours = list(hour_changes(column))
        yield from hours
        yield from number_changes(column, clock=bool(hours))
    elif table.kind != Kind.TEXT:
        yield from label_changes(column)


def _missing(column: Column) -> Iterator[Finding]:
    """Tell of a burst of missing values, or of their end."""
    p, q = column.table.p, column.table.q
    if not p.rows or not q.rows:
        return
    now, before = p.missing / p.rows, q.missing / q.rows
    # A percentage point, or a tenth of one where it doubles: below that nobody acts.
    matters = abs(now - before) >= 0.01 or (
        abs(now - before) >= 0.001 and max(now, before) >= 2 * min(now, before)
    )
    if matters and log_shares(p.missing, p.rows, q.missing, q.rows) < bar(column.tests):
        yield Finding(
            "null-rate",
            f"{percent(now)} of the values are missing, {percent(before)} in the reference",
        )
