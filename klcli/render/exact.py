"""Divergences of known distributions as people read them: a table, or Markdown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from klcli.divergences.report import LOGARITHMIC
from klcli.render import markdown as marks
from klcli.render import summary
from klcli.render.numbers import UNKNOWN, align, decimals, fixed
from klcli.render.summary import SIGNS
from klcli.render.table import GAP, PLAIN, Style
from klcli.render.text import cell_width, pad, printable, wrap
from klcli.results import SYMMETRIC, Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.divergences.report import Exact, ExactReport

_METHODS = {
    "closed-form": "closed form",
    "support": "by their supports",
    "summation": "summation",
    "quadrature": "quadrature",
    "monte-carlo": "Monte Carlo",
}
_HEAD = ("", "divergence", "entropy", "cross-entropy", "error", "method")
_SHORT = ("", "value", "error", "unit", "method")
#: Digits that people read of a number that is known to many more.
_DIGITS = 5
_MOST = 12


def table(
    report: ExactReport, *, width: int | None = None, style: Style = PLAIN, verbose: bool = False
) -> str:
    """Return the report as a table; at a terminal's `width`, or uncut without one.

    Where the table is wider than the terminal, each number has a line of its own.
    """
    lines = [
        line
        for side, shown in (("P", report.p), ("Q", report.q))
        for line in wrap(printable(shown.expression), width, GAP + " ", f"{side}{GAP}")
    ]
    lines += [*wrap(_title(report), width), *wrap(_legend(report), width)]
    parts = [lines, _grid(report, width, style), _below(report, width, verbose=verbose)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def markdown(report: ExactReport, *, verbose: bool = False) -> str:
    """Return the report as a paragraph, a table and a list of notes."""
    sides = ", ".join(
        f"{name} is {marks.escape(side.expression)}"
        for name, side in (("P", report.p), ("Q", report.q))
    )
    rows = [[marks.escape(cell) for cell in row] for row in _rows(report)]
    notes = [f"- {sign}: {marks.escape(text)}\n" for sign, text in _notes(report, verbose=verbose)]
    about = f"{sides}. {_title(report)}. {_legend(report)}.\n"
    titles = list(_HEAD if _plain(report) else _SHORT)
    grid = marks.grid(titles, rows, right=range(1, _left(report)))
    return "\n".join([about, grid, *(["".join(notes)] if notes else [])])


def _plain(report: ExactReport) -> bool:
    """Tell whether there is nothing but the Kullback–Leibler divergence, with its entropies."""
    return all(result.divergence == "kl" for result in report.results)


def _label(report: ExactReport, result: Exact) -> str:
    sign = summary.sign(result.divergence, result.direction)
    return sign if _plain(report) or result.divergence != "kl" else f"kl {sign[2:5]}"


def _unit(report: ExactReport, result: Exact) -> str:
    kind = result.divergence.partition(":")[0]
    if kind in LOGARITHMIC:
        return report.unit
    return {"wasserstein": "that of x", "energy": "√ of that of x"}.get(kind, "")


def _title(report: ExactReport) -> str:
    if not _plain(report):
        return "Divergences of two known distributions"
    return f"Kullback–Leibler divergence in {report.unit}"


def _legend(report: ExactReport) -> str:
    if not _plain(report):
        if all(result.direction == SYMMETRIC for result in report.results):
            return "the same with P and Q exchanged"
        return "P‖Q is forward, Q‖P reverse; all others are the same with P and Q exchanged"
    first, second = _letters(report.results[0])
    sign = SIGNS[Direction(report.results[0].direction)]
    return f"{sign} is the cross-entropy of {first} and {second} less the entropy of {first}"


def _letters(result: Exact) -> tuple[str, str]:
    return ("Q", "P") if result.direction == Direction.REVERSE else ("P", "Q")


def _rows(report: ExactReport) -> list[list[str]]:
    exact = [_places(result) for result in report.results if not result.standard_error]
    places = max(exact, default=0)
    if not _plain(report):
        rows = [_row("", result, _places(result)) for result in report.results]
        return [
            [_label(report, result), row[1], row[-2], _unit(report, result), row[-1]]
            for result, row in zip(report.results, rows, strict=True)
        ]
    return [
        _row(_label(report, result), result, _places(result) if result.standard_error else places)
        for result in report.results
    ]


def _row(sign: str, result: Exact, places: int) -> list[str]:
    bound = "≥" if result.status == "lower-bound" else ""
    if not math.isfinite(result.value):
        error = ""
    elif result.method == "monte-carlo":
        error = f"±{fixed(result.standard_error, places)}"
    else:
        error = f"≤{result.error_bound:.0e}" if result.error_bound else "0"
    numbers = [fixed(x, places) for x in (result.entropy, result.cross_entropy)]
    return [sign, bound + fixed(result.value, places), *numbers, error, _METHODS[result.method]]


def _places(result: Exact) -> int:
    """Return decimals that show the divergence, so that entropy and divergence visibly add up."""
    if result.standard_error:
        return decimals(result.value, result.standard_error)
    size = abs(result.value)
    shown = size if math.isfinite(size) and size > 0 else 1.0
    # Of a poor bound no more digits than it supports.
    known = -math.floor(math.log10(result.error_bound)) if result.error_bound else _MOST
    wanted = min(_DIGITS - 1 - math.floor(math.log10(shown)), known)
    return min(max(wanted, 0), _MOST)


def _left(report: ExactReport) -> int:
    """Return the first column of words."""
    return len(_HEAD) - 1 if _plain(report) else 3


def _grid(report: ExactReport, width: int | None, style: Style) -> list[str]:
    titles = _HEAD if _plain(report) else _SHORT
    left = _left(report)
    columns = [list(column) for column in zip(*_rows(report), strict=True)]
    columns[1:left] = [align(column) for column in columns[1:left]]
    widths = [
        max(cell_width(text) for text in (head, *column))
        for head, column in zip(titles, columns, strict=True)
    ]
    if width is not None and sum(widths) + len(GAP) * (len(titles) - 1) > width:
        return _records(report, style)
    head, *lines = (
        GAP.join(
            pad(cell, size, right=0 < number < left)
            for number, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in (titles, *zip(*columns, strict=True))
    )
    return [style.bold(head), *lines]


def _records(report: ExactReport, style: Style) -> list[str]:
    lines = []
    titles = _HEAD if _plain(report) else _SHORT
    longest = max(map(len, titles))
    for sign, *cells in _rows(report):
        lines.append(style.bold(sign))
        lines += [
            f"{GAP}{pad(head, longest)}{GAP}{cell}"
            for head, cell in zip(titles[1:], cells, strict=True)
            if cell
        ]
    return lines


def _below(report: ExactReport, width: int | None, *, verbose: bool) -> list[str]:
    return [
        line
        for sign, text in _notes(report, verbose=verbose)
        for line in wrap(f"{sign}: {printable(text)}", width, GAP)
    ]


def _notes(report: ExactReport, *, verbose: bool) -> Sequence[tuple[str, str]]:
    notes = []
    for result in report.results:
        sign = _label(report, result)
        if result.reason:
            notes.append((sign, f"{_status(result)}: {result.reason}"))
        first, second = _letters(result)
        if verbose and result.formula:
            named = result.divergence in {"kl", "jeffreys", "js"} and "1" in result.formula
            where = f" with 1 = {first}, 2 = {second}" if named else ""
            if result.direction == Direction.REVERSE and result.divergence != "kl":
                where = " with p of Q, q of P"
            notes.append((sign, f"{result.formula}{where}"))
            if result.source:
                notes.append((sign, f"source: {result.source}"))
        if verbose and math.isfinite(result.entropy):
            notes.append((sign, _entropy(result, first)))
        if result.method == "monte-carlo" and math.isfinite(result.value):
            notes.append(
                (sign, f"drawn at random with seed {report.seed}; the error is its standard error")
            )
    return notes


def _status(result: Exact) -> str:
    return {"infinite": "∞", "undefined": UNKNOWN}.get(result.status, "at least this")


def _entropy(result: Exact, first: str) -> str:
    error = f"within {result.entropy_error:.0e}" if result.entropy_error else "exact"
    return f"entropy of {first} {result.entropy:.10g}, {error}"
