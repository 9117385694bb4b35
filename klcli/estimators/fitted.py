"""The influence function that a fitted log ratio implies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats

#: Ratios are cut off at e^300, whose square is still a number.
LARGEST_LOG: Final = 300.0


def fitted_influence(table: CountTable, log_ratio: Floats) -> tuple[Floats, Floats]:
    """Return log(p/q) and −p/q in each cell of `table`, centred over the rows of P and of Q.

    That is the influence function of D(P‖Q) for known P and Q [1]_, with fitted values in their
    place. NaN everywhere if the ratio is infinite where P has rows.

    References
    ----------
    .. [1] K. Kandasamy, A. Krishnamurthy, B. Póczos, L. Wasserman, J. Robins, "Nonparametric von
       Mises estimators for entropies, divergences and mutual informations", Advances in Neural
       Information Processing Systems 28 (2015), arXiv:1411.4342.
    """
    if np.any(np.isposinf(log_ratio[table.p > 0])):
        nowhere = np.full(len(log_ratio), np.nan)
        return nowhere, nowhere
    log_ratio = np.clip(log_ratio, -LARGEST_LOG, LARGEST_LOG)
    ratio = np.exp(log_ratio)
    mean_p = table.p @ log_ratio / max(table.n_p, 1.0)
    mean_q = table.q @ ratio / max(table.n_q, 1.0)
    return log_ratio - mean_p, mean_q - ratio
