"""How far an estimate from rows can be trusted, given what single columns show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.data.wording import counted, listed
from klcli.estimation.verdict import Verdict
from klcli.intervals.rows import finite_value
from klcli.results import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.results import Estimate
    from klcli.rows import JointPoint, RowPair
    from klcli.typing import Interval

#: Below this number of rows a 95 % interval rests on the shape of the model more than on data.
_FEW: Final = 20
#: Rows of the smaller side for each mean and covariance of the columns, below which estimates
#: are known to be unstable in regression (Peduzzi et al., J. Clin. Epidemiol. 49 (1996) 1373).
_PER_MOMENT: Final = 10


def judge_rows(
    rows: RowPair,
    point: JointPoint,
    interval: Interval,
    singles: Sequence[Estimate],
    names: str,
    said: Sequence[Finding] = (),
) -> Verdict:
    """Judge an estimate from rows.

    The divergence of columns together is at least that of each of them [1]_, so that whatever
    makes that infinite, or a lower bound, does so here.

    Parameters
    ----------
    rows : RowPair
        P is the first sample of this direction.
    point : JointPoint
        The estimate.
    interval : Interval
        Its interval.
    singles : sequence of Estimate
        What each column shows on its own, in this direction.
    names : str
        The letters of both samples.
    said : sequence of Finding
        What is said of the columns anyway.

    References
    ----------
    .. [1] T. M. Cover, J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley 2006,
       theorem 2.5.3 (chain rule for relative entropy).
    """
    # Single columns know better which values are absent from all rows. Parts of the rows may say
    # the same thing each: once is enough.
    own = {finding.code: finding for finding in _too_few(rows)}
    own |= {finding.code: finding for finding in reversed(point.findings)}
    own.pop("unseen-categories", None)
    findings = _inherited(singles, said) + list(own.values())
    finite = finite_value(point)
    if math.isnan(finite):
        return Verdict(Status.UNDEFINED, finite, tuple(findings), math.nan, 0.0)
    infinite = [each for each in singles if each.status == Status.INFINITE]
    if infinite:
        # Values that a sample lacks need not be absent from all rows; single columns know.
        sampled = len(rows.p) < rows.total_p or len(rows.q) < rows.total_q
        mass = max(each.escaped_mass for each in infinite)
        mass = mass if sampled else max(mass, point.escaped_mass)
        return Verdict(Status.INFINITE, math.inf, tuple(findings), mass, 0.0)
    lower = [each for each in singles if each.status == Status.LOWER_BOUND]
    mass = max((each.escaped_mass for each in lower), default=0.0)
    most = max(math.log(max(len(rows.q), 1)), 1.0)
    status = Status.LOWER_BOUND if lower or point.lower_bound else Status.OK
    if finite > most:
        text = (
            f"samples with {counted(len(rows.q), 'row')} of {names[1]} cannot show more than about"
        )
        findings.append(Finding("saturated", f"{text} {most:.2g} nats (the log of that number)"))
        status = Status.LOWER_BOUND
    sure = [each for each in singles if each.ci_low > interval.high]
    if sure and status is Status.OK:
        largest = max(sure, key=lambda each: each.ci_low)
        text = f"{largest.column!r} alone shows more, {largest.ci_low:.3g} nats or above: too low"
        findings.append(Finding("below-column", f"{text}, so a lower bound"))
        status, lower = Status.LOWER_BOUND, sure
    if status is Status.OK:
        return Verdict(status, finite, tuple(findings), mass, 0.0)
    met = not any(finding.code == "saturated" for each in lower for finding in each.warnings)
    value = max([min(finite, most) if met else 0.0, *(each.estimate for each in lower)])
    bound = max((each.ci_low for each in lower), default=0.0)
    return Verdict(status, value, tuple(findings), mass, bound)


def _inherited(singles: Sequence[Estimate], said: Sequence[Finding]) -> list[Finding]:
    """Return why single columns are infinite or lower bounds, one finding for each code."""
    by_code: dict[str, dict[str, str]] = {}
    for status in (Status.INFINITE, Status.LOWER_BOUND):
        for each in singles:
            for finding in each.warnings if each.status == status else ():
                if finding not in said and finding.code != "few-rows":
                    by_code.setdefault(finding.code, {}).setdefault(each.column, finding.message)
    merged = []
    for code, messages in by_code.items():
        (column, message), *others = messages.items()
        text = message if len(singles) == 1 else f"{column!r} alone: {message}"
        if others:
            text += f"; likewise {listed([name for name, _ in others], 5)}"
        merged.append(Finding(code, text))
    return merged


def _too_few(rows: RowPair) -> list[Finding]:
    fewest = min(len(rows.p), len(rows.q))
    if fewest < _FEW:
        text = f"one side has only {counted(fewest, 'row')}; intervals are rough below {_FEW}"
        return [Finding("few-rows", text)]
    columns = len(rows.number_names) + len(rows.code_names)
    moments = columns * (columns + 3) // 2
    if columns == 1 or fewest >= _PER_MOMENT * moments:
        return []
    have = counted(fewest, "row")
    text = f"{columns} columns have {moments:,} means and covariances, and one side {have}"
    return [Finding("high-dimension", f"{text}: fewer than {_PER_MOMENT} for each")]
