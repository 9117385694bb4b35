"""What each batch is compared with: one reference for all, or the batches before."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from klcli.data.kept import KeptSide
from klcli.data.opening import open_data
from klcli.data.pairing import pair_columns
from klcli.data.profiles.side import ProfileSide
from klcli.data.selection import Selection
from klcli.data.table import Table, concatenated
from klcli.errors import InputError
from klcli.monitoring.reference import Reference, kept

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

    def noticed(self, position: int) -> list[Finding]:
        """Return what was noticed as that reference was read."""


@dataclass(slots=True)
class Opened:
    """A dataset that is opened when it is first asked for."""

    incoming: Incoming
    options: DriftOptions
    findings: list[Finding] = field(default_factory=list)
    _cleanup: ExitStack = field(default_factory=ExitStack)
    _data: Table | ProfileSide | None = None
    _error: InputError | None = None

    def data(self) -> Table | ProfileSide:
        """Return rows or profile, with all columns that may be compared.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        if self._error is not None:
            raise self._error
        if self._data is None:
            try:
                self._data = self._loaded()
            except InputError as error:
                self._error = error
                raise
        return self._data

    def _loaded(self) -> Table | ProfileSide:
        """Read what fits into memory, so that a damaged file fails here."""
        options = self.options
        selection = Selection(weight=options.weight, input_format=options.input_format)
        opened = open_data(self.incoming.data, selection, self.findings, self._cleanup)
        if not isinstance(opened, Table):
            return opened.table if isinstance(opened, KeptSide) else opened
        if not opened.needed:
            opened.needed = compared(list(opened.schema), options) or tuple(opened.schema)
        if opened.in_memory and not any(len(frame) for frame in opened.batches(opened.needed)):
            raise InputError(f"{opened.source}: no rows", "it is empty, or has a header only")
        return opened

    def noticed(self) -> list[Finding]:
        """Return what was noticed on reading, without the name of the source."""
        name = f"{self.incoming.source}: "
        return [replace(each, message=each.message.removeprefix(name)) for each in self.findings]

    def close(self) -> None:
        """Forget the rows and remove temporary files."""
        self._data = None
        self._cleanup.close()


def compared(columns: Sequence[str], options: DriftOptions) -> tuple[str, ...]:
    """Return the columns that have to be read of a dataset."""
    wanted = [
        name
        for name in columns
        if name not in options.exclude and (not options.column or name in options.column)
    ]
    extra = {options.weight, options.by, options.time}
    return tuple(dict.fromkeys([*wanted, *(name for name in columns if name in extra)]))


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
            side = kept(self._source.data(), self._source.options, side=1)
            self._reference = Reference(self.name, side)
        return self._reference

    def noticed(self, position: int) -> list[Finding]:  # noqa: ARG002
        """Return what was noticed as the one reference was read."""
        return self._source.noticed()


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
        found: list[Table | ProfileSide] = []
        names: list[str] = []
        for earlier in reversed(self._batches[:position]):
            if len(found) == self._pooled:
                earlier.close()
                continue
            try:
                found.insert(0, earlier.data())
            except InputError:
                continue
            names.insert(0, earlier.incoming.name)
        if not found:
            raise InputError(
                "no batch before this one can be read", "it has nothing to be compared with"
            )
        options = self._batches[position].options
        whole = _pooled(names, found, options)
        partial = [
            (
                _pooled([names[i] for i in having], [found[i] for i in having], options),
                tuple(columns),
            )
            for having, columns in _partial_columns(found, options).items()
        ]
        return Reference(whole.name, whole.side, partial)

    def noticed(self, position: int) -> list[Finding]:
        """Return what was noticed as any of the batches before `position` was read."""
        before = self._batches[max(0, position - self._pooled) : position]
        return [finding for earlier in before for finding in earlier.noticed()]


def _pooled(
    names: Sequence[str], found: Sequence[Table | ProfileSide], options: DriftOptions
) -> Reference:
    """Return some batches as one reference."""
    name = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
    return Reference(name, kept(_together(name, found), options, side=1))


def _partial_columns(
    found: Sequence[Table | ProfileSide], options: DriftOptions
) -> dict[tuple[int, ...], list[str]]:
    """Return the columns that some batches lack, by the positions of those that have them.

    Taken for missing, their values would look like drift of the batch that has them.
    """
    partial: dict[tuple[int, ...], list[str]] = {}
    for column in dict.fromkeys(name for each in found for name in each.schema):
        having = tuple(i for i, each in enumerate(found) if column in each.schema)
        if len(having) < len(found) and column != options.weight:
            partial.setdefault(having, []).append(column)
    return partial


def _together(name: str, found: Sequence[Table | ProfileSide]) -> Table | ProfileSide:
    if len(found) == 1:
        return found[0]
    tables = [each for each in found if isinstance(each, Table)]
    if not tables:
        from klcli.profiling.merge import merge_profiles

        profiles = [each.profile for each in found if isinstance(each, ProfileSide)]
        return ProfileSide(merge_profiles(profiles), name)
    if len(tables) < len(found):
        raise InputError(
            f"{name}: profiles and rows cannot be pooled", "make profiles of all with: kl profile"
        )
    # Parts in memory are not parsed again.
    table = concatenated(name, [replace(each, stream=each.batches) for each in tables], [])
    table.needed = tuple(dict.fromkeys(column for each in tables for column in each.needed))
    return table


def check_columns(columns: Sequence[str], options: DriftOptions) -> None:
    """Refuse names of columns that the reference does not have."""
    selection = Selection(options.column, options.exclude, options.categorical, options.numeric)
    pair_columns(columns, columns, selection, [])
