"""Tolerances that fit what past batches show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.wording import counted
from klcli.monitoring.options import TOLERANCE
from klcli.monitoring.report import Verdict
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import DriftResult

#: Quartiles of fewer batches say nothing about how far batches usually spread.
_FEWEST: Final = 4
#: Tukey's fence: beyond the upper quartile by 1.5 times the distance of the quartiles lies an
#: outlier (J. W. Tukey, "Exploratory Data Analysis", 1977, section 2D).
_FENCE: Final = 1.5
#: Tolerances are made of these digits: more would promise what nobody knows.
_STEPS: Final = (1, 2, 3, 5, 7, 10)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tolerance, in the report's unit, and why."""

    tolerance: float
    reason: str


def suggested(results: Sequence[DriftResult], scale: float = 1.0) -> Suggestion:
    """Suggest a tolerance of one column.

    It is the largest of three, rounded up: the default; what can be told at all at these numbers of
    rows (the noise floor, or the upper half of an interval around little, of the median batch); and what most
    batches stay below (Tukey's fence of the upper ends of their intervals, so that a few batches
    that drifted do not raise it).

    Parameters
    ----------
    results : sequence of DriftResult
        Of one column, a batch each.
    scale : float
        What a nat is in the report's unit.
    """
    estimates = [result.estimate for result in results if not math.isnan(_size(result))]
    default = TOLERANCE * scale
    choices = [(default, "less is rarely worth acting on")]
    resolved = [_resolution(result) for result in results if not math.isnan(_size(result))]
    if resolved:
        rows = int(np.median([each.rows[0] for each in estimates]))
        about = f"batches of {counted(rows, 'row')} cannot tell less than {{:.2g}} from nothing"
        choices.append((float(np.median(resolved)), about))
    if len(estimates) >= _FEWEST:
        # A stable batch is one whose interval ends below the tolerance.
        ends = [_end(result) for result in results if not math.isnan(_size(result))]
        lower, upper = np.quantile(ends, [0.25, 0.75])
        about = f"intervals of {len(ends)} batches usually end below {{:.2g}}"
        choices.append((float(upper + _FENCE * (upper - lower)), about))
    most, reason = max(choices, key=lambda choice: choice[0])
    return Suggestion(rounded_up(most), reason.format(most))


def _size(result: DriftResult) -> float:
    """Return how large a divergence is, without values that the reference lacks."""
    estimate = result.estimate
    lower = estimate.status == Status.LOWER_BOUND
    size = estimate.estimate if lower else estimate.finite_estimate
    return size if math.isfinite(size) else math.nan


def _resolution(result: DriftResult) -> float:
    """Return how small a divergence can be told from none at these numbers of rows."""
    estimate = result.estimate
    noise = _finite(estimate.noise_floor)
    # The interval around much is wider than that around nothing would be.
    if result.verdict == Verdict.DRIFT or not math.isfinite(estimate.ci_high):
        return noise
    return max(noise, estimate.ci_high - max(estimate.estimate, 0.0))


def _end(result: DriftResult) -> float:
    """Return where the interval ends, or how large the divergence is where it is open."""
    end = result.estimate.ci_high
    return end if math.isfinite(end) else _size(result)


def _finite(number: float) -> float:
    return number if math.isfinite(number) else 0.0


def rounded_up(number: float) -> float:
    """Return the next number of one plain digit.

    >>> rounded_up(0.01), rounded_up(0.0132), rounded_up(0.52)
    (0.01, 0.02, 0.7)
    """
    power = math.floor(math.log10(number))
    digit = next(step for step in _STEPS if step >= round(number / 10.0**power, 6))
    return float(f"{digit}e{power}")
