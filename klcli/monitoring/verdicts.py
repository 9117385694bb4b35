"""Verdicts on a whole grid of columns and batches, so that chance alone rarely makes one."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from klcli.monitoring.report import DriftResult, Verdict
from klcli.monitoring.surprise import two_shares
from klcli.results import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.results import Estimate


def adjusted(p_values: Sequence[float], *, dependent: bool = False) -> list[float]:
    r"""Adjust p-values so that at most a share q of those at or below q are false discoveries.

    Benjamini and Hochberg [1]_: q₍ᵢ₎ = min over j ≥ i of p₍ⱼ₎·M/j. With `dependent`, times Σ 1/j,
    which holds for any dependence between the tests (Benjamini & Yekutieli [2]_). NaN are no tests.
    SciPy has both in ``scipy.stats``, whose import takes longer than a small grid.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B
       57 (1995) 289.
    .. [2] Y. Benjamini, D. Yekutieli, "The control of the false discovery rate in multiple testing
       under dependency", Ann. Statist. 29 (2001) 1165, doi:10.1214/aos/1013699998.

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    given = np.asarray(p_values, dtype=float)
    tests = np.flatnonzero(~np.isnan(given))
    order = tests[np.argsort(given[tests], kind="stable")]
    ranks = np.arange(1, len(order) + 1)
    factor = float(np.sum(1 / ranks)) if dependent else 1.0
    scaled = given[order] * (len(order) * factor) / ranks
    result = np.full(len(given), np.nan)
    result[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(value) for value in result]


def judged(results: Sequence[DriftResult]) -> tuple[DriftResult, ...]:
    """Return the results with q-values, verdicts and the rows that would decide.

    Results of single columns are judged together, and those of all columns together as a grid of
    their own: their permutations resolve no more than a thousandth.

    A verdict is *drift* if the column differs at all (Benjamini-Hochberg q ≤ 1 − confidence over
    the grid) and its interval lies above the tolerance, at the confidence that the grid asks for:
    as many results as there are would otherwise make some intervals lie there by chance. These
    are the intervals of Benjamini and Yekutieli [1]_ for selected parameters: of M results, R of
    them beyond their tolerance, each has confidence 1 − R·α/M. It is *stable* if the interval as
    shown lies below the tolerance, and *undecided* otherwise.

    References
    ----------
    .. [1] Y. Benjamini, D. Yekutieli, "False discovery rate-adjusted multiple confidence intervals
       for selected parameters", J. Am. Stat. Assoc. 100 (2005) 71,
       doi:10.1198/016214504000001907.
    """
    joint = [result.estimate.kind == Kind.JOINT for result in results]
    judgements: dict[int, DriftResult] = {}
    for which in (False, True):
        places = [place for place, each in enumerate(joint) if each is which]
        grid = _judged_grid([results[place] for place in places])
        judgements |= dict(zip(places, grid, strict=True))
    return tuple(judgements[place] for place in range(len(results)))


def _judged_grid(results: Sequence[DriftResult]) -> list[DriftResult]:
    p_values = [result.estimate.p_value for result in results]
    plain, cautious = adjusted(p_values), adjusted(p_values, dependent=True)
    excess = [_beyond(result.estimate, result.tolerance) for result in results]
    q_excess = adjusted(excess)
    numbers = sum(not math.isnan(p) for p in excess)
    judgements = []
    for result, q, q_by, q_above in zip(results, plain, cautious, q_excess, strict=True):
        estimate, alpha = result.estimate, 1 - result.estimate.confidence
        differs = math.isnan(q) or q <= alpha
        above = estimate.ci_low > result.tolerance and q_above <= alpha / 2
        verdict = Verdict.UNDECIDED
        if differs and above:
            verdict = Verdict.DRIFT
        elif estimate.ci_high < result.tolerance:
            verdict = Verdict.STABLE
        rows = math.nan
        if verdict is Verdict.UNDECIDED:
            # What stands alone above needs the confidence of a grid with no other discovery.
            rows = rows_to_decide(estimate, result.tolerance, alpha / 2 / max(numbers, 1))
        judgements.append(
            replace(result, q_value=q, q_value_by=q_by, verdict=verdict, rows_to_decide=rows)
        )
    return judgements


