"""The gate of ``--fail-on`` and the exit code of ``kl drift``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.monitoring.deliveries import DELIVERIES
from klcli.monitoring.report import NOT_TOLD, Verdict
from klcli.monitoring.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.monitoring.report import Batch, DriftReport

TRIPPED, PARTIAL, INTERRUPTED = 1, 3, 130
#: Sentences on standard error; the report has all.
_SHOWN = 10


def tripped(report: DriftReport, gates: Sequence[str]) -> list[str]:
    """Return a sentence for everything that a gate is closed to and no baseline knows."""
    return [sentence for gate in dict.fromkeys(gates) for sentence in _reasons(report, gate)]


def shortened(sentences: Sequence[str]) -> list[str]:
    """Return the first sentences, and how many more there are."""
    if len(sentences) <= _SHOWN:
        return list(sentences)
    return [*sentences[:_SHOWN], f"… and {len(sentences) - _SHOWN:,} more"]


def _reasons(report: DriftReport, gate: str) -> Iterator[str]:
    from klcli.render import drift_words as words

    if gate in (Verdict.DRIFT, Verdict.UNDECIDED):
        for result in words.by_weight(report.results):
            if result.verdict == gate and gate not in result.known:
                where = f"{words.name(result.batch)}, {words.column_name(result)}"
                yield f"{gate}: {where}: {words.sentence(result, report.unit)}"
    elif gate == "schema":
        for batch in report.batches:
            for finding in batch.findings:
                if finding.code in SCHEMA and finding.code not in batch.known:
                    yield f"schema: {words.name(batch.name)}: {finding.message}"
    elif gate == "changes":
        for result in report.results:
            for finding in result.changes:
                if finding.code in result.known or finding.code == NOT_TOLD:
                    continue
                where = f"{words.name(result.batch)}, {words.column_name(result)}"
                yield f"changes: {where}: {finding.message}"
        for batch in report.batches:
            for finding in batch.findings:
                if finding.code in DELIVERIES and finding.code not in batch.known:
                    yield f"changes: {words.name(batch.name)}: {finding.message}"


def unread(report: DriftReport) -> list[Batch]:
    """Return the batches that could not be read."""
    return [batch for batch in report.batches if batch.rows == 0]


def exit_code(report: DriftReport, *, tripped: bool) -> int:
    """Return 130 after an interruption, 1 for a tripped gate, 3 for what could not be read or told."""
    if not report.complete:
        return INTERRUPTED
    if tripped:
        return TRIPPED
    untold = any(each.code == NOT_TOLD for result in report.results for each in result.changes)
    return PARTIAL if unread(report) or untold else 0
