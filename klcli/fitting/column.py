"""Reads the one column of a dataset that is fitted."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from klcli.data.kinds import Declared, decide
from klcli.data.opening import name_of, open_data
from klcli.data.selection import EVERYTHING, Selection
from klcli.data.side import Side
from klcli.data.table import Table
from klcli.data.wording import counted, listed
from klcli.errors import InputError, nearest
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.typing import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Numbers to fit.

    Attributes
    ----------
    source, name : str
        Where they are from.
    values : ndarray of float, shape (rows used,)
        Finite, in increasing order: all of them, or a uniform sample of 131,072.
    rows, missing : int
        Of the file.
    findings : tuple of Finding
        What was left out, and what is odd.
    """

    source: str
    name: str
    values: Floats
    rows: int
    missing: int
    findings: tuple[Finding, ...]


def read_column(
    data: Any,
    name: str | None,
    *,
    input_format: str | None,
    seed: int,
    progress: Callable[[str, float], None],
) -> Column:
    """Read a column of numbers; without a name, the only one there is.

    Raises
    ------
    InputError
        If there is none, or several, or it holds no numbers.
    """
    findings: list[Finding] = []
    source = name_of(data)
    progress(f"opening {source}", 0.0)
    with ExitStack() as cleanup:
        selection = Selection(input_format=input_format) if input_format else EVERYTHING
        table = open_data(data, selection, findings, cleanup)
        if not isinstance(table, Table):
            raise InputError(
                f"{source} holds counts of cells, not rows", "give the data themselves to kl fit"
            )
        chosen = _chosen(table, name)
        table.needed = chosen
        side = Side(table, (seed, 0), None, lambda share: progress(f"reading {source}", share / 4))
        side.start(chosen)
        if name is None:
            chosen = (_only(side, chosen),)
            side.start(chosen)
        return _column(side, source, chosen[0], findings)


def _chosen(table: Table, name: str | None) -> tuple[str, ...]:
    every = list(table.schema)
    if name is None:
        return tuple(every)
    if name not in table.schema:
        near = nearest(name, every)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {listed(every)}"
        raise InputError(f"--column: no column {name!r} in {table.source}", hint)
    return (name,)


def _only(side: Side, names: Sequence[str]) -> str:
    numeric = [
        name
        for name in names
        if side.views[name].declared is not Declared.NESTED
        and side.views[name].kind in {Kind.NUMERIC, Kind.BOOLEAN}
    ]
    if len(numeric) == 1:
        return numeric[0]
    if not numeric:
        if len(names) == 1:
            return names[0]
        raise InputError(f"{side.source} has no column of numbers", f"there are {listed(names)}")
    raise InputError(
        f"{side.source} has {len(numeric)} columns of numbers; kl fit fits one",
        f"choose one with --column: {', '.join(numeric[:20])}",
    )


def _column(side: Side, source: str, name: str, findings: list[Finding]) -> Column:
    view = side.views[name]
    decision = decide(name, view, view, None)
    forced = Kind.NUMERIC if decision.kind is Kind.BOOLEAN else None
    while True:
        decision = decide(name, side.views[name], side.views[name], forced)
        if not decision.p.numeric or decision.kind is Kind.DATETIME or decision.problem:
            raise InputError(
                f"{name!r} of {source} holds {_what(decision.kind, side, name)}; kl fit needs "
                "numbers",
                "choose a column of numbers with --column",
            )
        side.summarize({name: decision.p})
        if decide(name, side.views[name], side.views[name], forced) == decision:
            break
    tally, gaps = side.numbers[name], side.gaps[name]
    values = np.array(side.finite(name)) + 0.0
    infinite = tally.below + tally.above
    if not len(values):
        what = f"{counted(infinite, 'infinite value')} and no other" if infinite else "no numbers"
        raise InputError(f"{name!r} of {source} has {what}", "choose another --column")
    if tally.words:
        findings.append(
            Finding(
                "not-a-number",
                f"{name!r}: not numbers, so counted as missing: {counted(tally.words, 'value')}, "
                f"such as {listed(sorted(tally.examples)[:3])}",
            )
        )
    if gaps.missing:
        share = gaps.missing / side.rows
        findings.append(
            Finding(
                "missing-left-out",
                f"{name!r}: {counted(gaps.missing, 'row')} of {side.rows:,} ({share:.1%}) without "
                "a value are left out; the fit describes the others only",
            )
        )
    if infinite:
        findings.append(
            Finding(
                "infinite-values",
                f"{name!r}: {counted(infinite, 'infinite value')} left out, which no density has",
            )
        )
    if not side.complete:
        findings.append(
            Finding(
                "sampled-rows",
                f"drawn at random: {len(values):,} of {counted(side.rows, 'row')}; standard "
                "errors are those of the rows that were drawn",
            )
        )
    return Column(source, name, values, side.rows, gaps.missing, tuple(dict.fromkeys(findings)))


def _what(kind: Kind, side: Side, name: str) -> str:
    if kind is Kind.DATETIME:
        return "dates"
    if side.views[name].declared is Declared.NESTED:
        return "lists, records or bytes"
    nothing = (
        side.views[name].declared is Declared.NOTHING or not side.views[name].evidence.present
    )
    return "no values" if nothing else "words"
