"""Temporary files for what cannot be read twice in place: pipes, downloads, archives."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

_TIMEOUT_SECONDS = 60
#: Where Linux keeps the open file of a process, by number.
UNNAMED = "/proc/{}/fd/{}"


def head(path: str, count: int) -> bytes:
    """Return the first bytes of a file."""
    with Path(path).open("rb") as file:
        return file.read(count)


def copy(stream: Any, cleanup: ExitStack) -> str:
    """Write a binary stream into a temporary file, removed by `cleanup`; return its path.

    Raises
    ------
    InputError
        If there is no room for it.
    """
    with _writing():
        file, path = _temporary(cleanup)
    while block := stream.read(1 << 20):
        # Not to be taken for a failure of the stream.
        with _writing():
            file.write(block)
            file.flush()
    return path


def _temporary(cleanup: ExitStack) -> tuple[IO[bytes], str]:
    """Open a file to write into; return it and its path.

    Linux gives one without a name, of which nothing is left however the process ends.
    """
    import tempfile

    file: IO[bytes] = tempfile.TemporaryFile(prefix="klcli-")  # noqa: SIM115 - `cleanup` does
    cleanup.callback(_close, file)
    path = UNNAMED.format(os.getpid(), file.fileno())
    if Path(path).exists():
        return file, path
    folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="klcli-"))
    path = str(Path(folder, "data"))
    file = Path(path).open("wb")  # noqa: SIM115
    cleanup.callback(_close, file)
    return file, path


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # where there was no room for the last bytes, there is none now
        file.close()


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write a temporary file: {error.strerror}",
            "make room for it, or name a folder that has some: TMPDIR=FOLDER kl …",
        ) from error


def stdin(cleanup: ExitStack) -> str:
    """Write standard input into a temporary file; return its path."""
    return copy(sys.stdin.buffer, cleanup)


def download(address: str, cleanup: ExitStack) -> str:
    """Fetch an http address into a temporary file; return its path.

    Any server will do: reading in place would need one that serves ranges.

    Raises
    ------
    InputError
        If it cannot be fetched.
    """
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    request = Request(address, headers={"User-Agent": "klcli"})
    try:
        with urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            return copy(response, cleanup)
    except HTTPError as error:
        error.close()
        raise InputError(
            f"{address}: cannot be fetched: {error.code} {error.reason}", "check the address"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise InputError(f"{address}: cannot be fetched: {reason}", "check the address") from error


def unpacked(source: str, path: str, compression: str, cleanup: ExitStack) -> str:
    """Decompress a gzip or zstd file into a temporary one; return its path.

    Raises
    ------
    InputError
        If the file is damaged, or nothing installed can read zstd.
    """
    try:
        with gzip.open(path, "rb") if compression == "gzip" else _zstd(source, path) as stream:
            return copy(stream, cleanup)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{source}: the compressed file is damaged or cut off", "fetch or compress it again"
        ) from error


def _zstd(source: str, path: str) -> Any:
    """Open a zstd file with Python's own module (3.14) or pyarrow's."""
    if sys.version_info >= (3, 14):
        return import_module("compression.zstd").open(path, "rb")
    try:
        pyarrow = import_module("pyarrow")
    except ModuleNotFoundError as error:
        raise InputError(
            f"{source}: zstd of this format cannot be read here", "unpack it: zstd -d FILE"
        ) from error
    return pyarrow.input_stream(path, compression="zstd")
