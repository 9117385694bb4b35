"""Labels P and Q exchanged at random: the common ground of all permutation tests of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from klcli.typing import Floats

#: Labels are drawn and looked at in batches of about this many numbers, 64 MB.
_BATCH = 8_000_000


def permuted_labels(
    n: int, m: int, resamples: int, rng: Generator, statistic: Callable[[Floats], Floats]
) -> tuple[float, Floats]:
    """Compute a statistic of the labels as they are, and exchanged at random.

    Parameters
    ----------
    n, m : int
        Rows of P, which come first, and of Q.
    resamples : int
        Number of permutations.
    statistic : callable
        Labels of shape (k, n + m), 1 for P and 0 for Q → values of shape (k,).

    Returns
    -------
    observed : float
    permuted : ndarray, shape (resamples,)
    """
    labels = np.arange(n + m) < n
    observed = float(statistic(labels[None].astype(float))[0])
    step = max(1, _BATCH // (n + m))
    parts = []
    for start in range(0, resamples, step):
        drawn = np.tile(labels, (min(step, resamples - start), 1))
        parts.append(statistic(rng.permuted(drawn, axis=1).astype(float)))
    return observed, np.concatenate(parts) if parts else np.empty(0)


def p_value(observed: float, permuted: Floats) -> float:
    """Return the share of permutations at least as large; the observed one counts as one.

    B. Phipson, G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010),
    article 39, equation 2. NaN without permutations.
    """
    if not permuted.size:
        return float("nan")
    slack = 1e-9 * max(1.0, abs(observed))
    return float((1 + np.sum(permuted >= observed - slack)) / (1 + permuted.size))
