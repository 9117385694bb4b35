"""Smooth f-divergences of one column: estimate, variance, interval, status."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from klcli.densities.frequency import masses
from klcli.densities.ratio import discrete, inner_share
from klcli.diagnostics.support import no_number
from klcli.estimators.empirical_bayes import posterior_weight
from klcli.estimators.multiplicity import multiplicity
from klcli.estimators.no_difference import log_bayes_factor, probability
from klcli.estimators.ratio import pooled_quantile, spectrum
from klcli.estimators.ratio_prior import posterior
from klcli.intervals.delta import averaged_error
from klcli.intervals.influence import noncentral_interval
from klcli.intervals.permutation import Null
from klcli.measures.contract import Measured
from klcli.measures.status import judged
from klcli.quantiles import upper_quantile
from klcli.typing import Interval

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.measures.material import Material
    from klcli.results import Finding
    from klcli.typing import Bools, Floats

#: Log ratios beyond this are cut off where squares of ratios must stay numbers.
_LARGEST_LOG: Final = 150.0


class Generator(Protocol):
    """The functions of the log ratio that make up an f-divergence; see `klcli.measures.smooth`."""

    @property
    def curvature(self) -> float:
        """f″(1)."""

    @property
    def power(self) -> float:
        """Power of p/q whose mean under Q has to be finite; 0 if all are."""

    @property
    def reverse_power(self) -> float:
        """Power of q/p whose mean under P has to be finite; 0 if all are."""

    @property
    def largest(self) -> float:
        """The largest value, in the scale of f."""

    def gain(self, log_ratio: Floats) -> Floats:
        """Return what a row of P adds."""

    def cost(self, log_ratio: Floats) -> Floats:
        """Return what a row of Q takes away."""

    def bend(self, log_ratio: Floats) -> Floats:
        """Return the second derivative, as r²·f″(r)."""

    def shown(self, value: float) -> float:
        """Turn the scale of f into what is reported."""

    def at_least(self, forward: float, reverse: float) -> float:
        """Return what D(P‖Q) and D(Q‖P) in nats prove of it, in the scale of f."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate in the scale of f.

    Attributes
    ----------
    value : float
        inf where P or Q has cells that the other lacks, and f makes that infinite.
    finite : float
        The value over what both sides show.
    variance, at_null : float
        As observed, and what would be left if P = Q.
    alike : float
        Probability that nothing differs, by which the values have been averaged with 0; the
        variances are those before.
    """

    value: float
    finite: float
    variance: float
    at_null: float
    alike: float = 0.0


def estimated(measure: Generator, material: Material) -> Measured | Finding:
    """Estimate a smooth f-divergence with an interval that is calibrated near zero, too.

    Near zero every smooth f-divergence is f″(1) times D(P‖Q) [1]_: in units of f″(1) it has the
    null distribution of that, and the same interval. What is reported is an increasing function
    of it, applied to the estimate and to both ends.

    References
    ----------
    .. [1] I. Csiszár, P. C. Shields, "Information Theory and Statistics: A Tutorial" (2004),
       theorem 4.1, doi:10.1561/0100000004.
    """
    found = evaluate(measure, material)
    unit = measure.curvature
    scored = interval(found, unit, material.table, material.confidence)
    low, high = scored.low, min(scored.high, measure.largest)
    floor = math.nan
    null = material.null_values
    if null.size:
        floor = unit * upper_quantile(null, material.confidence)
        low = low if Null(material.p_value, null).refuses_equality(material.confidence) else 0.0
    verdict = judged(measure, material, found)
    spread = scored.standard_error
    error = (measure.shown(found.finite + spread) - measure.shown(found.finite - spread)) / 2
    if not math.isfinite(error):
        error = spread
    value = measure.shown(verdict.value)
    if verdict.value != found.value and math.isfinite(value):
        # What D(P‖Q) proves has an error of its own.
        z = NormalDist().inv_cdf(0.5 + material.confidence / 2)
        error = max(value - measure.shown(verdict.bound), 0.0) / z
    return Measured(
        value=value,
        finite=measure.shown(found.finite),
        low=min(max(0.0, measure.shown(max(low, verdict.bound))), max(value, 0.0)),
        high=max(0.0, measure.shown(measure.largest if verdict.open_above else high)),
        standard_error=error,
        p_value=material.p_value,
        noise_floor=measure.shown(floor) if math.isfinite(floor) else floor,
        density=material.density,
        estimator="plug-in",
        interval="influence",
        reason=_REASONS[material.density],
        status=verdict.status,
        findings=verdict.findings,
    )


def interval(found: Estimated, unit: float, table: CountTable, confidence: float) -> Interval:
    """Return the interval that D(P‖Q) has, in units of f″(1), in the scale of f."""
    scored = noncentral_interval(
        found.finite / (1 - found.alike) / unit, found.variance / unit**2,
        found.at_null / unit**2, table.n_p, table.n_q, confidence,
    )  # fmt: skip
    error = averaged_error(found.finite, max(found.variance, found.at_null), found.alike)
    return Interval(scored.low * unit, scored.high * unit, error)


_REASONS: Final = {
    "ratio": "from the fitted density ratio, with its first-order correction",
    "frequency": "from frequencies, corrected for bias to second order",
    "histogram": "from the bins, corrected for bias to second order",
}


def evaluate(measure: Generator, material: Material) -> Estimated:
    """Estimate in the scale of f."""
    if material.density != "ratio":
        table = material.table
        found = frequencies(measure, table.p, table.q, material.added)
        if material.density == "frequency" and material.added is None:
            return _shrunk(measure, table, found)
        return found
    return _ratio(measure, material)


def _shrunk(measure: Generator, table: CountTable, found: Estimated) -> Estimated:
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
        own = _variance(measure.gain(log_ratio), table.p[shown] / table.n_p, table.n_p)
        own += _variance(measure.cost(log_ratio), table.q[shown] / table.n_q, table.n_q)
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
    linear = _variance(gain, own_p, n) + _variance(cost, own_q, m)
    each = (bend * (1 / (n * ratio) + 1 / m)) ** 2
    quadratic = max(0.0, 0.5 * float(each.sum() - own_p @ each))
    return Estimated(
        finite if math.isfinite(value) else value,
        finite,
        max(quadratic, linear - quadratic),
        quadratic,
    )


def _variance(values: Floats, share: Floats, rows: float) -> float:
    total = share.sum()
    centred = values - share @ values / total
    return float(share @ centred**2) / float(total) / rows


def _ratio(measure: Generator, material: Material) -> Estimated:
    """Estimate from the fitted log ratios of the numbers, and cells that are no numbers.

    For one fit η, mean_P f′(e^η) − mean_Q [e^η f′(e^η) − f(e^η)] is the variational bound of [1]_
    and at the same time the plug-in value with its first-order correction [2]_. What fitting to
    the same rows adds to it is expected to be ½ tr(A⁻¹C)/N with C = ∫ q r²f″(r) b bᵀ for the
    basis b, as it is for D(P‖Q); see `klcli.estimators.ratio.RatioPlugIn`, also for the variance.

    References
    ----------
    .. [1] X. Nguyen, M. Wainwright, M. Jordan, "Estimating divergence functionals and the
       likelihood ratio by convex risk minimization", IEEE Transactions on Information Theory 56
       (2010) 5847, eq. 4, doi:10.1109/TIT.2010.2068870.
    .. [2] K. Kandasamy et al., "Nonparametric von Mises estimators for entropies, divergences
       and mutual informations", NIPS 2015, arXiv:1411.4342.
    """
    table = material.table
    single = no_number(table)
    outer_p, outer_q = _outer(table.p, single), _outer(table.q, single)
    parts = frequencies(measure, outer_p, outer_q, None)
    if not single.any():
        parts = Estimated(0.0, 0.0, 0.0, 0.0)
    numbers = material.numbers
    if numbers.n_p == 0 or numbers.n_q == 0:
        return parts
    ensemble, sign = material.ensemble, -1 if material.turned else 1
    p, q = (ensemble.p, ensemble.q)[::sign]
    n, m = float(p.sum()), float(q.sum())
    share_p, share_q = n / table.n_p, m / table.n_q
    shift = math.log(share_p / share_q)
    keep = inner_share(p, q)
    values, quadratic = [], []
    for model, fit in ensemble.members:
        log_ratio = sign * fit.log_ratio
        chance = 1 / (1 + np.exp(-np.clip(log_ratio + math.log(n / m), -700, 700)))
        kept_p = p * keep + (p + q) * (1 - keep) * chance
        kept_q = p + q - kept_p
        at = np.clip(log_ratio + shift, -_LARGEST_LOG, _LARGEST_LOG)
        within = share_p * float(kept_p @ measure.gain(at)) / kept_p.sum()
        within -= share_q * float(kept_q @ measure.cost(at)) / kept_q.sum()
        mass_q = (p + q) * (1 - chance)
        weight = share_q * mass_q / mass_q.sum() * measure.bend(at)
        mass_p = (p + q) * chance / float((p + q) @ chance)
        root = (model.design - mass_p @ model.design) * np.sqrt(weight)[:, None]
        optimism, squares = spectrum(fit, root.T @ root, n + m)
        values.append(within - 0.5 * optimism)
        quadratic.append(0.5 * squares)
    within = float(ensemble.weights @ values)
    # The cells that are no numbers add their terms; that of all numbers is in `within` already.
    value, finite = (each + within for each in _rest(measure, parts, outer_p, outer_q))
    spread = float(ensemble.weights @ (np.array(quadratic) + (np.array(values) - within) ** 2))
    beyond_linear = spread + (finite - _unsmoothed(measure, table, single)) ** 2
    at = np.clip(sign * ensemble.log_ratio() + shift, -_LARGEST_LOG, _LARGEST_LOG)
    with np.errstate(divide="ignore"):
        alone = np.log(np.maximum(outer_p[:-1], 1.0) / table.n_p)
        alone -= np.log(np.maximum(outer_q[:-1], 1.0) / table.n_q)
    log_ratio = np.concatenate([alone, at])
    all_p = np.concatenate([outer_p[:-1], p]) / table.n_p
    all_q = np.concatenate([outer_q[:-1], q]) / table.n_q
    linear = _variance(measure.gain(log_ratio), all_p, table.n_p)
    linear += _variance(measure.cost(log_ratio), all_q, table.n_q)
    at_null = beyond_linear + parts.at_null
    return Estimated(value, finite, linear + at_null, at_null)


def _rest(
    measure: Generator, parts: Estimated, outer_p: Floats, outer_q: Floats
) -> tuple[float, float]:
    """Take the term of all numbers together out of the sum over parts."""
    if len(outer_p) == 1:
        return 0.0, 0.0
    together = plain(measure, outer_p[-1:] / outer_p.sum(), outer_q[-1:] / outer_q.sum())
    return parts.value - together, parts.finite - together


def _outer(counts: Floats, single: Bools) -> Floats:
    """Return the counts of each cell that is no number, and of all numbers, last."""
    return np.append(counts[single], counts[~single].sum())


def _unsmoothed(measure: Generator, table: CountTable, single: Bools) -> float:
    """Return the estimate from frequencies of 2(n+m)^⅓ quantiles, which assumes no smoothness.

    Of fewer where n and m differ; from the values themselves, where they are discrete.
    """
    within = table.subset(~single)
    cell = np.arange(len(within.p)) if discrete(within) else pooled_quantile(within)
    p, q = (
        np.concatenate([side[single], np.bincount(cell, weights=part)])
        for side, part in ((table.p, within.p), (table.q, within.q))
    )
    return frequencies(measure, p, q, None).finite
