"""One batch against one reference: every column estimated, coarse cells, what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.data.threads import each
from klcli.data.wording import listed
from klcli.errors import InputError
from klcli.estimation.needs import layout_of
from klcli.monitoring.changes import Column, told
from klcli.monitoring.column import examined
from klcli.monitoring.places import changed_places
from klcli.monitoring.reference import Reference, kept, layouts_of
from klcli.monitoring.report import Batch, Binning, Cell
from klcli.monitoring.schema import schema_changes, schema_findings
from klcli.monitoring.together import joint_row, rows_needed
from klcli.results import Estimate, Finding
from klcli.workers import elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from klcli.counts import ColumnTable
    from klcli.data.kept import KeptSide
    from klcli.data.profiles.side import ProfileSide
    from klcli.data.rows import RowReader
    from klcli.data.table import Table
    from klcli.monitoring.options import DriftOptions

#: Findings of reading that have a wording of their own here, or say nothing about a batch.
_REWORDED = ("only-in-p", "only-in-q", "same-source", "unmatched-pattern")


@dataclass(frozen=True, slots=True)
class Compared:
    """One column of one batch, before the whole grid is known. Values are in the report's unit."""

    estimate: Estimate
    cells: tuple[Cell, ...] = ()
    changes: tuple[Finding, ...] = ()
    binnings: tuple[Binning, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is kept of a batch."""

    batch: Batch
    columns: tuple[Compared, ...] = ()

    def noticing(self, findings: Iterable[Finding]) -> Outcome:
        """Return the outcome with what else was noticed of the batch."""
        return replace(self, batch=replace(self.batch, findings=(*self.batch.findings, *findings)))


def compare(
    name: str,
    source: str,
    data: Table | ProfileSide,
    reference: Reference,
    options: DriftOptions,
    *,
    tests: int,
    progress: Callable[[str, float], None],
) -> Outcome:
    """Compare a batch with its reference, column by column.

    Parameters
    ----------
    name, source : str
        Of the batch.
    data : Table or ProfileSide
        The batch, opened.
    reference : Reference
        What to compare with.
    options : DriftOptions
        With kinds and exclusions by name.
    tests : int
        Results that the grid will have, which p-values have to be fine enough for.
    progress : callable
        Called with what is being done and the share that is done.

    Raises
    ------
    InputError
        If the batch cannot be read, or has no column to compare.
    """
    ours, theirs = list(data.schema), list(reference.side.schema)
    selection = _narrowed(options, ours, theirs)
    layouts = layouts_of(options, ours)
    side = kept(data, options, side=0)
    parts = []
    for part, some in reference.parts(selection, ours):
        reader = rows_needed(options, ours, side, part.side)
        counted = tabulate(
            side,
            part.side,
            some,
            layout=layout_of(options.method("")),
            layouts=layouts,
            rows=reader,
            seed=int(options.seed),
            progress=lambda step, share: progress(step, share / 2),
        )
        parts.append((part, reader, counted))
    _, reader, tables = parts[0]
    order = {column: position for position, column in enumerate(theirs)}
    todo = [(each, part, reader) for part, reader, counted in parts for each in counted.columns]
    todo.sort(key=lambda one: order.get(one[0].name, len(order)))
    ordered = [column for column, _, _ in todo]
    # Those that take longest first, so that the others share what is left. Each column draws from
    # a random stream of its own: the order of work does not matter.
    work = sorted(todo, key=lambda one: (one[0].table.ordered, -len(one[0].table.p)))
    found = each(lambda one: _compared(one[0], side, one[1], options, tests, one[2]), work)
    results = {}
    for done, ((column, _, _), result) in enumerate(zip(work, found, strict=True)):
        progress(f"estimating {column.name}", 0.5 + 0.5 * done / len(work))
        results[column.name] = result
    columns = [results[column.name] for column in ordered]
    moved = changed_places(Column(one, side, part.side, tests) for one, part, _ in todo)
    if moved:
        columns = [_elsewhere(each, moved.get(each.estimate.column)) for each in columns]
    if options.compare_binnings:
        from klcli.monitoring.binnings import binnings

        others = {
            name: shown
            for part, _, counted in parts
            for name, shown in binnings(counted.columns, side, part.side).items()
        }
        columns = [
            replace(each, binnings=others.get(each.estimate.column, ())) for each in columns
        ]
    changed = schema_changes(ours, theirs, options, ordered)
    noticed = [
        _part_only(part, counted.columns) for part, _, counted in parts if part is not reference
    ]
    if options.joint:
        progress(f"estimating {len(tables.columns)} columns together", 1.0)
        joint = joint_row(tables.columns, reader, options)
        if isinstance(joint, Finding):
            noticed.append(joint)
        else:
            columns.append(Compared(joint.scaled(options.scale)))
    findings = [
        *noticed,
        *schema_findings(changed, ordered),
        *(
            finding
            for finding in dict.fromkeys(f for _, _, counted in parts for f in counted.findings)
            if finding.code not in _REWORDED
        ),
    ]
    rows = tables.p.rows or 0, tables.q.rows or 0
    batch = Batch(name, source, rows[0], reference.name, rows[1], tuple(findings), changed)
    return Outcome(batch, tuple(columns))


def _part_only(part: Reference, columns: Sequence[ColumnTable]) -> Finding:
    """Say which columns only a part of the reference has."""
    text = f"compared with {part.name} only, as other batches of the reference lack them"
    names = listed([column.name for column in columns])
    return Finding("part-reference", f"{text}: {names}")


def _compared(
    column: ColumnTable,
    side: KeptSide | ProfileSide,
    reference: Reference,
    options: DriftOptions,
    tests: int,
    reader: RowReader | None,
) -> Compared:
    request = options.request(column.name)
    sample = None if reader is None else reader.sample
    cells: tuple[Cell, ...] = ()
    if request.method.of_rows(column.kind) and sample is not None and column.name in sample.names:
        from klcli.estimation.joint import estimate_alone

        drop = options.missing == "drop"
        (estimate,) = estimate_alone(column, sample, request, drop=drop)
    else:
        estimate, found = elsewhere(examined, column, request, reference.cells(column), tests)
        cells = tuple(
            replace(cell, contribution=cell.contribution * options.scale) for cell in found
        )
    changes = told(Column(column, side, reference.side, tests))
    return Compared(estimate.scaled(options.scale), cells, changes)


def _elsewhere(compared: Compared, moved: Finding | None) -> Compared:
    """Return a column that may have changed places with another, which explains its other values."""
    if moved is None:
        return compared
    missing = [change for change in compared.changes if change.code == "null-rate"]
    return replace(compared, changes=(*missing, moved))


def _narrowed(options: DriftOptions, ours: Sequence[str], theirs: Sequence[str]) -> Selection:
    """Return what to select where a batch may lack columns that were named."""
    either = {*ours, *theirs}
    both = {*ours} & {*theirs}
    if options.column and both.isdisjoint(options.column):
        raise InputError(
            f"none of the columns asked for is there: {listed(options.column)}",
            f"there are {listed(ours)}",
        )

    def known(names: Sequence[str], among: set[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in among)

    splitting = tuple(name for name in (options.by, options.time) if name is not None)
    return Selection(
        columns=known(options.column, both),
        exclude=known((*options.exclude, *splitting), either),
        categorical=known(options.categorical, either),
        numeric=known(options.numeric, either),
        missing=options.missing,
        weight=options.weight,
        input_format=options.input_format,
    )
