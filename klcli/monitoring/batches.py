"""From what was given to named batches in order: each file is one, each data frame is one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klcli.data.sources import files_of, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STDIN = "stdin"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One dataset that is to be compared, not yet opened.

    Attributes
    ----------
    name : str
        Unique and short.
    source : str
        Where it comes from, in full.
    data : object
        Whatever `klcli.data.tabulate.tabulate` takes.
    identity : str
        Text that changes when the data may have; empty where that cannot be told.
    """

    name: str
    source: str
    data: Any
    identity: str = ""


def incoming(given: Sequence[Any], input_format: str | None) -> list[Incoming]:
    """Return the batches that the arguments stand for.

    Every file of a glob or folder is a batch, in natural order (jan2 before jan10). Arguments keep
    the order in which they stand, unless that is the order of the alphabet, into which a shell
    puts the files of a pattern: then numbers in their names count as numbers, too.

    Parameters
    ----------
    given : sequence
        Paths, globs, folders, "-" for standard input; arrays, data frames; lists of these; dicts
        of name → any of these.
    input_format : str or None
        Format of files whose names do not tell.
    """
    paths = [os.fspath(one) for one in given if isinstance(one, str | os.PathLike)]
    if len(paths) == len(given) and paths == sorted(paths):
        given = sorted(paths, key=natural)
    found: list[tuple[str, Any]] = []
    for one in given:
        if isinstance(one, str | os.PathLike):
            found += [("", path) for path in sorted(files_of(one, input_format), key=natural)]
        elif isinstance(one, Mapping):
            found += [(str(name), data) for name, data in one.items()]
        elif isinstance(one, list | tuple) and not all(isinstance(item, Number) for item in one):
            found += [(each.name, each.data) for each in incoming(one, input_format)]
        else:
            found.append(("", one))
    names = _names(found)
    return [
        Incoming(name, _source(data, name), data, identity(data))
        for name, (_, data) in zip(names, found, strict=True)
    ]


def _source(data: Any, name: str) -> str:
    return label(data) if isinstance(data, str | os.PathLike) else name


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that puts numbers inside names in the order of numbers.

    >>> sorted(["jan10", "jan2", "feb"], key=natural)
    ['feb', 'jan2', 'jan10']
    """
    parts = re.split(r"([0-9]+)", text)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def _names(found: Sequence[tuple[str, Any]]) -> list[str]:
    paths = [Path(data) for name, data in found if not name and _is_file(data)]
    shortest = dict(zip(map(str, paths), _shortest(paths), strict=True))
    names: list[str] = []
    for number, (name, data) in enumerate(found, start=1):
        if name:
            names.append(name)
        elif _is_file(data):
            names.append(shortest[str(Path(data))])
        elif isinstance(data, str | os.PathLike):
            names.append(STDIN if os.fspath(data) == "-" else os.fspath(data))
        else:
            names.append(f"batch {number}")
    return _unique(names)


def _is_file(data: Any) -> bool:
    return (
        isinstance(data, str | os.PathLike) and os.fspath(data) != "-" and "://" not in str(data)
    )


def _shortest(paths: Sequence[Path]) -> list[str]:
    """Return the shortest ends of paths that tell them apart."""
    for depth in range(1, max((len(path.parts) for path in paths), default=1) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(set(paths)):
            return names
    return [str(path) for path in paths]


def _unique(names: Iterable[str]) -> list[str]:
    """Return the names with numbers after those that were there before."""
    seen: set[str] = set()
    unique = []
    for name in names:
        number, candidate = 1, name
        while candidate in seen:
            number += 1
            candidate = f"{name} ({number})"
        seen.add(candidate)
        unique.append(candidate)
    return unique


def identity(data: Any) -> str:
    """Return text that changes when a local file does; empty for anything else."""
    if not _is_file(data):
        return ""
    paths = [Path(path) for path in files_of(data, None)] if not Path(data).is_file() else [data]
    try:
        marks = [(Path(path).resolve(), Path(path).stat()) for path in paths]
    except OSError:
        return ""
    return "\n".join(f"{path} {mark.st_size} {mark.st_mtime_ns}" for path, mark in marks)
