"""One table of formats: how each is opened. Adding a format is adding a line."""

from __future__ import annotations

import glob
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.ahead import UNFOLDED, taken
from klcli.data.arrays import array_table, columns_table, split
from klcli.data.delimited import delimited_table
from klcli.data.failures import reading
from klcli.data.table import Part, Table, frame_table, lazy_table
from klcli.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from klcli.typing import Integers

Reader = Callable[[Part], Table]


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one format are known and opened.

    Attributes
    ----------
    read : Reader
        Opens one file.
    names : tuple of str
        Its extensions, which are also what `--input-format` takes.
    decompresses : bool
        Whether it reads gzip and zstd itself; other files are unpacked first.
    remote : bool
        Whether it reads cloud addresses.
    """

    read: Reader
    names: tuple[str, ...]
    decompresses: bool = False
    remote: bool = False


def _parquet(part: Part) -> Table:
    import polars as pl

    with reading(part.source):
        frame = taken(part.path)
        if frame is None:
            lazy = pl.scan_parquet(part.path, glob=part.remote, hive_partitioning=False)
        else:
            lazy = frame.lazy()
        table = lazy_table(part.source, lazy, size=UNFOLDED * part.size)
        table.expected_rows = lazy.select(pl.len()).collect().item()
    return table


def _arrow(part: Part) -> Table:
    import polars as pl

    with reading(part.source):
        if "://" not in part.path and not _begins(part.path, b"ARROW1"):
            return frame_table(part.source, pl.read_ipc_stream(part.path))
        return lazy_table(
            part.source, pl.scan_ipc(part.path, glob=part.remote), size=2 * part.size
        )


def _ndjson(part: Part) -> Table:
    import polars as pl

    pattern = part.path if part.remote else glob.escape(part.path)
    with reading(part.source):
        # All rows decide on the columns and their types: one that first appears late would be
        # lost, one that first turns into text late would stop the reading.
        schema = pl.scan_ndjson(pattern, infer_schema_length=None).collect_schema()
        lazy = pl.scan_ndjson(pattern, schema=schema)
    return lazy_table(part.source, lazy, size=4 * part.size, lexical=True, schema=dict(schema))


def _json(part: Part) -> Table:
    import polars as pl

    if _begins(part.path, b"{"):
        return _ndjson(part)
    with reading(part.source):
        return frame_table(
            part.source, pl.read_json(part.path, infer_schema_length=None), lexical=True
        )


def _xlsx(part: Part) -> Table:
    import polars as pl

    try:
        from fastexcel import FastExcelError
    except ModuleNotFoundError as error:
        raise MissingExtraError.for_extra("reading Excel files", "excel") from error
    try:
        with reading(part.source):
            frame = pl.read_excel(part.path, infer_schema_length=None, raise_if_empty=False)
    except FastExcelError as error:
        raise InputError(f"{part.source}: not a whole Excel workbook", "save it again") from error
    return frame_table(part.source, frame, lexical=True)


def _npy(part: Part) -> Table:
    with _loading(part.source):
        array = np.load(part.path, mmap_mode="r", allow_pickle=False)
    return array_table(part.source, array)


def _npz(part: Part) -> Table:
    columns: dict[str, Integers] = {}
    # NumPy leaves the file open where it is no archive.
    with (
        Path(part.path).open("rb") as file,
        _loading(part.source),
        np.load(file, allow_pickle=False) as archive,
    ):
        for name in archive.files:
            what = f"{part.source}: {name!r}"
            with _loading(what):
                array = archive[name]
            columns |= split(what, array, prefix=f"{name}_", lone=name)
    return columns_table(part.source, columns)


@contextmanager
def _loading(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        if "pickle" in str(error) or "Python objects" in str(error):
            raise InputError(
                f"{what} holds Python objects, which are never unpickled",
                "save numbers or fixed-width text: np.save(path, array.astype(float))",
            ) from error
        raise InputError(f"{what}: not a whole NumPy file: {error}", "write it again") from error


def _begins(path: str, magic: bytes) -> bool:
    with Path(path).open("rb") as file:
        return file.read(len(magic)) == magic


#: A cell of text takes 16 bytes in memory, and what it has beyond 12.
_TEXT_FACTOR: Final = 4.0

FORMATS: Final[dict[str, Format]] = {
    "csv": Format(
        partial(delimited_table, separator="", factor=_TEXT_FACTOR), ("csv",), True, True
    ),
    "tsv": Format(
        partial(delimited_table, separator="\t", factor=_TEXT_FACTOR), ("tsv", "tab"), True, True
    ),
    "ndjson": Format(_ndjson, ("ndjson", "jsonl"), True, True),
    "json": Format(_json, ("json",)),
    "parquet": Format(_parquet, ("parquet", "pq"), remote=True),
    "arrow": Format(_arrow, ("arrow", "feather", "ipc"), remote=True),
    "npy": Format(_npy, ("npy",)),
    "npz": Format(_npz, ("npz",)),
    "xlsx": Format(_xlsx, ("xlsx",)),
}
#: Extension or `--input-format` → format.
FORMAT_NAMES: Final = {name: key for key, format_ in FORMATS.items() for name in format_.names}
