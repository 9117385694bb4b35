"""Categories of about the same size: what their counts say of their shares, and of D."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.estimators.dirichlet import (
    CONCENTRATIONS,
    DirichletPosterior,
    log_evidence,
    log_sum,
)
from klcli.estimators.multiplicity import unseen_categories

if TYPE_CHECKING:
    from klcli.estimators.multiplicity import Multiplicity

#: Concentration from which on shares have a most likely size other than 0. Below it the smaller a
#: share, the more likely it is, and what a sample does not show is invented by the prior.
_EVEN: Final = 1.0
#: Fewer categories tell a concentration no better than within a factor of e^(2·√(2/30)) = 1.7, as
#: so many values tell a variance; what is then gained by knowing it is lost again.
FEWEST: Final = 30
#: What is less likely than this is left out: it would move an estimate by as small a part.
HARDLY: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class EvenShares:
    """What independent Dirichlet priors make of two samples, and how well they fit.

    Attributes
    ----------
    log_evidence : float
        Of independent shares against shares that both samples have in common.
    even : float
        How likely it is, given that they are independent, that both concentrations are at least 1.
    counts : Multiplicity
    """

    log_evidence: float
    even: float
    counts: Multiplicity

    @property
    def posterior(self) -> DirichletPosterior:
        """Given that they are; worked out when it is asked for."""
        return DirichletPosterior.of(self.counts).at_least(_EVEN)


def even_shares(counts: Multiplicity) -> EvenShares | None:
    """Compare independent shares of P and Q with common ones; None where no shares are even.

    Independent shares have a Dirichlet prior of unknown concentration each, common ones a single
    one for both samples. Given common shares, the rows of P in a category are drawn from all rows
    in it; so a Bayes factor of differing against equal log ratios, as
    `klcli.estimators.no_difference` has it, is on the same scale as `log_evidence`.

    The comparison is that of I. J. Good, "On the application of symmetric Dirichlet
    distributions and their mixtures to contingency tables", Annals of Statistics 4 (1976) 1159,
    doi:10.1214/aos/1176343649.
    """
    if counts.number.sum() < FEWEST:
        return None
    number = np.append(counts.number, unseen_categories(counts))
    kept = CONCENTRATIONS >= _EVEN
    pooled = log_evidence(np.append(counts.pooled, 0.0), number)
    common = log_sum(pooled)
    if log_sum(pooled[kept]) < common + np.log(HARDLY):
        return None
    sides = [log_evidence(np.append(side, 0.0), number) for side in (counts.x, counts.y)]
    independent = sum(log_sum(side) for side in sides)
    even = sum(log_sum(side[kept]) for side in sides)
    return EvenShares(independent - common, float(np.exp(even - independent)), counts)
