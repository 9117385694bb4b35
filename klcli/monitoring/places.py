"""Columns that have changed places: each has the values that the other had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.monitoring.samples import FAR, VAGUE, distance, noise
from klcli.monitoring.surprise import likelihood_ratio, within_noise
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        for place, one in enumerate(some):
            partners = [other for other in some[place + 1 :] if alike(one, other)]
            partners = [other for other in partners if alike(other, one)]
            # With several, nobody knows which it was.
            if len(partners) == 1 and not {one.table.name, partners[0].table.name} & {*found}:
                for this, that in ((one, partners[0]), (partners[0], one)):
                    found[this.table.name] = _finding(that.table.name)
    return found


def _finding(other: str) -> Finding:
    text = f"the values are those of {other!r} in the reference, and the other way round"
    return Finding("exchanged-columns", f"{text}: as if the columns had changed places")


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
