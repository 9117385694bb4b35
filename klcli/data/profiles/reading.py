"""A profile from its file, none of which is trusted."""

from __future__ import annotations

import io
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.data.kinds import Declared, Evidence, Reading, View
from klcli.data.profiles.cells import Cells
from klcli.data.profiles.file import SCALARS
from klcli.data.profiles.profile import (
    PROFILE_VERSION,
    ColumnProfile,
    Labels,
    Numbers,
    Origin,
    Profile,
)
from klcli.data.tallies import Missing
from klcli.errors import InputError
from klcli.results import Kind

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Mapping

#: Unpacked, no profile is nearly as large; a hostile one could be larger than memory.
_LARGEST: Final = 1 << 30
_DAMAGED: Final = "it is cut off or was changed: make it again, or fetch it again"
_COUNTS: Final = ("below", "above", "words", "beyond", "finite")


def read_profile(path: str | os.PathLike[str], *, source: str = "") -> Profile:
    """Read a profile that `kl profile` or `Profile.save` wrote.

    Parameters
    ----------
    path : path
        The file.
    source : str, optional
        What messages call it, if not by its path.

    Raises
    ------
    InputError
        If there is none, it is damaged, or of a newer version.
    """
    source = source or os.fspath(path)
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{source}: {what}", "see what is there with: ls -l") from error
    return unpacked(source, content)


def unpacked(source: str, content: bytes) -> Profile:
    """Return the profile in the bytes of a file; `source` is what messages call it.

    Raises
    ------
    InputError
        If the bytes are no profile, damaged, or of a newer version.
    """
    import struct
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise InputError(f"{source}: unpacks to more than a gigabyte", _DAMAGED)
            header = json.loads(archive.read("profile.json"))
            version = header["profile_version"]
            if not isinstance(version, int) or version > PROFILE_VERSION:
                raise InputError(
                    f"{source}: a profile of version {version!r}, newer than this kl can read "
                    f"({PROFILE_VERSION})",
                    "upgrade klcli, or make the profile again with this one",
                )
            return _profile(header, archive)
    except zipfile.BadZipFile as error:
        if content[:2] != b"PK":
            hint = "kl profile DATA -o FILE.klp makes one"
            raise InputError(f"{source}: not a profile", hint) from error
        raise InputError(f"{source}: not a whole profile", _DAMAGED) from error
    except (
        KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, RecursionError,
        NotImplementedError, RuntimeError, EOFError, MemoryError, OSError, zlib.error,
        struct.error, zipfile.LargeZipFile,
    ) as error:  # fmt: skip
        what = " ".join(str(error).split())[:120] or type(error).__name__
        raise InputError(f"{source}: not a sound profile: {what}", _DAMAGED) from error


def _profile(header: Mapping[str, Any], archive: zipfile.ZipFile) -> Profile:
    rows = _count(header["rows"])
    weight = header["weight"]
    _check(weight is None or isinstance(weight, str), "the weight is no column")
    columns = tuple(
        _column(number, column, archive, rows, weighted=weight is not None)
        for number, column in enumerate(header["columns"])
    )
    names = [column.name for column in columns]
    _check(len(set(names)) == len(names), "two columns have one name")
    return Profile(
        columns,
        rows,
        tuple(
            Origin(str(each["source"]), None if each["rows"] is None else _count(each["rows"]))
            for each in header["sources"]
        ),
        str(header["klcli_version"]),
        str(header["created"]),
        dict(header["options"]),
        weight,
        _size(header["weight_sum"]),
        _size(header["weight_squares"]),
    )


