"""Smooth f-divergences from frequencies of categories."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.densities.frequency import masses
from klcli.estimators.empirical_bayes import posterior_weight
from klcli.estimators.multiplicity import multiplicity
from klcli.estimators.no_difference import log_bayes_factor, probability
from klcli.estimators.ratio_prior import posterior
from klcli.measures.generator import Estimated, Generator

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats


def shrunk(measure: Generator, table: CountTable, found: Estimated) -> Estimated:
    """Let rare categories learn from all others, and average with 0, as is done for D(P‖Q).

    See `klcli.estimators.empirical_bayes.EmpiricalBayes`.
    """
    rows = table.p[None], table.q[None]
    finite, variance = found.finite, found.variance
    weight = float(posterior_weight(*rows)[0])
    if weight > 0:
        counts = multiplicity(table.p, table.q)

        def integrand(log_ratio: Floats) -> Floats:
            """Return f(r) = r·f′(r) − [r·f′(r) − f(r)]."""
            return np.exp(log_ratio) * measure.gain(log_ratio) - measure.cost(log_ratio)

        fitted = posterior(counts, function=integrand)
        shown = counts.pair >= 0
        chance = fitted.from_p[:-1][counts.pair[shown]]
        log_ratio = np.log(chance / (1 - chance)) - fitted.offset
        own = mean_variance(measure.gain(log_ratio), table.p[shown] / table.n_p, table.n_p)
        own += mean_variance(measure.cost(log_ratio), table.q[shown] / table.n_q, table.n_q)
        finite += weight * (fitted.mean - finite)
        variance += weight * (own + fitted.mean_variance - variance)
    # Rounding must not leave nothing to what differs.
    same = min(float(probability(log_bayes_factor(*rows))[0]), 1 - 1e-12)
    value = (1 - same) * finite
    return Estimated(
        value if math.isfinite(found.value) else found.value,
        value,
        variance,
        found.at_null,
        same,
    )


def plain(measure: Generator, mass_p: Floats, mass_q: Floats) -> float:
    """Return E_Q[f(p/q)] of two probability vectors; inf where f makes it so."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_ratio = np.log(mass_p) - np.log(mass_q)
        gained = np.where(mass_p > 0, mass_p * measure.gain(log_ratio), 0.0)
        paid = np.where(mass_q > 0, mass_q * measure.cost(log_ratio), 0.0)
    with np.errstate(invalid="ignore"):
        # Where only P shows a cell the cost is of no row, and the other way round.
        return float(np.sum(np.where(mass_p > 0, gained, 0) - np.where(mass_q > 0, paid, 0)))


def frequencies(measure: Generator, p: Floats, q: Floats, added: float | None) -> Estimated:
    """Estimate from counts of categories, shape (cells,).

    The plain sum less its expected excess to second order, ½ Σ r²f″(r)·[(1 − p)/(n·r) + (1 − q)/m]
    (delta method [1]_; for D(P‖Q) it is Miller's correction). With smoothing, the plain sum of
    smoothed frequencies.

    References
    ----------
    .. [1] A. van der Vaart, "Asymptotic Statistics" (1998), section 3.3, second-order.
    """
    n, m = max(float(p.sum()), 1.0), max(float(q.sum()), 1.0)
    mass_p, mass_q = masses(p, q, added or 0.0)
    value = plain(measure, mass_p, mass_q)
    held = p + q > 0
    # A cell that a side never shows counts as shown once where a denominator needs it.
    once_p, once_q = np.where(p > 0, mass_p, 1 / n)[held], np.where(q > 0, mass_q, 1 / m)[held]
    once_p, once_q = np.maximum(once_p, mass_p[held]), np.maximum(once_q, mass_q[held])
    log_ratio = np.log(once_p / once_q)
    ratio, bend = once_p / once_q, measure.bend(log_ratio)
    own_p, own_q = mass_p[held], mass_q[held]
    gain, cost = measure.gain(log_ratio), measure.cost(log_ratio)
    finite = value
    if not math.isfinite(value):
        finite = float(own_p @ gain - own_q @ cost)
    if added is None:
        finite -= 0.5 * float(np.sum(bend * ((1 - own_p) / (n * ratio) + (1 - own_q) / m)))
    linear = mean_variance(gain, own_p, n) + mean_variance(cost, own_q, m)
    each = (bend * (1 / (n * ratio) + 1 / m)) ** 2
    quadratic = max(0.0, 0.5 * float(each.sum() - own_p @ each))
    return Estimated(
        finite if math.isfinite(value) else value,
        finite,
        max(quadratic, linear - quadratic),
        quadratic,
    )


def mean_variance(values: Floats, share: Floats, rows: float) -> float:
    """Return the variance of a mean over so many rows, of which these are the shares."""
    total = share.sum()
    centred = values - share @ values / total
    return float(share @ centred**2) / float(total) / rows
