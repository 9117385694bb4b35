"""NumPy arrays, in memory or mapped from a file, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from klcli.data.table import BATCH_ROWS, Table, frame_table
from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from klcli.typing import Integers

_SHAPES = "give an array of shape (rows,) or (rows, columns)"


def array_table(source: str, array: Integers, *, prefix: str = "x", lone: str = "x0") -> Table:
    """Return the table of an array of shape (n,), (n, d) or with fields.

    The columns are `lone`, or `prefix` with 0 … d−1, or the fields of a structured array.
    """
    return columns_table(source, split(source, array, prefix=prefix, lone=lone))


def split(source: str, array: Integers, *, prefix: str, lone: str) -> dict[str, Integers]:
    """Return the columns of an array as views of shape (n,)."""
    if array.dtype.names is not None and array.ndim == 1:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim == 1:
        return {lone: array}
    if array.ndim == 2:
        return {f"{prefix}{column}": array[:, column] for column in range(array.shape[1])}
    raise InputError(f"{source}: an array of {array.ndim} dimensions has no columns", _SHAPES)


def columns_table(source: str, columns: Mapping[str, Integers]) -> Table:
    """Return the table of arrays of shape (n,), by name."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shortest = min(lengths, key=lengths.__getitem__)
        longest = max(lengths, key=lengths.__getitem__)
        raise InputError(
            f"{source}: arrays of different lengths: {shortest!r} has {lengths[shortest]:,}, "
            f"{longest!r} has {lengths[longest]:,}",
            "the columns of one dataset have one value for each row",
        )
    rows = next(iter(lengths.values()), 0)
    if any(values.dtype.kind == "O" for values in columns.values()):
        import polars as pl

        # What an object array holds shows only when all of it is looked at.
        whole = pl.DataFrame({name: _series(source, name, columns[name]) for name in columns})
        return frame_table(source, whole, lexical=True)
    schema = {name: _series(source, name, values[:1]).dtype for name, values in columns.items()}

    def frame(names: Sequence[str], start: int, stop: int) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame(
            {name: _series(source, name, columns[name][start:stop]) for name in names}
        )

    def stream(names: Sequence[str]) -> Iterator[pl.DataFrame]:
        for start in range(0, rows, BATCH_ROWS):
            yield frame(names, start, start + BATCH_ROWS)

    def collect(names: Sequence[str]) -> pl.DataFrame:
        return frame(names, 0, rows)

    return Table(
        source,
        schema,
        frozenset(),
        sum(values.nbytes for values in columns.values()),
        stream,
        collect,
        rows,
    )


def _series(source: str, name: str, values: Any) -> pl.Series:
    """Return an array of shape (n,) as a series of a type that polars can count."""
    import polars as pl

    if values.ndim != 1:
        raise InputError(f"{source}: column {name!r} holds arrays, not single values", _SHAPES)
    if hasattr(values, "filled"):
        # A masked array, told without importing numpy.ma.
        mask = np.broadcast_to(values.mask, values.shape)
        return _series(source, name, values.data).set(pl.Series(mask), None)
    kind = values.dtype.kind
    if kind == "c":
        raise InputError(
            f"{source}: column {name!r} holds complex numbers",
            "compare their real and imaginary parts, or modulus and angle, as columns",
        )
    if kind == "V":
        raise InputError(f"{source}: column {name!r} holds records, not single values", _SHAPES)
    if kind == "O":
        return pl.Series(name, values.tolist(), strict=False)
    if kind == "f" and values.dtype.itemsize not in {4, 8}:
        values = values.astype(np.float64)
    elif kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    elif kind in "Mm":
        values = values.astype(f"{kind}8[us]")
    elif not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return pl.Series(name, values, strict=False)
