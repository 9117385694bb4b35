"""D between counts of categories and known probabilities, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.estimators.frequency import digamma
from klcli.onesample.null import KnownNull
from klcli.onesample.ratio import Both
from klcli.typing import Point

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.known_counts import KnownCounts
    from klcli.typing import Floats


def estimate_shares(table: KnownCounts) -> Both:
    r"""Estimate both directions from counts x of n rows and probabilities q.

    The estimator of Zhang & Grabchak [1]_ in the limit of ever more rows of Q:

    .. math:: \sum_k \frac{x_k}{n} [ψ(x_k) − ψ(n) − \log q_k], \qquad
              \sum_k q_k [\log q_k + ψ(n + 1) − ψ(x_k + 1)]

    The variance of the quadratic term is that of the χ² limit where P = Q.

    References
    ----------
    .. [1] Z. Zhang, M. Grabchak, "Nonparametric estimation of Kullback-Leibler divergence", Neural
       Computation 26 (2014) 2570, doi:10.1162/NECO_a_00646.
    """
    n, q = table.n_p, np.exp(table.log_mass)
    share = table.p / n
    forward, reverse = _terms(table.p[None], table.log_mass)
    shown = np.maximum(table.p, 1.0) / n
    ratio = q / shown
    log_ratio = np.log(shown) - table.log_mass
    seen = float(np.count_nonzero(table.p)) - 1
    zero = np.zeros(len(q))
    parts = []
    for terms, influence, square in (
        (forward[0], log_ratio - share @ log_ratio, 0.5 * seen / n**2),
        (reverse[0], share @ ratio - ratio, 0.5 * max(float(ratio @ ratio) - 1.0, 0.0) / n**2),
    ):
        linear = float(share @ influence**2) / n
        excess = max(-square, square - linear)
        parts.append(Point(float(terms.sum()), influence, zero, terms,
                           excess_variance=excess, null_variance=0.5 * seen / n**2))  # fmt: skip
    return Both(*parts)


def simulate_shares(table: KnownCounts, outside: float, draws: int, rng: Generator) -> KnownNull:
    """Test whether P has the probabilities of Q, by drawing counts from them.

    The statistic is the likelihood ratio.
    """
    if draws == 0 or table.n_p + outside < 1:
        return KnownNull(np.nan, np.empty(0), np.empty(0))
    rows = max(1, round(table.n_p + outside))
    mass = np.exp(table.log_mass)
    drawn = rng.multinomial(rows, mass / mass.sum(), size=draws).astype(float)
    forward, reverse = (terms.sum(axis=1) for terms in _terms(drawn, table.log_mass))
    p = np.vstack([table.p / max(table.n_p, 1e-300), drawn / rows])
    logs = np.log(np.where(p > 0, p, 1.0)) - table.log_mass
    statistic = np.sum(p * logs, axis=1)
    p_value = float(np.mean(statistic >= statistic[0] - 1e-12))
    return KnownNull(1 / (draws + 1) if outside else p_value, forward, reverse)


def _terms(p: Floats, log_mass: Floats) -> tuple[Floats, Floats]:
    """Return the terms of both sums for counts of shape (tables, cells)."""
    n = p.sum(axis=1, keepdims=True)
    here = digamma(np.where(p > 0, p, 1.0)) - digamma(np.maximum(n, 1.0)) - log_mass
    there = log_mass + digamma(n + 1) - digamma(p + 1)
    forward: Floats = np.where(p > 0, p / np.maximum(n, 1.0) * here, 0.0)
    reverse: Floats = np.exp(log_mass) * there
    return forward, reverse
