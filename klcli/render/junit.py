"""JUnit XML, which every continuous integration shows: a suite for each batch, a case for each column.

The structure satisfies both schemas in use, that of Ant's JUnit task and that of Jenkins' xUnit
plug-in, so only what both allow is written: messages of a whole batch, and of columns that
differ by less than the tolerance, stand in its ``system-out``, and times are zero, because columns
are not timed one by one.

Drift that a baseline has is *skipped*, too. An undecided column is *skipped*, with its reason: it fails no build, and it does not pass as if
something had been shown. A batch that gave no results is an *error*. Columns that a batch has lost,
gained or retyped have no row of their own: a case called "schema" is skipped with them.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from klcli.monitoring.report import Verdict
from klcli.monitoring.schema import SCHEMA
from klcli.render import binning_words
from klcli.render import drift_words as words
from klcli.render.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from klcli.monitoring.report import Batch, DriftReport, DriftResult
    from klcli.results import Finding

# Ant's schema demands a time and a host. What was compared is the data, not a host.
UNTIMED: Final = "0"
HOST: Final = "localhost"

_Case = tuple[ET.Element, str]  # with the name of its outcome


def junit(report: DriftReport, *, written: datetime) -> str:
    """Return the report as JUnit XML.

    Parameters
    ----------
    report : DriftReport
        What to write.
    written : datetime
        When the comparison was made, with its time zone; written in UTC, as Ant's schema allows
        no zone.

    Returns
    -------
    str
        An XML 1.0 document.
    """
    results: dict[str, list[DriftResult]] = {batch.name: [] for batch in report.batches}
    for result in report.results:
        results[result.batch].append(result)
    stamp = written.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    root = ET.Element("testsuites")
    for batch in report.batches:
        findings = (*report.findings, *batch.findings) if not len(root) else batch.findings
        root.append(_batch(report, batch, results[batch.name], findings, stamp))
    if not report.complete or not report.batches:
        title = "kl drift"
        what = words.gaps(report)[0] if not report.complete else words.headline(report)
        said = [] if len(root) else [printable(finding.message) for finding in report.findings]
        root.append(_suite(title, [_error(title, "run", what)], [], said, stamp))
    for number, suite in enumerate(root):
        suite.set("id", str(number))
    ET.indent(root)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
    )


def _batch(
    report: DriftReport,
    batch: Batch,
    results: Sequence[DriftResult],
    findings: Sequence[Finding],
    stamp: str,
) -> ET.Element:
    title = words.name(batch.name)
    said = [
        printable(finding.message) + words.mark(finding.code in batch.known)
        for finding in findings
    ]
    for result in results:
        if result.verdict == Verdict.STABLE:  # whose case has no room for words
            said += [f"{words.column_name(result)}: {each}" for each in _changes(result)]
        for row in map(binning_words.row, result.binnings):
            parts = [
                f"{words.column_name(result)}: {row.tool} {row.value}",
                row.direction,
                row.cells,
            ]
            said.append(", ".join(filter(None, [*parts, row.formula, row.note])))
    cases = [_case(title, result, report.unit) for result in words.by_weight(results)]
    if not results:
        why = "; ".join(printable(finding.message) for finding in batch.findings)
        cases = [_error(title, "batch", why or "no column could be compared")]
    changed = [
        printable(each.message) + words.mark(each.code in batch.known)
        for each in batch.findings
        if each.code in SCHEMA
    ]
    if results and changed:
        cases.append(_skipped(title, "schema", changed))
    properties = [
        ("klcli_version", report.klcli_version),
        ("seed", str(report.seed)),
        ("unit", report.unit),
        ("direction", "forward: D(P‖Q), P the batch, Q the reference"),
        ("confidence", f"{report.confidence:g}"),
        ("source", printable(batch.source)),
        ("rows", str(batch.rows)),
        ("reference", printable(batch.reference)),
        ("reference_rows", str(batch.reference_rows)),
    ]
    return _suite(title, cases, properties, said, stamp)


def _suite(
    title: str,
    cases: Sequence[_Case],
    properties: Sequence[tuple[str, str]],
    said: Sequence[str],
    stamp: str,
) -> ET.Element:
    outcomes = [outcome for _, outcome in cases]
    suite = ET.Element(
        "testsuite",
        name=title,
        package="kl.drift",
        tests=str(len(cases)),
        failures=str(outcomes.count("failure")),
        errors=str(outcomes.count("error")),
        skipped=str(outcomes.count("skipped")),
        time=UNTIMED,
        timestamp=stamp,
        hostname=HOST,
    )
    holder = ET.SubElement(suite, "properties")
    for key, setting in properties:
        ET.SubElement(holder, "property", name=key, value=setting)
    suite.extend(case for case, _ in cases)
    ET.SubElement(suite, "system-out").text = "\n".join(said)
    ET.SubElement(suite, "system-err")
    return suite


def _case(title: str, result: DriftResult, unit: str) -> _Case:
    case = _named(title, words.column_name(result))
    message = words.sentence(result, unit)
    details = _changes(result)
    details += [printable(warning.message) for warning in result.estimate.warnings]
    if result.verdict == Verdict.STABLE:
        return case, ""
    # What a baseline has fails no build.
    fails = result.verdict == Verdict.DRIFT and not words.is_known(result)
    outcome = "failure" if fails else "skipped"
    if words.is_known(result):
        message = f"known: {message}"
    child = ET.SubElement(case, outcome, type=words.verdict(result), message=message)
    child.text = "\n".join([message, *details])
    return case, outcome


def _changes(result: DriftResult) -> list[str]:
    """Return what happened to a column."""
    return [
        printable(change.message) + words.mark(change.code in result.known)
        for change in result.changes
    ]


def _skipped(title: str, what: str, messages: Sequence[str]) -> _Case:
    case = _named(title, what)
    child = ET.SubElement(case, "skipped", type=what, message="; ".join(messages))
    child.text = "\n".join(messages)
    return case, "skipped"


def _error(title: str, what: str, message: str) -> _Case:
    case = _named(title, what)
    ET.SubElement(case, "error", type="unreadable", message=message).text = message
    return case, "error"


def _named(title: str, what: str) -> ET.Element:
    return ET.Element("testcase", name=what, classname=title, time=UNTIMED)
