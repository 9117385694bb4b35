"""Reads the probabilities of categories from a small file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Final

from klcli.errors import InputError

_EXTENSIONS: Final = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".json": ""}
#: More bytes than a million categories take are not probabilities of categories.
_LARGEST: Final = 100_000_000
_HINT: Final = 'one probability a line, or name,probability; or JSON: [0.2, 0.8] or {"a": 0.2, …}'


def is_file(text: str) -> bool:
    """Tell whether this is the name of a file, not an expression."""
    return len(text) < 4096 and "(" not in text and Path(text).suffix.lower() in _EXTENSIONS


def read(name: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return probabilities and, if the file has them, names.

    Parameters
    ----------
    name : str
        A path. CSV or TSV of one column (probabilities) or two (name, probability), with a
        header or without; or JSON, a list of numbers or an object of name to number.

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
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"cannot read {name}: {why}", _HINT) from error
    if path.suffix.lower() == ".json":
        return _json(name, text)
    return _table(name, text, _EXTENSIONS[path.suffix.lower()])


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
