"""Whether times differ by the hour, the day or the week, which a curve over all of them hides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.diagnostics.resolution import expected_rows
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats

#: Cycles that times may follow, in seconds.
_PERIODS = {"hour": 3_600.0, "day": 86_400.0, "week": 604_800.0}
#: Harmonics of each: three of a week tell its seven days apart.
_HARMONICS = 3
#: A pattern that is seen fewer times is no cycle.
_TIMES = 3
#: Rows that say which sample they come from, for each term of the test, so that it is near χ².
_ROWS_PER_TERM = 4
#: Cells that hold several rows tell where in a cycle these lie if they are as short, and a cycle is
#: seen where half of the rows are told.
_SHORT = 0.25
_SEEN = 0.5
#: As a normal deviate: a false alarm in some hundred thousand columns.
_LIMIT = 4.5


def cycles(fine: CountTable, coarse: CountTable, ratio: Floats) -> tuple[float, Finding | None]:
    """Test the fitted ratio against how the rows of times lie within hours, days and weeks.

    The rest that the fit leaves is tested along sines and cosines of each cycle (a score test).
    Near the fit, 2nm/(n+m)·D is what its χ² exceeds its degrees of freedom by [1]_.

    Parameters
    ----------
    fine, coarse : CountTable
        Times in seconds: the cells as counted, and as merged for the fit.
    ratio : ndarray, shape (cells of `coarse`,)
        The fitted p/q.

    Returns
    -------
    hidden : float
        The divergence, in nats, by which cycles exceed the fit, less what chance makes.
    finding : Finding or None
        Where chance does not make as much: code ``unresolved``. Code ``coarse-times`` where cells
        are too long to tell places in a day.

    References
    ----------
    .. [1] S. Kullback, "Information Theory and Statistics", Wiley 1959, chapter 5, section 3.
    """
    pooled = fine.p + fine.q
    expected, variance = expected_rows(fine, coarse, ratio)
    rest = fine.p - expected
    # Open cells have no place; all others begin where their first row lies, or near it.
    placed = np.isfinite(fine.lower)
    rest, variance, times, pooled = (each[placed] for each in (rest, variance, fine.lower, pooled))
    width = (fine.upper - fine.lower)[placed]
    if np.any(pooled != np.round(pooled)):
        # Heavy rows vary more than as many light ones.
        variance = np.maximum(variance, rest**2)
    scale = 2 * fine.n_p * fine.n_q / (fine.n_p + fine.n_q)
    hidden, farthest, which, coarse_for = 0.0, _LIMIT, "", ""
    for name, period in _PERIODS.items():
        if len(times) < 2 or times[-1] - times[0] < _TIMES * period:
            continue
        told = (width <= _SHORT * period) | (pooled <= 1)
        if pooled[told].sum() < _SEEN * pooled.sum():
            # Few cells ever tell the minute.
            coarse_for = coarse_for or name * (name != "hour")
            continue
        statistic, terms = _score(2 * math.pi * (times / period % 1), rest, variance)
        if terms == 0:
            continue
        excess = max(statistic - terms, 0.0) / scale
        hidden = math.hypot(hidden, math.sqrt(max(excess**2 - 2 * terms / scale**2, 0.0)))
        # Wilson and Hilferty's normal deviate.
        deviate = (math.cbrt(statistic / terms) - 1 + 2 / (9 * terms)) / math.sqrt(2 / (9 * terms))
        if deviate > farthest:
            farthest, which = deviate, name
    if not which:
        return hidden, _too_coarse(coarse_for) if coarse_for else None
    text = f"times differ by their place in the {which}, by {farthest:,.0f} standard errors more "
    text += "than chance and a ratio that is smooth over all times allow; the true divergence is "
    return hidden, Finding("unresolved", text + "likely larger")


def _too_coarse(name: str) -> Finding:
    text = f"cells are too long to tell where in a {name} a time lies, so that what differs with "
    text += "it is not seen; it can be compared as a column of its own"
    return Finding("coarse-times", text)


def _score(angle: Floats, rest: Floats, variance: Floats) -> tuple[float, int]:
    """Return the χ² of what is left along the harmonics of an angle, and its degrees of freedom."""
    multiples = angle[:, None] * np.arange(1, _HARMONICS + 1)
    terms = np.hstack([np.cos(multiples), np.sin(multiples)])
    total = float(variance.sum())
    if total < _ROWS_PER_TERM * terms.shape[1]:
        return 0.0, 0
    terms -= variance @ terms / total
    information = (terms * variance[:, None]).T @ terms
    eigenvalues, axes = np.linalg.eigh(information)
    # Whole days are all at one place in the day.
    told = eigenvalues > 1e-6 * total
    along = (rest @ terms) @ axes[:, told]
    return float(np.sum(along**2 / eigenvalues[told])), int(told.sum())
