"""What happened to a column of numbers: stuck values, other units, new values, new extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.profiles.side import ProfileSide
from klcli.data.wording import number
from klcli.monitoring.days import day_for_month
from klcli.monitoring.domain import FEW_VALUES, newcomers
from klcli.monitoring.exchanges import exchanges
from klcli.monitoring.extremes import extremes
from klcli.monitoring.ranges import cut_off, spread_change
from klcli.monitoring.surprise import bar, log_alone
from klcli.monitoring.units import unit_change
from klcli.monitoring.wording import percent, with_shares
from klcli.quantiles import quantile
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import CountTable
    from klcli.monitoring.changes import Column
    from klcli.monitoring.stuck import Repeated
    from klcli.typing import Bools, Floats

    #: Names of values, and rows of batch and reference with each.
    _Values = tuple[tuple[str, ...], Floats, Floats]


#: Codes of what lies far beyond all others.
_FAR: Final = frozenset({"outlier", "placeholder"})
#: Share of the rows up to which one value among converted ones may be stuck; and how many times
#: their middle half is the distance of those that are none of them.
_SOME, _APART = 0.05, 4.0


def number_changes(column: Column, *, clock: bool) -> Iterator[Finding]:
    """Tell what stands out in the numbers of a batch.

    With `clock`, hours are known to have moved: then no values have changed places.
    """
    yield from _infinite(column)
    turned = day_for_month(column)
    if turned is not None:
        yield turned
        return
    values = _values(column)
    exchanged = list(exchanges(*values, column.tests)) if values and not clock else []
    if exchanged:
        yield from exchanged
        return
    changed = unit_change(column)
    if changed is not None:
        yield changed
    cut = [] if clock or changed is not None else list(cut_off(column))
    yield from cut
    # A value that others were cut to is not stuck.
    ends = {column.table.p.minimum, column.table.p.maximum} if cut else set()
    repeated = [each for each in column.repeated if each.value not in ends]
    if changed is not None:
        repeated = _beside_converted(column, repeated)
    for each in repeated:
        yield each.finding(column)
    explained = changed is not None
    if not explained:
        yield from _rounding(column)
        yield from _zeros_in_front(column)
        new = _new_values(column, values, repeated)
        if new is not None:
            yield new
        told = clock or bool(cut or repeated) or new is not None
        spread = None if told else spread_change(column)
        if spread is not None:
            yield spread
        moved = clock and column.table.kind != Kind.DATETIME
        explained = new is not None or spread is not None or moved
    stuck = {each.value for each in repeated}
    for end in extremes(column, converted=changed is not None):
        if end.value not in stuck:
            found = end.findings(column)
            # Beside what explains others, only values far beyond all of them are worth a word.
            yield from (each for each in found if not explained or each.code in _FAR)


def _beside_converted(column: Column, repeated: Sequence[Repeated]) -> list[Repeated]:
    """Return what is stuck beside values in another unit: these repeat as far as they are rounded."""
    low, middle, high = quantile(column.finite[0], (0.25, 0.5, 0.75)).tolist()
    return [
        each
        for each in repeated
        if each.now < _SOME or abs(each.value - middle) > _APART * (high - low)
    ]


def _new_values(
    column: Column, values: _Values | None, repeated: Sequence[Repeated]
) -> Finding | None:
    """Tell of values that a reference of few never shows, but for those that are told already."""
    if values is None or column.table.kind == Kind.DATETIME:
        return None
    names, p, q = values
    told = {number(each.value, column.table.kind) for each in repeated}
    new = [cell for cell in newcomers(p, q, ordered=True) if names[cell] not in told]
    # Where most rows are new, the values of the reference say little.
    if not 0 < sum(p[cell] for cell in new) <= p.sum() / 2 or len(new) > FEW_VALUES:
        return None
    new.sort(key=lambda cell: -p[cell])
    shares = with_shares([names[c] for c in new], [float(p[c] / p.sum()) for c in new])
    known = np.count_nonzero(q)
    text = f"new: {shares}, in a column that has but {known} different values in the reference"
    return Finding("new-categories", text)


def _rounding(column: Column) -> Iterator[Finding]:
    """Tell that one side is rounded to longer steps, as the reader has noticed."""
    for finding in column.table.findings:
        if finding.code == "rounding":
            text, _, _ = finding.message.removeprefix(f"{column.table.name!r}: ").partition(";")
            text = text.replace(" of P ", " of the batch ").replace(" of Q ", " of the reference ")
            yield Finding(finding.code, text)


def _zeros_in_front(column: Column) -> Iterator[Finding]:
    """Tell that codes such as 02134 have lost the zeros in front, or got some."""
    if isinstance(column.p, ProfileSide) or isinstance(column.q, ProfileSide):
        return
    name = column.table.name
    if column.table.kind != Kind.NUMERIC or not (
        name in column.p.views and name in column.q.views
    ):
        return
    padded = column.p.views[name].evidence.padded, column.q.views[name].evidence.padded
    if bool(padded[0]) == bool(padded[1]):
        return
    coded, share = (0, padded[0]) if padded[0] else (1, padded[1])
    these, others = column.finite[coded], column.finite[1 - coded]
    # Of codes of one length, the smallest numbers have zeros in front.
    largest = these[max(int(share * len(these)) - 1, 0)]
    rows = int(np.searchsorted(others, largest, side="right"))
    if rows and log_alone(rows, len(others), len(these)) < bar(column.tests):
        some = percent(share)
        text = f"{some} of the values begin with a zero, as codes do, and none of the reference"
        if coded:
            text = f"no value begins with a zero, as {some} of those of the reference do"
            text = f"{text}: codes that have lost it?"
        yield Finding("respelled", text)


def _infinite(column: Column) -> Iterator[Finding]:
    """Tell of infinite values where the reference has none."""
    table = column.table.table
    for cell in np.flatnonzero(_infinities(table) & (table.p > 0) & (table.q == 0)).tolist():
        name = "∞" if table.lower[cell] > 0 else "-∞"
        share = percent(float(table.p[cell] / table.n_p))
        yield Finding("outlier", f"{share} of the values are {name}, none of the reference")


def _values(column: Column) -> _Values | None:
    """Return names and rows of the values of a column that has few, on both sides; else None."""
    table, kind = column.table.table, column.table.kind
    shown = (table.p + table.q > 0) & (table.roles != Role.MISSING) & ~_infinities(table)
    if np.count_nonzero(shown) > 2 * FEW_VALUES or not (table.p @ shown and table.q @ shown):
        return None
    between = table.roles == Role.INTERVAL
    if np.any(table.q[shown & between]):
        return None
    names = [
        _between(column, float(table.lower[cell]), float(table.upper[cell]))
        if between[cell]
        else number(float(table.lower[cell]), kind)
        for cell in np.flatnonzero(shown).tolist()
    ]
    return tuple(names), table.p[shown], table.q[shown]


def _between(column: Column, lower: float, upper: float) -> str:
    """Return a name for what a batch has in [lower, upper), between values of the reference.

    It is that of the one value, or of the least and the largest, as far as a sample of the rows
    shows them.
    """
    kind, known = column.table.kind, column.table.p
    p, _ = column.finite
    low, high = np.searchsorted(p, [lower, upper])
    if high > low:
        ends = number(float(p[low]), kind), number(float(p[high - 1]), kind)
        return " … ".join(dict.fromkeys(ends))
    if lower <= known.minimum:
        return number(known.minimum, kind)
    if upper > known.maximum:
        return number(known.maximum, kind)
    return f"between {number(lower, kind)} and {number(upper, kind)}"


def _infinities(table: CountTable) -> Bools:
    infinite: Bools = (table.roles == Role.ATOM) & np.isinf(table.lower)
    return infinite
