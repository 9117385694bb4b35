"""Numerical libraries on one thread, between whose short steps several would only wait."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What threads are for, and the variable by which users choose their number.
_CHOSEN_BY: Final = {"blas": "OPENBLAS_NUM_THREADS", "openmp": "OMP_NUM_THREADS"}


@contextmanager
def one_thread(*of: str) -> Iterator[None]:
    """Keep libraries to one thread, also as a decorator of a function.

    Our matrices are small: several threads only wait for each other, for minutes where the
    processor is busy. From Python, NumPy has its threads by the time we are called, so this takes
    threadpoolctl, which scikit-learn brings. Without it, and where users chose a number, as `kl`
    does, it changes and imports nothing.

    Parameters
    ----------
    *of : {'blas', 'openmp'}
        What the threads are for; linear algebra if nothing is named.
    """
    limits = {each: 1 for each in of or ("blas",) if not os.environ.get(_CHOSEN_BY[each])}
    with ExitStack() as limited:
        if limits:
            with suppress(ImportError):
                from threadpoolctl import threadpool_limits

                limited.enter_context(threadpool_limits(limits))
        yield
