"""Smooth f-divergences from the fitted log ratios of numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.densities.groups import discrete, inner_share
from klcli.densities.logistic import sigmoid
from klcli.estimators.quantile_cells import pooled_quantile
from klcli.estimators.ratio import spectrum
from klcli.measures.frequencies import frequencies, mean_variance, plain
from klcli.measures.generator import Estimated, Generator

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.measures.material import Material
    from klcli.typing import Bools, Floats

#: Log ratios beyond this are cut off where squares of ratios must stay numbers.
_LARGEST_LOG: Final = 150.0


def from_ensemble(measure: Generator, material: Material) -> Estimated:
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
    special = table.special
    outer_p, outer_q = _outer(table.p, special), _outer(table.q, special)
    parts = frequencies(measure, outer_p, outer_q, None)
    if not special.any():
        parts = Estimated(0.0, 0.0, 0.0, 0.0)
    numbers = table.numbers
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
        chance = sigmoid(log_ratio + math.log(n / m))
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
    beyond_linear = spread + (finite - _unsmoothed(measure, table, special)) ** 2
    at = np.clip(sign * ensemble.log_ratio() + shift, -_LARGEST_LOG, _LARGEST_LOG)
    with np.errstate(divide="ignore"):
        alone = np.log(np.maximum(outer_p[:-1], 1.0) / table.n_p)
        alone -= np.log(np.maximum(outer_q[:-1], 1.0) / table.n_q)
    log_ratio = np.concatenate([alone, at])
    all_p = np.concatenate([outer_p[:-1], p]) / table.n_p
    all_q = np.concatenate([outer_q[:-1], q]) / table.n_q
    linear = mean_variance(measure.gain(log_ratio), all_p, table.n_p)
    linear += mean_variance(measure.cost(log_ratio), all_q, table.n_q)
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


def _outer(counts: Floats, special: Bools) -> Floats:
    """Return the counts of each cell that is no number, and of all numbers, last."""
    return np.append(counts[special], counts[~special].sum())


def _unsmoothed(measure: Generator, table: CountTable, special: Bools) -> float:
    """Return the estimate from frequencies of 2(n+m)^⅓ quantiles, which assumes no smoothness.

    Of fewer where n and m differ; from the values themselves, where they are discrete.
    """
    within = table.subset(~special)
    cell = np.arange(len(within.p)) if discrete(within) else pooled_quantile(within)
    p, q = (
        np.concatenate([side[special], np.bincount(cell, weights=part)])
        for side, part in ((table.p, within.p), (table.q, within.q))
    )
    return frequencies(measure, p, q, None).finite
