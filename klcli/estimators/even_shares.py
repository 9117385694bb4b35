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
from klcli.estimators.dirichlet_rows import log_evidence_rows, posterior_values
from klcli.estimators.multiplicity import unseen_categories, unseen_categories_rows

if TYPE_CHECKING:
    from klcli.estimators.multiplicity import Multiplicity
    from klcli.typing import Floats, Integers

#: Concentration from which on shares have a most likely size other than 0. Below it the smaller a
#: share, the more likely it is, and what a sample does not show is invented by the prior.
_EVEN: Final = 1.0
#: Fewer categories tell a concentration no better than within a factor of e^(2·√(2/30)) = 1.7, as
#: so many values tell a variance; what is then gained by knowing it is lost again.
FEWEST: Final = 30
#: Cells of tables that are looked at together: where counts are fractions, none repeats, and each
#: has a number for every concentration and every table.
_AT_ONCE: Final = 1 << 14
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
    common = float(log_sum(pooled))
    if log_sum(pooled[kept]) < common + np.log(HARDLY):
        return None
    sides = [log_evidence(np.append(side, 0.0), number) for side in (counts.x, counts.y)]
    independent = float(sum(log_sum(side) for side in sides))
    even = float(sum(log_sum(side[kept]) for side in sides))
    return EvenShares(independent - common, float(np.exp(even - independent)), counts)


@dataclass(frozen=True, slots=True, eq=False)
class EvenRows:
    """What `EvenShares` is, for the tables among many that may have even shares.

    Attributes
    ----------
    place : ndarray of int, shape (tables,)
        Which of the rows they are.
    log_evidence, even : ndarray of float, shape (tables,)
    categories : ndarray of float, shape (tables,)
        How many each has, seen or not.
    """

    place: Integers
    log_evidence: Floats
    even: Floats
    categories: Floats

    def values(self, p: Floats, q: Floats, wanted: Integers) -> Floats:
        """Return the posterior mean of D of the `wanted` of these tables, given all rows."""
        found = [
            posterior_values(p[rows], q[rows], self.categories[some], _EVEN)
            for some, rows in zip(
                _blocks(wanted, p.shape[1]), _blocks(self.place[wanted], p.shape[1]), strict=True
            )
        ]
        return np.concatenate(found)


def even_rows(p: Floats, q: Floats) -> EvenRows:
    """Do what `even_shares` does for each row of two arrays of shape (rows, cells).

    Rows that only exchange P and Q have the same rows in each category, both sides together: what
    depends on these alone is then worked out once.
    """
    pooled = p + q
    if np.all(pooled == pooled[:1]):
        pooled = pooled[:1]
    categories = np.sum(pooled > 0, axis=1) + unseen_categories_rows(pooled)
    kept = CONCENTRATIONS >= _EVEN
    evidence = _log_evidence(pooled, categories, np.arange(len(pooled)))
    common = log_sum(evidence)
    maybe = log_sum(evidence[:, kept]) >= common + np.log(HARDLY)
    maybe &= np.sum(pooled > 0, axis=1) >= FEWEST
    maybe, common, categories = (
        np.broadcast_to(each, len(p)) for each in (maybe, common, categories)
    )
    place = np.flatnonzero(maybe)
    sides = [_log_evidence(side, categories, place) for side in (p, q)]
    independent = log_sum(sides[0]) + log_sum(sides[1])
    even = log_sum(sides[0][:, kept]) + log_sum(sides[1][:, kept])
    return EvenRows(
        place, independent - common[place], np.exp(even - independent), categories[place]
    )


def _log_evidence(counts: Floats, categories: Floats, place: Integers) -> Floats:
    """Return the evidence of the rows at `place`, shape (places, concentrations)."""
    found = [
        log_evidence_rows(counts[some], categories[some])
        for some in _blocks(place, counts.shape[1])
    ]
    return np.concatenate(found) if found else np.empty((0, len(CONCENTRATIONS)))


def _blocks(place: Integers, cells: int) -> list[Integers]:
    size = max(1, _AT_ONCE // cells)
    return [place[first : first + size] for first in range(0, len(place), size)]
