"""CSV and TSV: every value is read as text.

Reading text and converting it later costs a quarter more time than typed parsing, and no cell
anywhere in the file can make it fail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.dialect import Dialect, dialect_of, lines
from klcli.data.failures import reading
from klcli.data.table import BATCH_ROWS, Part, Table, column
from klcli.data.wording import counted
from klcli.errors import InputError
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

#: Name of a helper column, and what it tells of a row.
_GAP: Final = "\x00gap"
_EMPTY, _NO_LAST = 1, 2


def delimited_table(part: Part, *, separator: str, factor: float) -> Table:
    """Open one CSV or TSV file.

    Parameters
    ----------
    part : Part
        The file, compressed or not.
    separator : str
        Empty to tell it from the first line.
    factor : float
        Bytes in memory for each byte on disk.
    """
    import polars as pl

    with reading(part.source):
        dialect = dialect_of(part, separator)
        lazy = pl.scan_csv(
            part.path,
            has_header=dialect.header,
            skip_lines=dialect.skipped,
            separator=dialect.separator,
            eol_char=dialect.end_of_line,
            infer_schema=False,
            glob=part.remote,
        )
        found = lazy.collect_schema().names()
    if len(found) != len(dialect.names):
        raise InputError(
            f"{part.source}: the header has {len(dialect.names):,} names for {len(found):,} columns",
            "look for names that repeat and for quotes that are not closed in the first line",
        )
    # Not by `new_columns`, which some versions cannot do with cloud addresses.
    renamed = {old: new for old, new in zip(found, dialect.names, strict=True) if old != new}
    if renamed:
        lazy = lazy.rename(renamed)
    empty = pl.all_horizontal(pl.all().is_null())
    no_last = column(dialect.names[-1]).is_null()
    gap = pl.when(empty).then(_EMPTY).when(no_last).then(_NO_LAST).otherwise(0).alias(_GAP)
    lazy = lazy.with_columns(gap)
    if dialect.decimal_comma:
        point = column(*dialect.names).str.replace(r"^([+-]?\d*),(\d+)$", "$1.$2")
        lazy = lazy.with_columns(point)
    reader = _Reader(part, dialect)

    def stream(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        chosen = lazy.select(map(column, [*columns, _GAP]))
        return reader.rows(chosen.collect_batches(chunk_size=BATCH_ROWS, lazy=True))

    def collect(columns: Sequence[str]) -> pl.DataFrame:
        chosen = lazy.select(map(column, [*columns, _GAP]))
        # The generator defers the work into `rows`, which knows how to explain a failure.
        frames = list(reader.rows(chosen.collect() for _ in range(1)))
        return frames[0] if frames else chosen.drop(_GAP).clear().collect()

    return Table(
        part.source,
        dict.fromkeys(dialect.names, pl.String()),
        frozenset(dialect.names),
        part.size * factor,
        stream,
        collect,
        part.size / dialect.line_length if math.isfinite(part.size) else math.nan,
    )


@dataclass(slots=True)
class _Reader:
    """Takes lines that are no rows out of the batches, and tells about them once."""

    part: Part
    dialect: Dialect
    told: bool = False

    def rows(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield the batches without empty rows.

        In a file of one column a missing value is written as an empty line, so there only the
        empty lines at the end are no rows: they are held back until a value follows.
        """
        import polars as pl

        single = len(self.dialect.names) == 1
        dropped = without_last = held = 0
        try:
            for batch in batches:
                gaps = batch.drop_in_place(_GAP).to_numpy()
                without_last += int(np.count_nonzero(gaps == _NO_LAST))
                filled = gaps != _EMPTY
                if not single:
                    dropped += len(batch) - int(np.count_nonzero(filled))
                    yield batch if filled.all() else batch.filter(filled)
                    continue
                positions = np.flatnonzero(filled)
                end = int(positions[-1]) + 1 if len(positions) else 0
                if end:
                    before = batch.clear(held)
                    yield before.vstack(batch.head(end)) if held else batch.head(end)
                    held = 0
                held += len(batch) - end
        except pl.exceptions.ComputeError as error:
            if "more fields" in str(error):
                raise self._too_long() from error
            raise
        self._tell(dropped + held, without_last)

    def _tell(self, dropped: int, without_last: int) -> None:
        if self.told:
            return
        self.told = True
        if dropped:
            self.part.findings.append(
                Finding(
                    "empty-rows",
                    f"{self.part.source}: {counted(dropped, 'line')} without any value, not "
                    "counted as rows",
                )
            )
        if without_last:
            count, line, _ = self._uneven_lines("fewer")
            if count:
                self.part.findings.append(
                    Finding(
                        "ragged-rows",
                        f"{self.part.source}: {counted(count, 'line')} with fewer fields than the "
                        f"header (the first is line {line:,}); what they lack counts as missing",
                    )
                )

    def _too_long(self) -> InputError:
        count, line, fields = self._uneven_lines("more")
        where = f"line {line:,} has {fields:,} fields" if count else "a line has more fields"
        mark = "a tab" if self.dialect.separator == "\t" else repr(self.dialect.separator)
        return InputError(
            f"{self.part.source}: {where}, the header has {len(self.dialect.names):,}",
            f"quote the values that contain {mark}, or repair the line",
        )

    def _uneven_lines(self, which: str) -> tuple[int, int, int]:
        """Count the lines with fewer or more fields than named; number and fields of the first.

        Lines with quotes, and those within a quoted value that spans lines, are passed over.
        """
        import polars as pl

        line = pl.col("line")
        quotes = line.str.count_matches('"', literal=True)
        outside = ((quotes.fill_null(0).cum_sum() % 2) == 0) & (quotes == 0)
        fields = line.str.count_matches(self.dialect.separator, literal=True) + 1
        expected = len(self.dialect.names)
        uneven = fields < expected if which == "fewer" else fields > expected
        return (
            lines(self.part, self.dialect.end_of_line)
            .slice(self.dialect.skipped)
            .select(
                (pl.int_range(pl.len()) + 1 + self.dialect.skipped).alias("number"),
                fields.alias("fields"),
                (outside & uneven).alias("uneven"),
            )
            .filter(pl.col("uneven"))
            .select(pl.len(), pl.col("number").min(), pl.col("fields").first())
            .collect()
            .row(0)
        )
