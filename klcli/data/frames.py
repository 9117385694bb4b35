"""What a caller of the library hands over, arrays and data frames of any make, as tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from klcli.data.arrays import array_table, columns_table
from klcli.data.table import Table, frame_table, lazy_table
from klcli.errors import InputError

#: What messages and reports call data that has no path.
ARRAY, FRAME = "<array>", "<frame>"


def object_table(data: Any) -> Table:
    """Return the table of a NumPy array, a dict of arrays, or a data frame or series.

    Raises
    ------
    InputError
        If it is none of these, or holds what cannot be counted.
    """
    if isinstance(data, np.ndarray):
        return array_table(ARRAY, data)
    if isinstance(data, Mapping):
        return _mapping_table(data)
    if isinstance(data, list | tuple) and not any(isinstance(item, str) for item in data):
        return array_table(ARRAY, np.asarray(_items(data)))
    if type(data).__module__.partition(".")[0] == "polars":
        return _polars_table(data)
    return _foreign_table(data)


def _mapping_table(data: Mapping[Any, Any]) -> Table:
    columns = {}
    for name, values in data.items():
        array = values if isinstance(values, np.ndarray) else np.asarray(_items(values))
        if array.ndim != 1:
            raise InputError(
                f"{FRAME}: column {str(name)!r} has {array.ndim} dimensions",
                "a dict holds one array of shape (rows,) for each column",
            )
        columns[str(name)] = array
    return columns_table(FRAME, columns)


def _items(values: Any) -> Any:
    # NumPy would turn [1, None] or [1, "x"] into something else; as objects they stay.
    if isinstance(values, list | tuple) and any(
        item is None or isinstance(item, str) for item in values
    ):
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array
    return values


def _polars_table(data: Any) -> Table:
    import polars as pl

    if isinstance(data, pl.Series):
        data = data.alias(data.name or "x0").to_frame()
    if isinstance(data, pl.DataFrame):
        return frame_table(FRAME, data)
    if isinstance(data, pl.LazyFrame):
        return lazy_table(FRAME, data, size=math.inf)
    raise _unsupported(data)


def _foreign_table(data: Any) -> Table:
    import narwhals as nw

    try:
        frame = nw.from_native(data, allow_series=True)
    except TypeError:
        if hasattr(data, "__array__"):
            return array_table(ARRAY, np.asarray(data))
        raise _unsupported(data) from None
    except ValueError as error:
        raise InputError(f"{FRAME}: {' '.join(str(error).split())}") from error
    if isinstance(frame, nw.Series):
        frame = frame.alias(str(frame.name or "x0")).to_frame()
    if isinstance(frame, nw.LazyFrame):
        return frame_table(FRAME, frame.collect(backend="polars").to_polars())
    return _eager_table(frame)


def _eager_table(frame: Any) -> Table:
    """Return the table of an eager narwhals frame, column by column where they are odd."""
    import polars as pl

    failures = (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError)
    try:
        return frame_table(FRAME, frame.to_polars())
    except failures:
        # A pandas column of objects can hold anything at once; what does not fit a type becomes
        # text and counts as what it looks like.
        pass
    mixed = []
    columns = []
    for column in frame.iter_columns():
        try:
            columns.append(column.to_polars())
        except failures:
            mixed.append(str(column.name))
            columns.append(pl.Series(str(column.name), column.to_list(), strict=False))
    named = {column.name: column for column in columns}
    return frame_table(FRAME, pl.DataFrame(named), lexical=mixed)


def _unsupported(data: Any) -> InputError:
    return InputError(
        f"cannot read data of type {type(data).__name__}",
        "give a path, a NumPy array, a data frame, or a dict of arrays",
    )
