"""From what the user typed, a path, a glob, a folder, `-` or an address, to files of a format."""

from __future__ import annotations

import fnmatch
import glob
import math
import os
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from klcli.data import spool
from klcli.data.readers import FORMAT_NAMES, FORMATS
from klcli.data.sniff import check_text, check_unpacked, compression_of, format_of
from klcli.data.table import Part, Table, concatenated
from klcli.data.wording import listed
from klcli.divergences.written import is_distribution
from klcli.errors import InputError, UsageError, nearest
from klcli.results import Finding

if TYPE_CHECKING:
    from contextlib import ExitStack

STDIN: Final = "<stdin>"
_CLOUD: Final = ("s3", "gs", "az", "abfs", "abfss", "hf")
#: Suffix after the format's own → compression.
_COMPRESSIONS: Final = {"gz": "gzip", "zst": "zstd"}
#: Suffixes of compressions that are not read.
_PACKED: Final = (".bz2", ".xz", ".zip")
#: Compressed text is about this much larger once unpacked.
_COMPRESSION_FACTOR: Final = 8
_TEXT: Final = ("csv", "tsv", "ndjson", "json")
_HEAD_BYTES: Final = 4096


def open_source(
    given: str | os.PathLike[str],
    input_format: str | None,
    findings: list[Finding],
    cleanup: ExitStack,
) -> Table:
    """Open what the user named.

    Parameters
    ----------
    given : str or path
        Path of a file, glob, folder, `-` for standard input, or address.
    input_format : str or None
        The format of all its files; None to tell it from names and contents.
    findings : list of Finding
        Gains what is noticed, on opening and after the first full pass.
    cleanup : ExitStack
        Removes temporary files when closed.

    Raises
    ------
    InputError
        If nothing is there, or it cannot be read.
    UsageError
        If `input_format` is not a format.
    """
    if input_format is not None and input_format.lower() not in FORMAT_NAMES:
        raise UsageError.unknown_choice("input format", input_format, sorted(FORMAT_NAMES))
    opener = _Opener(FORMAT_NAMES.get((input_format or "").lower(), ""), findings, cleanup)
    return opener.open(os.fspath(given))


def label(given: str | os.PathLike[str]) -> str:
    """Return what reports call a source: as the user gave it."""
    return STDIN if os.fspath(given) == "-" else os.fspath(given)


def files_of(given: str | os.PathLike[str], input_format: str | None) -> list[str]:
    """Return the files that a glob or a folder stands for; anything else stands for itself.

    Raises
    ------
    InputError
        If there are none.
    """
    path = os.fspath(given)
    if path == "-" or "://" in path or not path:
        return [path]
    if Path(path).is_dir():
        return _below(path, path, any_name=input_format is not None)
    if not Path(path).exists() and glob.has_magic(path):
        return _matches(path, path)
    return [path]


def stands_for(given: str, path: Path) -> bool:
    """Tell whether a source stands for a file, or would if the file were there.

    Parameters
    ----------
    given : str
        Path of a file, glob, folder, or anything else, which stands for no local file.
    path : Path
        The file.
    """
    local = _local_path(given)
    source = Path(local)
    if not local:
        return False
    if source.is_dir():
        below = path.resolve()
        root = source.resolve()
        return below.is_relative_to(root) and _is_data(below, root)
    if source.exists():
        return path.exists() and path.samefile(source)
    if not glob.has_magic(local):
        return False
    if path.exists():
        return any(path.samefile(found) for found in glob.iglob(local, recursive=True))  # noqa: PTH207
    pieces, parts = source.absolute().parts, path.absolute().parts
    return len(pieces) == len(parts) and all(map(fnmatch.fnmatchcase, parts, pieces))


