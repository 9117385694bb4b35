"""What a table shows of its columns: at a glance, and as what they are read as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from klcli.data.convert import evidence, values
from klcli.data.kinds import Declared, Evidence, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from klcli.data.kinds import Reading
    from klcli.data.table import Table

#: Rows from which the kind of a text column is guessed, before all rows are looked at.
_GUESS_ROWS: Final = 10_000


def glance(table: Table, columns: Sequence[str]) -> Iterator[tuple[str, View]]:
    """Yield columns with what their types and first rows tell of them."""
    declared = {name: Declared.of(table.schema[name]) for name in columns}
    texts = [name for name in columns if declared[name] is Declared.TEXT]
    guesses: dict[str, Evidence] = {}
    if texts:
        for batch in table.batches(texts):
            whole = table.in_memory and len(batch) <= _GUESS_ROWS
            guesses = evidence(batch.head(_GUESS_ROWS), texts, final=whole)
            break
    for name in columns:
        guess = guesses.get(name, Evidence(0))
        yield name, View(declared[name], name in table.lexical, guess)


def converted(table: Table, batch: pl.DataFrame, readings: Mapping[str, Reading]) -> pl.DataFrame:
    """Return columns of a batch of the table as what `readings` says."""
    return batch.select(
        values(name, table.schema[name], reading, lexical=name in table.lexical)
        for name, reading in readings.items()
    )
