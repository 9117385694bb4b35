"""The gate of ``--fail-above``: which results lie above a threshold beyond doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.render.summary import sign, unit
from klcli.render.text import visible
from klcli.results import Status

if TYPE_CHECKING:
    from klcli.results import Estimate, Report


def tripped(report: Report, threshold: float) -> list[str]:
    """Return a sentence for each result whose whole interval lies above `threshold`."""
    return [
        f"{_value(result)}, interval {_interval(result)}, all above {threshold:g}"
        for result in report.results
        if result.ci_low > threshold
    ]


def undecided(report: Report, threshold: float) -> list[str]:
    """Return a sentence for each result that may or may not lie above `threshold`."""
    sentences = []
    for result in report.results:
        value = _value(result)
        if result.ci_low > threshold:
            continue
        if result.status == Status.UNDEFINED:
            sentences.append(f"{_name(result)} has no estimate to compare with {threshold:g}")
        elif result.status != Status.OK:
            low = f"the data only show that it is above {result.ci_low:.6g}, not {threshold:g}"
            sentences.append(f"{value}, but {low}")
        elif result.estimate > threshold:
            interval = f"its interval {_interval(result)} is not"
            sentences.append(f"{value}, above {threshold:g}, but {interval}")
    return sentences


def _name(result: Estimate) -> str:
    return f"{visible(result.column)} {sign(result.divergence, result.direction)}"


def _value(result: Estimate) -> str:
    relation = "≥" if result.status == Status.LOWER_BOUND else "="
    return f"{_name(result)} {relation} {result.estimate:.6g} {unit(result.unit)}".rstrip()


def _interval(result: Estimate) -> str:
    return f"{result.ci_low:.6g} … {result.ci_high:.6g}"
