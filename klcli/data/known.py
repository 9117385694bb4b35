"""From one source and a known distribution to counts of each column beside exact probabilities."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from klcli.data.groups import Progress
from klcli.data.kinds import decide
from klcli.data.known_columns import known_column, weighting
from klcli.data.opening import name_of, open_data
from klcli.data.pairing import pair_columns
from klcli.data.selection import EVERYTHING, Selection
from klcli.data.side import Side
from klcli.data.table import Table
from klcli.data.tabulate import silent
from klcli.errors import InputError
from klcli.results import Finding, Kind, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.data.kinds import Decision
    from klcli.data.pairing import Pair
    from klcli.data.profiles.side import ProfileSide
    from klcli.known_counts import Against, KnownColumn
    from klcli.typing import Floats

_GROUP_COLUMNS: Final = 128
_HELD: Final = {
    Kind.DATETIME: "dates or times",
    Kind.CATEGORICAL: "words",
    Kind.BOOLEAN: "true and false",
    Kind.NUMERIC: "numbers",
}


@dataclass(frozen=True, slots=True)
class KnownTabulation:
    """A source as counts beside a known distribution.

    Attributes
    ----------
    source : SourceInfo
        What was read.
    columns : tuple of KnownColumn
        One for each column, with what it is compared with.
    findings : tuple of Finding
        What concerns the whole source.
    """

    source: SourceInfo
    columns: tuple[tuple[KnownColumn, Against | None], ...]
    findings: tuple[Finding, ...]


def tabulate_known(
    given: Any,
    named: bool,
    against: Callable[[Floats, Floats], Against],
    selection: Selection = EVERYTHING,
    *,
    letters: tuple[str, str] = ("P", "Q"),
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> KnownTabulation:
    """Count the values of one source beside a known distribution.

    Parameters
    ----------
    given : path, NumPy array, data frame or profile
        As `klcli.data.tabulate.tabulate` takes them.
    named : bool
        Whether the distribution is one of named categories, not of numbers.
    against : callable
        Values and their rows → the distribution to compare them with.
    selection : Selection
        Columns, their kinds, weights. Missing values are left out in any case.
    letters : tuple of str
        What messages call the source and the distribution.
    seed : int
        Of the sample of rows, if there are more than 131,072.
    progress : callable, optional
        Told what is being done and how much of it is.

    Raises
    ------
    InputError
        If the source cannot be read, or none of its columns can be compared.
    """
    tell = progress or silent
    findings: list[Finding] = []
    with ExitStack() as cleanup:
        tell(f"opening {name_of(given)}", 0.0)
        opened = open_data(given, selection, findings, cleanup)
        pairs = pair_columns(list(opened.schema), list(opened.schema), selection, findings)
        steps = Progress(tell)
        side: Side | ProfileSide
        if isinstance(opened, Table):
            weight = selection.weight if selection.weight in opened.schema else None
            own = [pair.p for pair in pairs]
            opened.needed = opened.needed or tuple(own if weight is None else [*own, weight])
            side = Side(opened, (seed, 0), weight, steps.within(opened.source))
        else:
            side = opened
        columns = []
        for start in range(0, len(pairs), _GROUP_COLUMNS):
            group = pairs[start : start + _GROUP_COLUMNS]
            columns += _group(group, side, named, selection, against, letters)
    if side.weighted:
        findings.append(weighting(selection.weight, side))
    if columns and all(column.undefined is not None for column, _ in columns):
        reasons = dict.fromkeys(
            column.undefined.message for column, _ in columns if column.undefined is not None
        )
        wrong, _, remedy = "; ".join(list(reasons)[:3]).partition("; ")
        raise InputError(wrong, remedy or "choose other columns with --column")
    tell("done", 1.0)
    return KnownTabulation(
        SourceInfo(name_of(given), side.rows), tuple(columns), tuple(dict.fromkeys(findings))
    )


def _group(
    pairs: Sequence[Pair],
    side: Side | ProfileSide,
    named: bool,
    selection: Selection,
    against: Callable[[Floats, Floats], Against],
    letters: tuple[str, str],
) -> list[tuple[KnownColumn, Against | None]]:
    side.start([pair.p for pair in pairs])
    decisions: dict[Pair, Decision] = {}
    while True:
        before, decisions = (
            decisions,
            {pair: _decide(pair, side, named, selection) for pair in pairs},
        )
        if decisions == before:
            break
        side.summarize({pair.p: decision.p for pair, decision in decisions.items()})
    return [known_column(pair, decisions[pair], side, named, against, letters) for pair in pairs]


def _decide(pair: Pair, side: Side | ProfileSide, named: bool, selection: Selection) -> Decision:
    """Decide how to read a column, and whether it can be compared."""
    forced = selection.forced(pair) or side.forced(pair.p)
    view = side.views[pair.p]
    if named and forced is None:
        forced = Kind.CATEGORICAL
    if not named and forced is None and view.kind is Kind.BOOLEAN:
        forced = Kind.NUMERIC
    decision = decide(pair.name, view, view, forced)
    if decision.problem is None:
        problem = side.lacks(pair.p, decision.p) or _mismatch(pair, decision.kind, named)
        decision = replace(decision, problem=problem)
    return decision


def _mismatch(pair: Pair, kind: Kind, named: bool) -> Finding | None:
    if kind is (Kind.CATEGORICAL if named else Kind.NUMERIC):
        return None
    wanted = "named categories" if named else "numbers"
    text = (
        f"{pair.name!r} holds {_HELD.get(kind, kind)}, and the known distribution is of {wanted}"
    )
    remedy = f"--numeric {pair.name} reads what is a number in it"
    if kind is Kind.DATETIME:
        remedy = "subtract a start from it and compare the seconds"
    elif named:
        remedy = f"--categorical {pair.name} takes its values as names"
    return Finding("kind-mismatch", f"{text}; {remedy}")