@dataclass(frozen=True, slots=True)
class _Opener:
    format: str
    findings: list[Finding]
    cleanup: ExitStack

    def open(self, given: str) -> Table:
        if given == "-":
            return self._file(STDIN, spool.stdin(self.cleanup), "")
        scheme, separator, _ = given.partition("://")
        scheme = scheme.lower()
        if separator and scheme in _CLOUD:
            return self._cloud(given)
        if separator and scheme in {"http", "https"}:
            return self._file(given, spool.download(given, self.cleanup), urlsplit(given).path)
        try:
            return self._local(given, _local_path(given))
        except PermissionError as error:
            raise InputError(f"{given}: no permission to read it", "check with: ls -l") from error

    def _local(self, given: str, path: str) -> Table:
        if not path:
            raise InputError("'': no such file", "the name of a source is empty")
        try:
            mode = Path(path).stat().st_mode
        except (OSError, ValueError):
            if glob.has_magic(path):
                return self._many(given, _matches(given, path))
            raise _no_such_file(given, path) from None
        if stat.S_ISDIR(mode):
            return self._many(given, _below(given, path, any_name=bool(self.format)))
        if not stat.S_ISREG(mode):
            # A pipe, as in <(command), can be read only once.
            with Path(path).open("rb") as pipe:
                return self._file(given, spool.copy(pipe, self.cleanup), "")
        return self._file(given, path, path)

    def _many(self, given: str, paths: list[str]) -> Table:
        filled = [path for path in paths if Path(path).stat().st_size]
        if 0 < len(filled) < len(paths):
            empty = [path for path in paths if path not in filled]
            self.findings.append(
                Finding("empty-parts", f"{given}: empty files are passed over: {listed(empty, 5)}")
            )
            paths = filled
        tables = [self._file(path, path, path) for path in paths]
        return tables[0] if len(tables) == 1 else concatenated(given, tables, self.findings)

    def _file(self, source: str, path: str, name: str) -> Table:
        """Open one local file; `name` is what tells its format, empty to look inside."""
        named, compression = _by_name(name)
        head = spool.head(path, _HEAD_BYTES)
        if not head:
            raise InputError(f"{source}: the file is empty", "give a file with rows")
        check_unpacked(source, head)
        found = compression_of(head)
        if compression and found != compression:
            raise InputError(
                f"{source}: named like a {compression} file, but it is not one",
                "rename it, or compress it again",
            )
        format_ = self.format or named
        factor = 1
        if found and format_ and FORMATS[format_].decompresses:
            factor = _COMPRESSION_FACTOR
        elif found:
            path = spool.unpacked(source, path, found, self.cleanup)
            head = spool.head(path, _HEAD_BYTES)
        elif format_ in _TEXT:
            check_text(source, head)
        format_ = format_ or format_of(source, head)
        size = factor * Path(path).stat().st_size
        return FORMATS[format_].read(Part(source, path, size, self.findings))

    def _cloud(self, given: str) -> Table:
        format_ = self.format or _by_name(urlsplit(given).path)[0]
        if not format_ or not FORMATS[format_].remote:
            formats = ", ".join(name for name, format_ in FORMATS.items() if format_.remote)
            raise InputError(
                f"{given}: cannot tell how to read it in place",
                f"name one of these with --input-format ({formats}), or copy it here first",
            )
        with warnings.catch_warnings():
            # Polars asks for a region that it then finds by itself.
            warnings.simplefilter("ignore", UserWarning)
            return FORMATS[format_].read(Part(given, given, math.inf, self.findings))


def _local_path(given: str) -> str:
    """Return the path of a local file, which may be given as an address."""
    address = urlsplit(given) if given[:7].lower() == "file://" else None
    return given if address is None else unquote(address.path)


def _by_name(name: str) -> tuple[str, str]:
    """Tell format and compression from the extensions; empty where they do not tell."""
    *rest, last = Path(name).name.lower().split(".")
    compression = _COMPRESSIONS.get(last, "") if rest else ""
    if compression:
        *rest, last = rest
    return (FORMAT_NAMES.get(last, "") if rest else ""), compression


def _matches(given: str, pattern: str) -> list[str]:
    found = glob.iglob(pattern, recursive=True)  # noqa: PTH207 - Path takes no absolute patterns
    paths = [path for path in sorted(found) if Path(path).is_file()]
    if not paths:
        raise InputError(f"no file matches {given}", "quote the pattern, or check it with: ls")
    return paths


def _below(given: str, folder: str, *, any_name: bool) -> list[str]:
    """List the files of a folder and its folders that look like data, in order of their paths."""
    root = Path(folder)
    paths = [
        str(path)
        for path in sorted(root.rglob("*"))
        if _is_data(path, root, any_name=any_name) and path.is_file()
    ]
    if not paths:
        raise InputError(
            f"{given}: the folder holds no data files",
            f"looked for {', '.join(sorted(FORMAT_NAMES))}; name others with --input-format",
        )
    return paths


def _is_data(path: Path, root: Path, *, any_name: bool = False) -> bool:
    """Tell whether a file of a folder looks like data, by its name."""
    if any(part[0] in "._" for part in path.relative_to(root).parts):
        return False
    # What is packed in other ways is refused by name when it is opened, and not passed over.
    name = path.stem if path.suffix.lower() in _PACKED else path.name
    return any_name or bool(_by_name(name)[0])


def _no_such_file(given: str, path: str) -> InputError:
    if is_distribution(given):
        return InputError(
            f"{given}: no such file, and a known distribution has no rows",
            "kl estimate compares a dataset with a distribution",
        )
    if os.path.islink(path):  # noqa: PTH114 - no error of a name that no file can have
        return InputError(f"{given}: a link that leads to no file", "see where to: readlink FILE")
    folder = Path(path).parent
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return InputError(f"{given}: no such file", f"there is no folder {str(folder)!r} either")
    near = [str(folder / name) for name in nearest(Path(path).name, names, 3)]
    if near:
        return InputError(f"{given}: no such file", f"did you mean {' or '.join(near)}?")
    return InputError(f"{given}: no such file", f"see what is there with: ls {folder}")
