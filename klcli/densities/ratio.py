"""The log density ratio itself, smooth in the pooled rank of the values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.densities.apart import apart, joined
from klcli.densities.bands import of_ensemble
from klcli.densities.bumps import BUMP_VARIANCE, bumps, ends
from klcli.densities.groups import discrete, merge, repeated
from klcli.densities.logistic import Fit, path
from klcli.densities.ratio_models import deviations, models, with_terms
from klcli.densities.residuals import standardised
from klcli.typing import FittedPair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import CountTable
    from klcli.densities.apart import Apart
    from klcli.densities.linear_model import Model
    from klcli.typing import Floats, Integers, LogRatio

#: Fits that weigh less than this in the average are left out of it.
_NEGLIGIBLE_WEIGHT = 1e-4
#: Ends are not added to a model whose evidence is so many nats below the best: with them it would
#: weigh a twentieth of the best with them.
_LAGGING = 3.0
#: Values that repeat have terms of their own where the rest that the best fit leaves is as many
#: standard deviations above its expectation. For s of them the log of the likelihood of a small
#: variance grows by at most s²/2: at one, by less than Akaike's nat for a parameter.
_WORTH_A_FIT = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Fits of several models of one table, weighted by their evidence.

    Attributes
    ----------
    group : ndarray of int, shape (cells,)
        Which group of neighbouring cells each cell of the table belongs to.
    p, q : ndarray, shape (groups,)
        Counts of each group.
    members : list of (Model, Fit)
        The fits that matter.
    weights : ndarray, shape (members,)
        Posterior probabilities; they sum to 1.
    """

    group: Integers
    p: Floats
    q: Floats
    members: list[tuple[Model, Fit]]
    weights: Floats

    def log_ratio(self) -> Floats:
        """Return the averaged log p/q, shape (groups,)."""
        ratios = np.stack([fit.log_ratio for _, fit in self.members])
        averaged: Floats = self.weights @ ratios
        return averaged


