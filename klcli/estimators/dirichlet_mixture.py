"""D(P‖Q) of categories as a posterior mean under a mixture of Dirichlet priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.errors import UsageError
from klcli.estimators.dirichlet import DirichletPosterior
from klcli.estimators.multiplicity import multiplicity
from klcli.typing import Point

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.densities.frequency import Frequency
    from klcli.estimators.multiplicity import Multiplicity
    from klcli.typing import Floats


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
        return posterior_point(table, counts, DirichletPosterior.of(counts))

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of `p` and `q`, shape (resamples, cells)."""
        del table
        return np.array(
            [DirichletPosterior.of(multiplicity(*row)).value for row in zip(p, q, strict=True)]
        )


def posterior_point(
    table: CountTable, counts: Multiplicity, posterior: DirichletPosterior
) -> Point:
    """Return the posterior mean of a table with its influence function and posterior variance."""
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


def refuse_smoothing(density: Frequency, estimator: str) -> None:
    """Raise UsageError if `density` smooths, which an estimator with priors has no use for."""
    if density.pseudocount is not None:
        raise UsageError(
            f"--smoothing means nothing to --estimator {estimator}",
            "leave one of them out; --estimator plug-in smooths",
        )
