"""Columns that have changed places, or moved on by one: each has the values that another had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.monitoring.samples import FAR, VAGUE, distance, noise
from klcli.monitoring.surprise import likelihood_ratio, within_noise
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

#: Columns that are looked at in pairs.
_MOST: Final = 100


def changed_places(columns: Iterable[Column]) -> dict[str, Finding]:
    """Return what to say of columns that have changed places, by name."""
    numbers: list[Column] = []
    labels: list[Column] = []
    for column in columns:
        if len(numbers) < _MOST and _numbers_differ(column):
            numbers.append(column)
        elif len(labels) < _MOST and _labels_differ(column):
            labels.append(column)
    found: dict[str, Finding] = {}
    for some, alike in ((numbers, _numbers_alike), (labels, _labels_alike)):
        # Column → those whose values it now has.
        now = {
            one.table.name: [
                other.table.name for other in some if other is not one and alike(one, other)
            ]
            for one in some
        }
        for one, others in now.items():
            partners = [other for other in others if one in now[other]]
            # With several, nobody knows which it was.
            if len(partners) == 1 and not {one, partners[0]} & {*found}:
                text = "and the other way round: as if the columns had changed places"
                found[one] = _finding(partners[0], text)
                found[partners[0]] = _finding(one, text)
        for one, other in _shifted(now, found):
            found[one] = _finding(other, "and so on: as if the columns were shifted")
    return found


def _shifted(now: dict[str, list[str]], told: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield columns that have the values of another, which has those of a third, and so on."""
    single = {one: others[0] for one, others in now.items() if len(others) == 1}
    single = {one: other for one, other in single.items() if not {one, other} & {*told}}
    sources = [*single.values()]
    single = {one: other for one, other in single.items() if sources.count(other) == 1}
    for one, other in single.items():
        if other in single or one in single.values():
            yield one, other


def _finding(other: str, how: str) -> Finding:
    return Finding(
        "exchanged-columns", f"the values are those of {other!r} in the reference, {how}"
    )


def _compared(column: Column) -> bool:
    table = column.table.table
    return column.table.undefined is None and bool(table.n_p and table.n_q)


def _numbers_differ(column: Column) -> bool:
    if not (_compared(column) and column.table.table.ordered):
        return False
    p, q = column.finite
    if not (len(p) and len(q)):
        return False
    return noise(len(p), len(q)) <= VAGUE and distance(p, q, 0.0) >= FAR


def _numbers_alike(one: Column, other: Column) -> bool:
    """Tell whether one column has the values that the other had."""
    if one.table.kind != other.table.kind:
        return False
    p, q = one.finite[0], other.finite[1]
    chance = noise(len(p), len(q))
    if abs(float(np.searchsorted(q, p[len(p) // 2])) / len(q) - 0.5) > 0.5 * FAR + chance:
        return False
    return distance(p, q, 0.0) <= chance


def _labels_differ(column: Column) -> bool:
    table = column.table.table
    if not _compared(column) or table.ordered or noise(int(table.n_p), int(table.n_q)) > VAGUE:
        return False
    return float(np.abs(table.p / table.n_p - table.q / table.n_q).sum()) / 2 >= FAR


def _labels_alike(one: Column, other: Column) -> bool:
    mine, theirs = _rows(one, one.table.table.p), _rows(other, other.table.table.q)
    labels = [*dict.fromkeys([*mine, *theirs])]
    p, q = (np.array([rows.get(label, 0.0) for label in labels]) for rows in (mine, theirs))
    return len(labels) > 1 and within_noise(likelihood_ratio(p, q), len(labels) - 1)


def _rows(column: Column, counts: Floats) -> dict[str, float]:
    labels = column.table.table.labels
    return {label: float(rows) for label, rows in zip(labels, counts, strict=True) if rows}
