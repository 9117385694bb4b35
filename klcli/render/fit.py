"""Fits as people read them: a table for each family, with a fit a column, or Markdown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.data.wording import counted
from klcli.render import markdown as marks
from klcli.render.curves import sketch
from klcli.render.numbers import UNKNOWN, fixed
from klcli.render.table import GAP, PLAIN, Style
from klcli.render.text import cell_width, pad, printable, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.fitting.report import Divergence, Fit, FitReport

#: Decimals of divergences: enough to tell fits apart.
_DECIMALS: Final = 4
_METHODS: Final = {
    "sandwich": "standard errors: sandwich, right for any family (White 1982)",
    "influence": "standard errors: from the influence of each row on the density estimate",
}


@dataclass(frozen=True, slots=True)
class _Block:
    """One family: a row for each number, a column for each fit."""

    family: str
    heads: list[str]
    rows: list[tuple[str, list[str]]]


def table(
    report: FitReport,
    *,
    width: int | None = None,
    style: Style = PLAIN,
    verbose: bool = False,
    picture: bool = False,
) -> str:
    """Return the report as a table; at a terminal's `width`, or uncut without one.

    Parameters
    ----------
    report : FitReport
        What to show.
    width : int, optional
        Columns of the terminal. Without it nothing is cut or wrapped.
    style : Style
        How to emphasise.
    verbose : bool
        Add convergence, likelihoods of all fits, and every warning.
    picture : bool
        Add densities, drawn in text.
    """
    source, *rest = map(printable, _about(report))
    head = wrap(source, width, GAP + " ", f"P{GAP}")
    parts = [head + [line for text in rest for line in wrap(text, width, GAP)]]
    if len(_families(report)) > 1:
        parts.append(_ranking(report, style))
    parts += [
        _grid(_block(report, name, verbose=verbose), width, style) for name in _families(report)
    ]
    if picture:
        parts.append(sketch(report, width or 80))
    notes = [f"{where}: {text}" for where, text in _notes(report, verbose=verbose)]
    parts.append([line for note in notes for line in wrap(printable(note), width, GAP)])
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def markdown(report: FitReport, *, verbose: bool = False, picture: bool = False) -> str:
    """Return the report as paragraphs, a table for each family, and a list of notes."""
    source, *rest = map(marks.escape, _about(report))
    parts = ["  \n".join([f"P: {source}", *rest]) + "\n"]
    for name in _families(report):
        block = _block(report, name, verbose=verbose)
        heads = [marks.escape(block.family), *block.heads]
        rows = [[marks.escape(label), *cells] for label, cells in block.rows]
        parts.append(marks.grid(heads, rows, right=range(1, len(heads))))
    if picture:
        parts.append("```text\n" + "\n".join(sketch(report, 80)) + "\n```\n")
    notes = [
        f"- {marks.escape(f'{where}: {text}')}\n"
        for where, text in _notes(report, verbose=verbose)
    ]
    return "\n".join([*parts, *(["".join(notes)] if notes else [])])


def _families(report: FitReport) -> list[str]:
    return list(dict.fromkeys(fit.family for fit in report.fits))


def _about(report: FitReport) -> list[str]:
    target = report.target
    lines = [target.source]
    if target.kind == "data":
        of = f"{target.used:,} of " if target.used < target.rows else ""
        lines = [f"{target.source}, {target.column}, {of}{counted(target.rows, 'row')}"]
    lines.append(f"Kullback–Leibler divergence of P and each fit Q, in {report.unit}")
    asked = {fit.objective for fit in report.fits}
    if "forward" in asked:
        what = "maximum likelihood" if target.kind == "data" else "least cross-entropy"
        lines.append(f"forward minimises D(P‖Q), {what}: Q covers all of P")
    if "reverse" in asked:
        lines.append("reverse minimises D(Q‖P): Q stays where P is, and seeks one mode")
    return lines


def _ranking(report: FitReport, style: Style) -> list[str]:
    """Return a line for each family, the best forward fit first."""
    firsts: dict[tuple[str, str], Fit] = {}
    for fit in report.fits:
        firsts.setdefault((fit.family, fit.objective), fit)
    lines = []
    for name in _families(report):
        forward, reverse = (firsts.get((name, each)) for each in ("forward", "reverse"))
        lines.append(
            (
                forward.cross_entropy if forward else math.inf,
                [
                    name,
                    _divergence(forward.forward) if forward else "",
                    _divergence(reverse.reverse) if reverse else "",
                    _number(forward.aic, 1) if forward else "",
                    _number(forward.bic, 1) if forward else "",
                ],
            )
        )
    lines.sort(key=lambda line: line[0])
    heads = ["family", "D(P‖Q)", "D(Q‖P)", "AIC", "BIC"]
    rows = [cells for _, cells in lines]
    kept = [0, *(i for i in range(1, 5) if any(row[i].strip(UNKNOWN) for row in rows))]
    return _aligned([heads[i] for i in kept], [[row[i] for i in kept] for row in rows], style)


def _block(report: FitReport, family: str, *, verbose: bool) -> _Block:
    fits = [fit for fit in report.fits if fit.family == family]
    heads = [
        fit.objective
        + (f" {fit.optimum}" if fit.optima > 1 and fit.objective == "reverse" else "")
        for fit in fits
    ]
    rows = []
    for position, parameter in enumerate(fits[0].parameters):
        cells = [_parameter(fit, position) for fit in fits]
        rows.append((parameter.name, cells))
    rows.append(("D(P‖Q)", [_divergence(fit.forward) for fit in fits]))
    rows.append(("D(Q‖P)", [_divergence(fit.reverse) for fit in fits]))
    if any(math.isfinite(fit.aic) for fit in fits):
        rows += [
            ("log-likelihood", [_number(fit.log_likelihood, 2) for fit in fits]),
            ("AIC", [_number(fit.aic, 2) for fit in fits]),
            ("BIC", [_number(fit.bic, 2) for fit in fits]),
        ]
    if any(fit.starts > 1 for fit in fits):
        rows.append(("starts", [f"{fit.arrived} of {fit.starts}" for fit in fits]))
    if verbose:
        rows += [
            ("cross-entropy", [_number(fit.cross_entropy, _DECIMALS + 2) for fit in fits]),
            ("iterations", [str(fit.iterations) for fit in fits]),
            ("gradient", [_small(fit.gradient_norm) for fit in fits]),
            ("converged", ["yes" if fit.converged else "no" for fit in fits]),
        ]
    return _Block(family, heads, rows)


def _parameter(fit: Fit, position: int) -> str:
    each = fit.parameters[position]
    if each.fixed:
        return f"{each.value:.6g} fixed"
    if not math.isfinite(each.standard_error) or each.standard_error <= 0:
        return _rounded(each.value)
    places = _places(each.standard_error)
    if places > 8 or abs(each.value) >= 1e9:
        return f"{each.value:.6g} ± {each.standard_error:.2g}"
    return f"{fixed(each.value, places)} ± {fixed(each.standard_error, places)}"


def _places(error: float) -> int:
    """Return decimals that show two digits of an error."""
    return max(0, 1 - math.floor(math.log10(error)))


def _rounded(value: float) -> str:
    """Return six digits; what is 0 but for rounding is 0."""
    return "0" if abs(value) < 1e-9 else f"{value:.6g}"


def _divergence(one: Divergence) -> str:
    if one.status == "lower-bound":
        return "≥" + fixed(one.value, _DECIMALS)
    text = fixed(one.value, _DECIMALS)
    if math.isfinite(one.value) and one.standard_error > 0:
        places = min(max(_places(one.standard_error), 1), _DECIMALS)
        text = f"{fixed(one.value, places)} ± {fixed(one.standard_error, places)}"
    return text


def _number(value: float, places: int) -> str:
    return UNKNOWN if math.isnan(value) else fixed(value, places)


def _small(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.0e}"


def _grid(block: _Block, width: int | None, style: Style) -> list[str]:
    lines = _aligned(
        [block.family, *block.heads], [[label, *cells] for label, cells in block.rows], style
    )
    if width is None or _wide(lines, style) <= width:
        return lines
    # A fit at a time where they do not stand side by side.
    stacked: list[str] = []
    for position, head in enumerate(block.heads):
        rows = [[label, cells[position]] for label, cells in block.rows]
        stacked += _aligned([block.family, head], rows, style)
    return stacked


def _wide(lines: Sequence[str], style: Style) -> int:
    """Return the columns that lines take, the first of which is emphasised."""
    first = cell_width(lines[0].removeprefix(style.strong).removesuffix(style.end))
    return max(first, *map(cell_width, lines[1:]))


def _aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    columns = [list(column) for column in zip(heads, *rows, strict=True)]
    widths = [max(map(cell_width, column)) for column in columns]
    lines = [
        GAP.join(
            pad(printable(cell), size, right=number > 0)
            for number, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in (heads, *rows)
    ]
    return [style.bold(lines[0]), *lines[1:]]


def _notes(report: FitReport, *, verbose: bool) -> list[tuple[str, str]]:
    notes = [(report.target.column or "P", _coded(f.message, f.code)) for f in report.findings]
    for fit in report.fits:
        where = _name(report, fit)
        notes += [(where, _coded(f.message, f.code)) for f in fit.warnings]
        notes += [
            (f"{where}, {sign}", one.reason)
            for sign, one in (("D(P‖Q)", fit.forward), ("D(Q‖P)", fit.reverse))
            if one.reason
        ]
        if fit.no_error and (verbose or report.target.kind == "data"):
            notes.append((where, f"no standard errors: {fit.no_error}"))
        elif verbose and fit.error_method in _METHODS:
            notes.append((where, _METHODS[fit.error_method]))
    if verbose:
        notes.append(("P", _entropy(report)))
        notes += [(_name(report, fit), fit.expression) for fit in report.fits]
    return list(dict.fromkeys(notes))


def _entropy(report: FitReport) -> str:
    target = report.target
    how = "" if target.kind == "distribution" else ", estimated on its own"
    return f"entropy {_number(target.entropy, 6)} {report.unit}{how}"


def _coded(message: str, code: str) -> str:
    return f"{message} [{code}]"


def _name(report: FitReport, fit: Fit) -> str:
    number = f" {fit.optimum}" if fit.optima > 1 and fit.objective == "reverse" else ""
    family = f"{fit.family}, " if len(_families(report)) > 1 else ""
    return f"{family}{fit.objective}{number}"
