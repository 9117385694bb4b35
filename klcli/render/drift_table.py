"""A report of drift for people at a terminal: a row per column, what matters first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import drift_words as words
from klcli.render.binning_table import binning_lines
from klcli.render.numbers import align, align_intervals, align_rows, p_value
from klcli.render.summary import value
from klcli.render.table import GAP, PLAIN, SHORTEST_NAME, Style
from klcli.render.text import cell_width, cut, cut_start, pad, printable, wrap
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import Batch, DriftReport, DriftResult
    from klcli.results import Finding

_BARS: Final = "▁▂▃▄▅▆▇█"
_NOTHING: Final = "·"
#: A sparkline longer than this says no more; batches share a bar, which shows the largest.
_LONGEST_SPARK: Final = 24
_SHORTEST_BATCH: Final = 8
#: Findings of one code that are spelled out without -v.
_SHOWN: Final = 3
#: Columns of the others that are named, and characters of each.
_LISTED, _LONGEST_NAME = 8, 40


def drift_table(
    report: DriftReport, *, width: int | None = None, style: Style = PLAIN, verbose: bool = False
) -> str:
    """Return the report as a table.

    Parameters
    ----------
    report : DriftReport
        What to show.
    width : int, optional
        Columns of the terminal. Without it nothing is cut or wrapped.
    style : Style
        How to emphasise.
    verbose : bool
        Add every batch of every column, how it was estimated, and every finding and warning.
    """
    columns = words.by_column(report)
    parts = [
        _sources(report, width),
        [line for text in _summary(report) for line in wrap(text, width)],
        _body(report, columns, width, style),
        _happened(report, width, verbose=verbose),
        binning_lines(report, width, style, verbose=verbose),
        _details(report, columns, width, style) if verbose else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _sources(report: DriftReport, width: int | None) -> list[str]:
    batches = report.batches
    first = words.name(batches[0].name) if batches else "nothing"
    names = [first if len(batches) < 2 else f"{first} … {words.name(batches[-1].name)}"]
    names.append(printable(report.reference.source))
    rows = align_rows([sum(batch.rows for batch in batches), report.reference.rows or 0])
    more = f" in {words.plural(len(batches), 'batch', 'batches')}" if len(batches) > 1 else ""
    if width is not None:
        room = width - len("P") - 2 * len(GAP) - max(map(len, rows)) - len(more)
        names = [cut_start(name, max(room, SHORTEST_NAME)) for name in names]
    longest = max(map(cell_width, names))
    notes = [more, ""]
    return [
        GAP.join([sign, pad(name, longest), f"{count}{note}"])
        for sign, name, count, note in zip("PQ", names, rows, notes, strict=True)
    ]


def _summary(report: DriftReport) -> list[str]:
    tolerances = sorted({result.tolerance for result in report.results})
    text = f"Kullback–Leibler divergence D(P‖Q) in {report.unit}"
    if tolerances:
        text += f", {100 * report.confidence:g} % intervals, tolerance {tolerances[0]:g}"
    if len(tolerances) > 1:
        text += f" … {tolerances[-1]:g}"
    lines = [text, words.headline(report), *words.gaps(report)]
    source = report.reference.source
    if any(batch.reference != source for batch in report.batches if batch.rows):
        lines.insert(1, "Q is what comes before each batch; above stands the first")
    return lines


def _body(
    report: DriftReport, columns: Sequence[Sequence[DriftResult]], width: int | None, style: Style
) -> list[str]:
    if not columns:
        return []
    worst = [words.by_weight(results)[0] for results in columns]
    shown = [value(result.estimate) for result in worst]
    names = [words.column_name(result) for result in worst]
    cells = {
        "verdict": [words.verdict(result) for result in worst],
        "D(P‖Q)": align([point for point, _ in shown]),
        f"{100 * report.confidence:g} % interval": align_intervals([each for _, each in shown]),
        "q": align([p_value(result.q_value) for result in worst]),
    }
    filled = []
    for head, column in cells.items():
        longest = max(cell_width(head), *map(cell_width, column))
        filled.append([pad(cell, longest, right=head != "verdict") for cell in column])
    heads = [
        pad(head, cell_width(column[0]), right=head != "verdict")
        for head, column in zip(cells, filled, strict=True)
    ]
    if len(report.batches) == 1:
        room = None if width is None else width - sum(cell_width(h) + len(GAP) for h in heads)
        longest = _name_width(names, room)
        lines = [GAP.join([pad("column", longest), *heads])]
        for name, *row in zip(names, *filled, strict=True):
            lines.append(GAP.join([pad(cut(name, longest), longest), *row]).rstrip())
        return [style.bold(lines[0]), *lines[1:]]
    return _with_batches(report, columns, worst, names, heads, filled, width, style)


def _name_width(names: Sequence[str], room: int | None) -> int:
    longest = max(len("column"), *map(cell_width, names))
    return longest if room is None else min(longest, max(room, SHORTEST_NAME))


def _with_batches(
    report: DriftReport,
    columns: Sequence[Sequence[DriftResult]],
    worst: Sequence[DriftResult],
    names: Sequence[str],
    heads: Sequence[str],
    filled: Sequence[Sequence[str]],
    width: int | None,
    style: Style,
) -> list[str]:
    """Return the rows with the batch that is shown, and a bar for each batch."""
    spark = min(len(report.batches), _LONGEST_SPARK)
    short = _short([batch.name for batch in report.batches])
    batches = [short[result.batch] for result in worst]
    batch_width = max(len("worst batch"), *map(cell_width, batches))
    longest = _name_width(names, None)
    if width is not None:
        used = sum(cell_width(head) + len(GAP) for head in heads)
        room = width - used - 2 * len(GAP) - spark
        longest = min(longest, max(room - batch_width, room // 2, SHORTEST_NAME))
        batch_width = min(batch_width, room - longest)
        if batch_width < _SHORTEST_BATCH:
            batch_width = 0
            longest = _name_width(names, max(room + len(GAP), SHORTEST_NAME))
    head = [pad("column", longest), *heads]
    if batch_width:
        head.append(pad(cut("worst batch", batch_width), batch_width))
    lines = [style.bold(GAP.join([*head, "batches"[: max(spark, len("batches"))]]).rstrip())]
    order = {batch.name: position for position, batch in enumerate(report.batches)}
    for results, name, batch, *row in zip(columns, names, batches, *filled, strict=True):
        line = [pad(cut(name, longest), longest), *row]
        if batch_width:
            line.append(pad(cut_start(batch, batch_width), batch_width))
        bars = _sparkline(results, order, len(report.batches), spark, style)
        lines.append(GAP.join([*line, bars]).rstrip())
    return lines


def _short(names: Sequence[str]) -> dict[str, str]:
    """Return names without the extension that all of them have."""
    endings = {name[name.rindex(".") :] if "." in name else "" for name in names}
    ending = endings.pop() if len(endings) == 1 else ""
    return {name: words.name(name.removesuffix(ending)) for name in names}


def _sparkline(
    results: Sequence[DriftResult], order: dict[str, int], count: int, length: int, style: Style
) -> str:
    """Return a bar for each batch: from 0 to the largest, which is at least the tolerance."""
    slots: list[list[DriftResult]] = [[] for _ in range(length)]
    for result in results:
        slots[order[result.batch] * length // count].append(result)
    known = [
        result.estimate.finite_estimate
        for result in results
        if math.isfinite(result.estimate.finite_estimate)
    ]
    top = max([*known, max(result.tolerance for result in results), 1e-12])
    text = ""
    for slot in slots:
        heights = [_height(result, top) for result in slot]
        bar = _BARS[max(heights)] if heights and max(heights) >= 0 else _NOTHING
        drifted = any(result.verdict == Verdict.DRIFT for result in slot)
        text += style.bold(bar) if drifted else bar
    return text


def _height(result: DriftResult, top: float) -> int:
    """Return the height of a bar, 0 to 7; −1 for none."""
    if result.estimate.status == Status.INFINITE:
        return len(_BARS) - 1
    size = result.estimate.finite_estimate
    if math.isnan(size):
        return -1
    return min(int(max(size, 0.0) / top * len(_BARS)), len(_BARS) - 1)


def _happened(report: DriftReport, width: int | None, *, verbose: bool) -> list[str]:
    """Return what changed, in words, and where; then warnings about the run."""
    lines: list[str] = []
    for point in report.change_points:
        text = f"{words.name(point.column)} {words.change_point(point, report.unit)}"
        lines += wrap(text, width, GAP)
    for code, same in _by_code(report).items():
        shown = list(same.items()) if verbose else list(same.items())[:_SHOWN]
        for (column, message), batches in shown:
            parts = [_together(batches)] * bool(batches) + [column] * bool(column)
            text = ", ".join(parts) + ": " * bool(parts) + message
            lines += wrap(f"{text} [{code}]", width, GAP)
        if len(same) > len(shown):
            named = {"", *(column for (column, _), _ in shown)}
            where = _columns([column for column, _ in same if column not in named])
            more = f"… and {len(same) - len(shown):,} more with {code}{where} (-v shows them)"
            lines += wrap(more, width, GAP, GAP)
    return lines


def _by_code(report: DriftReport) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Return for each code what is said of which column, and of which batches."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {}

    def add(finding: Finding, column: str, batch: str | None, known: Sequence[str] = ()) -> None:
        said = found.setdefault(finding.code, {})
        message = printable(finding.message) + words.mark(finding.code in known)
        where = said.setdefault((column, message), [])
        if batch is not None:
            where.append(batch)

    for batch in report.batches:
        for finding in batch.findings:
            add(finding, "", batch.name, batch.known)
    for result in report.results:
        for finding in result.changes:
            add(finding, words.column_name(result), result.batch, result.known)
    for finding in report.findings:
        add(finding, "", None)
    return found


def _columns(columns: Sequence[str]) -> str:
    """Return the names of columns, of many the first."""
    names = [cut(name, _LONGEST_NAME) for name in dict.fromkeys(columns)]
    more = f" and {len(names) - _LISTED:,} more columns" if len(names) > _LISTED else ""
    return f": {', '.join(names[:_LISTED])}{more}" if names else ""


def _together(batches: Sequence[str]) -> str:
    """Return the names of batches, or the first and last of many and how many there are."""
    names = [words.name(name) for name in batches]
    if len(names) <= 2:
        return ", ".join(names)
    return f"{names[0]} … {names[-1]} ({len(names)} batches)"


def _details(
    report: DriftReport, columns: Sequence[Sequence[DriftResult]], width: int | None, style: Style
) -> list[str]:
    """Return every result as a sentence, with its warnings and what moved."""
    lines: list[str] = []
    by_name: dict[str, Batch] = {batch.name: batch for batch in report.batches}
    for results in columns:
        lines.append(style.bold(words.column_name(results[0])))
        for result in words.by_weight(results):
            against = by_name[result.batch].reference
            of = "" if against == report.reference.source else f" against {words.name(against)}"
            text = f"{words.name(result.batch)}{of}: {words.verdict(result)}; "
            text += words.sentence(result, report.unit)
            moved = words.moved(result) if result.verdict != Verdict.STABLE else ""
            text += f"; {moved}" if moved else ""
            lines += wrap(text, width, GAP + GAP, GAP)
            for warning in result.estimate.warnings:
                said = f"{printable(warning.message)} [{warning.code}]"
                lines += wrap(said, width, 3 * GAP, GAP + GAP)
        first = results[0].estimate
        if first.density:
            method = f"{first.kind}, {first.density} density, {first.estimator} estimator"
            lines += [
                style.dim(line)
                for line in wrap(f"{method}; {printable(first.reason)}", width, GAP, GAP)
            ]
    return lines
