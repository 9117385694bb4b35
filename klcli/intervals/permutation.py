"""What the estimate would be with no difference: labels P and Q exchanged at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.quantiles import upper_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from klcli.counts import CountTable
    from klcli.typing import Estimator, Floats

#: NumPy draws hypergeometric margins exactly below this total; above it they are normal to
#: within 1e-4 of their standard deviation.
_EXACT_BELOW = 10**9
#: A p-value above this is not worth knowing better.
UNREMARKABLE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """The permutation distribution.

    Attributes
    ----------
    p_value : float
        Share of permutations whose statistic is at least the observed one, which counts as one
        of them; NaN without permutations.
    values : ndarray, shape (permutations,)
        Estimates under permutation, in nats.
    """

    p_value: float
    values: Floats

    def refuses_equality(self, confidence: float) -> bool:
        """Tell whether an interval of this confidence may leave 0 out, so that it agrees with p.

        The tail below an interval has (1 − confidence)/2; few permutations tell no p as small,
        and then the smallest has to do.
        """
        level = max((1 - confidence) / 2, 1 / (len(self.values) + 1))
        return self.p_value <= level * (1 + 1e-9)


def noise_floor(null_values: Floats, confidence: float) -> tuple[float, float]:
    """Return what estimates may show by chance, in the unit of `null_values`.

    Returns
    -------
    floor : float
        That which estimates with this confidence do not exceed where nothing differs.
    bar : float
        That which an estimate has to exceed before an interval of this confidence, which has half
        of its risk at either end, may leave 0 out.
    """
    return upper_quantile(null_values, confidence), upper_quantile(
        null_values, 0.5 + confidence / 2
    )


def whole(counts: Floats) -> Floats:
    """Round counts to whole numbers such that no running sum is off by more than a half."""
    rounded: Floats = np.diff(np.floor(np.cumsum(counts) + 0.5), prepend=0.0)
    return rounded


def exchange(table: CountTable, resamples: int, rng: Generator) -> tuple[Floats, Floats]:
    """Draw count tables with the same margins in which P and Q do not differ.

    Given both sample sizes and the pooled counts, the counts of P are multivariate
    hypergeometric: exactly the effect of shuffling the labels of the rows.

    Returns
    -------
    p, q : ndarray, shape (resamples, cells)
        Counts.
    """
    pooled = whole(table.p + table.q)
    n = min(round(table.n_p), int(pooled.sum()))
    if pooled.sum() < _EXACT_BELOW:
        # Drawing one row after the other takes an eighth of what drawing one cell takes.
        few = min(n, pooled.sum() - n) < 8 * len(pooled)
        p = rng.multivariate_hypergeometric(
            pooled.astype(np.int64), n, size=resamples, method="count" if few else "marginals"
        ).astype(float)
    else:
        weight = n / pooled.sum()
        noise = np.sqrt(pooled * weight * (1 - weight)) * rng.standard_normal(
            (resamples, len(pooled))
        )
        noise -= pooled / pooled.sum() * noise.sum(axis=1, keepdims=True)
        p = np.clip(pooled * weight + noise, 0, pooled)
    return p, pooled - p


def likelihood_ratio(p: Floats, q: Floats) -> Floats:
    """Return the log-likelihood ratio of two multinomials against one, over the last axis.

    Finite also where a divergence is not: G/2 of a 2 × cells contingency table.
    """

    def log_likelihood(counts: Floats) -> Floats:
        total = counts.sum(axis=-1, keepdims=True)
        logs = np.log(np.where(counts > 0, counts, 1.0) / np.maximum(total, 1.0))
        result: Floats = np.sum(counts * logs, axis=-1)
        return result

    return log_likelihood(p) + log_likelihood(q) - log_likelihood(p + q)


def permutation(
    estimator: Estimator,
    table: CountTable,
    resamples: int,
    rng: Generator,
    first_look: int = 0,
    plain: Callable[[CountTable], bool] | None = None,
) -> Null:
    """Test whether P and Q differ by permuting the labels of the rows.

    The statistic is the estimator's own (see ``null`` of `klcli.estimators.ratio.RatioPlugIn`),
    or else the estimate, or the likelihood ratio where estimates are infinite. Works for any sample sizes, with ties and missing values; the p-value is
    exact, and never below 1/(resamples + 1).

    Parameters
    ----------
    estimator : Estimator
        What is computed on each exchanged table.
    table : CountTable
        The counts.
    resamples : int
        Number of permutations; 0 for none.
    rng : Generator
        Source of randomness.
    first_look : int
        Stop after so many permutations if they show a p-value above `UNREMARKABLE`; 0 to go on in
        any case. What is returned is a p-value nevertheless: at a level up to `UNREMARKABLE` it
        tests as all permutations do, and at any other as the first ones.
    plain : callable, optional
        Tells of a table whether P and Q differ so plainly that no permutation could reach the
        statistic. If none of the first look did, it then ends there with 1/(resamples + 1). At
        any level that adds at most the probability with which `plain` errs where nothing differs.

    References
    ----------
    .. [1] B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", Statistical
       Applications in Genetics and Molecular Biology 9 (2010), article 39, equation 2.
    """
    if resamples == 0 or table.n_p < 1 or table.n_q < 1:
        return Null(np.nan, np.empty(0))
    if 0 < first_look < resamples:
        start = rng.bit_generator.state
        p_value, values = _compared(
            estimator, table, *_with_observed(table, *exchange(table, first_look, rng))
        )
        if p_value > UNREMARKABLE:
            return Null(p_value, values())
        if plain is not None and p_value <= 1 / (first_look + 1) and plain(table):
            return Null(1 / (resamples + 1), values())
        # All over again: the numbers are those of a test that never stopped to look.
        rng.bit_generator.state = start
    p_value, values = _compared(
        estimator, table, *_with_observed(table, *exchange(table, resamples, rng))
    )
    return Null(p_value, values())


def _compared(
    estimator: Estimator, table: CountTable, p: Floats, q: Floats
) -> tuple[float, Callable[[], Floats]]:
    """Test the first row against all; return its p-value, and what estimates the others."""
    own = getattr(estimator, "null", None)
    if own is None:
        values = estimator.values(table, p, q)
        return _p_value(values, p, q), lambda: values[1:]
    statistic, estimates = own(table, p, q)
    return _p_value(statistic, p, q), lambda: estimates()[1:]


def tested(estimator: Estimator, table: CountTable, resamples: int, rng: Generator) -> float:
    """Return the p-value of `permutation`, without the estimates."""
    p, q = _with_observed(table, *exchange(table, resamples, rng))
    return _compared(estimator, table, p, q)[0]


def _with_observed(table: CountTable, p: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Put the counts of the table, as whole numbers, before those that were drawn."""
    observed_p, observed_q = (table.p, table.q)
    if not np.array_equal(np.floor(table.p + table.q), table.p + table.q):
        observed_p = np.minimum(whole(table.p), p[0] + q[0])
        observed_q = p[0] + q[0] - observed_p
    return np.vstack([observed_p, p]), np.vstack([observed_q, q])


def _p_value(statistic: Floats, p: Floats, q: Floats) -> float:
    """Return the share of rows whose statistic is at least that of the first."""
    if not np.isfinite(statistic).all():
        statistic = likelihood_ratio(p, q)
    # Equal tables must give equal statistics whatever the order of summation.
    slack = 1e-9 * max(1.0, abs(float(statistic[0])))
    return float(np.mean(statistic >= statistic[0] - slack))
