"""Drift that is known and accepted: only what is new or worse is then told as drift."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from klcli.data.wording import listed
from klcli.diagnostics.support import untold_share
from klcli.monitoring.deliveries import DELIVERIES
from klcli.monitoring.report import Verdict
from klcli.monitoring.surprise import bar, log_shares, two_shares
from klcli.results import Finding, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from klcli.monitoring.report import Batch, DriftReport, DriftResult
    from klcli.results import Estimate

STALE, OTHER = "stale-baseline", "other-baseline"
#: Nats in each unit of a report.
NATS: Final = {"nats": 1.0, "bits": math.log(2), "bans": math.log(10)}


@dataclass(frozen=True, slots=True)
class KnownDrift:
    """Accepted drift of one column, from the batch in which it was largest.

    Attributes
    ----------
    column : str
        The column; "*" with `joint` for all together.
    joint : bool
        Whether it is the joint row.
    batch : str
        Where it was seen; only for people.
    divergence, ci_low, ci_high : float
        In the unit of the baseline; `ci_high` is ∞ where only a lower bound was known.
    escaped_mass : float
        Share of the batch where the reference shows nothing.
    rows : float
        Rows of the batch.
    """

    column: str
    joint: bool
    batch: str
    divergence: float
    ci_low: float
    ci_high: float
    escaped_mass: float
    rows: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was accepted.

    Attributes
    ----------
    klcli_version, unit, confidence, reference
        Of the report that it is from.
    drift : tuple of KnownDrift
        At most one for each column.
    changes : tuple of (str, str)
        Column, and code of what happened to it.
    schema : tuple of (str, str)
        Column, and code of how it changed the schema.
    deliveries : tuple of str
        Codes of what happened to whole batches.
    """

    klcli_version: str
    unit: str
    confidence: float
    reference: str
    drift: tuple[KnownDrift, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    schema: tuple[tuple[str, str], ...] = ()
    deliveries: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, (self.drift, self.changes, self.schema, self.deliveries)))


def accepted(report: DriftReport) -> Baseline:
    """Return a baseline that knows all that a report tells."""
    worst: dict[tuple[str, bool], KnownDrift] = {}
    for result in report.results:
        if result.verdict == Verdict.DRIFT:
            entry = _known_drift(result)
            key = entry.column, entry.joint
            if key not in worst or entry.divergence > worst[key].divergence:
                worst[key] = entry
    changes = [
        (result.estimate.column, change.code)
        for result in report.results
        for change in result.changes
    ]
    schema = [
        (column, code)
        for batch in report.batches
        for code, columns in batch.changed.items()
        for column in columns
    ]
    return Baseline(
        report.klcli_version,
        report.unit,
        report.confidence,
        report.reference.source,
        tuple(worst.values()),
        tuple(dict.fromkeys(changes)),
        tuple(dict.fromkeys(schema)),
        tuple(dict.fromkeys(code for batch in report.batches for code in _deliveries(batch))),
    )


def _deliveries(batch: Batch) -> Iterator[str]:
    return (finding.code for finding in batch.findings if finding.code in DELIVERIES)


def _known_drift(result: DriftResult) -> KnownDrift:
    estimate = result.estimate
    return KnownDrift(
        estimate.column,
        _joint(estimate),
        result.batch,
        _value(estimate),
        estimate.ci_low,
        estimate.ci_high,
        estimate.escaped_mass,
        float(estimate.rows[0]),
    )


def _joint(estimate: Estimate) -> bool:
    return estimate.kind == "joint"


def _value(estimate: Estimate) -> float:
    """Return the number that the interval is around."""
    infinite = estimate.status == Status.INFINITE
    return estimate.finite_estimate if infinite else estimate.estimate


def marked(
    report: DriftReport,
    baseline: Baseline,
    looks_at: Callable[[str], bool] | None = None,
) -> DriftReport:
    """Return the report with what the baseline knows marked so, and what it no longer needs.

    `looks_at` tells which columns were to be compared, by default all: of others nothing is known
    to be gone.

    Drift of a column is known unless it is worse beyond doubt: it exceeds what the baseline has
    by more than the column's tolerance (test of two estimates, at the report's confidence,
    Bonferroni's correction for all known columns and batches), or a larger share of
    the batch lies where the reference shows nothing. Changes and columns of the schema are known
    by their name and kind.
    """
    known = {(entry.column, entry.joint): entry for entry in baseline.drift}
    tests = sum((r.estimate.column, _joint(r.estimate)) in known for r in report.results)
    results = tuple(_result(result, known, baseline, tests, report) for result in report.results)
    batches = tuple(_batch(batch, baseline) for batch in report.batches)
    findings = [*report.findings, *_remarks(report, baseline, looks_at)]
    return replace(report, results=results, batches=batches, findings=tuple(findings))


