"""What each batch is compared with: one reference for all, or the batches before."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from klcli.data.kept import KeptSide
from klcli.data.pairing import pair_columns
from klcli.data.table import Table, concatenated
from klcli.data.tabulate import Selection
from klcli.errors import InputError
from klcli.monitoring.compare import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.batches import Incoming
    from klcli.monitoring.options import DriftOptions
    from klcli.results import Finding


class References(Protocol):
    """Tells what to compare a batch with."""

    #: What the first batch is compared with.
    name: str
    #: Position of the first batch that has a reference.
    start: int

    def identity(self, position: int) -> str:
        """Return text that changes when the reference of a batch may have; empty if unknown."""

    def of(self, position: int) -> Reference:
        """Return the reference of the batch at `position` in the order of all batches."""


@dataclass(slots=True)
class Opened:
    """A dataset that is opened when it is first asked for."""

    incoming: Incoming
    options: DriftOptions
    findings: list[Finding] = field(default_factory=list)
    _cleanup: ExitStack = field(default_factory=ExitStack)
    _table: Table | None = None
    _error: InputError | None = None

    def table(self) -> Table:
        """Return the table, with all columns that may be compared; raise `InputError` if unreadable."""
        if self._error is not None:
            raise self._error
        if self._table is None:
            try:
                table = self.incoming.open(self.options.input_format, self.findings, self._cleanup)
                self._table = loaded(table, self.options)
            except InputError as error:
                self._error = error
                raise
        return self._table

    def close(self) -> None:
        """Forget the table and remove temporary files."""
        self._table = None
        self._cleanup.close()


def loaded(table: Table, options: DriftOptions) -> Table:
    """Read what fits into memory, so that a damaged file fails here."""
    if not table.needed:
        ignored = {*options.exclude}
        chosen = [
            name
            for name in table.schema
            if name not in ignored and (not options.column or name in options.column)
        ]
        extra = [
            name for name in (options.weight, options.by, options.time) if name in table.schema
        ]
        table.needed = tuple(dict.fromkeys([*chosen, *extra])) or tuple(table.schema)
    if table.in_memory and not any(len(frame) for frame in table.batches(table.needed)):
        raise InputError(f"{table.source}: no rows", "it is empty, or has a header only")
    return table


def kept(table: Table, options: DriftOptions) -> KeptSide:
    """Return the side that remembers what it reads of a table."""
    weight = options.weight if options.weight in table.schema else None
    return KeptSide(table, (int(options.seed), 1), weight, lambda _: None)


class Fixed:
    """The same reference for all batches."""

    start = 0

    def __init__(self, source: Opened) -> None:
        self.name = source.incoming.name
        self._source = source
        self._reference: Reference | None = None

    def identity(self, position: int) -> str:  # noqa: ARG002
        """Return what tells the source from others."""
        return self._source.incoming.identity

    def of(self, position: int) -> Reference:  # noqa: ARG002
        """Return the one reference."""
        if self._reference is None:
            side = kept(self._source.table(), self._source.options)
            self._reference = Reference(self.name, side)
        return self._reference


class First(Fixed):
    """The first batch is the reference of all others."""

    start = 1

    def __init__(self, batches: Sequence[Opened]) -> None:
        super().__init__(batches[0])


class Earlier:
    """The readable batches just before, up to a number of them, together."""

    start = 1

    def __init__(self, batches: Sequence[Opened], pooled: int) -> None:
        self.name = batches[0].incoming.name
        self._batches = batches
        self._pooled = pooled

    def identity(self, position: int) -> str:
        """Return what tells the earlier batches from others."""
        before = self._batches[max(0, position - self._pooled) : position]
        marks = [each.incoming.identity for each in before]
        return "\n".join(marks) if all(marks) else ""

    def of(self, position: int) -> Reference:
        """Return the batches before `position`, skipping those that cannot be read."""
        tables: list[Table] = []
        names: list[str] = []
        for earlier in reversed(self._batches[:position]):
            if len(tables) == self._pooled:
                earlier.close()
                continue
            try:
                tables.insert(0, earlier.table())
            except InputError:
                continue
            names.insert(0, earlier.incoming.name)
        if not tables:
            raise InputError(
                "no batch before this one can be read", "it has nothing to be compared with"
            )
        name = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
        options = self._batches[position].options
        return Reference(name, kept(_together(name, tables), options))


def _together(name: str, tables: Sequence[Table]) -> Table:
    if len(tables) == 1:
        return tables[0]
    # Parts in memory are not parsed again.
    parts = [replace(table, stream=table.batches) for table in tables]
    table = concatenated(name, parts, [])
    table.needed = tuple(dict.fromkeys(column for table in tables for column in table.needed))
    return table


def check_columns(table: Table, options: DriftOptions) -> None:
    """Refuse names of columns that the reference does not have."""
    columns = list(table.schema)
    selection = Selection(
        options.column,
        options.exclude,
        options.categorical,
        options.numeric,
        weight=options.weight,
    )
    pair_columns(columns, columns, selection, [])
