"""What happened to a column of categories: new, vanished, respelled and exchanged labels."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.monitoring.surprise import bar, log_alone, log_shares
from klcli.monitoring.wording import percent, with_shares
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.counts import CountTable
    from klcli.monitoring.changes import Column
    from klcli.typing import Floats, Integers

#: Labels whose exchange is looked for: the number of pairs grows with the square.
_EXCHANGED: Final = 12
#: Share of the difference that an exchange has to explain.
_EXPLAINED: Final = 0.8
#: Standard errors within which two shares are taken for the same; two in a thousand pairs of
#: equal shares miss.
_SAME: Final = 3.0


def label_changes(column: Column) -> Iterator[Finding]:
    """Tell of labels that appeared, went, are written otherwise, or changed places."""
    table = column.table.table
    labels = np.flatnonzero(table.roles != Role.MISSING)
    new = _alone(table.p, table.q, labels, column.tests)
    gone = _alone(table.q, table.p, labels, column.tests)
    respelled = _respelled(table, new, labels)
    if respelled:
        pairs = [
            f"{table.labels[a]!r} ({percent(table.p[a] / table.n_p)}) for {table.labels[b]!r}"
            for a, b in respelled.items()
        ]
        more = f" and {len(pairs) - 3:,} more" if len(pairs) > 3 else ""
        yield Finding("respelled", f"written otherwise: {', '.join(pairs[:3])}{more}")
    fresh = [cell for cell in new if cell not in respelled]
    if fresh:
        yield Finding("new-categories", f"new: {_named(table, fresh, table.p)}")
    lost = [cell for cell in gone if cell not in respelled.values()]
    if lost:
        yield Finding(
            "vanished-categories",
            f"gone: {_named(table, lost, table.q)} of the reference",
        )
    yield from _exchanged(table, labels, column.tests)


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
    known: dict[str, int] = {}
    for cell in labels[np.argsort(table.q[labels], kind="stable")]:
        if table.q[cell] > 0:
            known[_plain(table.labels[cell])] = int(cell)
    return {
        cell: known[spelling]
        for cell in new
        for spelling in (_plain(table.labels[cell]), _plain(_decoded(table.labels[cell])))
        if spelling in known
    }


def _plain(label: str) -> str:
    """Return a label without case, accents of composition, and more space than needed."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().replace("_", " ").split())


def _decoded(label: str) -> str:
    """Return text that was read in the wrong encoding as it was meant."""
    try:
        return label.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return label


def _exchanged(table: CountTable, labels: Integers, tests: int) -> Iterator[Finding]:
    """Tell of two labels that have changed places, if that explains most of the difference."""
    n, m = table.n_p, table.n_q
    p, q = table.p / n, table.q / m
    difference = _divergence(p, q)
    both = labels[(table.p[labels] > 0) & (table.q[labels] > 0)]
    order = both[np.argsort(-np.abs(p[both] - q[both]), kind="stable")][:_EXCHANGED]
    pairs = []
    for first, a in enumerate(order.tolist()):
        for b in order[first + 1 :].tolist():
            if not (_same(p[a], q[b], n, m) and _same(p[b], q[a], n, m)):
                continue
            exchanged = q.copy()
            exchanged[[a, b]] = q[[b, a]]
            gain = difference - _divergence(p, exchanged)
            surprise = max(log_shares(table.p[c], n, table.q[c], m) for c in (a, b))
            if surprise < bar(tests, len(order) ** 2):
                pairs.append((gain, a, b))
    # Several pairs may each explain a part.
    chosen: list[tuple[int, int]] = []
    gained = 0.0
    for gain, a, b in sorted(pairs, reverse=True):
        if gain > 0 and not any({a, b} & set(pair) for pair in chosen):
            chosen.append((a, b))
            gained += gain
    if chosen and gained >= _EXPLAINED * difference:
        named = " and ".join(
            f"{table.labels[a]!r} with {table.labels[b]!r} "
            f"({percent(p[a])} and {percent(p[b])} now, {percent(q[a])} and {percent(q[b])} before)"
            for a, b in chosen
        )
        yield Finding("exchanged-labels", f"as if labels were exchanged: {named}")


def _same(p: float, q: float, n: float, m: float) -> bool:
    pooled = (p * n + q * m) / (n + m)
    error = (pooled * (1 - pooled) * (1 / n + 1 / m)) ** 0.5
    return bool(abs(p - q) <= _SAME * error)


def _divergence(p: Floats, q: Floats) -> float:
    """Return the Jensen-Shannon divergence, finite whatever is empty."""
    middle = (p + q) / 2

    def part(shares: Floats) -> float:
        shown = shares > 0
        return float(shares[shown] @ np.log(shares[shown] / middle[shown]))

    return (part(p) + part(q)) / 2