def _value(estimate: Estimate) -> float:
    """Return the number that the interval is around."""
    infinite = estimate.status == Status.INFINITE
    return estimate.finite_estimate if infinite else estimate.estimate


def _beyond(estimate: Estimate, tolerance: float) -> float:
    """Return the p-value of the hypothesis that the divergence is within the tolerance.

    The lower end of the interval, z standard deviations below the estimate, is moved on along the
    normal distribution. The intervals of `klcli.intervals.influence` narrow more slowly than that
    as their confidence grows, so that p is too large rather than too small.
    """
    value = _value(estimate)
    if math.isnan(value) or math.isnan(estimate.ci_low):
        return math.nan
    if value <= tolerance:
        return 1.0
    z = NormalDist().inv_cdf(0.5 + estimate.confidence / 2)
    deviation = (value - estimate.ci_low) / z
    if deviation > 0:
        return _upper_tail((value - tolerance) / deviation)
    # The estimate is itself a lower end: that of the share of P where Q has no rows.
    return escaped(estimate.escaped_mass, *estimate.rows, tolerance)


def escaped(mass: float, n: float, m: float, tolerance: float) -> float:
    """Bound the p-value of a divergence within the tolerance where samples hardly meet.

    Of n rows of P a share `mass` lies in one stretch where m rows of Q leave a gap. The gap holds
    more than q of Q with probability at most m·exp(−mq), over all gaps. If it holds at most q, a
    divergence of two cells (as in `klcli.diagnostics.support`) within the tolerance allows at most
    a share r of P there, and as many rows as there are have a probability of at most
    exp(−n·KL(mass‖r)) (Chernoff). The sum of both is as small as q makes it.

    Examples
    --------
    >>> escaped(0.5, 1000, 1000, 0.01) < 1e-8, escaped(0.02, 1000, 1000, 0.01)
    (True, 1.0)
    """
    if not mass > 0:
        return 1.0
    best = 1.0
    for margin in range(1, 60):
        gap = (math.log(m) + margin) / m
        if gap >= mass:
            break
        low, high = gap, mass
        for _ in range(50):
            middle = (low + high) / 2
            if two_shares(middle, gap) <= tolerance:
                low = middle
            else:
                high = middle
        best = min(best, math.exp(-margin) + math.exp(-n * two_shares(mass, low)))
    return best


def _upper_tail(z: float) -> float:
    """Return P(Z > z) of a standard normal variable, exact far out."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def rows_to_decide(estimate: Estimate, tolerance: float, level: float) -> float:
    """Return how many rows the batch would need, the reference being what it is.

    The interval's half width is taken to shrink as sqrt(1/n + 1/m), and the estimate to be right.
    Below the tolerance the interval as stated has to fit; above it, one that misses with
    probability `level`. NaN where no number of rows is enough: the reference is too small, or the
    interval is open.
    """
    value = _value(estimate)
    room = abs(value - tolerance)
    if value > tolerance:
        z = NormalDist().inv_cdf(0.5 + estimate.confidence / 2)
        width = (value - estimate.ci_low) * max(NormalDist().inv_cdf(1 - level) / z, 1.0)
    else:
        width = estimate.ci_high - value
    n_p, n_q = estimate.rows
    if not (0 < room < math.inf and 0 < width < math.inf) or n_p < 1:
        return math.nan
    fixed = 1 / n_q
    needed = (room / width) ** 2 * (1 / n_p + fixed) - fixed
    if needed <= 0:
        return math.nan
    return float(max(math.ceil(1 / needed), n_p + 1))
