"""Markdown for people: the same rows and notes as the table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from klcli.data.wording import counted
from klcli.render import summary
from klcli.render.text import printable, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.results import Report, SourceInfo


def markdown(report: Report, *, verbose: bool = False) -> str:
    """Return the report as a paragraph, a table and a list of notes.

    With `verbose`, the list also tells how each column was estimated and why.
    """
    notes = summary.warning_notes(report)
    if verbose:
        notes += summary.method_notes(report)
    about = (
        f"P is {side(report.p)}, Q is {side(report.q)}. "
        f"{summary.headline(report)}. {summary.legend(report)}.\n"
    )
    parts = [about]
    if summary.several(report):
        from klcli.render.divergences import markdown_grid

        parts.append(markdown_grid(report))
    elif report.results:
        signs = summary.signs(report)
        values = [head for sign in signs for head in (sign, f"{summary.percent(report)} interval")]
        body = []
        for row in summary.rows(report, every=verbose):
            cells = [cell for value in row.values for cell in value]
            body.append([escape(visible(row.name)), *cells, row.p, ", ".join(row.codes)])
        parts.append(grid(["column", *values, "p", "note"], body, right=range(1, len(values) + 2)))
    if notes:
        parts.append("".join(_item(note) for note in notes))
    return "\n".join(parts)


def grid(head: Sequence[str], body: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return a table whose cells are already escaped; columns in `right` are right-aligned."""
    rule = ["---:" if position in right else "---" for position in range(len(head))]
    return "".join(map(line, [head, rule, *body]))


def line(cells: Sequence[str]) -> str:
    """Return a line of a table, of cells that are already escaped."""
    return "| " + " | ".join(cells) + " |\n"


def escape(text: str) -> str:
    r"""Return `text` so that Markdown shows it as it is.

    >>> escape("a|b")
    'a\\|b'
    """
    # An underscore between letters or digits means nothing to Markdown.
    special = r"([\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_]))"
    return re.sub(special, r"\\\1", printable(text))


def side(given: SourceInfo) -> str:
    """Return what P or Q is, with the number of its rows if it has any."""
    what = "known distribution" if given.rows is None else counted(given.rows, "row")
    return f"{escape(given.source)} ({what})"


def _item(note: summary.Note) -> str:
    where = f"**{escape(visible(note.column))}**" + (f", {note.sign}" if note.sign else "")
    code = f" ({note.code})" if note.code else ""
    return f"- {where}: {escape(note.message)}{code}\n"
