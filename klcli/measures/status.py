"""How far the estimate of an f-divergence can be trusted, given what is said of D(P‖Q)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.data.wording import counted
from klcli.diagnostics.tails import heavy_ratio
from klcli.results import Finding, Status

if TYPE_CHECKING:
    from klcli.measures.generator import Estimated, Generator
    from klcli.measures.material import Judged, Material

#: P or Q where the other hardly is: what matters depends on how f grows there.
_ESCAPES: Final = frozenset(
    {"heavy-tail", "outside-range", "saturated", "unseen-categories", "extrapolated"}
)
#: Differences that the cells or the fit hide: any f-divergence is then too low.
_HIDDEN: Final = frozenset(
    {"unresolved", "disagreement", "coarse-bins", "coarse-profile", "precision"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, in the scale of f.

    Attributes
    ----------
    status : Status
        How far the estimate can be trusted.
    value : float
        What can be stated with that status.
    bound : float
        What the divergence is at least, going by D(P‖Q) and D(Q‖P).
    findings : tuple of Finding
        Why.
    """

    status: Status
    value: float
    bound: float
    findings: tuple[Finding, ...]

    @property
    def open_above(self) -> bool:
        """Whether nothing is known of how large it may be."""
        return self.status in (Status.INFINITE, Status.LOWER_BOUND)


def judged(measure: Generator, material: Material, found: Estimated) -> Verdict:
    """Judge an estimate: which of the findings about D(P‖Q) and D(Q‖P) concern it."""
    sides = [(measure.power, material.forward), (measure.reverse_power, material.reverse)]
    findings: dict[tuple[str, str], Finding] = {}
    status = Status.OK
    for power, side in sides:
        for finding in side.findings:
            if finding.code in _ESCAPES and not power:
                continue
            findings[finding.code, finding.message] = finding
        codes = {finding.code for finding in side.findings}
        if power and side.status in (Status.INFINITE, Status.LOWER_BOUND) and codes & _ESCAPES:
            status = _worse(status, side.status)
        if side.status is Status.LOWER_BOUND and codes & _HIDDEN:
            status = _worse(status, Status.LOWER_BOUND)
    if not math.isfinite(found.value):
        status = Status.INFINITE
    tail = _tail(measure, material)
    if tail is not None and status is Status.OK:
        findings[tail.code, tail.message] = tail
        status = Status.LOWER_BOUND
    most = math.log(max(material.table.n_q, math.e))
    if (
        measure.power > 1
        and status is Status.OK
        and measure.shown(found.value) > _most(measure, most)
    ):
        text = (
            f"the fit says {measure.shown(found.value):.3g}, but "
            f"{counted(round(material.table.n_q), 'row')} of {material.names[1]} cannot show more than about {_most(measure, most):.3g}"
        )
        findings["saturated", text] = Finding("saturated", text)
        status = Status.LOWER_BOUND
    value, bound = found.value, 0.0
    if status is Status.INFINITE:
        value = math.inf
    elif status is Status.LOWER_BOUND:
        bound = measure.at_least(material.forward.low, material.reverse.low)
        met = not any(
            finding.code == "saturated"
            for power, side in sides
            if power
            for finding in side.findings
        )
        proven = measure.at_least(material.forward.estimate, material.reverse.estimate)
        if measure.power > 1 and any(
            finding.code in _ESCAPES for finding in material.forward.findings
        ):
            # The fit goes on beyond the data, where powers of the ratio know no bounds.
            value = proven
        elif math.isfinite(proven):
            value = max(proven, found.value if met else 0.0)
    return Verdict(status, value, bound, tuple(findings.values()))


def _worse(one: Status, other: Status) -> Status:
    order = (Status.OK, Status.LOWER_BOUND, Status.INFINITE, Status.UNDEFINED)
    return max(one, other, key=order.index)


def _most(measure: Generator, most: float) -> float:
    """Return the largest value that samples can show: that of a log ratio of log m."""
    return measure.shown(math.expm1(most))


def _tail(measure: Generator, material: Material) -> Finding | None:
    """Say so where the estimate has infinite variance, though that of D(P‖Q) is finite.

    The influence of a row of Q is of the order of r^a, and has a variance if 2a times the Pareto
    shape of r is below 1.
    """
    if measure.power <= 1 or material.density != "ratio" or material.fine is None:
        return None
    cells = material.fine.numbers
    return heavy_ratio(cells, *material.names, 1 / (2 * measure.power))


def concerning(side: Judged, *, escapes: bool) -> tuple[Finding, ...]:
    """Return what is said of a side, with or without what P shows and Q does not."""
    return tuple(each for each in side.findings if escapes or each.code not in _ESCAPES)
