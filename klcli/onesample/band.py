"""The log ratio of a sample to a known distribution at each cell, and how uncertain it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.onesample.fit import ensemble
from klcli.onesample.ratio import log_ratio
from klcli.typing import LogRatio

if TYPE_CHECKING:
    from klcli.known_counts import KnownCounts


def band(table: KnownCounts) -> LogRatio:
    """Return log p/q at each cell of numbers, with its posterior standard deviation.

    As in `klcli.densities.bands.of_ensemble`, but for Q, which is exact. That p integrates to one
    is known, so only what varies around the mean under p is uncertain.
    """
    fitted = ensemble(table)
    ratios, variances = [], []
    for member in fitted.members:
        ratio, mass = log_ratio(member)
        centred = member.model.design - mass @ member.model.design
        solved = np.linalg.solve(member.fit.precision, centred.T)
        own = np.einsum("gk,kg->g", centred, solved) / member.grid.rows
        ratios.append(ratio)
        variances.append(np.maximum(own, 0.0)[member.grid.owner])
    value = fitted.weights @ np.stack(ratios)
    spread = fitted.weights @ (np.stack(variances) + (np.stack(ratios) - value) ** 2)
    return LogRatio(value, np.sqrt(spread))