@dataclass(frozen=True, slots=True)
class Ratio:
    """The log ratio by penalised logistic regression on the pooled rank.

    Four models compete: a natural cubic smoothing spline in the normal score of the pooled rank
    (linear tails, so normal pairs are nearly linear or quadratic in it), the same with a term for
    each heavy atom, the same with a Pareto tail of the ratio at either end, and a first-order
    smoothing spline in the rank (a random walk, for steps, spikes and categories in order). Where
    values repeat and differ from what the best of these says by more than chance, two more join:
    one term for all values where rows are heaped (ages at multiples of five), and a line with an
    independent deviation of each value (random effects [4]_, for values that neighbours say
    nothing of). The smoothing parameter of each is integrated over by its Laplace evidence, and
    so is the choice between them, so that a null pair is fitted by a constant and a sharp one by
    as many terms as the data can carry.

    Cells are merged for that. Those that then still differ within their groups count by
    themselves, as schedules do, whose minutes say nothing of each other: see `by_cell`.

    Parameters
    ----------
    groups : int
        Cells are merged to about this many before fitting. Merging loses information of order
        1/groups², below the sampling error of any sample that one would fit.

    Notes
    -----
    Only ranks enter: the fit does not change under monotone maps of the values.

    References
    ----------
    .. [1] B. W. Silverman, "Density ratios, empirical likelihood and cot death", Applied
       Statistics 27 (1978), 26-33.
    .. [2] G. Wahba, "Spline Models for Observational Data", SIAM 1990, chapters 1 and 4.
    .. [3] D. J. C. MacKay, "Bayesian interpolation", Neural Computation 4 (1992), 415-447.
    .. [4] N. E. Breslow, D. G. Clayton, "Approximate inference in generalized linear mixed
       models", J. Am. Stat. Assoc. 88 (1993), 9-25.
    """

    groups: int = 256
    name: ClassVar[str] = "ratio"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False

    def reduce(self, table: CountTable) -> CountTable:
        """Merge neighbouring cells of numbers, so that all that follows is quick.

        Cells that hold no finite number stay as they are, and all do that count by themselves.
        """
        numbers = ~table.special
        if np.count_nonzero(numbers) <= self.groups:
            return table
        group = merge((table.p + table.q)[numbers], self.groups)
        return table if apart(table.subset(numbers), group) else joined(table, group)

    def by_cell(self, numbers: CountTable) -> Apart | None:
        """Tell whether cells that would be merged count by themselves, see `apart`."""
        if len(numbers.p) <= self.groups:
            return None
        return apart(numbers, merge(numbers.p + numbers.q, self.groups))

    def ensemble(self, table: CountTable) -> Ensemble:
        """Fit all models to a table of numeric cells in which both samples have rows."""
        group = merge(table.p + table.q, self.groups)
        p = np.bincount(group, table.p).astype(float)
        q = np.bincount(group, table.q).astype(float)
        competing = models(p + q, discrete(table))
        paths = [path(model, p, q) for model in competing]
        fits = [
            (model, fit) for model, along in zip(competing, paths, strict=True) for fit in along
        ]
        if len(competing) > 1:
            rough = _with_bumps(competing[0], paths[0], p, q)
            # A ratio that jumps at both ends may be smooth between them or flat.
            parting = ends(np.full(len(p), np.log(p.sum() / q.sum())), p, q)
            parted = [
                _with_levels(competing[base], *parting, p, q)
                if _most(fits) - max(fit.log_evidence for fit in paths[base]) < _LAGGING
                else []
                for base in (0, -1)
            ]
            rough += parted[0]
            if _most(rough) > _most(fits):
                rough += _with_bumps(competing[-1], paths[-1], p, q)
            rough += parted[1]
            fits += rough
            best = max(fits, key=lambda fit: fit[1].log_evidence)
            for further in deviations(p + q, repeated(table, group)):
                if standardised(further.terms, *best, p, q) > _WORTH_A_FIT:
                    model = further.model(p + q, competing[0])
                    fits += [(model, fit) for fit in path(model, p, q)]
        evidence = np.array([fit.log_evidence for _, fit in fits])
        weights = np.exp(evidence - evidence.max())
        weights /= weights.sum()
        keep = weights > _NEGLIGIBLE_WEIGHT
        members = [fit for fit, kept in zip(fits, keep, strict=True) if kept]
        return Ensemble(group, p, q, members, weights[keep] / weights[keep].sum())

    def fit(self, table: CountTable) -> FittedPair:
        """Return the mass that the fitted P and Q give to each cell.

        The pooled mass of a cell is split between P and Q by the fitted ratio.
        """
        ensemble = self.ensemble(table)
        log_ratio = ensemble.log_ratio()[ensemble.group]
        with np.errstate(divide="ignore"):
            log_pooled = np.log(table.p + table.q)
        logit = log_ratio + np.log(table.n_p / table.n_q)
        log_p = log_pooled - np.logaddexp(0, -logit)
        log_q = log_pooled - np.logaddexp(0, logit)
        return FittedPair(log_p - np.logaddexp.reduce(log_p), log_q - np.logaddexp.reduce(log_q))

    def band(self, table: CountTable) -> LogRatio:
        """Return the log ratio at each cell, with its posterior standard deviation."""
        ensemble = self.ensemble(table)
        return of_ensemble(ensemble, ensemble.group)


def _most(fits: list[tuple[Model, Fit]]) -> float:
    """Return the largest log evidence of some fits, −inf of none."""
    return max((fit.log_evidence for _, fit in fits), default=-np.inf)


def _with_bumps(smooth: Model, along: list[Fit], p: Floats, q: Floats) -> list[tuple[Model, Fit]]:
    """Fit a model with a level of its own for each stretch that sticks out of it.

    They are looked for around no difference at all, around the smoothest fit and around the one
    with the most evidence.
    """
    offset = np.log(p.sum() / q.sum())
    found: dict[tuple[tuple[int, int], ...], float] = {}
    best = max(along, key=lambda fit: fit.log_evidence)
    around = [along[0]] if best is along[0] else [along[0], best]
    for log_ratio in (np.zeros(len(p)), *(fit.log_ratio for fit in around)):
        places, log_prior = bumps(log_ratio + offset, p, q)
        found.setdefault(tuple(places), log_prior)
    return [
        fit
        for stretches, log_prior in found.items()
        for fit in _with_levels(smooth, stretches, log_prior, p, q)
    ]


def _with_levels(
    smooth: Model, stretches: Sequence[tuple[int, int]], log_prior: float, p: Floats, q: Floats
) -> list[tuple[Model, Fit]]:
    """Fit a model with a level of its own for each of some stretches, if there are any."""
    if not stretches:
        return []
    extra = np.zeros((len(p), len(stretches)))
    for column, (first, stop) in enumerate(stretches):
        extra[first:stop, column] = 1
    model = with_terms(smooth, extra, BUMP_VARIANCE, float(p.sum() + q.sum()))
    return [
        (model, replace(fit, log_evidence=fit.log_evidence + log_prior))
        for fit in path(model, p, q)
    ]
