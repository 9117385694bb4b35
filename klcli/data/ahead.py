"""Files that are read while Python still imports what will look at them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from klcli.data.table import MEMORY_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    import polars as pl

#: Bytes in memory for each byte of a Parquet file, at most.
UNFOLDED: Final = 6
#: Bytes of a Parquet file: smaller ones are read in no time, larger ones not as a whole.
_LEAST: Final = 1 << 20
_MOST: Final = MEMORY_BUDGET // UNFOLDED

_begun: dict[str, Future[pl.DataFrame]] = {}


@contextmanager
def read_ahead(paths: Sequence[Any]) -> Iterator[None]:
    """Begin to read Parquet files on another thread, for whoever asks for them with `taken`.

    Imports keep one processor busy and reading files hardly needs Python: side by side they take
    as long as the imports alone.

    Parameters
    ----------
    paths : sequence
        Of these, files of a fitting size whose names end in ``.parquet``.
    """
    chosen = [path for path in dict.fromkeys(map(str, paths)) if _fits(path)]
    if not chosen:
        yield
        return
    from concurrent.futures import ThreadPoolExecutor

    import polars as pl

    def read(path: str) -> pl.DataFrame:
        return pl.scan_parquet(path, glob=False, hive_partitioning=False).collect()

    with ThreadPoolExecutor(1) as thread:
        _begun.update((path, thread.submit(read, path)) for path in chosen)
        try:
            yield
        finally:
            while _begun:
                _begun.popitem()[1].cancel()


def taken(path: str) -> pl.DataFrame | None:
    """Return all of a file that was begun; None if it was not, or cannot be read."""
    begun = _begun.pop(path, None)
    # What is wrong with the file, its reader finds again and tells in words.
    return None if begun is None or begun.exception() is not None else begun.result()


def _fits(path: str) -> bool:
    if not path.endswith(".parquet"):
        return False
    try:
        return _LEAST <= Path(path).stat().st_size <= _MOST
    except (OSError, ValueError):
        return False
