"""Which results of a report are drift that a baseline knows."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from klcli.data.wording import listed
from klcli.diagnostics.support import untold_share
from klcli.monitoring.baseline import (
    NATS,
    OTHER,
    STALE,
    Baseline,
    KnownDrift,
    accepted,
    centre,
    delivery_codes,
    is_joint,
)
from klcli.monitoring.report import Verdict
from klcli.monitoring.surprise import bar, log_shares, two_shares
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from klcli.monitoring.report import Batch, DriftReport, DriftResult


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
    tests = sum((r.estimate.column, is_joint(r.estimate)) in known for r in report.results)
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
    entry = known.get((estimate.column, is_joint(estimate)))
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
    excess = centre(estimate) - scale * entry.divergence - result.tolerance
    if not excess > 0:
        return False
    normal = NormalDist()
    # Of a lower bound only the lower half of the interval is known: what can be seen is compared.
    above = entry.ci_high - entry.divergence
    half = above if math.isfinite(above) else entry.divergence - entry.ci_low
    errors = (
        (centre(estimate) - estimate.ci_low) / normal.inv_cdf(0.5 + estimate.confidence / 2),
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
    known += [code for code in delivery_codes(batch) if code in baseline.deliveries]
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
        key = result.estimate.column, is_joint(result.estimate)
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
