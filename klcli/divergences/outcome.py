"""What a computation without a formula gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """A number in nats.

    Attributes
    ----------
    value : float
        inf where it diverges, NaN where that could not be told.
    error : float
        Bound on the error, as far as it is known: of quadrature an estimate from its own
        refinement, of sums of what was left out.
    reason : str
        Why it is not finite.
    standard_error : float
        Of drawing at random; 0 for the others.
    lower_bound : str
        Why the true value may be larger; empty if it is not.
    """

    value: float
    error: float
    reason: str = ""
    standard_error: float = 0.0
    lower_bound: str = ""
