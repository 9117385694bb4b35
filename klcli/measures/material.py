"""What the divergences of one column are computed from; whatever takes time is shared by them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from klcli.densities.ratio import Ratio
from klcli.streams import stream

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.counts import CountTable
    from klcli.densities.ratio import Ensemble
    from klcli.results import Finding, Kind, Status
    from klcli.typing import Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """What the diagnostics of D(P‖Q) say, in one direction.

    Attributes
    ----------
    status : Status
        How far that estimate can be trusted.
    estimate, low : float
        The estimate and the lower end of its interval, in nats.
    findings : tuple of Finding
        Why.
    """

    status: Status
    estimate: float
    low: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class Material:
    """One column of two datasets.

    Attributes
    ----------
    name : str
        The column.
    kind : Kind
        What its values are.
    table : CountTable
        The cells that D(P‖Q) was estimated from.
    fine : CountTable or None
        Cells of numbers at quantiles, all there are; None for categories, and where a method has
        cells of its own.
    span : tuple of float
        Smallest and largest finite number of both sides.
    density : str
        "ratio", "frequency" or "histogram".
    added : float or None
        Smoothing of frequencies; None for correction of bias instead.
    forward, reverse : Judged
        What is said of D(P‖Q) and of D(Q‖P).
    p_value : float
        Of the permutation test of no difference whose statistic belongs to the density; NaN
        without permutations.
    null_values : ndarray, shape (permutations,)
        Estimates of D(P‖Q), in nats, with labels exchanged.
    confidence : float
        Of intervals and noise floors.
    resamples : int
        Permutations; 0 leaves out p-values.
    weighted : bool
        Whether rows weigh differently, and so cannot change places.
    seed : int
        Source of randomness.
    names : tuple of str
        What to call both samples.
    """

    name: str
    kind: Kind
    table: CountTable
    fine: CountTable | None
    span: tuple[float, float]
    density: str
    added: float | None
    forward: Judged
    reverse: Judged
    p_value: float
    null_values: Floats
    confidence: float
    resamples: int
    weighted: bool
    seed: int
    names: tuple[str, str] = ("P", "Q")
    turned: bool = False
    shared: dict[str, Any] = field(default_factory=dict)

    def swapped(self) -> Material:
        """Return the same with P and Q exchanged."""
        fine = None if self.fine is None else self.fine.swapped()
        return replace(
            self,
            table=self.table.swapped(),
            fine=fine,
            forward=self.reverse,
            reverse=self.forward,
            names=self.names[::-1],
            turned=not self.turned,
        )

    def rng(self, purpose: str) -> Generator:
        """Return a source of randomness that no other column or purpose shares."""
        return stream(self.seed, purpose, self.name)

    @property
    def level(self) -> float:
        """The p-value above which an interval reaches down to 0.

        The smallest that so many permutations can give is below it.
        """
        return max((1 - self.confidence) / 2, 1 / (self.resamples + 1) + 1e-9)

    @property
    def ensemble(self) -> Ensemble:
        """The fitted log ratios of the finite numbers, of P to Q before any exchange of them."""
        if "ensemble" not in self.shared:
            numbers = self.table.numbers.swapped() if self.turned else self.table.numbers
            self.shared["ensemble"] = Ratio().ensemble(numbers)
        ensemble: Ensemble = self.shared["ensemble"]
        return ensemble
