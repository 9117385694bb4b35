"""D(P‖Q) of categories as a posterior mean under a mixture of Dirichlet priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.errors import UsageError
from klcli.estimators.frequency import digamma
from klcli.estimators.gamma import log_gamma
from klcli.estimators.multiplicity import multiplicity, unseen_categories
from klcli.typing import Point

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.densities.frequency import Frequency
    from klcli.estimators.multiplicity import Multiplicity
    from klcli.typing import Floats

#: Concentrations α of the priors: from nearly all mass on one category to all shares equal, a
#: factor of 1.6 apart, within which likelihoods hardly change.
CONCENTRATIONS: Final = np.exp(np.linspace(np.log(1e-3), np.log(1e3), 31))
#: Divergences below this are as good as none: the prior is flat in log D above it.
_LEAST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class DirichletMixture:
    r"""Posterior mean of D(P‖Q) with independent Dirichlet priors of unknown concentration.

    For samples that show a good part of the categories not at all, where shares are of the same
    order of magnitude. Given the concentrations α of P and β of Q, with K categories,

    .. math:: E[D] = \sum_k \frac{x_k + α}{n + Kα}
              [ψ(x_k + α + 1) − ψ(n + Kα + 1) − ψ(y_k + β) + ψ(m + Kβ)]

    and the mean is taken over α and β with the likelihood of the counts and the prior of
    Camaglia et al. [1]_: flat in the entropy that α stands for, and, given that, flat in the
    logarithm of the divergence.

    Parameters
    ----------
    density : Frequency
        Must not smooth.

    Notes
    -----
    K is not known: it is the number of categories that either sample shows, plus Chao's lower
    bound for those that neither does. Estimates grow with K where Q is undersampled. Where
    shares fall off like a power of their rank, as words do, no Dirichlet prior fits, and the
    estimate can be far too high.

    References
    ----------
    .. [1] F. Camaglia, I. Nemenman, T. Mora, A. Walczak, "Bayesian estimation of the
       Kullback-Leibler divergence for categorical systems using mixtures of Dirichlet priors",
       Physical Review E 109 (2024) 024305, arXiv:2307.04201. The moments are those of D. Wolpert,
       D. Wolf, Physical Review E 52 (1995) 6841.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.counts import CountTable
    >>> from klcli.densities.frequency import Frequency
    >>> rng = np.random.default_rng(1)
    >>> p = rng.multinomial(900, np.repeat([3, 1], 100) / 400)
    >>> q = rng.multinomial(900, np.ones(200) / 200)
    >>> table = CountTable.categorical(tuple(map(str, range(200))), p, q)
    >>> round(DirichletMixture(Frequency())(table).value, 2)  # truth: 0.13
    0.13
    """

    density: Frequency

    name: ClassVar[str] = "dirichlet-mixture"
    corrects_bias: ClassVar[bool] = True

    def __post_init__(self) -> None:
        refuse_smoothing(self.density, self.name)

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q) with its influence function and posterior variance."""
        counts = multiplicity(table.p, table.q)
        posterior = _Posterior.of(counts)
        seen = counts.pair >= 0
        pair = counts.pair[seen]
        contributions, log_ratio, ratio = (np.zeros(len(table.p)) for _ in range(3))
        shares, terms = posterior.cells()
        # What neither sample has shown belongs to no cell; it is spread as the mass is.
        rest = posterior.value - float(counts.number @ terms)
        contributions[seen] = terms[pair] + rest * shares[pair] / float(counts.number @ shares)
        log_ratio[seen], ratio[seen] = (each[pair] for each in posterior.ratios())
        n, m = max(table.n_p, 1.0), max(table.n_q, 1.0)
        influence_p = log_ratio - table.p @ log_ratio / n
        influence_q = table.q @ ratio / m - ratio
        linear = table.p @ influence_p**2 / n**2 + table.q @ influence_q**2 / m**2
        null = float(np.count_nonzero(seen) - 1) / 2 * (1 / n + 1 / m) ** 2
        excess = max(posterior.variance, null) - min(float(linear), null)
        return Point(
            posterior.value, influence_p, influence_q, contributions,
            excess_variance=excess, null_variance=null,
        )  # fmt: skip

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of `p` and `q`, shape (resamples, cells)."""
        del table
        return np.array(
            [_Posterior.of(multiplicity(*row)).value for row in zip(p, q, strict=True)]
        )


def refuse_smoothing(density: Frequency, estimator: str) -> None:
    """Raise UsageError if `density` smooths, which an estimator with priors has no use for."""
    if density.pseudocount is not None:
        raise UsageError(
            f"--smoothing means nothing to --estimator {estimator}",
            "leave one of them out; --estimator plug-in smooths",
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Posterior:
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
    def of(cls, counts: Multiplicity) -> _Posterior:
        n, m, unseen = counts.n, counts.m, unseen_categories(counts)
        x, y = np.append(counts.x, 0.0), np.append(counts.y, 0.0)
        number = np.append(counts.number, unseen)
        categories = float(number.sum())
        a = CONCENTRATIONS
        share = (x[:, None] + a) / (n + categories * a)
        share_q = (y[:, None] + a) / (m + categories * a)
        log_p = digamma(x[:, None] + a + 1) - digamma(n + categories * a + 1)
        log_q = digamma(y[:, None] + a) - digamma(m + categories * a)
        entropy = digamma(categories * a + 1) - digamma(a + 1)
        cross_entropy = digamma(categories * a) - digamma(a)
        prior = _slope(entropy)[:, None] + _slope(cross_entropy)
        prior -= np.log(np.maximum(cross_entropy - entropy[:, None], _LEAST))
        log_weight = prior + _evidence(x, number)[:, None] + _evidence(y, number)
        weight = np.exp(log_weight - log_weight.max())
        mass = number[:, None] * share
        given = np.sum(mass * log_p, axis=0)[:, None] - mass.T @ log_q
        return cls(weight / weight.sum(), given, share, share_q, log_p, log_q)

    @property
    def value(self) -> float:
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


def _slope(entropy: Floats) -> Floats:
    """Return the log of the slope of an entropy over log α, which makes a prior flat in it."""
    return np.log(np.abs(np.gradient(entropy, np.log(CONCENTRATIONS))) + 1e-300)


def _evidence(counts: Floats, number: Floats) -> Floats:
    """Return the log-likelihood of one sample for each concentration, but for a constant."""
    rows, categories = float(number @ counts), float(number.sum())
    a, seen = CONCENTRATIONS, counts > 0
    total: Floats = log_gamma(categories * a) - log_gamma(rows + categories * a)
    rising = log_gamma(counts[seen][:, None] + a) - log_gamma(a)
    return total + number[seen] @ rising
