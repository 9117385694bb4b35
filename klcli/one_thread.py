"""NumPy's linear algebra on one thread, while small matrices are all there is to it."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread, also as a decorator of a function.

    Our matrices are small: several threads only wait for each other, for minutes where the
    processor is busy. From Python, NumPy has its threads by the time we are called, so this takes
    threadpoolctl, which scikit-learn brings. Without it, and where ``OPENBLAS_NUM_THREADS`` is
    set, as `kl` does, it changes and imports nothing.
    """
    with _limited():
        yield


def _limited() -> AbstractContextManager[Any]:
    if os.environ.get("OPENBLAS_NUM_THREADS"):
        return nullcontext()
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1, "blas")
    return limits