def _column(
    number: int, header: Mapping[str, Any], archive: zipfile.ZipFile, rows: int, *, weighted: bool
) -> ColumnProfile:
    name = header["name"]
    _check(isinstance(name, str), f"column {number} has no name")
    of_rows, missing, weight, squares = header["gaps"]
    gaps = Missing(_count(of_rows), _count(missing), _size(weight), _size(squares))
    _check(gaps.missing <= gaps.rows == rows, f"the rows of column {name!r} do not add up")
    held: Numbers | Labels | None = None
    reading = Reading(header["reading"])
    if "numbers" in header:
        _check(reading.numeric, f"column {name!r} holds numbers that are read as labels")
        held = _numbers(header["numbers"], _array(archive, f"columns/{number}.npy"))
        numbers = held.below + held.above + held.finite
        _check(numbers == gaps.present, f"the numbers of column {name!r} do not add up")
        total, told = held.cells.total, float(held.finite)
    elif "labels" in header:
        _check(not reading.numeric, f"column {name!r} holds labels that are read as numbers")
        held = _labels(header["labels"], json.loads(archive.read(f"columns/{number}.json")))
        total = told = float(held.counts["rows"].sum() + held.rest_rows)
        _check(total == gaps.present, f"the categories of column {name!r} do not add up")
    else:
        total = told = 0.0
    if not weighted:
        _check(abs(total - told) <= 1e-6 * told + 1e-6, f"the cells of {name!r} do not add up")
    present, numbers_seen, booleans, dates = map(_count, header["evidence"])
    lexical, forced = header["lexical"], header["forced"]
    _check(isinstance(lexical, bool) and isinstance(forced, bool), f"{name!r} has odd flags")
    view = View(
        Declared(header["declared"]),
        lexical,
        Evidence(present, numbers_seen, booleans, dates, final=True),
    )
    return ColumnProfile(
        name, Kind(header["kind"]), reading, str(header["dtype"]), view, gaps, held,
        str(header["withheld"]), forced,
    )  # fmt: skip


def _numbers(scalars: Mapping[str, Any], table: np.ndarray) -> Numbers:
    bounds, counts, variance = table
    finite = np.isfinite(bounds)
    finite[-1:] = True  # inf, if the largest double occurs
    _check(bool(finite.all() and (bounds[1:] > bounds[:-1]).all()), "bounds are not in order")
    _check(bool(np.isfinite(table[1:]).all() and (table[1:] >= 0).all()), "counts are not counts")
    told: dict[str, Any] = {}
    for name in SCALARS:
        value = scalars[name]
        if name in _COUNTS:
            told[name] = _count(value)
        else:
            told[name] = math.nan if value is None else float(value)
    _check(told["finite"] == 0 or len(bounds) > 1, "numbers without cells")
    _check(
        told["below_weight"] >= 0 and told["above_weight"] >= 0 and told["squares"] != -math.inf,
        "weights are not weights",
    )
    return Numbers(Cells(bounds.copy(), counts[:-1].copy(), variance.copy()), **told)


def _labels(header: Mapping[str, Any], counts: Mapping[str, Any]) -> Labels:
    import polars as pl

    labels, rows, weight = counts["label"], counts["rows"], counts["weight"]
    _check(len(labels) == len(rows) == len(weight), "labels and counts differ in number")
    _check(len(set(labels)) == len(labels), "a label occurs twice")
    _check(all(isinstance(each, str) for each in labels), "a label is not text")
    frame = pl.DataFrame(
        {
            "label": pl.Series(labels, dtype=pl.String),
            "rows": pl.Series([_count(each) for each in rows], dtype=pl.Int64),
            "weight": pl.Series([_size(each) for each in weight], dtype=pl.Float64),
        }
    )
    return Labels(frame, _count(header["rest_rows"]), _size(header["rest_weight"]))


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    content = archive.read(name)
    array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    _check(array.dtype == np.float64 and array.ndim == 2 and array.shape[0] == 3, f"{name} is odd")
    return np.ascontiguousarray(array)


def _count(value: Any) -> int:
    _check(isinstance(value, int) and 0 <= value < 2**62, f"{value!r} is no count")
    return int(value)


def _size(value: Any) -> float:
    _check(isinstance(value, int | float) and 0 <= value < math.inf, f"{value!r} is no weight")
    return float(value)


def _check(sound: bool, otherwise: str) -> None:
    if not sound:
        raise ValueError(otherwise)
