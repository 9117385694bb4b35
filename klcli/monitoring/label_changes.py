"""What happened to a column of categories: new, vanished, respelled and exchanged labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.monitoring.domain import grown_instead, newcomers, others_as_before
from klcli.monitoring.exchanges import exchanges, moves
from klcli.monitoring.hours import hour_labels
from klcli.monitoring.spelling import respelled
from klcli.monitoring.surprise import bar, log_alone, log_shares
from klcli.monitoring.wording import in_reference, percent, quoted, with_shares
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.counts import CountTable
    from klcli.monitoring.changes import Column
    from klcli.typing import Floats, Integers

#: Words that stand for a missing value, without case and space.
_PLACEHOLDERS: Final = frozenset({
    "", "?", "-", "--", ".", "na", "n/a", "#n/a", "n.a.", "nan", "nat", "null", "none", "nil",
    "(null)", "<na>", "missing", "unknown", "undefined", "not available", "not applicable",
})  # fmt: skip
#: A label is filled in if its share has grown by so much, and so many times, and so many others, at
#: least, are as before.
_FILLED_SHARE, _FILLED_TIMES, _OTHERS = 0.05, 1.5, 3
#: A word that stands for a missing value is told if its share has grown by so much; or by less, but
#: so many times.
_OFTENER, _SOME_OFTENER, _SOME_TIMES = 0.01, 0.001, 2.0
#: Labels that are written otherwise of which is told.
_TOLD: Final = 3


def label_changes(column: Column) -> Iterator[Finding]:
    """Tell of labels that appeared, went, are written otherwise, or changed places."""
    table = column.table.table
    labels = np.flatnonzero(table.roles != Role.MISSING)
    if (stuck := _stuck(column, labels)) is not None:
        yield stuck
        return
    new = _alone(table.p, table.q, labels, column.tests)
    unforeseen = [
        int(labels[k]) for k in newcomers(table.p[labels], table.q[labels], ordered=False)
    ]
    new += sorted({*unforeseen} - {*new}, key=lambda cell: -table.p[cell])
    gone = _alone(table.q, table.p, labels, column.tests)
    standing = _standing_for_missing(column, labels, new)
    for cell in standing:
        now, before = percent(table.p[cell] / table.n_p), in_reference(table.q[cell] / table.n_q)
        yield Finding(
            "placeholder",
            f"{now} of the values are {quoted(table.labels[cell])}, {before}: it may stand for a "
            "missing value",
        )
    new = [cell for cell in new if cell not in standing]
    otherwise = _respelled(table, new, labels)
    if otherwise:
        yield _pairs_of(table, otherwise)
    fresh = [cell for cell in new if cell not in otherwise]
    if fresh:
        yield Finding("new-categories", f"new: {_named(table, fresh, table.p)}")
    lost = [cell for cell in gone if cell not in otherwise.values()]
    if lost:
        yield Finding(
            "vanished-categories",
            f"gone: {_named(table, lost, table.q)} of the reference",
        )
        yield from _in_their_place(column, labels)
    if otherwise or standing:
        return
    names = [table.labels[cell] for cell in labels]
    hours = list(hour_labels(names, table.p[labels], table.q[labels], column.tests))
    if hours:
        yield from hours
        return
    given = names, table.p[labels], table.q[labels], column.tests
    yield from list(exchanges(*given)) or moves(*given)


def _stuck(column: Column, labels: Integers) -> Finding | None:
    """Tell of a label that all rows have, or that stands in for others."""
    grown = _most_grown(column, labels)
    if grown is None:
        return None
    best, now, before = grown
    label = column.table.table.labels[labels[best]]
    name, share = quoted(label), in_reference(before)
    if now == 1:
        if not before and _is_placeholder(label):
            meaning = "it may stand for a missing value"
            return Finding("placeholder", f"every value is {name}, {share}: {meaning}")
        return Finding("stuck-value", f"every value is {name}, {share}")
    p, q = column.table.table.p[labels], column.table.table.q[labels]
    if _filled(now, before) and others_as_before(p, q, best, _OTHERS):
        return Finding(
            "stuck-value",
            f"{percent(now)} of the values are {name}, {share}, and the others as before: "
            "stuck, or filled in?",
        )
    return None


def _in_their_place(column: Column, labels: Integers) -> Iterator[Finding]:
    """Tell of a label that has grown while others went: a clock that stood still, or one for all."""
    grown = _most_grown(column, labels)
    if grown is None:
        return
    best, now, before = grown
    p, q = column.table.table.p[labels], column.table.table.q[labels]
    if _filled(now, before) and grown_instead(p, q, best, _OTHERS):
        name = quoted(column.table.table.labels[labels[best]])
        text = f"{percent(now)} of the values are {name}, {in_reference(before)}"
        yield Finding("stuck-value", f"{text}: stuck, or in the place of what is gone?")


def _most_grown(column: Column, labels: Integers) -> tuple[int, float, float] | None:
    """Return which of the labels has grown most, and its shares now and before, if beyond chance."""
    p, q = column.table.table.p[labels], column.table.table.q[labels]
    n, m = float(p.sum()), float(q.sum())
    if not n or not m:
        return None
    best = int(np.argmax(p / n - q / m))
    if log_shares(float(p[best]), n, float(q[best]), m) >= bar(column.tests, len(labels)):
        return None
    return best, float(p[best] / n), float(q[best] / m)


def _filled(now: float, before: float) -> bool:
    """Tell whether a label of the reference has grown by what fills in or is stuck."""
    return bool(before) and now - before >= _FILLED_SHARE and now >= _FILLED_TIMES * before


def _is_placeholder(label: str) -> bool:
    return label.strip().casefold() in _PLACEHOLDERS


def _standing_for_missing(column: Column, labels: Integers, new: list[int]) -> list[int]:
    """Return the labels that often stand for a missing value, and are new or far more frequent."""
    table = column.table.table
    found = []
    for cell in labels.tolist():
        if not _is_placeholder(table.labels[cell]):
            continue
        counts = float(table.p[cell]), table.n_p, float(table.q[cell]), table.n_q
        now, before = counts[0] / counts[1], counts[2] / counts[3]
        some = now - before >= _SOME_OFTENER and now >= _SOME_TIMES * before
        grown = now - before >= _OFTENER or some
        if cell in new or (grown and log_shares(*counts) < bar(column.tests)):
            found.append(cell)
    return found


def _alone(own: Floats, other: Floats, labels: Integers, tests: int) -> list[int]:
    """Return the labels that only one side shows, though chance would hardly have it so."""
    limit = bar(tests, len(labels))
    n, m = float(own.sum()), float(other.sum())
    cells = [
        int(cell)
        for cell in labels
        if own[cell] > 0 and other[cell] == 0 and log_alone(float(own[cell]), n, m) < limit
    ]
    return sorted(cells, key=lambda cell: -own[cell])


def _named(table: CountTable, cells: list[int], counts: Floats) -> str:
    total = counts.sum()
    return with_shares(
        [table.labels[cell] for cell in cells], [float(counts[cell] / total) for cell in cells]
    )


def _respelled(table: CountTable, new: list[int], labels: Integers) -> dict[int, int]:
    """Return for new labels the label of the reference that they are but another spelling of."""
    known = {table.labels[cell]: int(cell) for cell in labels if table.q[cell] > 0}
    cells = {table.labels[cell]: cell for cell in new}
    return {cells[one]: known[other] for one, other in respelled(cells, known).items()}


def _pairs_of(table: CountTable, otherwise: dict[int, int]) -> Finding:
    """Say which new labels are written for which of the reference."""
    pairs = [
        f"{quoted(table.labels[a])} ({percent(table.p[a] / table.n_p)}) for {quoted(table.labels[b])}"
        for a, b in otherwise.items()
    ]
    more = f" and {len(pairs) - _TOLD:,} more" if len(pairs) > _TOLD else ""
    return Finding("respelled", f"written otherwise: {', '.join(pairs[:_TOLD])}{more}")
