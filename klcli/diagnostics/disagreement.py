"""Whether two estimates from the same rows differ by more than sampling explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.quantiles import quantile_groups, without_gaps
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats, Integers, Point

#: Standard errors of the difference. On the pairs of the tests the default's ratio stays below
#: 1.3 of them, so that what is beyond 3 is no matter of sampling.
_LIMIT = 3.0
#: Share of the larger estimate below which a difference does not matter, however certain it is.
_SHARE = 0.1


def quantiles_of_numbers(table: CountTable, numbers: Integers, count: int) -> Integers:
    """Return to which of about `count` pooled quantiles each cell belongs.

    Parameters
    ----------
    table : CountTable
        Cells of numbers, and others, each of which stays alone.
    numbers : ndarray of int
        Which cells hold numbers, in increasing order of their values.
    count : int
        Quantiles of the numbers.

    Returns
    -------
    ndarray of int, shape (cells,)
        Numbers from 0, without gaps.
    """
    group = np.full(len(table.p), -1)
    group[numbers] = without_gaps(quantile_groups((table.p + table.q)[numbers], count))
    alone = np.flatnonzero(group < 0)
    group[alone] = group.max(initial=-1) + 1 + np.arange(len(alone))
    return group


def error_of_difference(table: CountTable, one: Point, other: Point) -> float:
    """Return the standard error of the difference of two estimates from the same rows, in nats.

    The influence function of a difference is the difference of the influence functions (delta
    method). To its variance come the quadratic terms of either, which it does not hold.

    Parameters
    ----------
    table : CountTable
        The counts.
    one, other : Point
        Two estimates, with influence values on the cells of `table`.
    """
    variance = one.null_variance + other.null_variance + one.monte_carlo_error**2
    for counts, influence in (
        (table.p, one.influence_p - other.influence_p),
        (table.q, one.influence_q - other.influence_q),
    ):
        total = counts.sum()
        centred = influence - counts @ influence / total
        variance += float(counts @ centred**2) / total**2
    return float(variance**0.5)


def too_low(estimate: float, finer: float, error: float, method: str) -> Finding | None:
    """Warn where an estimate on finer cells is higher: the chosen one smooths differences away.

    Parameters
    ----------
    estimate, finer : float
        The estimate, and one that assumes less, in nats.
    error : float
        Standard error of their difference.
    method : str
        What to call the finer one.
    """
    return _worded(estimate, finer, finer - estimate, error, method, "it smooths differences away")


def too_high(
    estimate: float, others: dict[str, float], allowance: float, error: float
) -> Finding | None:
    """Warn where an estimate is higher than all others: it sees differences that are not there.

    Parameters
    ----------
    estimate : float
        In nats.
    others : dict of str to float
        Other estimates, by what to call them.
    allowance : float
        What they may be too low by, in nats, because their cells are not fine enough.
    error : float
        Standard error of the difference.
    """
    method = max(others, key=others.__getitem__)
    excess = estimate - others[method] - allowance
    return _worded(
        estimate, others[method], excess, error, method, "it sees differences that are not there"
    )


def _worded(
    estimate: float, other: float, excess: float, error: float, method: str, reason: str
) -> Finding | None:
    largest: Floats | float = max(abs(estimate), abs(other))
    if not (excess > _LIMIT * error and excess > _SHARE * largest):
        return None
    return Finding(
        "disagreement",
        f"the estimate is {estimate:.3g} nats, {method} says {other:.3g}: "
        f"{min(excess / error, 999):.3g} standard errors apart; {reason}",
    )
