"""Columns side by side, on as many threads as Polars takes."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Rows from which going through a column takes longer than starting a thread.
MANY_ROWS: Final = 50_000


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield what `function` returns for each item, in their order.

    NumPy and Polars let other threads run while they sort, convert, draw and multiply matrices.
    Where one call fails, or the caller stops listening, those that have not begun are dropped.
    """
    from concurrent.futures import ThreadPoolExecutor

    import polars as pl

    with ThreadPoolExecutor(pl.thread_pool_size(), thread_name_prefix="column") as threads:
        # What NumPy does about overflow is a matter of the context.
        waiting = [threads.submit(copy_context().run, function, item) for item in items]
        try:
            for one in waiting:
                yield one.result()
        finally:
            for one in waiting:
                one.cancel()
