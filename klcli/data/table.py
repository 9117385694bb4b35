"""One side, opened: its columns with their types, and its rows in batches, as often as asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.data.failures import reading
from klcli.data.wording import listed
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import polars as pl

#: What is estimated to need fewer bytes than this is parsed once and kept in memory; the rest is
#: read in batches, twice.
MEMORY_BUDGET = 1 << 30
#: Rows of a batch: large enough for NumPy's overhead to vanish, small enough for the cache.
BATCH_ROWS: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class Part:
    """One file to open.

    Attributes
    ----------
    source : str
        What messages call it.
    path : str
        Local file or cloud address.
    size : float
        Bytes on disk, or once decompressed; inf where unknown.
    findings : list of Finding
        Gains what is noticed: on opening, and after the first full pass.
    """

    source: str
    path: str
    size: float
    findings: list[Finding]

    @property
    def remote(self) -> bool:
        """Whether the path is a cloud address, which may be a pattern."""
        return "://" in self.path


@dataclass(slots=True, eq=False)
class Table:
    """A source whose columns are known and whose rows can be read more than once.

    Attributes
    ----------
    source : str
        What messages call it.
    schema : dict of str to polars data type
        Its columns, in order.
    lexical : frozenset of str
        String columns whose values are what they look like (text formats), not declared strings.
    size : float
        Estimated bytes in memory; inf where unknown.
    stream : callable
        Columns → frames of about `BATCH_ROWS` rows, in the order of the file.
    collect : callable
        Columns → one frame with all rows.
    expected_rows : float
        Rows, as far as can be told beforehand; NaN if not at all. For progress only.
    needed : tuple of str
        Every column that will ever be asked for, so that a small file is parsed once.
    """

    source: str
    schema: dict[str, pl.DataType]
    lexical: frozenset[str]
    size: float
    stream: Callable[[Sequence[str]], Iterator[pl.DataFrame]]
    collect: Callable[[Sequence[str]], pl.DataFrame]
    expected_rows: float = math.nan
    needed: tuple[str, ...] = ()
    _frame: pl.DataFrame | None = None

    @property
    def in_memory(self) -> bool:
        """Whether the rows are parsed once and kept."""
        return self.size <= MEMORY_BUDGET

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield all rows of `columns`, which are among the needed: one frame if in memory."""
        with reading(self.source):
            if not self.in_memory:
                yield from self.stream(columns)
                return
            if self._frame is None:
                self._frame = self.collect(self.needed)
            yield self._frame.select(map(column, columns))


def lazy_table(
    source: str,
    lazy: pl.LazyFrame,
    *,
    size: float,
    lexical: bool | Collection[str] = False,
    schema: dict[str, pl.DataType] | None = None,
    expected_rows: float = math.nan,
) -> Table:
    """Return the table of a lazy frame; strings of lexical columns are what they look like."""
    import polars as pl

    if schema is None:
        with reading(source):
            schema = dict(lazy.collect_schema())
    strings = [name for name, dtype in schema.items() if dtype == pl.String]
    if not isinstance(lexical, bool):
        strings = [name for name in strings if name in lexical]
    elif not lexical:
        strings = []

    def stream(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        chosen = lazy.select(map(column, columns))
        yield from chosen.collect_batches(chunk_size=BATCH_ROWS, lazy=True)

    def collect(columns: Sequence[str]) -> pl.DataFrame:
        return lazy.select(map(column, columns)).collect()

    return Table(
        source, schema, frozenset(strings), size, stream, collect, expected_rows=expected_rows
    )


def frame_table(
    source: str, frame: pl.DataFrame, *, lexical: bool | Collection[str] = False
) -> Table:
    """Return the table of a frame that is in memory anyway."""
    return lazy_table(
        source,
        frame.lazy(),
        size=0,
        lexical=lexical,
        schema=dict(frame.schema),
        expected_rows=len(frame),
    )


def column(*names: str) -> pl.Expr:
    """Return columns by their very names; `pl.col` takes "*" and "^…$" for patterns."""
    from polars import selectors

    return selectors.by_name(*names).as_expr()


def concatenated(source: str, tables: Sequence[Table], findings: list[Finding]) -> Table:
    """Return the rows of several tables one after the other; absent columns are missing there."""
    import polars as pl

    with reading(source):
        empty = [pl.DataFrame(schema=table.schema) for table in tables]
        schema = dict(pl.concat(empty, how="diagonal_relaxed").schema)
    findings.extend(_partial_columns(source, schema, tables))

    def stream(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        for table in tables:
            present = [name for name in columns if name in table.schema]
            conform = [
                column(name).cast(schema[name])
                if name in table.schema
                else pl.lit(None, dtype=schema[name]).alias(name)
                for name in columns
            ]
            with reading(table.source):
                # A part without any of the columns still has rows: read one column to count them.
                for batch in table.stream(present or list(table.schema)[:1]):
                    yield batch.with_columns(conform).select(map(column, columns))

    def collect(columns: Sequence[str]) -> pl.DataFrame:
        return pl.concat(list(stream(columns)))

    return Table(
        source,
        schema,
        frozenset().union(*(table.lexical for table in tables)),
        sum(table.size for table in tables),
        stream,
        collect,
        sum(table.expected_rows for table in tables),
    )


def _partial_columns(
    source: str, schema: dict[str, pl.DataType], tables: Sequence[Table]
) -> Iterator[Finding]:
    absent = {name: sum(name not in table.schema for table in tables) for name in schema}
    partial = [name for name, count in absent.items() if count]
    if partial:
        worst = max(absent.values())
        yield Finding(
            "part-columns",
            f"{source}: up to {worst:,} of {len(tables):,} parts lack {listed(partial, 5)}, whose "
            "values count as missing there",
        )
