"""A report as people read it: what is compared, one row per column, and notes below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from klcli.render.numbers import BETWEEN, UNKNOWN, decimals, fixed, p_value
from klcli.render.tuning import curve
from klcli.results import SYMMETRIC, Direction, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from klcli.plotting.report import Answer
    from klcli.results import Estimate, Report

SIGNS = {Direction.FORWARD: "D(P‖Q)", Direction.REVERSE: "D(Q‖P)"}
_SURPRISE = {
    Direction.FORWARD: "D(P‖Q) is forward: how surprised Q would be by rows of P",
    Direction.REVERSE: "D(Q‖P) is reverse: how surprised P would be by rows of Q",
}
#: Unit of a result → in words.
UNITS = {
    "none": "",
    "column": "the column's unit",
    "root-column": "√ of the column's unit",
    "seconds": "seconds",
    "root-seconds": "√ of seconds",
}

#: Most columns of a split that are shown one by one: more hide the result that they explain.
_PARTS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One column of the data, in words, or a part of what columns show together.

    Attributes
    ----------
    name : str
        The column's name, as it is; how many there are, for columns together.
    values : tuple of (str, str)
        Estimate and interval for each direction of the report; empty where there is none.
    p : str
        The p-value of the first direction; empty for a part.
    codes : tuple of str
        Codes of the warnings, or else a status that is not ok.
    """

    name: str
    values: tuple[tuple[str, str], ...]
    p: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a column, in one direction or (``sign`` empty) in all of them."""

    column: str
    sign: str
    code: str
    message: str


def directions(report: Report) -> list[str]:
    """Return the directions that the report holds, forward first."""
    present = {result.direction for result in report.results}
    return [direction for direction in (*SIGNS, SYMMETRIC) if direction in present]


def several(report: Report) -> bool:
    """Tell whether the report holds more than one divergence."""
    return len({result.divergence for result in report.results}) > 1


def sign(divergence: str, direction: str) -> str:
    """Return a divergence in one direction as tables call it."""
    if direction == SYMMETRIC:
        return divergence
    if divergence == "kl":
        return SIGNS[Direction(direction)]
    return f"{divergence} {'P‖Q' if direction == Direction.FORWARD else 'Q‖P'}"


def signs(report: Report) -> list[str]:
    """Return the headings of the estimates of a report that holds one divergence."""
    divergence = report.results[0].divergence if report.results else "kl"
    return [sign(divergence, direction) for direction in directions(report)]


def unit(name: str) -> str:
    """Return the unit of a result in words; empty for what has none."""
    return UNITS.get(name, name)


def title(divergence: str) -> str:
    """Return what a divergence is called at the start of a sentence."""
    if divergence == "kl":
        return "Kullback–Leibler divergence"
    from klcli.registry import DIVERGENCES, load

    words: str = load(DIVERGENCES[divergence.partition(":")[0]]).title
    return words


def headline(report: Report) -> str:
    """Return what was computed and in which unit."""
    if not report.results:
        return f"Kullback–Leibler divergence in {report.unit}"
    if several(report):
        return f"Divergences of each column, with {percent(report)} intervals"
    first = report.results[0]
    units = dict.fromkeys(
        report.unit if result.divergence == "kl" else unit(result.unit)
        for result in report.results
    )
    where = f" in {' or '.join(filter(None, units))}" if any(units) else ""
    return f"{title(first.divergence)}{where}, with {percent(report)} intervals"


def percent(report: Report) -> str:
    """Return the confidence of the intervals."""
    return f"{100 * report.results[0].confidence:g} %"


def legend(report: Report) -> str:
    """Return what the first direction means."""
    present = directions(report)
    if not present:
        return "There is nothing to compare"
    if several(report):
        return "P‖Q is forward, Q‖P reverse; all others are the same with P and Q exchanged"
    divergence = report.results[0].divergence
    if present[0] not in _SURPRISE:
        return f"{divergence} is the same with P and Q exchanged"
    if divergence == "kl":
        return _SURPRISE[Direction(present[0])]
    return f"{sign(divergence, present[0])} is {present[0]}: with P and Q exchanged it differs"


def rows(report: Report, *, every: bool = False) -> list[Row]:
    """Return one row per column, in the order of the report.

    Below columns together stand their parts: what each shows alone, largest first, and what
    only shows in all of them. With `every`, as many as there are.
    """
    present = directions(report)
    found = []
    for by_direction in _by_column(report.results).values():
        found.append(_row(by_direction, present))
        found += _parts(by_direction, present, every=every)
    return found


def _by_column(results: Iterable[Estimate]) -> dict[str, dict[str, Estimate]]:
    columns: dict[str, dict[str, Estimate]] = {}
    for result in results:
        columns.setdefault(result.column, {})[result.direction] = result
    return columns


def _row(results: dict[str, Estimate], present: list[str]) -> Row:
    values = tuple(value(results[d]) if d in results else ("", "") for d in present)
    first, *_ = results.values()
    found = codes(*results.values())
    name = f"{first.column} ({len(first.columns)} columns)" if first.columns else first.column
    return Row(name, values, p_value(results.get(present[0], first).p_value), found)


def codes(*results: Estimate) -> tuple[str, ...]:
    """Return the codes of the warnings of some results, or else a status that is not ok."""
    warned = [finding.code for result in results for finding in result.warnings]
    unclear = [result.status for result in results if result.status != Status.OK]
    return tuple(dict.fromkeys(map(str, warned or unclear)))


def _parts(results: dict[str, Estimate], present: list[str], *, every: bool) -> list[Row]:
    first, *_ = results.values()
    if not first.columns or math.isnan(first.finite_estimate):
        return []
    shares = first.marginals
    names = sorted(shares, key=lambda name: (math.isnan(shares[name]), -shares[name]))
    shown = names if every or len(names) <= _PARTS else names[: _PARTS - 1]
    rest = names[len(shown) :]
    parts = [(name, [name]) for name in shown]
    if rest:
        parts.append((f"{len(rest)} other columns", rest))

    def cells(amount: Callable[[Estimate], float]) -> tuple[tuple[str, str], ...]:
        return tuple((_part(results[d], amount) if d in results else "", "") for d in present)

    return [
        *(
            Row(f"{'+' if position else '='} {label}", cells(partial(_total, columns)), "", ())
            for position, (label, columns) in enumerate(parts)
        ),
        Row("+ dependence", cells(lambda result: result.dependence), "", ()),
    ]


def _total(columns: list[str], result: Estimate) -> float:
    return sum(result.marginals[column] for column in columns)


def _part(result: Estimate, amount: Callable[[Estimate], float]) -> str:
    places = decimals(result.finite_estimate, result.standard_error)
    return fixed(amount(result), places)


def value(result: Estimate | Answer) -> tuple[str, str]:
    """Return the estimate and its interval; of an infinite estimate, its finite part."""
    places = decimals(result.finite_estimate, result.standard_error)
    if result.status == Status.UNDEFINED:
        return UNKNOWN, ""
    if result.status == Status.INFINITE:
        return "∞", f"≥{fixed(max(result.finite_estimate, 0.0), places)}"
    bound = "≥" if result.status == Status.LOWER_BOUND else ""
    if math.isnan(result.ci_low) and math.isnan(result.ci_high):
        return bound + fixed(result.estimate, places), UNKNOWN
    interval = fixed(result.ci_low, places) + BETWEEN + fixed(result.ci_high, places)
    return bound + fixed(result.estimate, places), interval


def warning_notes(report: Report) -> list[Note]:
    """Return every warning once; what holds in all directions of a column names none."""
    return _notes(report, lambda result: [(w.code, w.message) for w in result.warnings])


def method_notes(report: Report) -> list[Note]:
    """Return, for each column, how it was estimated and why so, and what was tried for that."""
    return _notes(
        report,
        lambda result: [("", _method(result)), *(("", curve(each)) for each in result.tuning)],
    )


def _method(result: Estimate) -> str:
    together = f"{result.kind} ({', '.join(result.columns)})"
    used = [together if result.columns else result.kind]
    if result.density:
        used += [f"{result.density} density", f"{result.estimator} estimator"]
    if result.interval:
        used.append(f"{result.interval} interval")
    if result.missing_p or result.missing_q:
        used.append(f"missing {result.missing_p:,} in P, {result.missing_q:,} in Q")
    return ", ".join(used) + (f"; {result.reason}" if result.reason else "")


def _notes(report: Report, texts: Callable[[Estimate], list[tuple[str, str]]]) -> list[Note]:
    notes = []
    columns: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for result in report.results:
        heading = sign(result.divergence, result.direction)
        columns.setdefault(result.column, {})[heading] = texts(result)
    for column, said in columns.items():
        for code, message in dict.fromkeys(text for each in said.values() for text in each):
            where = [heading for heading, each in said.items() if (code, message) in each]
            everywhere = len(where) == len(said)
            notes.append(Note(column, "" if everywhere else ", ".join(where), code, message))
    return notes
