"""Ranges that became narrower: values cut off, or cut to a limit, or spread less or more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.wording import number
from klcli.monitoring.samples import VAGUE, are_ids, distance, noise, shows_shape, step
from klcli.monitoring.surprise import bar, log_alone
from klcli.monitoring.wording import percent
from klcli.quantiles import quantile
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.monitoring.changes import Column

#: Share of the reference beyond a limit that is worth a word, and that leaves enough to compare.
_WORTH, _MOST = 0.01, 0.9
#: How many times as wide the middle half must be, or become.
_TIMES: Final = 2.0


def cut_off(column: Column) -> Iterator[Finding]:
    """Tell of ends that the values of the reference seem to be cut off at, or cut to.

    The others must be as they were: a distribution that moves or narrows reaches less far, too.
    """
    p, q = column.finite
    chance = noise(len(p), len(q))
    if column.table.kind == Kind.DATETIME or chance > VAGUE:
        return
    known, before = column.table.p, column.table.q
    for limit, end, sign in (
        (known.maximum, before.maximum, 1.0),
        (known.minimum, before.minimum, -1.0),
    ):
        values, others = (p, q) if sign > 0 else (-p[::-1], -q[::-1])
        kept = int(np.searchsorted(others, sign * limit, side="right"))
        beyond = 1 - kept / len(others)
        rows = beyond * column.table.table.n_q
        surprise = log_alone(rows, column.table.table.n_q, column.table.table.n_p)
        if not _WORTH <= beyond <= _MOST or surprise >= bar(column.tests, 2):
            continue
        if are_ids(p) and are_ids(q):
            return
        side, extreme = ("above", "largest") if sign > 0 else ("below", "smallest")
        where = f"{number(limit)}, where {percent(beyond)} of those of the reference lie"
        if distance(values, others[:kept], 0.0) <= chance:
            text = (
                f"no value lies {side} {where}, as far as {number(end)}; the others are as before"
            )
            yield Finding("cut-off", text)
        elif distance(values, np.minimum(others, sign * limit), 0.0) <= chance:
            at = float(np.mean(values == sign * limit))
            text = f"{percent(at)} of the values are {number(limit)}, now the {extreme} one"
            theirs = f"{percent(beyond)} of those of the reference lie {side} it"
            yield Finding("cut-off", f"{text}; {theirs}, as far as {number(end)}: cut to a limit?")


def spread_change(column: Column) -> Finding | None:
    """Tell whether values spread much less or more about the same middle."""
    p, q = column.finite
    if column.table.kind == Kind.DATETIME or not (len(p) and len(q)):
        return None
    chance = noise(len(p), len(q))
    if distance(p, q, 0.0) < 2 * chance:
        return None
    (low, middle, high), (least, centre, most) = (quantile(x, (0.25, 0.5, 0.75)) for x in (p, q))
    wide = p if high - low > most - least else q
    if not shows_shape(wide):
        return None
    inside = least <= middle <= most if wide is q else low <= centre <= high
    width, reference = (
        max(float(end), step(x)) for end, x in ((high - low, p), (most - least, q))
    )
    if not (inside and width and reference):
        return None
    times = width / reference
    if max(times, 1 / times) < _TIMES:
        return None
    ends = [number(float(f"{end:.3g}")) for end in (low, high, least, most)]
    size = f"{times:.2g} times as far" if times > 1 else f"{1 / times:.2g} times less"
    return Finding(
        "spread-change",
        f"the values spread {size}: half of them lie from {ends[0]} to {ends[1]}, from {ends[2]} "
        f"to {ends[3]} in the reference",
    )
