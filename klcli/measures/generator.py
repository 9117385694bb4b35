"""What makes up an f-divergence, and an estimate of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from klcli.typing import Floats


class Generator(Protocol):
    """The functions of the log ratio that make up an f-divergence; see `klcli.measures.smooth`."""

    @property
    def curvature(self) -> float:
        """f″(1)."""

    @property
    def power(self) -> float:
        """Power of p/q whose mean under Q has to be finite; 0 if all are."""

    @property
    def reverse_power(self) -> float:
        """Power of q/p whose mean under P has to be finite; 0 if all are."""

    @property
    def largest(self) -> float:
        """The largest value, in the scale of f."""

    def gain(self, log_ratio: Floats) -> Floats:
        """Return what a row of P adds."""

    def cost(self, log_ratio: Floats) -> Floats:
        """Return what a row of Q takes away."""

    def bend(self, log_ratio: Floats) -> Floats:
        """Return the second derivative, as r²·f″(r)."""

    def shown(self, value: float) -> float:
        """Turn the scale of f into what is reported."""

    def at_least(self, forward: float, reverse: float) -> float:
        """Return what D(P‖Q) and D(Q‖P) in nats prove of it, in the scale of f."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate in the scale of f.

    Attributes
    ----------
    value : float
        inf where P or Q has cells that the other lacks, and f makes that infinite.
    finite : float
        The value over what both sides show.
    variance, at_null : float
        As observed, and what would be left if P = Q.
    alike : float
        Probability that nothing differs, by which the values have been averaged with 0; the
        variances are those before.
    """

    value: float
    finite: float
    variance: float
    at_null: float
    alike: float = 0.0
