"""Columns side by side, on as many threads as Polars takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from klcli.workers import in_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Rows from which going through a column takes longer than starting a thread.
MANY_ROWS: Final = 50_000


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield what `function` returns for each item, in their order.

    NumPy and Polars let other threads run while they sort, convert, draw and multiply matrices.
    See `klcli.workers.in_threads`.
    """
    import polars as pl

    return in_threads(pl.thread_pool_size(), function, items)
