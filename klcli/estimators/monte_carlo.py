"""D(P‖Q) of any two fitted models, as a mean over draws from the fitted P."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import numpy as np

from klcli.errors import UsageError
from klcli.estimators.fitted import fitted_influence
from klcli.typing import Point

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Density, FittedPair, Floats, Integers

#: Independent replicates of the stratified sample; their spread tells the error.
REPLICATES: Final = 20


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """The mean of log(p̂/q̂) over draws from p̂, for any density.

    To check the plug-in estimate by another road. Draws are stratified: each of 20 replicates
    takes one draw from each of equally many, equally likely slices of p̂ [1]_. The standard
    error is that of the mean of the replicates, which are independent.

    Parameters
    ----------
    density : Density
        The models. Its `fit` is used; or, where it has mass in cells that no row fell into, its
        `tuned`, which fits on all cells.
    draws : int
        How many in all, at least 20.
    seed : int
        The same seed gives the same draws, also for each resample of `values`.

    Notes
    -----
    With frequencies or histograms nothing corrects for bias; with smoothing ``none`` the value is
    infinite where p̂ has mass that q̂ has not, whether or not a draw fell there.

    References
    ----------
    .. [1] W. Cochran, "Sampling Techniques", 3rd edition (1977), chapter 5; for divergences
       J. Hershey, P. Olsen, "Approximating the Kullback Leibler divergence between Gaussian
       mixture models", ICASSP 2007, doi:10.1109/ICASSP.2007.366913.
    """

    density: Density
    draws: int = 20_000
    seed: int = 0

    name: ClassVar[str] = "monte-carlo"

    def __post_init__(self) -> None:
        if self.draws < REPLICATES:
            raise UsageError(f"{self.draws} draws are too few", f"give at least {REPLICATES}")

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q); draws between the cells of `table` count for the nearest."""
        model = self._model(table)
        mass, log_ratio = _ratio(model.fit(table.p, table.q))
        influence_p, influence_q = fitted_influence(table, log_ratio[model.cells])
        finite = np.where(mass > 0, log_ratio, 0.0)
        if np.isposinf(finite).any():
            shares, error = mass, 0.0
        else:
            drawn = self._drawn(mass)
            means = finite[drawn].mean(axis=1)
            error = float(means.std(ddof=1)) / REPLICATES**0.5
            shares = np.bincount(drawn.ravel(), minlength=len(mass)) / drawn.size
        # An infinite ratio times no mass at all is nothing.
        terms = np.multiply(shares, finite, out=np.zeros(len(mass)), where=shares > 0)
        contributions = np.zeros(len(table.p))
        np.add.at(contributions, model.owners, terms)
        value = float(contributions.sum())
        return Point(value, influence_p, influence_q, contributions, monte_carlo_error=error)

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of `p` and `q`, shape (resamples, cells)."""
        model = self._model(table)
        values = np.empty(len(p))
        for row, counts in enumerate(zip(p, q, strict=True)):
            mass, log_ratio = _ratio(model.fit(*counts))
            infinite = np.isposinf(log_ratio[mass > 0]).any()
            values[row] = np.inf if infinite else log_ratio[self._drawn(mass)].mean()
        return values

    def _model(self, table: CountTable) -> _Model:
        tuned = getattr(self.density, "tuned", None)
        model: _Model = _Plain(self.density, table) if tuned is None else tuned(table)
        return model

    def _drawn(self, mass: Floats) -> Integers:
        """Return drawn cells, shape (replicates, draws / replicates)."""
        strata = self.draws // REPLICATES
        uniform = np.random.default_rng(self.seed).random((REPLICATES, strata))
        occupied = np.flatnonzero(mass)
        cumulated = np.cumsum(mass[occupied])
        slices = (np.arange(strata) + uniform) / strata * cumulated[-1]
        drawn = np.searchsorted(cumulated, slices, side="right")
        result: Integers = occupied[np.minimum(drawn, len(occupied) - 1)]
        return result


class _Model(Protocol):
    """A density whose tuning is fixed, on cells that hold all its mass."""

    @property
    def cells(self) -> Integers:
        """Where each cell of the table is among those of the model."""

    @property
    def owners(self) -> Integers:
        """The cell of the table that each cell of the model belongs to."""

    def fit(self, p: Floats, q: Floats) -> FittedPair:
        """Return log masses on the cells of the model, from counts on those of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plain:
    """A density that has mass only in the cells of the table."""

    density: Density
    table: CountTable

    @property
    def cells(self) -> Integers:
        return np.arange(len(self.table.p))

    owners = cells

    def fit(self, p: Floats, q: Floats) -> FittedPair:
        return self.density.fit(replace(self.table, p=p, q=q))


def _ratio(fitted: FittedPair) -> tuple[Floats, Floats]:
    """Return the mass of P and log(p/q), which is −inf where P has no mass."""
    mass = np.exp(fitted.log_p)
    nothing = np.full_like(mass, -np.inf)
    return mass, np.subtract(fitted.log_p, fitted.log_q, out=nothing, where=mass > 0)
