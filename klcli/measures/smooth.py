"""The smooth f-divergences E_Q[f(p/q)]: each is three functions of the log ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.errors import UsageError
from klcli.measures.contract import DIMENSIONLESS, INFORMATION
from klcli.measures.one_step import estimated
from klcli.measures.plain import Plain

if TYPE_CHECKING:
    from klcli.measures.contract import Measured
    from klcli.measures.material import Material
    from klcli.results import Direction, Finding
    from klcli.typing import Floats


class _Smooth(Plain):
    """What the divergences below have in common.

    With r = p/q and any convex f, f(1) = 0: `gain` is f′(r), what a row of P adds to the estimate,
    `cost` is r·f′(r) − f(r), what a row of Q takes away, and `bend` is r²·f″(r). They take log r
    and are finite at ±inf where the divergence is. The estimate is in the scale of f; `shown`
    turns it into what is reported, which grows with it.
    """

    name: ClassVar[str]
    given: ClassVar[bool] = False
    only: ClassVar[Direction | None] = None

    @property
    def curvature(self) -> float:
        """f″(1): near zero, the divergence is half of this times χ²."""
        raise NotImplementedError

    @property
    def power(self) -> float:
        """Power of p/q whose mean under Q has to be finite; 0 if all are."""
        return 0.0

    @property
    def reverse_power(self) -> float:
        """Power of q/p whose mean under P has to be finite; 0 if all are."""
        return 0.0

    @property
    def largest(self) -> float:
        """The largest value, in the scale of f."""
        return math.inf

    def shown(self, value: float) -> float:
        """Return what is reported for a value in the scale of f."""
        return value

    def at_least(self, forward: float, reverse: float) -> float:  # noqa: ARG002
        """Return what D(P‖Q) and D(Q‖P), in nats, prove of it, in the scale of f: nothing."""
        return 0.0

    def gain(self, log_ratio: Floats) -> Floats:
        """Return f′(r)."""
        raise NotImplementedError

    def cost(self, log_ratio: Floats) -> Floats:
        """Return r·f′(r) − f(r)."""
        raise NotImplementedError

    def bend(self, log_ratio: Floats) -> Floats:
        """Return r²·f″(r)."""
        raise NotImplementedError

    def __call__(self, material: Material) -> Measured | Finding:
        """Estimate from a column, or say why it has none."""
        return estimated(self, material)


@dataclass(frozen=True)
class Jeffreys(_Smooth):
    """D(P‖Q) + D(Q‖P): f = (r − 1) log r."""

    name: ClassVar[str] = "jeffreys"
    title: ClassVar[str] = "Jeffreys divergence D(P‖Q) + D(Q‖P)"
    symmetric: ClassVar[bool] = True
    unit: ClassVar[str] = INFORMATION
    curvature: ClassVar[float] = 2.0
    power: ClassVar[float] = 1.0
    reverse_power: ClassVar[float] = 1.0

    def at_least(self, forward: float, reverse: float) -> float:
        """Return their sum, which it is."""
        return forward + reverse

    def gain(self, log_ratio: Floats) -> Floats:
        """Return log r + 1 − 1/r."""
        return log_ratio - np.expm1(-log_ratio)

    def cost(self, log_ratio: Floats) -> Floats:
        """Return r − 1 + log r."""
        return np.expm1(log_ratio) + log_ratio

    def bend(self, log_ratio: Floats) -> Floats:
        """Return r + 1."""
        return np.exp(log_ratio) + 1


@dataclass(frozen=True)
class JensenShannon(_Smooth):
    """Half of D(P‖M) + D(Q‖M), M the mean of both: f = [r log r − (1 + r) log((1 + r)/2)] / 2."""

    name: ClassVar[str] = "js"
    title: ClassVar[str] = "Jensen–Shannon divergence"
    symmetric: ClassVar[bool] = True
    unit: ClassVar[str] = INFORMATION
    curvature: ClassVar[float] = 0.25
    largest: ClassVar[float] = math.log(2)

    def gain(self, log_ratio: Floats) -> Floats:
        """Return log(2r / (1 + r)) / 2."""
        return (math.log(2) - np.logaddexp(0, -log_ratio)) / 2

    def cost(self, log_ratio: Floats) -> Floats:
        """Return log((1 + r) / 2) / 2."""
        return (np.logaddexp(0, log_ratio) - math.log(2)) / 2

    def bend(self, log_ratio: Floats) -> Floats:
        """Return r / (1 + r) / 2."""
        return 0.5 / (1 + np.exp(-log_ratio))


@dataclass(frozen=True)
class Hellinger(_Smooth):
    """The root of 1 − E_Q[√r], estimated as its square, f = (√r − 1)²/2."""

    name: ClassVar[str] = "hellinger"
    title: ClassVar[str] = "Hellinger distance √(1 − ∫√(pq))"
    symmetric: ClassVar[bool] = True
    unit: ClassVar[str] = DIMENSIONLESS
    curvature: ClassVar[float] = 0.25
    largest: ClassVar[float] = 1.0

    def shown(self, value: float) -> float:
        """Return the root; of an estimate below zero, minus the root of its size."""
        return math.copysign(math.sqrt(abs(value)), value)

    def gain(self, log_ratio: Floats) -> Floats:
        """Return (1 − r^−½) / 2."""
        return -np.expm1(-log_ratio / 2) / 2

    def cost(self, log_ratio: Floats) -> Floats:
        """Return (r^½ − 1) / 2."""
        return np.expm1(log_ratio / 2) / 2

    def bend(self, log_ratio: Floats) -> Floats:
        """Return r^½ / 4."""
        return np.exp(log_ratio / 2) / 4


@dataclass(frozen=True)
class ChiSquared(_Smooth):
    """Pearson's E_Q[(r − 1)²]."""

    name: ClassVar[str] = "chi2"
    title: ClassVar[str] = "Pearson's χ² divergence ∫(p − q)²/q"
    symmetric: ClassVar[bool] = False
    unit: ClassVar[str] = DIMENSIONLESS
    curvature: ClassVar[float] = 2.0
    power: ClassVar[float] = 2.0

    def at_least(self, forward: float, reverse: float) -> float:  # noqa: ARG002
        """Return e^D − 1 (Gibbs & Su 2002, theorem 5, doi:10.1111/j.1751-5823.2002.tb00178.x)."""
        return math.expm1(min(forward, 700.0))

    def gain(self, log_ratio: Floats) -> Floats:
        """Return 2(r − 1)."""
        return 2 * np.expm1(log_ratio)

    def cost(self, log_ratio: Floats) -> Floats:
        """Return r² − 1."""
        return np.expm1(2 * log_ratio)

    def bend(self, log_ratio: Floats) -> Floats:
        """Return 2r²."""
        return 2 * np.exp(2 * log_ratio)


