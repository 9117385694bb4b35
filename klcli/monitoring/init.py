"""A commented file of settings, with tolerances that fit what past batches show."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.data.wording import counted
from klcli.monitoring.options import TOLERANCE
from klcli.monitoring.report import Verdict
from klcli.results import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from klcli.monitoring.report import DriftReport, DriftResult

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
