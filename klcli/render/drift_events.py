"""What happened, in words and once: the same event in several batches is one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import drift_words as words

if TYPE_CHECKING:
    from klcli.monitoring.report import DriftReport, DriftResult


#: Labels in sentences, and words.
_LABEL: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|“[^”]*”")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Event:
    """A sentence, and where it holds.

    Attributes
    ----------
    column : tuple of (str, bool)
        `key` of the column it is about; None if it is about the run or a batch.
    message : str
        The sentence, which may quote the data as it is.
    batch : str
        The first batch it holds in, what matters first; None if it is about no batch.
    others : int
        How many more batches it holds in.
    """

    column: tuple[str, bool] | None
    message: str
    batch: str | None = None
    others: int = 0


def key(result: DriftResult) -> tuple[str, bool]:
    """Return what tells columns apart: one may be called as the joint row is."""
    return result.estimate.column, result.estimate.kind == "joint"


def by_column(report: DriftReport) -> list[list[DriftResult]]:
    """Return the results of each column; columns and results with what matters first."""
    columns: dict[tuple[str, bool], list[DriftResult]] = {}
    for result in words.by_weight(report.results):
        columns.setdefault(key(result), []).append(result)
    return list(columns.values())


def changes(report: DriftReport) -> list[Event]:
    """Return what happened to columns, what matters first, each with its change point.

    A column that drifted and of which nothing more is known is told by the cell that contributes
    most.
    """
    grouped: dict[tuple[tuple[str, bool], str, frozenset[str]], list[tuple[str, str]]] = {}
    for result in words.by_weight(report.results):
        said = [
            (change.code, change.message + words.mark(change.code in result.known))
            for change in result.changes
        ]
        if result.verdict == Verdict.DRIFT and not said:
            said = [("", words.moved(result))]
        for code, message in said:
            if message:
                grouped.setdefault((key(result), code, _said(message)), []).append(
                    (result.batch, message)
                )
    events = [
        Event(column, where[0][1], where[0][0], len(where) - 1)
        for (column, _, _), where in grouped.items()
    ]
    events += [
        Event((point.column, point.column == "*"), words.change_point(point, report.unit))
        for point in report.change_points
    ]
    order = {
        column: place for place, column in reversed(list(enumerate(e.column for e in events)))
    }
    return sorted(events, key=lambda event: order[event.column])


def _said(message: str) -> frozenset[str]:
    """Return the words of a sentence without numbers, labels and how many more there are.

    >>> _said("new: 'a' (1 %), 'b' (2 %) and 3 more") == _said("new: 'c' (5.1 %)")
    True
    """
    return frozenset(_WORD.findall(_LABEL.sub("", message))) - {"and", "more"}


def findings(report: DriftReport) -> list[Event]:
    """Return what concerns the run, then what concerns whole batches."""
    events = [Event(None, finding.message) for finding in report.findings]
    grouped: dict[tuple[str, str], list[str]] = {}
    for batch in report.batches:
        for finding in batch.findings:
            message = finding.message + words.mark(finding.code in batch.known)
            grouped.setdefault((finding.code, message), []).append(batch.name)
    events += [
        Event(None, message, names[0], len(names) - 1) for (_, message), names in grouped.items()
    ]
    return events