@dataclass(frozen=True)
class Renyi(_Smooth):
    """log E_Q[r^α] / (α − 1), estimated as f = (r^α − 1 − α(r − 1)) / (α − 1)."""

    alpha: float

    name: ClassVar[str] = "renyi"
    title: ClassVar[str] = "Rényi divergence log ∫p^α q^(1−α) / (α − 1)"
    unit: ClassVar[str] = INFORMATION

    def __post_init__(self) -> None:
        if not (0 < self.alpha < math.inf):
            raise UsageError(f"--divergence renyi:{self.alpha:g} is out of range", _RENYI_HINT)
        if self.alpha == 1:
            raise UsageError(
                "--divergence renyi:1 is the Kullback-Leibler divergence", "write --divergence kl"
            )

    @classmethod
    def parse(cls, argument: str) -> Renyi:
        """Build from the order α."""
        try:
            return cls(float(argument))
        except ValueError as error:
            message = "--divergence renyi needs its order α behind it"
            if argument:
                message = f"--divergence renyi:{argument} has no number for its order α"
            raise UsageError(message, _RENYI_HINT) from error

    @property
    def label(self) -> str:
        """The name and the order."""
        return f"renyi:{self.alpha:g}"

    @property
    def symmetric(self) -> bool:
        """Whether p and q have the same power."""
        return self.alpha == 0.5

    @property
    def curvature(self) -> float:
        """f″(1)."""
        return self.alpha

    @property
    def power(self) -> float:
        """Of p/q, whose mean under Q has to be finite."""
        return self.alpha if self.alpha > 1 else 0.0

    @property
    def largest(self) -> float:
        """Where P and Q share nothing."""
        return 1 / (1 - self.alpha) if self.alpha < 1 else math.inf

    def shown(self, value: float) -> float:
        """Return log(1 + (α − 1)·value) / (α − 1)."""
        inside = (self.alpha - 1) * value
        return math.log1p(inside) / (self.alpha - 1) if inside > -1 else math.inf

    def at_least(self, forward: float, reverse: float) -> float:  # noqa: ARG002
        """Return what order 1 proves of larger ones: the divergence increases with α."""
        if self.alpha < 1:
            return 0.0
        return math.expm1(min((self.alpha - 1) * forward, 700.0)) / (self.alpha - 1)

    def gain(self, log_ratio: Floats) -> Floats:
        """Return α(r^(α−1) − 1) / (α − 1)."""
        return self.alpha * np.expm1((self.alpha - 1) * log_ratio) / (self.alpha - 1)

    def cost(self, log_ratio: Floats) -> Floats:
        """Return r^α − 1."""
        return np.expm1(self.alpha * log_ratio)

    def bend(self, log_ratio: Floats) -> Floats:
        """Return α·r^α."""
        return self.alpha * np.exp(self.alpha * log_ratio)


_RENYI_HINT: Final = "give a positive number other than 1, such as --divergence renyi:0.5"
