"""Markdown for a comment on a pull request: what matters first, the rest folded away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import binning_words, drift_events, markdown
from klcli.render import drift_words as words
from klcli.render.numbers import p_value
from klcli.render.summary import value
from klcli.render.text import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klcli.monitoring.report import Binning, DriftReport, DriftResult
    from klcli.render.drift_events import Event

#: GitHub refuses comments of more than 65,536 characters; the rest is for what wraps ours.
MOST_CHARACTERS: Final = 60_000
#: Longer names and sentences are cut: a table is there to be skimmed.
NAME_WIDTH: Final = 60
SENTENCE_WIDTH: Final = 300

_SIGNS: Final = {Verdict.DRIFT: "🔴", Verdict.UNDECIDED: "🟡", Verdict.STABLE: "🟢"}
_KNOWN: Final = "🔵"
# Code spans show these as they are, also in a table.
_PLAIN: Final = re.compile(r"[^`|\\]+")
# A zero-width space keeps GitHub from turning text into mentions, references and links.
_LINKS: Final = re.compile(
    r"(?<=@)|(?<=#)|(?<=\bGH)(?=-)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE
)


def drift_markdown(report: DriftReport) -> str:
    """Return the report as GitHub-flavoured Markdown.

    A line with the verdict, a table of the columns that drifted or are undecided, what happened in
    words, and foldable parts for the rest. It is at most `MOST_CHARACTERS` long; what was left out is counted.
    """
    page = _Page(MOST_CHARACTERS)
    page.add(f"**{prose(words.headline(report))}**\n\n{_about(report)}\n")
    for warning in words.gaps(report):
        page.add(f"\n⚠️ {prose(warning)}.\n")
    columns = drift_events.by_column(report)
    steady = [results for results in columns if results[0].verdict == Verdict.STABLE]
    telling = columns[: len(columns) - len(steady)]
    batches = len(report.batches) > 1
    if telling:
        rows = (_row(results, batches) for results in telling)
        page.rows("\n" + _head(batches), rows, spare=MOST_CHARACTERS // 2)
    happened = [*drift_events.changes(report), *drift_events.findings(report)]
    if happened:
        page.rows("\nWhat happened:\n\n", (_event(event, batches) for event in happened))
    if steady:
        page.fold(
            f"{words.plural(len(steady), 'column')} within the tolerance",
            _head(batches),
            (_row(results, batches) for results in steady),
        )
    others = binning_words.shown(report)
    if others:
        head = ["column", *(["batch"] if batches else []), "tool", "direction", "cells", "nats"]
        rows = (_binning(result, each, batches) for result in others for each in result.binnings)
        title = f"{binning_words.TITLE} for the same data"
        told = [f"- {prose(text)}\n" for text in binning_words.legend(others)]
        page.fold(title, markdown.grid(head, [], right=[len(head) - 1]), [*rows, "\n", *told])
    page.fold("How to read this", "", _legend(report))
    return page.text()


class _Page:
    """Text that stops growing before it is too long."""

    def __init__(self, most: int) -> None:
        self._parts: list[str] = []
        self._left = most

    def add(self, text: str) -> None:
        self._parts.append(text)
        self._left -= len(text)

    def rows(self, head: str, lines: Iterable[str], *, spare: int = 4000) -> None:
        """Add lines while they leave `spare` characters, and say how many are left out."""
        self.add(head)
        waiting = list(lines)
        for position, line in enumerate(waiting):
            if len(line) > self._left - spare:
                self.add(
                    f"\n… and {len(waiting) - position:,} more; a JSON report has them all.\n"
                )
                return
            self.add(line)

    def fold(self, title: str, head: str, lines: Iterable[str]) -> None:
        self.add(f"\n<details>\n<summary>{title}</summary>\n\n")
        self.rows(head, lines, spare=2000)
        self.add("\n</details>\n")

    def text(self) -> str:
        return "".join(self._parts)


def code(text: str, width: int | None = NAME_WIDTH) -> str:
    """Return a name from the data as code: GitHub leaves it alone there.

    >>> print(code("air_time"), code("a|b"))
    `air_time` <code>a&#124;b</code>
    """
    shown = words.name(text, width)
    if _PLAIN.fullmatch(shown):
        return f"`{shown}`"
    # No fence of backticks can hold a backslash before a pipe in a table: entities can.
    return f"<code>{re.sub(r'[!-/:-@[-`{-~]', lambda sign: f'&#{ord(sign[0])};', shown)}</code>"


def prose(text: str) -> str:
    r"""Return a sentence that may quote the data, with nothing in it that GitHub acts on.

    >>> print(prose("*new* category @all").replace(chr(0x200B), "_"))
    \*new\* category @_all
    """
    plain = markdown.escape(cut(printable(text), SENTENCE_WIDTH))
    return _LINKS.sub("\u200b", plain)


def _about(report: DriftReport) -> str:
    number = words.counts(report.results)
    verdicts = " · ".join(f"{_SIGNS[verdict]} {number[verdict]:,} {verdict}" for verdict in number)
    where = words.plural(len(report.batches), "batch", "batches")
    if len(report.batches) == 1:
        where = code(report.batches[0].name)
    reference = code(report.reference.source)
    rows = words.plural(report.reference.rows or 0, "row")
    return f"{verdicts} — {where} against {reference} ({rows})"


def _head(batches: bool) -> str:
    head = ["", "column", *(["worst batch", "drift in"] if batches else [])]
    first = len(head)
    head += ["D(P‖Q)", "interval", "tolerance", "q"]
    return markdown.grid(head, [], right=range(first, len(head)))


def _row(results: Sequence[DriftResult], batches: bool) -> str:
    """Return a column, as it is in the batch where it differs most."""
    worst = results[0]
    point, interval = value(worst.estimate)
    drifted = sum(result.verdict == Verdict.DRIFT for result in results)
    batch = [code(worst.batch), f"{drifted} of {len(results)}"] if batches else []
    joint = worst.estimate.kind == "joint"
    column = words.column_name(worst) if joint else code(worst.estimate.column)
    numbers = [point, interval, f"{worst.tolerance:g}", p_value(worst.q_value)]
    sign = _KNOWN if words.is_known(worst) else _SIGNS[Verdict(worst.verdict)]
    return markdown.line([f"{sign} {words.verdict(worst)}", column, *batch, *numbers])


def _binning(result: DriftResult, binning: Binning, batches: bool) -> str:
    row = binning_words.row(binning)
    where = [code(result.estimate.column), *([code(result.batch)] if batches else [])]
    cells = f"{row.cells}; {row.note}" if row.note else row.cells
    return markdown.line([*where, row.tool, prose(row.direction), prose(cells), row.value])


def _event(event: Event, batches: bool) -> str:
    where = ""
    if event.batch is not None and (batches or event.column is None):
        more = f" and {words.others(event.others)}" if event.others else ""
        where = f" ({code(event.batch)}{more})"
    about = ""
    if event.column is not None:
        name, joint = event.column
        about = "all columns together: " if joint else f"{code(name)}: "
    return f"- {about}{prose(event.message)}{where}\n"


def _legend(report: DriftReport) -> Sequence[str]:
    unit = f"Values are in {report.unit}, intervals at {100 * report.confidence:g} % confidence"
    return [
        f"- {words.MEANING}. {unit}.\n",
        f"- {words.VERDICTS}.\n",
        "- q: the p-value adjusted for all columns and batches (Benjamini–Hochberg).\n",
        f"- kl {report.klcli_version}, seed {report.seed}.\n",
    ]
