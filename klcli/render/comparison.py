"""All divergences side by side and which to use: as a table, Markdown, JSON and records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from klcli.render import markdown as marks
from klcli.render import summary
from klcli.render.divergences import block, by_column, markdown_grid
from klcli.render.markdown import escape, side
from klcli.render.table import GAP, PLAIN, Style, sources
from klcli.render.text import printable, wrap
from klcli.results import Status

if TYPE_CHECKING:
    from klcli.estimation.advice import Advice
    from klcli.estimation.comparison import ColumnAdvice, Comparison


def table(
    comparison: Comparison,
    *,
    width: int | None = None,
    style: Style = PLAIN,
    verbose: bool = False,
) -> str:
    """Return a block of estimates for each column, and below it what to use.

    With `verbose`, the source of each advice is given.
    """
    report = comparison.report
    title = [summary.headline(report), summary.legend(report)]
    parts = [sources(report, width) + [line for text in title for line in wrap(text, width)]]
    said = {column.column: column for column in comparison.columns}
    for name, every in by_column(report).items():
        # What has no value is told in words, unless nothing has.
        results = [each for each in every if each.status != Status.UNDEFINED] or every
        parts.append(block(printable(name), results, summary.percent(report), width, style))
        parts.append(_said(said[name], width, style, verbose=verbose))
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _said(column: ColumnAdvice, width: int | None, style: Style, *, verbose: bool) -> list[str]:
    lines = []
    for remark in column.remarks:
        lines += wrap(f"{remark.divergence}: {printable(remark.message)}", width, GAP)
    if lines and column.advice:
        lines.append("")
    for each in column.advice:
        text = f"{each.need}: {_use(each)}: {printable(each.reason)}"
        if verbose and each.source:
            text += f" [{each.source}]"
        first, *rest = wrap(text, width, GAP)
        lines += [style.bold(first) if each.need == "here" and not rest else first, *rest]
    return lines


def _use(advice: Advice) -> str:
    return " or ".join(advice.use) or "nothing"


def markdown(comparison: Comparison) -> str:
    """Return a paragraph, a table of estimates, and a list of advice for each column."""
    report = comparison.report
    about = (
        f"P is {side(report.p)}, Q is {side(report.q)}. "
        f"{summary.headline(report)}. {summary.legend(report)}.\n"
    )
    parts = [about, markdown_grid(report)]
    for column in comparison.columns:
        lines = [f"**{escape(column.column)}**\n"]
        lines += [
            f"- {remark.divergence}: {escape(remark.message)}\n" for remark in column.remarks
        ]
        body = [
            [each.need, ", ".join(each.use), escape(each.reason), escape(each.source)]
            for each in column.advice
        ]
        parts.append("\n".join([lines[0], "".join(lines[1:])]))
        if body:
            parts.append(marks.grid(["for", "use", "because", "source"], body))
    return "\n".join(parts)


def as_json(comparison: Comparison) -> str:
    """Return the whole as one JSON document; `kl schema compare` describes it."""
    return json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False) + "\n"
