"""A reference that is read once and compared with many batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from klcli.data.kept import KeptSide
from klcli.data.table import Table
from klcli.estimation.needs import layout_of
from klcli.monitoring.cells import LabelCells, NumberCells, plan
from klcli.monitoring.changes import own_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import ColumnTable
    from klcli.data.profiles.side import ProfileSide
    from klcli.data.selection import Selection
    from klcli.monitoring.options import DriftOptions
    from klcli.typing import Layout


class Reference:
    """What batches are compared with, read once.

    Parameters
    ----------
    name : str
        For reports.
    side : KeptSide or ProfileSide
        The rows, or what stands for them.
    partial : sequence of (Reference, tuple of str)
        What to compare columns with that only a part of the rows has, and these columns.
    """

    def __init__(
        self,
        name: str,
        side: KeptSide | ProfileSide,
        partial: Sequence[tuple[Reference, tuple[str, ...]]] = (),
    ) -> None:
        self.name = name
        self.side = side
        self.partial = partial
        self._plans: dict[tuple[str, bool, bool], NumberCells | LabelCells] = {}

    def parts(
        self, selection: Selection, columns: Sequence[str]
    ) -> Iterator[tuple[Reference, Selection]]:
        """Yield what to compare which of the columns of a batch with: the whole comes first."""
        wanted = selection.columns or columns
        apart = [
            (part, tuple(name for name in names if name in wanted and name in columns))
            for part, names in self.partial
        ]
        apart = [
            (part, tuple(name for name in names if name not in selection.exclude))
            for part, names in apart
        ]
        partial = {name for _, names in self.partial for name in names}
        left = tuple(name for name in selection.columns if name not in partial)
        others = [name for name in columns if name in wanted and name in self.side.schema]
        if {*others} - partial - {*selection.exclude} or not any(names for _, names in apart):
            exclude = (
                *selection.exclude,
                *(name for name in partial if name not in selection.exclude),
            )
            yield self, replace(selection, columns=left, exclude=exclude)
        for part, names in apart:
            if names:
                yield part, replace(selection, columns=names, exclude=())

    def cells(self, column: ColumnTable) -> NumberCells | LabelCells:
        """Return the coarse cells of a column."""
        # One that is not compared may have been read otherwise than its table is made.
        key = column.name, column.table.ordered, column.undefined is None
        if key not in self._plans:
            name = own_name(self.side, column.name)
            self._plans[key] = plan(self.side, name, column.kind)
        return self._plans[key]


def kept(data: Table | ProfileSide, options: DriftOptions, *, side: int) -> KeptSide | ProfileSide:
    """Return what remembers the columns it has read: of P (side 0) or of Q (side 1)."""
    if not isinstance(data, Table):
        return data
    weight = options.weight if options.weight in data.schema else None
    return KeptSide(data, (int(options.seed), side), weight, lambda _: None)


def layouts_of(options: DriftOptions, columns: Sequence[str]) -> dict[str, Layout]:
    """Return the cells of columns whose density differs from that of the run."""
    layouts = {}
    if options.rules:
        for column in columns:
            layout = layout_of(options.method(column))
            if layout is not None:
                layouts[column] = layout
    return layouts
