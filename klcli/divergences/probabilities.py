"""Reads the probabilities of categories from a small file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Extension → what separates the columns of text.
_TEXT: Final = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".json": ""}
_FRAMES: Final = (".parquet", ".arrow", ".feather")
_EXTENSIONS: Final = (*_TEXT, ".npy", *_FRAMES)
#: More bytes than a million categories take are not probabilities of categories.
_LARGEST: Final = 100_000_000
_HINT: Final = (
    'one column of probabilities, or names and probabilities; or JSON: [0.2, 0.8] or {"a": 0.2, …}'
)


def is_file(text: str) -> bool:
    """Tell whether this is the name of a file, not an expression."""
    return len(text) < 4096 and "(" not in text and Path(text).suffix.lower() in _EXTENSIONS


def read(name: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return probabilities and, if the file has them, names.

    Parameters
    ----------
    name : str
        A path. CSV or TSV of one column (probabilities) or two (name, probability), with a
        header or without; Parquet or Arrow of such columns; JSON, a list of numbers or an object
        of name to number; or an NPY array of shape (n,).

    Raises
    ------
    InputError
        If it cannot be read as that.
    """
    path = Path(name)
    if path.suffix.lower() not in _EXTENSIONS:
        raise InputError(f"{name}: probabilities are read from {', '.join(_EXTENSIONS)}", _HINT)
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{name} is too large for a list of probabilities", _HINT)
        if path.suffix.lower() == ".npy":
            return _array(name)
        if path.suffix.lower() in _FRAMES:
            return _frame(name)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"cannot read {name}: {why}", _HINT) from error
    if path.suffix.lower() == ".json":
        return _json(name, text)
    return _table(name, text, _TEXT[path.suffix.lower()])


def _array(name: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    import numpy as np

    try:
        array = np.load(name, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"{name} is not an NPY file of numbers", _HINT) from error
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        text = f"{name} holds {array.dtype} of shape {array.shape}, not a row of numbers"
        raise InputError(text, _HINT)
    return tuple(map(float, array)), ()


def _frame(name: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    import polars as pl

    try:
        frame = (
            pl.read_parquet(name, glob=False) if name.lower().endswith(".parquet")
            else pl.read_ipc(name)
        )  # fmt: skip
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise InputError(f"{name} cannot be read as a table", _HINT) from error
    if frame.width not in {1, 2} or not frame.dtypes[-1].is_numeric():
        kinds = ", ".join(f"{column} ({kind})" for column, kind in frame.schema.items())
        raise InputError(f"{name} has the columns {_short(kinds)}", _HINT)
    if frame.null_count().sum_horizontal()[0]:
        raise InputError(f"{name} has empty cells", _HINT)
    values: Sequence[float] = frame.to_series(frame.width - 1).cast(pl.Float64).to_list()
    labels = frame.to_series(0).cast(pl.String).to_list() if frame.width == 2 else ()
    return tuple(values), tuple(labels)


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."


def _json(name: str, text: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    try:
        document = json.loads(text)
        if isinstance(document, dict):
            return tuple(map(_number, document.values())), tuple(document)
        return tuple(map(_number, document)), ()
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{name} is not JSON of probabilities", _HINT) from error


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _table(name: str, text: str, delimiter: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    if rows and not _is_number(rows[0][-1]):
        rows = rows[1:]  # a header
    width = len(rows[0]) if rows else 0
    for number, row in enumerate(rows, 1):
        if len(row) != width or width > 2 or not _is_number(row[-1]):
            shown = delimiter.join(row)[:60]
            raise InputError(f"{name}: {shown!r} is not a probability, row {number}", _HINT)
    return tuple(float(row[-1]) for row in rows), tuple(row[0] for row in rows if width == 2)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
