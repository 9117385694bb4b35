"""What other tools print, as a block of a table for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.render import binning_words
from klcli.render import drift_words as words
from klcli.render.numbers import align
from klcli.render.summary import value
from klcli.render.table import GAP, Style
from klcli.render.text import cell_width, cut, pad, wrap

if TYPE_CHECKING:
    from klcli.monitoring.report import DriftReport


def binning_lines(
    report: DriftReport, width: int | None, style: Style, *, verbose: bool
) -> list[str]:
    """Return what other tools print for each column, in its worst batch; `verbose`, in every one."""
    results = binning_words.shown(report, every=verbose)
    if not results:
        return []
    rows = [[binning_words.row(each) for each in result.binnings] for result in results]
    every = [row for each in rows for row in each]
    numbers = iter(align([row.value for row in every]))
    tools, directions = (
        max(map(cell_width, texts))
        for texts in ([row.tool for row in every], [row.direction for row in every])
    )
    lines = wrap(binning_words.ABOUT, width)
    for result, of_result in zip(results, rows, strict=True):
        point, _ = value(result.estimate)
        batch = f", {words.name(result.batch)}" if len(report.batches) > 1 else ""
        says = f"kl estimates D(P‖Q) = {point} {report.unit}".replace("= ≥", "≥")
        head = f"{words.column_name(result)}{batch}: {says}"
        lines += [style.bold(line) for line in wrap(head, width, GAP)]
        for row in of_result:
            parts = [
                next(numbers),
                pad(row.tool, tools),
                pad(row.direction, directions),
                row.cells,
            ]
            text = GAP + GAP.join(parts).rstrip()
            lines.append(text if width is None else cut(text, width))
            if row.note:
                lines += wrap(f"({row.note})", width, 2 * GAP, 2 * GAP)
    for text in binning_words.legend(results):
        lines += [style.dim(line) for line in wrap(text, width, GAP)]
    return lines
