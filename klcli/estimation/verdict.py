"""The outcome of the diagnostics of an estimate, and what is reported by it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from klcli.results import Status

if TYPE_CHECKING:
    from klcli.results import Estimate, Finding
    from klcli.typing import Interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of all diagnostics.

    Attributes
    ----------
    status : Status
        How far the estimate can be trusted.
    value : float
        The estimate that can be stated with that status, in nats.
    warnings : tuple of Finding
        Why.
    escaped_mass : float
        Share of P where Q has no rows.
    bound : float
        What the divergence is at least, in nats, whatever the model says.
    """

    status: Status
    value: float
    warnings: tuple[Finding, ...]
    escaped_mass: float
    bound: float

    def report(self, blank: Estimate, finite: float, interval: Interval) -> Estimate:
        """Fill in a result.

        Parameters
        ----------
        blank : Estimate
            Says what it is about, and holds all that this verdict does not change.
        finite : float
            The estimate itself, in nats.
        interval : Interval
            Its interval. What is reported lies above 0 and the bound, holds the value, and is
            open above where the divergence may be larger than any estimate.
        """
        open_above = self.status in (Status.INFINITE, Status.LOWER_BOUND)
        return replace(
            blank,
            estimate=self.value,
            finite_estimate=finite,
            standard_error=interval.standard_error,
            ci_low=min(max(0.0, self.bound, interval.low), max(self.value, 0.0)),
            ci_high=math.inf if open_above else max(0.0, interval.high),
            status=self.status,
            escaped_mass=self.escaped_mass,
        )
