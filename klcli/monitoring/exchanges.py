"""Values that changed places: as if labels were exchanged, passed on in a circle, or moved."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.monitoring.surprise import bar, likelihood_ratio, log_shares, within_noise
from klcli.monitoring.wording import percent, quoted
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.typing import Floats

#: Labels whose exchange is looked for: the number of pairs grows with the square.
_EXCHANGED: Final = 12
#: Share of the difference that an exchange has to explain.
_EXPLAINED: Final = 0.8
#: Standard errors within which two shares are taken for the same; three in a thousand pairs of
#: equal shares miss.
_SAME: Final = 3.0
#: Part of a label's rows from which it is told that they have moved to another.
_MOVED: Final = 0.1
#: Pairs of names that are told.
_TOLD: Final = 3


def exchanges(names: Sequence[str], p: Floats, q: Floats, tests: int) -> Iterator[Finding]:
    """Tell of labels that changed places, if that explains most of the difference.

    Parameters
    ----------
    names : sequence of str
        The labels.
    p, q : ndarray of float, shape (labels,)
        Rows of batch and reference with each.
    tests : int
        Columns and batches that are looked at.
    """
    yield from _pairs(names, p, q, tests) or _circle(names, p, q, tests)


def moves(names: Sequence[str], p: Floats, q: Floats, tests: int) -> Iterator[Finding]:
    """Tell of labels that are now called otherwise, all of their rows or some; see `exchanges`."""
    yield from _renamed(names, p, q, tests) or _moved(names, p, q, tests)


def _pairs(names: Sequence[str], p: Floats, q: Floats, tests: int) -> list[Finding]:
    """Tell of pairs of labels that have changed places."""
    n, m = float(p.sum()), float(q.sum())
    now, before = p / n, q / m
    difference = _jensen_shannon(now, before)
    both = np.flatnonzero((p > 0) & (q > 0))
    order = both[np.argsort(-np.abs(now[both] - before[both]), kind="stable")][:_EXCHANGED]
    pairs = []
    for first, a in enumerate(order.tolist()):
        for b in order[first + 1 :].tolist():
            if not (_same(now[a], before[b], n, m) and _same(now[b], before[a], n, m)):
                continue
            exchanged = before.copy()
            exchanged[[a, b]] = before[[b, a]]
            gain = difference - _jensen_shannon(now, exchanged)
            surprise = max(log_shares(p[c], n, q[c], m) for c in (a, b))
            if surprise < bar(tests, len(order) ** 2):
                pairs.append((gain, a, b))
    # Several pairs may each explain a part.
    chosen: list[tuple[int, int]] = []
    gained = 0.0
    for gain, a, b in sorted(pairs, reverse=True):
        if gain > 0 and not any({a, b} & set(pair) for pair in chosen):
            chosen.append((a, b))
            gained += gain
    if not chosen:
        return []
    undone = q.copy()
    for a, b in chosen:
        undone[[a, b]] = q[[b, a]]
    rest = within_noise(likelihood_ratio(p, undone), int(np.count_nonzero(p + q)) - 1)
    if gained < _EXPLAINED * difference and not rest:
        return []
    more = f" and {len(chosen) - _TOLD:,} pairs more" if len(chosen) > _TOLD else ""
    named = " and ".join(
        f"{quoted(names[a])} with {quoted(names[b])} ({percent(now[a])} and {percent(now[b])} now, "
        f"{percent(before[a])} and {percent(before[b])} before)"
        for a, b in chosen[:_TOLD]
    )
    return [Finding("exchanged-labels", f"as if labels were exchanged: {named}{more}")]


def _circle(names: Sequence[str], p: Floats, q: Floats, tests: int) -> list[Finding]:
    """Tell of three labels or more each of which has the share of another."""
    changed = _changed(p, q, tests)
    if not 3 <= len(changed) <= _EXCHANGED or not _rest_as_before(p, q, changed):
        return []
    n, m = float(p.sum()), float(q.sum())
    now, before = p / n, q / m
    new = sorted(changed, key=lambda cell: -now[cell])
    old = sorted(changed, key=lambda cell: -before[cell])
    apart = not any(_same(before[a], before[b], n, m) for a, b in pairwise(old))
    if not apart or not all(
        a != b and _same(now[a], before[b], n, m) for a, b in zip(new, old, strict=True)
    ):
        return []
    named = ", ".join(
        f"{quoted(names[b])} is now {quoted(names[a])} ({percent(now[a])})"
        for a, b in zip(new, old, strict=True)
    )
    return [Finding("exchanged-labels", f"as if labels were exchanged: what was {named}")]


def _renamed(names: Sequence[str], p: Floats, q: Floats, tests: int) -> list[Finding]:
    """Tell of several labels that are gone, each with the share of a new one."""
    changed = _changed(p, q, tests)
    new = sorted((c for c in changed if not q[c]), key=lambda cell: -p[cell])
    old = sorted((c for c in changed if not p[c]), key=lambda cell: -q[cell])
    if not 2 <= len(new) == len(old):
        return []
    n, m = float(p.sum()), float(q.sum())
    shares = [(p[a] / n, q[b] / m) for a, b in zip(new, old, strict=True)]
    apart = all(not _same(one[0], two[1], n, m) for one, two in pairwise(shares))
    if not apart or not all(_same(now, before, n, m) for now, before in shares):
        return []
    named = ", ".join(
        f"{quoted(names[b])} is now {quoted(names[a])}"
        for a, b in list(zip(new, old, strict=True))[:_TOLD]
    )
    more = f" and {len(new) - _TOLD:,} more" if len(new) > _TOLD else ""
    return [Finding("exchanged-labels", f"as if labels had new names: {named}{more}")]


def _moved(names: Sequence[str], p: Floats, q: Floats, tests: int) -> list[Finding]:
    """Tell of one label that has lost to another what that one has won."""
    changed = _changed(p, q, tests)
    if len(changed) != 2 or np.count_nonzero(p + q) < 3 or not _rest_as_before(p, q, changed):
        return []
    now, before = p / p.sum(), q / q.sum()
    lost, won = sorted(changed, key=lambda cell: now[cell] - before[cell])
    part = float(1 - now[lost] / before[lost]) if before[lost] > 0 else 0.0
    if part < _MOVED or now[won] <= before[won]:
        return []
    what = "" if part > 0.999 else f"{percent(part)} of "
    mixed = bool(what and before[won] > 0)
    other = ", or the two were exchanged in a part of the rows" if mixed else ""
    return [
        Finding(
            "exchanged-labels",
            f"as if {what}{quoted(names[lost])} were now called {quoted(names[won])}{other} "
            f"({percent(now[lost])} and {percent(now[won])} now, {percent(before[lost])} and "
            f"{percent(before[won])} before), the others as before",
        )
    ]


def _changed(p: Floats, q: Floats, tests: int) -> list[int]:
    """Return the labels whose share has changed, beyond chance."""
    n, m = float(p.sum()), float(q.sum())
    limit = bar(tests, len(p))
    return [c for c in range(len(p)) if log_shares(float(p[c]), n, float(q[c]), m) < limit]


def _rest_as_before(p: Floats, q: Floats, changed: Sequence[int]) -> bool:
    """Tell whether all labels but these, and these together, have the shares that they had."""
    rest = np.ones(len(p), dtype=bool)
    rest[list(changed)] = False
    rest &= p + q > 0
    mine = np.append(p[rest], p[list(changed)].sum())
    theirs = np.append(q[rest], q[list(changed)].sum())
    return len(mine) == 1 or within_noise(likelihood_ratio(mine, theirs), len(mine) - 1)


def _same(p: float, q: float, n: float, m: float) -> bool:
    """Tell whether two shares, of n and of m rows, may be the same."""
    pooled = (p * n + q * m) / (n + m)
    error = (pooled * (1 - pooled) * (1 / n + 1 / m)) ** 0.5
    return bool(abs(p - q) <= _SAME * error)


def _jensen_shannon(p: Floats, q: Floats) -> float:
    """Return the Jensen-Shannon divergence, finite whatever is empty."""
    middle = (p + q) / 2

    def part(shares: Floats) -> float:
        shown = shares > 0
        return float(shares[shown] @ np.log(shares[shown] / middle[shown]))

    return (part(p) + part(q)) / 2
