"""Several divergences of each column, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.render import markdown, summary
from klcli.render.numbers import align, align_intervals, p_value
from klcli.render.table import GAP
from klcli.render.text import cell_width, cut, pad, printable, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.render.table import Style
    from klcli.results import Estimate, Report


def blocks(report: Report, width: int | None, style: Style) -> list[str]:
    """Return a block of lines for each column, in the order of the report."""
    lines: list[str] = []
    for name, results in by_column(report).items():
        if lines:
            lines.append("")
        lines += block(printable(name), results, summary.percent(report), width, style)
    return lines


def by_column(report: Report) -> dict[str, list[Estimate]]:
    """Return the results of each column, in order."""
    columns: dict[str, list[Estimate]] = {}
    for result in report.results:
        columns.setdefault(result.column, []).append(result)
    return columns


def heading(result: Estimate) -> str:
    """Return a divergence with its direction; here D(P‖Q) is one of many."""
    sign = summary.sign(result.divergence, result.direction)
    if result.divergence == "kl":
        return f"kl {sign[2:5]}"
    return sign


def block(
    name: str, results: Sequence[Estimate], percent: str, width: int | None, style: Style
) -> list[str]:
    """Return a line for each divergence of one column, under its name."""
    labels = [heading(result) for result in results]
    values = [summary.value(result) for result in results]
    columns = [
        align([value for value, _ in values]),
        align_intervals([interval for _, interval in values]),
        align([p_value(result.p_value) for result in results]),
        [summary.unit(result.unit) for result in results],
    ]
    first = max(map(cell_width, labels))
    titles = ["estimate", f"{percent} interval", "p", "unit"]
    widths = [
        max(cell_width(title), *map(cell_width, column))
        for title, column in zip(titles, columns, strict=True)
    ]
    used = first + sum(each + len(GAP) for each in widths)
    shown = [summary.codes(result) for result in results]
    notes = [", ".join(each) for each in shown]
    for shorter in (
        [each[0] + f" +{len(each) - 1}" * (len(each) > 1) if each else "" for each in shown],
        ["*" if each else "" for each in shown],
    ):
        if width is not None and used + len(GAP) + max(map(len, notes)) > width:
            notes = shorter
    top = cut(name, first) if width is not None and used + 20 > width else name
    head = [pad(top, first)]
    right = [True, True, True, False]
    head += [
        pad(title, each, right=side)
        for title, each, side in zip(titles, widths, right, strict=True)
    ]
    if max(map(len, notes)) >= len("note"):
        head.append("note")
    if cell_width(top) > first:
        # A long name has a line to itself.
        title = [style.bold(name if width is None else cut(name, width))]
        head[0] = " " * first
        lines = [*title, style.bold(GAP.join(head).rstrip())]
    else:
        lines = [style.bold(GAP.join(head).rstrip())]
    for label, *cells, note in zip(labels, *columns, notes, strict=True):
        parts = [
            pad(cell, each, right=side)
            for cell, each, side in zip(cells, widths, right, strict=True)
        ]
        lines.append(GAP.join([pad(label, first), *parts, note]).rstrip())
    if width is not None and max(map(cell_width, lines)) > width:
        return _narrow(name, labels, values, results, width, style)
    return lines


def _narrow(
    name: str,
    labels: Sequence[str],
    values: Sequence[tuple[str, str]],
    results: Sequence[Estimate],
    width: int,
    style: Style,
) -> list[str]:
    """Return the divergences where a line would not hold them."""
    lines = [style.bold(cut(name, width))]
    for label, (value, interval), result in zip(labels, values, results, strict=True):
        text = " ".join(filter(None, (value, summary.unit(result.unit))))
        if interval:
            text += f" ({interval})"
        lines += wrap(text, width, " " * 4, f"{label}: ")
    return lines


def markdown_grid(report: Report) -> str:
    """Return a table with a row for each divergence of each column."""
    body = []
    for result in report.results:
        value, interval = summary.value(result)
        codes = ", ".join(summary.codes(result))
        row = [markdown.escape(result.column), heading(result), value, interval]
        body.append([*row, p_value(result.p_value), summary.unit(result.unit), codes])
    head = ["column", "divergence", "estimate", f"{summary.percent(report)} interval", "p"]
    return markdown.grid([*head, "unit", "note"], body, right=range(2, 5))
