"""The table for people: at a terminal's width, or uncut plain text without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from klcli.render import summary
from klcli.render.numbers import align, align_intervals, align_rows
from klcli.render.text import cell_width, cut, cut_start, pad, printable, visible, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klcli.results import Report

GAP = "  "
KNOWN = "known distribution"
SHORTEST_NAME = 12  # below this a name cut short no longer tells columns apart


@dataclass(frozen=True, slots=True)
class Style:
    """Escape sequences around emphasised and subdued text; none without a terminal.

    Only weight changes, never colour, so it reads on any background.
    """

    strong: str = ""
    faint: str = ""
    end: str = ""

    def bold(self, text: str) -> str:
        """Return `text` emphasised."""
        return f"{self.strong}{text}{self.end}"

    def dim(self, text: str) -> str:
        """Return `text` subdued."""
        return f"{self.faint}{text}{self.end}"


PLAIN = Style()
ANSI = Style("\x1b[1m", "\x1b[2m", "\x1b[0m")


def table(
    report: Report, *, width: int | None = None, style: Style = PLAIN, verbose: bool = False
) -> str:
    """Return the report as a table.

    Parameters
    ----------
    report : Report
        What to show, in the order it stands.
    width : int, optional
        Columns of the terminal. Without it nothing is cut or wrapped.
    style : Style
        How to emphasise.
    verbose : bool
        Add how each column was estimated and why, and every warning instead of the first of
        its code.
    """
    title = [summary.headline(report), summary.legend(report)]
    parts = [
        sources(report, width) + [line for text in title for line in wrap(text, width)],
        _blocks(report, width, style)
        if summary.several(report)
        else _body(report, width, style, verbose=verbose),
        _warnings(report, width, verbose=verbose),
        [style.dim(line) for line in _methods(report, width)] if verbose else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def sources(report: Report, width: int | None) -> list[str]:
    """Return a line for each side, with its rows."""
    sides = {"P": report.p, "Q": report.q}
    rows = [side.rows for side in sides.values()]
    counts = align_rows([count for count in rows if count is not None])
    about = [KNOWN if count is None else counts.pop(0) for count in rows]
    names = [printable(side.source) for side in sides.values()]
    if width is not None:
        room = width - len("P") - 2 * len(GAP) - max(map(len, about))
        shorten = {True: cut, False: cut_start}  # of a path, the end tells more
        names = [
            shorten[count is None](name, max(room, SHORTEST_NAME))
            for name, count in zip(names, rows, strict=True)
        ]
    longest = max(map(cell_width, names))
    return [
        GAP.join([label, pad(name, longest), text])
        for label, name, text in zip(sides, names, about, strict=True)
    ]


def _blocks(report: Report, width: int | None, style: Style) -> list[str]:
    from klcli.render.divergences import blocks

    return blocks(report, width, style)


def _body(report: Report, width: int | None, style: Style, *, verbose: bool) -> list[str]:
    rows = summary.rows(report, every=verbose)
    if not rows:
        return []
    names = [visible(row.name) for row in rows]
    headers, columns = _values(report, rows)
    longest = max(map(cell_width, names))
    used = sum(len(column[0]) + len(GAP) for column in columns)
    for notes in _note_choices([row.codes for row in rows]):
        note_width = max(map(len, notes))
        room = (
            longest if width is None else width - used - note_width - len(GAP) * (note_width > 0)
        )
        if room >= min(longest, SHORTEST_NAME):
            head, *lines = _grid(names, headers, columns, notes, min(longest, room))
            return [style.bold(head), *lines]
    return _records(report, names, rows, columns, width, style)


def _values(report: Report, rows: list[summary.Row]) -> tuple[list[str], list[list[str]]]:
    headers, columns = [], []
    for position, sign in enumerate(summary.signs(report)):
        headers += [sign, f"{summary.percent(report)} interval"]
        columns += [
            align([row.values[position][0] for row in rows]),
            align_intervals([row.values[position][1] for row in rows]),
        ]
    headers.append("p")
    columns.append(align([row.p for row in rows]))
    return headers, [
        [pad(cell, len(header), right=True) for cell in column]
        for header, column in zip(headers, columns, strict=True)
    ]


def _note_choices(codes: list[tuple[str, ...]]) -> list[list[str]]:
    """Return the notes at full length, as the first code and a count, as a mark."""
    return [
        [", ".join(each) for each in codes],
        [each[0] + f" +{len(each) - 1}" * (len(each) > 1) if each else "" for each in codes],
        ["*" if each else "" for each in codes],
    ]


def _grid(
    names: list[str],
    headers: list[str],
    columns: list[list[str]],
    notes: list[str],
    name_width: int,
) -> list[str]:
    name_width = max(name_width, len("column"))
    titles = [
        pad(title, len(column[0]), right=True)
        for title, column in zip(headers, columns, strict=True)
    ]
    last = "note" if max(map(len, notes)) >= len("note") else ""
    lines = [[pad("column", name_width), *titles, last]]
    for name, *cells, note in zip(names, *columns, notes, strict=True):
        lines.append([pad(cut(name, name_width), name_width), *cells, note])
    return [GAP.join(line).rstrip() for line in lines]


def _records(
    report: Report,
    names: list[str],
    rows: list[summary.Row],
    columns: list[list[str]],
    width: int | None,
    style: Style,
) -> list[str]:
    """Return a line per value: what fits where a row would not."""
    signs = summary.signs(report)
    label = max(map(len, signs))
    lines = []
    for name, row, *cells in zip(names, rows, *columns, strict=True):
        lines.append(style.bold(name if width is None else cut(name, width)))
        for position, sign in enumerate(signs):
            lines.append(
                GAP.join(["", pad(sign, label), *cells[2 * position : 2 * position + 2]]).rstrip()
            )
        if row.p:
            lines.append(GAP.join(["", pad("p", label), row.p]))
        if row.codes:
            first = GAP.join(["", pad("note", label), ""])
            lines += wrap(", ".join(row.codes), width, " " * len(first), first)
    return lines


def _warnings(report: Report, width: int | None, *, verbose: bool) -> list[str]:
    notes = summary.warning_notes(report)
    by_code: dict[str, list[summary.Note]] = {}
    for note in notes:
        by_code.setdefault(note.code, []).append(note)
    lines = []
    for same in by_code.values():
        shown = same if verbose else same[:1]
        lines += _paragraphs(shown, width)
        columns = {note.column for note in same} - {note.column for note in shown}
        if columns:
            more = f"… and {len(columns)} more with {same[0].code} (-v shows them)"
            lines += wrap(more, width, GAP, GAP)
    return lines


def _methods(report: Report, width: int | None) -> list[str]:
    return _paragraphs(summary.method_notes(report), width)


def _paragraphs(notes: Iterable[summary.Note], width: int | None) -> list[str]:
    lines = []
    for note in notes:
        column = visible(note.column)
        where = f"{column}, {note.sign}" if note.sign else column
        code = f" [{note.code}]" if note.code else ""
        lines += wrap(f"{where}: {printable(note.message)}{code}", width, GAP)
    return lines
