"""A commented file of settings, with tolerances that fit what past batches show."""

from __future__ import annotations

import json
import math
import os
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klcli.monitoring.options import TOLERANCE
from klcli.monitoring.report import Verdict
from klcli.monitoring.suggestion import rounded_up, suggested
from klcli.results import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from klcli.monitoring.report import DriftReport, DriftResult


def settings_file(
    report: DriftReport,
    sources: Sequence[str],
    settings: Mapping[str, Any],
    run: Mapping[str, Any],
    path: Path,
) -> str:
    """Return the text of a file of settings.

    Parameters
    ----------
    report : DriftReport
        Of past batches.
    sources : sequence of str
        What was compared.
    settings, run : dict
        What was asked for, which the file then asks for.
    path : Path
        Where the file will be: paths in it are relative to its folder.
    """
    number = "1 batch" if len(report.batches) == 1 else f"{len(report.batches)} batches"
    against = f"{number} against {_comment(report.reference.source)}"
    lines = [
        f"# Settings of `kl drift`, written by `kl drift --init` from {against}.",
        "# Keys of [drift] are called as the options of `kl drift --help`; flags beat this file.",
        "",
        "[drift]",
        *_drift(report, sources, settings, run, path),
        "",
        '# Settings of single columns. Names may be patterns, such as "price_*"; of several that match',
        "# a column, the last one that has a setting decides it. Keys: tolerance, kind, exclude, density,",
        "# estimator, interval, smoothing, bins, bandwidth, neighbors.",
    ]
    columns: dict[str, list[DriftResult]] = {}
    for result in report.results:
        if result.estimate.kind != Kind.JOINT:
            columns.setdefault(result.estimate.column, []).append(result)
    scale = _scale(report)
    for name, results in columns.items():
        lines += ["", f"[columns.{toml(escape(name))}]", *_column(results, scale, report.unit)]
    return "\n".join(lines) + "\n"


def _drift(
    report: DriftReport,
    sources: Sequence[str],
    settings: Mapping[str, Any],
    run: Mapping[str, Any],
    path: Path,
) -> Iterator[str]:
    if "-" not in sources:
        named = [_relative(source, path.parent) for source in sources]
        yield f"sources = {toml(named)}  # the reference, then batches, patterns or folders"
    given = dict(settings)
    tolerance = given.pop("tolerance", None)
    if tolerance is None:
        tolerance = rounded_up(TOLERANCE * _scale(report))
    yield f"tolerance = {toml(float(tolerance))}  # {report.unit}; of columns without one of their own"
    for name, value in given.items():
        if value is not None and value != ():
            yield f"{name.replace('_', '-')} = {toml(value)}"
    shown = {
        "fail-on": ["drift"],
        "output": ["drift.html", "drift.json"],
        "baseline": "known-drift.json",
    }
    about = {
        "fail-on": "exit code 1; also undecided, schema, changes",
        "output": "also .md, .xml (JUnit), .prom, .csv",
        "baseline": "of --write-baseline: drift that is known",
    }
    for name, value in run.items():
        several = [value] if isinstance(value, str) else value
        if name in ("output", "baseline", "resume"):
            several = [_relative(each, path.parent) for each in several]
        yield f"{name} = {toml(several[0] if isinstance(value, str) else several)}"
    for name, value in shown.items():
        if name not in run:
            yield f"# {name} = {toml(value)}  # {about[name]}"
    if "confidence" not in given:
        yield f"# confidence = {report.confidence:g}"
    if "missing" not in given:
        yield '# missing = "drop"  # missing values else count as a value of their own'
    if "reference" not in given:
        yield '# reference = "rolling:7"  # all sources are batches, each against the 7 before'


def _column(results: Sequence[DriftResult], scale: float, unit: str) -> Iterator[str]:
    kind = next((r.estimate.kind for r in results if r.estimate.status != Status.UNDEFINED), None)
    if kind is None:
        why = [warning.message for warning in results[0].estimate.warnings]
        yield f"exclude = true  # no estimate: {_comment(why[0] if why else 'nothing to compare')}"
        return
    if kind in (Kind.NUMERIC, Kind.CATEGORICAL):
        yield f"kind = {toml(str(kind))}"
    else:
        yield f"# {kind}"
    if any(change.code == "moved-on" for result in results for change in result.changes):
        yield "exclude = true  # what moves on, as times and ids do, differs from the reference always"
        return
    found = suggested(results, scale)
    yield f"tolerance = {toml(found.tolerance)}  # {unit}: {found.reason}"
    above = [
        result
        for result in results
        if result.verdict == Verdict.DRIFT and result.estimate.ci_low > found.tolerance
    ]
    if above:
        names = ", ".join(_comment(result.batch) for result in above[:3])
        more = f" and {len(above) - 3} more" if len(above) > 3 else ""
        yield f"# beyond that: {names}{more}"


def _scale(report: DriftReport) -> float:
    return {"bits": 1 / math.log(2), "bans": 1 / math.log(10)}.get(report.unit, 1.0)


def _relative(name: str, folder: Path) -> str:
    if name == "-" or "://" in name or Path(name).is_absolute():
        return name
    return os.path.relpath(name, folder)


def _comment(text: str) -> str:
    """Return text from the data on one line of a comment."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def toml(value: Any) -> str:
    """Write a value as TOML.

    >>> print(toml("a'b"), toml([1, 0.5]), toml(True))
    "a'b" [1, 0.5] true
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are TOML's. What else cannot be seen, or turns the line around, is escaped.
        text = json.dumps(value, ensure_ascii=False)
        return "".join(
            sign if sign.isprintable() or "\ud800" <= sign <= "\udfff" else f"\\U{ord(sign):08x}"
            for sign in text
        )
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return repr(value)