def _result(
    result: DriftResult,
    known: dict[tuple[str, bool], KnownDrift],
    baseline: Baseline,
    tests: int,
    report: DriftReport,
) -> DriftResult:
    estimate, marks = result.estimate, []
    entry = known.get((estimate.column, _joint(estimate)))
    if (
        entry is not None
        and result.verdict != Verdict.STABLE
        and not worse(
            result,
            entry,
            NATS[baseline.unit] / NATS[report.unit],
            baseline.confidence,
            tests,
        )
    ):
        marks.append(str(result.verdict))
    marks += [
        code
        for code in dict.fromkeys(change.code for change in result.changes)
        if (estimate.column, code) in baseline.changes
    ]
    return replace(result, known=tuple(marks))


def worse(
    result: DriftResult, entry: KnownDrift, scale: float, confidence: float, tests: int
) -> bool:
    """Tell whether a column differs more than is known, beyond doubt.

    Parameters
    ----------
    result : DriftResult
        What is seen now.
    entry : KnownDrift
        What was accepted.
    scale : float
        What the entry's unit is in the result's.
    confidence : float
        Of the entry's interval.
    tests : int
        Results that are looked at in this way.
    """
    estimate = result.estimate
    now, before = estimate.escaped_mass, entry.escaped_mass
    if estimate.kind in (Kind.NUMERIC, Kind.DATETIME):
        # None was told then, which is not to say that there was none.
        before = max(before, untold_share(entry.rows, estimate.rows[1]))
    if now > before and two_shares(now, before) > result.tolerance:
        rows = estimate.rows[0], entry.rows
        if log_shares(now * rows[0], rows[0], before * rows[1], rows[1]) < bar(tests):
            return True
    excess = _value(estimate) - scale * entry.divergence - result.tolerance
    if not excess > 0:
        return False
    normal = NormalDist()
    # Of a lower bound only the lower half of the interval is known: what can be seen is compared.
    above = entry.ci_high - entry.divergence
    half = above if math.isfinite(above) else entry.divergence - entry.ci_low
    errors = (
        (_value(estimate) - estimate.ci_low) / normal.inv_cdf(0.5 + estimate.confidence / 2),
        scale * half / normal.inv_cdf(0.5 + confidence / 2),
    )
    error = math.hypot(*errors)
    if not math.isfinite(error):
        return False
    return excess > error * normal.inv_cdf(1 - (1 - estimate.confidence) / 2 / max(tests, 1))


def _batch(batch: Batch, baseline: Baseline) -> Batch:
    known = [
        code
        for code, columns in batch.changed.items()
        if all((column, code) in baseline.schema for column in columns)
    ]
    known += [code for code in _deliveries(batch) if code in baseline.deliveries]
    return replace(batch, known=tuple(known))


def _remarks(
    report: DriftReport, baseline: Baseline, looks_at: Callable[[str], bool] | None
) -> Iterator[Finding]:
    """Say what the baseline and the report do not have in common."""
    if baseline.reference != report.reference.source:
        yield Finding(
            OTHER,
            f"the baseline was written against {baseline.reference}, not {report.reference.source}: "
            "its divergences may mean something else",
        )
    gone = list(_gone(report, baseline, looks_at)) if report.complete else []
    if gone:
        entries = "1 entry" if len(gone) == 1 else f"{len(gone):,} entries"
        holds = "holds" if len(gone) == 1 else "hold"
        yield Finding(
            STALE,
            f"{entries} of the baseline no longer {holds}: {listed(gone)}; remove what is over, or "
            "write it anew with --write-baseline",
        )


def _gone(
    report: DriftReport, baseline: Baseline, looks_at: Callable[[str], bool] | None
) -> Iterator[str]:
    """Name the entries that no batch has any more, of columns that were compared."""
    verdicts: dict[tuple[str, bool], set[str]] = {}
    for result in report.results:
        key = result.estimate.column, _joint(result.estimate)
        verdicts.setdefault(key, set()).add(result.verdict)
    compared = {column for column, _ in verdicts}
    for entry in baseline.drift:
        if verdicts.get((entry.column, entry.joint)) == {Verdict.STABLE}:
            yield f"drift of {entry.column}"
    now = accepted(report)
    for column, code in baseline.changes:
        if column in compared and (column, code) not in now.changes:
            yield f"{code} of {column}"
    if any(batch.rows for batch in report.batches):
        for column, code in baseline.schema:
            if (looks_at is None or looks_at(column)) and (column, code) not in now.schema:
                yield f"{code} of {column}"
        for code in baseline.deliveries:
            if code not in now.deliveries:
                yield code
