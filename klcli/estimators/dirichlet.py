"""Shares of categories under independent Dirichlet priors of unknown concentration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.estimators.frequency import digamma
from klcli.estimators.gamma import log_gamma
from klcli.estimators.multiplicity import unseen_categories

if TYPE_CHECKING:
    from klcli.estimators.multiplicity import Multiplicity
    from klcli.typing import Floats

#: Concentrations α of the priors: from nearly all mass on one category to all shares equal, a
#: factor of 1.6 apart, within which likelihoods hardly change.
CONCENTRATIONS: Final = np.exp(np.linspace(np.log(1e-3), np.log(1e3), 31))
#: Divergences below this are as good as none: the prior is flat in log D above it.
LEAST: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class DirichletPosterior:
    """Moments given each pair of concentrations (α, β), with the weight of each pair.

    Attributes
    ----------
    weight : ndarray of float, shape (α, β)
    given : ndarray of float, shape (α, β)
        Posterior mean of D.
    share : ndarray of float, shape (pairs, α)
        Posterior mean of the share in P of a category with the counts of each pair; the last
        is for categories that neither side shows.
    log_p : ndarray of float, shape (pairs, α)
        E[p log p]/E[p].
    log_q : ndarray of float, shape (pairs, β)
        E[log q].
    """

    weight: Floats
    given: Floats
    share: Floats
    share_q: Floats
    log_p: Floats
    log_q: Floats

    @classmethod
    def of(cls, counts: Multiplicity) -> DirichletPosterior:
        """Work out the moments for the counts of two samples."""
        n, m, unseen = counts.n, counts.m, unseen_categories(counts)
        x, y = np.append(counts.x, 0.0), np.append(counts.y, 0.0)
        number = np.append(counts.number, unseen)
        categories = float(number.sum())
        a = CONCENTRATIONS
        share = (x[:, None] + a) / (n + categories * a)
        share_q = (y[:, None] + a) / (m + categories * a)
        log_p = _digamma_plus(x, a + 1) - digamma(n + categories * a + 1)
        log_q = _digamma_plus(y, a) - digamma(m + categories * a)
        entropy = digamma(categories * a + 1) - digamma(a + 1)
        cross_entropy = digamma(categories * a) - digamma(a)
        prior = slope(entropy)[:, None] + slope(cross_entropy)
        prior -= np.log(np.maximum(cross_entropy - entropy[:, None], LEAST))
        log_weight = prior + _log_likelihood(x, number)[:, None] + _log_likelihood(y, number)
        weight = np.exp(log_weight - log_weight.max())
        mass = number[:, None] * share
        given = np.sum(mass * log_p, axis=0)[:, None] - mass.T @ log_q
        return cls(weight / weight.sum(), given, share, share_q, log_p, log_q)

    def at_least(self, concentration: float) -> DirichletPosterior:
        """Leave out smaller concentrations, on either side."""
        kept = concentration <= CONCENTRATIONS
        weight = self.weight * kept[:, None] * kept
        return replace(self, weight=weight / weight.sum())

    @property
    def value(self) -> float:
        """Posterior mean of D, in nats."""
        return float(np.sum(self.weight * self.given))

    @property
    def variance(self) -> float:
        """How much the concentrations leave open."""
        return float(np.sum(self.weight * (self.given - self.value) ** 2))

    def cells(self) -> tuple[Floats, Floats]:
        """Return the share in P and the contribution of each category of each pair."""
        at_a, share = self.weight.sum(axis=1), self.share[:-1]
        own = (share * self.log_p[:-1]) @ at_a
        cross = np.einsum("ka,ab,kb->k", share, self.weight, self.log_q[:-1])
        return share @ at_a, own - cross

    def ratios(self) -> tuple[Floats, Floats]:
        """Return log(p/q) and p/q of the posterior means of each pair."""
        at_a, at_b = self.weight.sum(axis=1), self.weight.sum(axis=0)
        log_ratio = self.log_p[:-1] @ at_a - self.log_q[:-1] @ at_b
        return log_ratio, (self.share[:-1] @ at_a) / (self.share_q[:-1] @ at_b)


def _digamma_plus(counts: Floats, added: Floats) -> Floats:
    """Return ψ(count + added), shape (counts, added), with equal counts worked out once."""
    each, place = np.unique(counts, return_inverse=True)
    result: Floats = digamma(each[:, None] + added)[place]
    return result


def slope(entropy: Floats) -> Floats:
    """Return the log of the slope of an entropy over log α, which makes a prior flat in it.

    Over the last axis, that of concentrations.
    """
    return np.log(np.abs(np.gradient(entropy, np.log(CONCENTRATIONS), axis=-1)) + 1e-300)


def log_evidence(counts: Floats, number: Floats) -> Floats:
    """Return the log-likelihood of one sample times the prior of each concentration.

    The prior is flat in the entropy that a concentration stands for.

    Parameters
    ----------
    counts, number : ndarray of float, shape (k,)
        So many categories have each of these counts; some may have none.

    Returns
    -------
    ndarray of float, shape (concentrations,)
        Without n!/Πx!, which no model changes.
    """
    return log_prior(number.sum()) + _log_likelihood(counts, number)


def log_prior(categories: Floats) -> Floats:
    """Return the log prior of each concentration, flat in its entropy, along the last axis."""
    a = CONCENTRATIONS
    density = slope(digamma(categories * a + 1) - digamma(a + 1))
    result: Floats = density - log_sum(density)[..., None]
    return result


def log_sum(logs: Floats) -> Floats:
    """Return log Σ exp over the last axis."""
    largest = logs.max(axis=-1)
    result: Floats = np.log(np.exp(logs - largest[..., None]).sum(axis=-1)) + largest
    return result


def _log_likelihood(counts: Floats, number: Floats) -> Floats:
    """Return the log-likelihood of one sample for each concentration, but for a constant."""
    rows, categories = float(number @ counts), float(number.sum())
    a = CONCENTRATIONS
    each, place = np.unique(counts, return_inverse=True)
    many, seen = np.bincount(place, number), each > 0
    total: Floats = log_gamma(categories * a) - log_gamma(rows + categories * a)
    rising = log_gamma(each[seen][:, None] + a) - log_gamma(a)
    return total + many[seen] @ rising
