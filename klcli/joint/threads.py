"""One thread for fits that are many and short, between which several would only wait."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from klcli.one_thread import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep scikit-learn's trees and mixtures to one thread, also as a decorator of a function.

    A tree is grown in thousands of steps of microseconds, after each of which all threads wait
    for the slowest. Where other processes keep the processor busy, that is for milliseconds: an
    estimate from a thousand rows of three columns took 184 s there in place of 2 s. Without
    scikit-learn it does nothing; who needs that says so.
    """
    with ExitStack() as limited:
        with suppress(ImportError):
            # Only libraries that are loaded can be told.
            import sklearn.ensemble
            import sklearn.mixture  # noqa: F401

            limited.enter_context(one_thread("openmp", "blas"))
        yield
