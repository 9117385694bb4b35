"""One table made into batches: by the values of a column, or by windows of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from klcli.data.convert import values
from klcli.data.kinds import Declared, Reading
from klcli.data.table import Table, column, frame_table
from klcli.data.wording import counted
from klcli.errors import InputError, UsageError
from klcli.monitoring.batches import Incoming, natural
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

#: More batches than this are no batches: a column of identifiers was named, or seconds for days.
MOST_BATCHES: Final = 10_000
#: Unit of a window → how its start is written; finer ones show the time of day.
_WRITTEN: Final = {"y": "%Y", "q": "%Y-%m", "mo": "%Y-%m", "w": "%Y-%m-%d", "d": "%Y-%m-%d"}
_KEY: Final = "batch"
#: The offset from UTC at the end of a time, if it is any.
_OFFSET: Final = r":\d\d(?:[.,]\d+)?\s*([+-](?:0[1-9]|1\d):?\d\d|[+-]00:?(?:[1-9]\d|0[1-9]))\s*$"
#: Empty windows that are told by name.
_TOLD: Final = 4


@dataclass(frozen=True, slots=True)
class Split:
    """What tells which batch a row belongs to.

    Attributes
    ----------
    name : str
        The column.
    window : str or None
        Length of a window of time in the words of polars (``1d``, ``1w``, ``1mo``); None for the
        values themselves.
    """

    name: str
    window: str | None = None

    def batches(self, table: Table, identity: str, findings: list[Finding]) -> Iterator[Incoming]:
        """Split a table; batches by value in natural order, those by time in the order of time.

        A table in memory is divided once; a larger one is read through for each batch.
        """
        if self.name not in table.schema:
            option = "--by" if self.window is None else "--time"
            raise InputError(
                f"{option}: no column {self.name!r} in {table.source}",
                f"there are {', '.join(map(repr, table.schema))}",
            )
        keys = self._keys(table, findings)
        whole = _whole(table) if table.in_memory else None
        parts = {} if whole is None else self._parted(whole, table)
        for key in keys:
            if whole is None:
                part = self._filtered(table, key)
            else:
                part = frame_table(f"{table.source}: {key}", parts[key], lexical=table.lexical)
            mark = f"{identity}\n{self.name}={key} {self.window}" if identity else ""
            yield Incoming(key, f"{table.source}: {key}", part, mark)

    def _keys(self, table: Table, findings: list[Finding]) -> list[str]:
        found: dict[str, int] = {}
        without = 0
        offset = ""
        for frame in table.batches([self.name]):
            offset = offset or self._offset(frame, table)
            counts = self._key(frame, table).value_counts(name="rows")
            for key, rows in counts.iter_rows():
                if key is None:
                    without += rows
                else:
                    found[key] = found.get(key, 0) + rows
            if len(found) > MOST_BATCHES:
                raise UsageError(
                    f"{self.name!r} makes more than {MOST_BATCHES:,} batches",
                    "name another column, or a longer --window",
                )
        if not found:
            raise InputError(
                f"{table.source}: column {self.name!r} has no values to split by",
                "name another column",
            )
        if without:
            text = f"{counted(without, 'row')} without a value in {self.name!r}: in no batch"
            findings.append(Finding("no-batch", text))
        if offset:
            text = f"times in {self.name!r} carry an offset, such as {offset}, but windows of "
            text += f"{self.window} begin by UTC; take the offsets away to have them by local time"
            findings.append(Finding("utc-windows", text))
        keys = sorted(found, key=natural)
        if self.window is not None:
            findings += _empty_windows(keys, self.window)
        return keys

    def _key(self, frame: pl.DataFrame, table: Table) -> pl.Series:
        """Return the name of the batch of each row, null for none."""
        import polars as pl

        dtype = table.schema[self.name]
        lexical = self.name in table.lexical
        if self.window is None:
            label = values(self.name, dtype, Reading.LABEL, lexical=lexical)
            return frame.select(label).to_series().alias(_KEY)
        if isinstance(dtype, pl.Datetime | pl.Date):
            times = frame[self.name]
        elif Declared.of(dtype) is Declared.TEXT:
            seconds = frame.select(values(self.name, dtype, Reading.TIME, lexical=lexical))
            micro = (seconds.to_series() * 1e6).cast(pl.Int64)
            times = pl.from_epoch(micro, time_unit="us")
            if len(times) and times.null_count() == len(times):
                raise self._no_times(table)
        else:
            raise self._no_times(table)
        if not re.search("[1-9]", self.window):  # Polars takes 0d for no truncation at all.
            raise self._no_length()
        try:
            starts = times.dt.truncate(self.window)
        except pl.exceptions.PolarsError as error:
            raise self._no_length() from error
        unit = re.sub(r"[0-9]", "", self.window)
        return starts.dt.strftime(_WRITTEN.get(unit, "%Y-%m-%d %H:%M:%S")).alias(_KEY)

    def _offset(self, frame: pl.DataFrame, table: Table) -> str:
        """Return the first offset from UTC that a time in words carries, if windows are cut."""
        if self.window is None or Declared.of(table.schema[self.name]) is not Declared.TEXT:
            return ""
        import polars as pl

        found = frame[self.name].cast(pl.String).str.extract(_OFFSET).drop_nulls()
        return str(found[0]) if len(found) else ""

    def _no_length(self) -> UsageError:
        return UsageError(
            f"--window {self.window}: no length of time",
            "give a number and a unit: 6h, 1d, 1w, 1mo, 1q, 1y",
        )

    def _no_times(self, table: Table) -> InputError:
        return InputError(
            f"--time: column {self.name!r} of {table.source} holds no dates or times",
            "write them as 2013-07-04 or 2013-07-04T12:30, or split with --by",
        )

    def _parted(self, frame: pl.DataFrame, table: Table) -> dict[str, pl.DataFrame]:
        import polars as pl

        # A name that no column of a file has: it cannot hold a null character.
        mark = "\0batch"
        keyed = frame.with_columns(self._key(frame, table).alias(mark)).filter(
            pl.col(mark).is_not_null()
        )
        parts = keyed.partition_by(mark, as_dict=True, include_key=False)
        return {str(key[0]): part for key, part in parts.items()}

    def _filtered(self, table: Table, key: str) -> Table:
        def stream(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
            for frame in table.stream(list(dict.fromkeys([*columns, self.name]))):
                mine = frame.filter(self._key(frame, table) == key)
                if len(mine):
                    yield mine.select(map(column, columns))

        def collect(columns: Sequence[str]) -> pl.DataFrame:
            import polars as pl

            return pl.concat(list(stream(columns)))

        source = f"{table.source}: {key}"
        return Table(source, table.schema, table.lexical, table.size, stream, collect)


def _empty_windows(keys: Sequence[str], window: str) -> list[Finding]:
    """Tell of days, weeks, months and longer windows between others that have no rows.

    Hours are left out: few tables have rows in each, and clocks skip one in spring.
    """
    import polars as pl

    unit = re.sub(r"[0-9]", "", window)
    if unit not in _WRITTEN:
        return []
    try:
        first, last = (datetime.strptime(key, _WRITTEN[unit]) for key in (keys[0], keys[-1]))  # noqa: DTZ007
    except ValueError:  # a year beyond 9999, which is none
        return []
    starts = pl.datetime_range(first, last, window, eager=True)
    known = {*keys}
    missing = [key for key in starts.dt.strftime(_WRITTEN[unit]) if key not in known]
    if not missing:
        return []
    named = ", ".join(missing)
    if len(missing) > _TOLD:
        named = f"{missing[0]} … {missing[-1]} ({len(missing):,} of {len(starts):,})"
    return [Finding("empty-windows", f"no rows, and so no batch, in windows of {window}: {named}")]


def _whole(table: Table) -> pl.DataFrame:
    (frame,) = table.batches(table.needed)
    return frame
