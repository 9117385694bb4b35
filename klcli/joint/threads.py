"""One thread for fits that are many and short, between which several would only wait."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

#: What threads are for, and the variable by which users choose their number.
_CHOSEN_BY = {"openmp": "OMP_NUM_THREADS", "blas": "OPENBLAS_NUM_THREADS"}


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep scikit-learn's trees and mixtures to one thread, also as a decorator of a function.

    A tree is grown in thousands of steps of microseconds, after each of which all threads wait
    for the slowest. Where other processes keep the processor busy, that is for milliseconds: an
    estimate from a thousand rows of three columns took 184 s there in place of 2 s. What users
    choose by ``OMP_NUM_THREADS`` or ``OPENBLAS_NUM_THREADS`` is kept. Without scikit-learn it
    does nothing; who needs that says so.
    """
    with _limited():
        yield


def _limited() -> AbstractContextManager[Any]:
    try:
        # Only libraries that are loaded can be told.
        import sklearn.ensemble
        import sklearn.mixture  # noqa: F401
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    chosen = {what: 1 for what, variable in _CHOSEN_BY.items() if not os.environ.get(variable)}
    limits: AbstractContextManager[Any] = threadpool_limits(chosen)
    return limits
