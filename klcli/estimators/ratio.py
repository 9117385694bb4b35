"""D(P‖Q) from the fitted log ratio, in both directions, corrected for bias."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.counts import CountTable, Role
from klcli.densities.apart import joined, uneven
from klcli.densities.groups import added_up, discrete, inner_share, merge, repeated
from klcli.densities.logistic import sigmoid
from klcli.densities.ratio import Ratio
from klcli.densities.ratio_models import deviations, models
from klcli.densities.scan import scan
from klcli.estimators.quantile_cells import smoothed_away, unsmoothed
from klcli.estimators.ratio_cells import cell_values, with_cells
from klcli.estimators.unseen import unseen_deviation
from klcli.typing import Point
from klcli.variances import slope

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.densities.apart import Apart
    from klcli.densities.linear_model import Model
    from klcli.densities.logistic import Fit
    from klcli.densities.ratio import Ensemble
    from klcli.typing import Floats

#: Sum of eigenvalues below which the first terms of the series of log(1 + μ) and of its square are
#: as good as all: what is left out is less than the cube of this.
_SMALL = 4e-4


@dataclass(frozen=True, slots=True)
class RatioPlugIn:
    """The mean of the fitted log ratio under P, less its expected optimism.

    For one fitted log ratio η, the Donsker-Varadhan functional J = mean_P η − log mean_Q e^η is
    the estimate with its first-order (influence function) correction [1]_. Fitting η to the same
    rows adds an optimism of tr(A⁻¹C)/N, and what the penalty and the noise of the fit take away
    is expected to be half of that: with A the penalised information per row, H the unpenalised,
    and C the covariance of the basis under P, they are ½tr((A⁻¹ − A⁻¹HA⁻¹)C)/N (smoothing bias
    under the prior, [2]_) and ½tr(A⁻¹HA⁻¹C)/N. So each fit gives J − ½tr(A⁻¹C)/N, or rather
    J − ½ log det(1 + A⁻¹C/N), and the estimate is their average weighted by evidence.

    The excess variance adds up the quadratic term ½tr((A⁻¹C)²)/N² (likewise in logarithms; at
    P = Q it is all there is, and the estimate a weighted sum of χ²), the spread between the models, and the squared
    distance to an estimate that assumes no smoothness at all (Zhang & Grabchak on 2(n+m)^⅓
    quantile cells, fewer for unequal samples), which is large just where smoothing is not to be
    trusted. The influence values are those of the smoothed log ratio, which vary too little: what
    the corrected value is above the divergence of the fit adds to the variance in proportion.

    What cells add that count by themselves comes on top, see
    `klcli.estimators.ratio_cells.with_cells`.

    Parameters
    ----------
    density : Ratio
        The models that are fitted.

    References
    ----------
    .. [1] M. D. Donsker, S. R. S. Varadhan, "Asymptotic evaluation of certain Markov process
       expectations for large time IV", Comm. Pure Appl. Math. 36 (1983), theorem 2.1.
    .. [2] G. Wahba, "Bayesian 'confidence intervals' for the cross-validated smoothing spline",
       J. R. Statist. Soc. B 45 (1983), 133-150.
    """

    density: Ratio = field(default_factory=Ratio)
    name: ClassVar[str] = "plug-in"
    corrects_bias: ClassVar[bool] = True

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q)."""
        groups, apart = self._grouped(table)
        point = _point(groups, self.density.ensemble(groups), 1, apart)
        return point if apart is None else with_cells(point, table, apart.group)

    def both(self, table: CountTable) -> tuple[Point, Point]:
        """Estimate D(P‖Q) and D(Q‖P) from one fit."""
        groups, apart = self._grouped(table)
        ensemble = self.density.ensemble(groups)
        forward = _point(groups, ensemble, 1, apart)
        reverse = _point(groups.swapped(), ensemble, -1, apart)
        if apart is not None:
            forward = with_cells(forward, table, apart.group)
            reverse = with_cells(reverse, table.swapped(), apart.group)
        return forward, reverse

    def _grouped(self, table: CountTable) -> tuple[CountTable, Apart | None]:
        """Return what to fit, and the groups of cells that count by themselves."""
        apart = self.density.by_cell(table)
        if apart is None:
            return table, None
        groups = joined(table, apart.group)
        # Where cells differ from their neighbours, groups do, too.
        return replace(groups, roles=np.full(len(groups.p), np.int8(Role.ATOM))), apart

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of the count vectors `p` and `q`, shape (resamples, cells).

        Tuning parameters and weights are those of `table`; each fit takes one Newton step from
        that of `table` towards its own counts.
        """
        groups, apart = self._grouped(table)
        within = 0.0 if apart is None else cell_values(p, q, apart.group)
        ensemble = self.density.ensemble(groups)
        group = ensemble.group if apart is None else apart.group
        p, q = added_up(p, group), added_up(q, group)
        rows = ensemble.p.sum() + ensemble.q.sum()
        weight = ensemble.p.sum() / rows
        # At its maximum the gradient vanishes on the table's own counts, so only what the
        # resample changes is left of it.
        kept, before = inner_share(p, q), inner_share(ensemble.p, ensemble.q)
        change_p, change_q = p * kept - ensemble.p * before, q * kept - ensemble.q * before
        estimate = np.zeros(len(p))
        for (model, fit), belief in zip(ensemble.members, ensemble.weights, strict=True):
            probability = sigmoid(fit.log_ratio + np.log(weight / (1 - weight)))
            score = (change_p * (1 - probability) - change_q * probability) / rows
            step = np.linalg.solve(fit.precision, (score @ model.design).T).T
            log_ratio = fit.log_ratio + step @ model.design.T
            optimism, _ = _spread(model, fit, ensemble, 1)
            estimate += belief * (_functional(log_ratio, p, q) - 0.5 * optimism)
        return estimate + within

    def null(self, table: CountTable, p: Floats, q: Floats) -> tuple[Floats, Callable[[], Floats]]:
        """Return a test statistic and the estimate where the labels P and Q say nothing.

        Both are the quadratic approximation around a ratio of one: a Newton step from there, for
        every penalty of every model, weighted by the evidence that follows. To the statistic comes
        that of the short stretch that sticks out most. All of it depends on the pooled counts and
        the counts of a row alone, so a permutation test of the statistic is exact.

        Parameters
        ----------
        table : CountTable
            Cells with the pooled counts of every row of `p` and `q`.
        p, q : ndarray, shape (resamples, cells)
            Counts of which each row adds up to those of `table`.

        Returns
        -------
        statistic : ndarray, shape (resamples,)
            Log Bayes factor against no difference, up to a constant. The same in both directions.
        estimates : callable
            Gives D(P‖Q), approximate and in nats, shape (resamples,).
        """
        groups, apart = self._grouped(table)
        group = merge(p[0] + q[0], self.density.groups) if apart is None else apart.group
        cells = p, q
        p, q = added_up(p, group), added_up(q, group)
        pooled = p[0] + q[0]
        rows = float(pooled.sum())
        share = pooled / rows
        weight = p.sum(axis=1, keepdims=True) / rows
        excess = p / rows - weight * share
        mean_weight = float(np.mean(weight))
        information = mean_weight * (1 - mean_weight)
        evidence, estimates = [], []
        within = group if apart is None else np.arange(len(pooled))
        for model in models(pooled, discrete(groups)):
            axes = model.axes(share, information)
            squared_score = (excess @ axes.design) ** 2
            shrink = 1 / (1 + np.outer(axes.roughness, model.weights))
            gain = squared_score @ shrink
            spread = squared_score @ shrink**2
            determinant = axes.log_determinant - np.log(shrink).sum(axis=0)
            occam = model.log_determinants - determinant
            evidence.append(0.5 * (rows * gain + occam))
            # A constant has no variance, and so no optimism.
            free = information * (share @ axes.design**2 - axes.mean**2)
            optimism = free @ shrink / rows
            estimates.append((gain - 0.5 * spread - 0.5 * optimism) / information)
        for further in deviations(pooled, repeated(groups, within)):
            # Alone, without a curve: they do not overlap, so that each is its own axis.
            held = share @ further.terms
            free = information * held * (1 - held)
            squared_score = (excess @ further.terms) ** 2 / free
            shrink = 1 - 1 / (1 + np.outer(rows * free, further.variances))
            gain = squared_score @ shrink
            occam = np.log1p(-shrink).sum(axis=0)
            evidence.append(0.5 * (rows * gain + occam))
            spread, optimism = squared_score @ shrink**2, shrink.sum(axis=0) / rows
            estimates.append((gain - 0.5 * spread - 0.5 * optimism) / information)
        stacked = np.hstack(evidence)
        largest = stacked.max(axis=1)
        belief = np.exp(stacked - largest[:, None])
        statistic = np.log(belief.sum(axis=1)) + largest
        estimate = np.sum(belief * np.hstack(estimates), axis=1) / belief.sum(axis=1)
        short = scan(p, q, mean_weight)
        if short is not None:
            # Not to the estimate: where nothing differs, the fit takes hardly any for certain.
            statistic = np.logaddexp(statistic, short)
        if apart is None:
            return statistic, lambda: estimate
        if apart.surely:
            # What a small variance of cells in their groups adds to the log of the likelihood.
            # Not for lesser differences: that would be to look before choosing what to test.
            statistic += np.maximum(uneven(*cells, group), 0.0) ** 2 / 2
        return statistic, lambda: estimate + cell_values(*cells, group)


def _point(table: CountTable, ensemble: Ensemble, sign: int, apart: Apart | None) -> Point:
    """Estimate one direction; `table` is already turned, `sign` turns the ensemble."""
    p, q = (ensemble.p, ensemble.q)[::sign]
    share_p, share_q = p / p.sum(), q / q.sum()
    optimism, squares = np.array([
        _spread(model, fit, ensemble, sign) for model, fit in ensemble.members
    ]).T  # fmt: skip
    log_ratios = sign * np.stack([fit.log_ratio for _, fit in ensemble.members])
    values = _functional(log_ratios, p, q) - 0.5 * optimism
    value = float(ensemble.weights @ values)
    spread = ensemble.weights @ (0.5 * squares + (values - value) ** 2)
    beyond_linear = float(spread) + (value - unsmoothed(table)) ** 2
    log_ratio = sign * ensemble.log_ratio()
    ratio = np.exp(log_ratio - log_ratio.max())
    ratio /= share_q @ ratio
    influence_p = log_ratio - share_p @ log_ratio
    influence_q = 1 - ratio
    pooled = p + q
    mass = pooled * sigmoid(log_ratio + np.log(p.sum() / q.sum()))
    mass /= mass.sum()
    raw = mass * log_ratio
    n, m = float(p.sum()), float(q.sum())
    linear = float(p @ influence_p**2) / n**2 + float(q @ influence_q**2) / m**2
    smoothed = 0.0
    if max(raw.sum(), beyond_linear) > 0:  # else there is one value, and rounding
        growth = slope(raw.sum(), linear, beyond_linear, n, m)
        smoothed = growth * max(value - float(raw.sum()), 0.0)
    beyond = smoothed_away(table, value)
    if apart is not None:  # else finer cells will tell, see `klcli.estimation.allowances`
        beyond = math.hypot(beyond, unseen_deviation(p, q, log_ratio))
    cells = pooled[ensemble.group]
    within = (table.p + table.q) / np.where(cells > 0, cells, 1.0)
    contributions = (raw + mass * (value - raw.sum()))[ensemble.group] * within
    return Point(
        value,
        influence_p[ensemble.group],
        influence_q[ensemble.group],
        contributions,
        excess_variance=beyond_linear + smoothed,
        null_variance=beyond_linear,
        beyond_support=beyond,
    )


def _spread(model: Model, fit: Fit, ensemble: Ensemble, sign: int) -> tuple[float, float]:
    """Return the sums of log(1 + μ) and of its square for the eigenvalues μ of A⁻¹C/N.

    μ itself to first order. Where samples hardly meet, μ is large and the quadratic expansion
    behind it does not hold; the logarithm, as in Laplace's approximation, does not blow up.
    """
    n, m = ensemble.p.sum(), ensemble.q.sum()
    mass = (ensemble.p + ensemble.q) * sigmoid(sign * (fit.log_ratio + np.log(n / m)))
    mass = mass / mass.sum()
    mean = mass @ model.design
    covariance = model.precision(mass, -np.outer(mean, mean))
    return spectrum(fit, covariance, n + m)


def spectrum(fit: Fit, covariance: Floats, rows: float) -> tuple[float, float]:
    """Return the sums of log(1 + μ) and of its square for the eigenvalues μ of A⁻¹C/N.

    Parameters
    ----------
    fit : Fit
        Its precision is A.
    covariance : ndarray, shape (k, k)
        C.
    rows : float
        N.
    """
    relative = np.linalg.solve(fit.precision, covariance) / rows
    first = float(np.trace(relative))
    if first < _SMALL:
        # Sums of μ and μ² are traces, far cheaper than eigenvalues.
        second = float(np.sum(relative * relative.T))
        return first - second / 2, second
    eigenvalues = np.linalg.eigvalsh(fit.whiten @ covariance @ fit.whiten.T)
    logs = np.log1p(np.maximum(eigenvalues, 0.0) / rows)
    return float(logs.sum()), float(np.sum(logs**2))


def _functional(log_ratio: Floats, p: Floats, q: Floats) -> Floats:
    """Return mean_P η − log mean_Q e^η over the last axis of counts p and q.

    The outermost row at either end counts as what the fit expects it to be.
    """
    pooled = p + q
    logit = log_ratio + np.log(p.sum(axis=-1, keepdims=True) / q.sum(axis=-1, keepdims=True))
    keep = inner_share(p, q)
    p = p * keep + pooled * (1 - keep) * sigmoid(logit)
    q = pooled - p
    largest = log_ratio.max(axis=-1, keepdims=True)
    share_p, share_q = p / p.sum(axis=-1, keepdims=True), q / q.sum(axis=-1, keepdims=True)
    mean = np.sum(share_q * np.exp(log_ratio - largest), axis=-1)
    result: Floats = np.sum(share_p * log_ratio, axis=-1) - np.log(mean) - largest[..., 0]
    return result
