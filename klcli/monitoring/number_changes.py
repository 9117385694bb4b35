"""What happened to a column of numbers: stuck values, other units, new values, new extremes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.wording import number
from klcli.monitoring.domain import newcomers, others_as_before
from klcli.monitoring.exchanges import exchanges
from klcli.monitoring.extremes import extremes
from klcli.monitoring.ranges import cut_off, spread_change
from klcli.monitoring.surprise import bar, log_shares
from klcli.monitoring.units import unit_change
from klcli.monitoring.wording import in_reference, percent, with_shares
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import CountTable
    from klcli.monitoring.changes import Column
    from klcli.typing import Bools, Floats, Integers

    #: Names of values, and rows of batch and reference with each.
    _Values = tuple[tuple[str, ...], Floats, Floats]

#: Magnitudes of values that stand for a missing one where none was foreseen.
_PLACEHOLDERS: Final = frozenset({
    1, 0, 9, 99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999, 1e10, 1e20, 1e30,
    2147483647, 2147483648, 4294967295, 2.0**63, 65535, 32767,
})  # fmt: skip
#: A value is stuck if it makes up this share of the rows more, and so many times as much; so many
#: times that of the reference's most frequent number does, if that is less, but not less than the
#: next share, and a smaller one yet for placeholders.
_STUCK_SHARE, _STUCK_TIMES, _UNTIED_SHARE, _PLACEHOLDER_SHARE = 0.05, 5.0, 0.01, 0.005
#: Among few values one is stuck if its share doubles and the others, at least so many, are as before.
_FEW_VALUES, _OTHERS, _FEW_TIMES = 50, 4, 2.0
#: Share of the rows beyond which a value counts as that of all.
_ALL: Final = 0.999
#: Stuck values that are told of one column; and how many times as much as twice as many others a
#: value must have grown by: rounding, or a narrower range, makes all values more frequent.
_TOLD, _AMONG_GROWN = 3, 2.0


def number_changes(column: Column, *, clock: bool) -> Iterator[Finding]:
    """Tell what stands out in the numbers of a batch.

    With `clock`, hours are known to have moved: then no values have changed places.
    """
    yield from _infinite(column)
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
    repeated = [each for each in _repeated(column) if each.value not in ends]
    for each in repeated:
        yield each.finding(column)
    if changed is not None:
        return
    yield from _rounding(column)
    new = _new_values(column, values, repeated)
    if new is not None:
        yield new
    spread = None if cut or repeated or new is not None else spread_change(column)
    if spread is not None:
        yield spread
    told = {each.value for each in repeated}
    for end in extremes(column):
        found = end.findings(column)
        if new is not None or spread is not None:
            # Beside new values, or a wider spread, only what lies far beyond the reference is worth a word of its own.
            yield from (finding for finding in found if finding.code == "outlier")
        elif end.value not in told:
            yield from found


def _new_values(
    column: Column, values: _Values | None, repeated: Sequence[_Repeated]
) -> Finding | None:
    """Tell of values that a reference of few never shows, but for those that are told already."""
    if values is None or column.table.kind == Kind.DATETIME:
        return None
    names, p, q = values
    told = {number(each.value, column.table.kind) for each in repeated}
    new = [cell for cell in newcomers(p, q, ordered=True) if names[cell] not in told]
    # Where most rows are new, the values of the reference say little.
    if not 0 < sum(p[cell] for cell in new) <= p.sum() / 2 or len(new) > _FEW_VALUES:
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


def _infinite(column: Column) -> Iterator[Finding]:
    """Tell of infinite values where the reference has none."""
    table = column.table.table
    for cell in np.flatnonzero(_infinities(table) & (table.p > 0) & (table.q == 0)).tolist():
        name = "∞" if table.lower[cell] > 0 else "-∞"
        share = percent(float(table.p[cell] / table.n_p))
        yield Finding("outlier", f"{share} of the values are {name}, none of the reference")


def _values(column: Column) -> _Values | None:
    """Return names and rows of the values of a column that has few; else None."""
    table, kind = column.table.table, column.table.kind
    shown = (table.p + table.q > 0) & (table.roles != Role.MISSING) & ~_infinities(table)
    if np.count_nonzero(shown) > 2 * _FEW_VALUES:
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
    p, _ = column.finite()
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


@dataclass(frozen=True, slots=True)
class _Repeated:
    """A value that a batch shows far more often than the reference."""

    value: float
    now: float
    before: float

    def finding(self, column: Column) -> Finding:
        kind = column.table.kind
        value = number(self.value, kind)
        before = in_reference(self.before)
        if self.now > _ALL:
            known = column.table.q
            if known.minimum == known.maximum != self.value:
                # A year, a version: the reference had but one value, too.
                limit = number(known.minimum, kind)
                return Finding("moved-on", f"every value is {value}, and {limit} in the reference")
            return Finding("stuck-value", f"every value is {value}, {before}")
        plain = abs(self.value) in _PLACEHOLDERS and kind != Kind.DATETIME
        outside = not column.table.q.minimum <= self.value <= column.table.q.maximum
        share = f"{percent(self.now)} of the values are {value}, {before}"
        if plain and (outside or self.before == 0):
            return Finding("placeholder", f"{share}: it may stand for a missing value")
        return Finding("stuck-value", f"{share}: stuck, or filled in")


def _repeated(column: Column) -> list[_Repeated]:
    """Find the values whose share grew most, if it grew by much."""
    table = column.table.table
    atoms = np.flatnonzero((table.roles == Role.ATOM) & np.isfinite(table.lower))
    if not len(atoms):
        return []
    p, q = table.p[atoms], table.q[atoms]
    now, before = p / table.n_p, q / table.n_q
    grown = now - before
    common = np.sort(grown)[-2 * _TOLD - 1] if len(grown) > 2 * _TOLD else 0.0
    notable = _notable(table.lower[atoms], now, before) & (grown >= _AMONG_GROWN * common)
    grown = np.where(notable, grown, 0.0)
    if np.count_nonzero(q) <= _FEW_VALUES:
        grown[_ordinary(p, q, now, before)] = 0.0
    found = []
    for best in np.argsort(-grown, kind="stable")[:_TOLD].tolist():
        surprise = log_shares(float(p[best]), table.n_p, float(q[best]), table.n_q)
        if grown[best] <= 0 or surprise >= bar(column.tests, len(atoms)):
            break
        value = float(table.lower[atoms[best]])
        if not _among_others(column, value, float(now[best])):
            found.append(_Repeated(value, float(now[best]), float(before[best])))
    return found


def _notable(values: Floats, now: Floats, before: Floats) -> Bools:
    """Tell which values have grown to a share that is worth a word."""
    share = float(np.clip(_STUCK_TIMES * before.max(), _UNTIED_SHARE, _STUCK_SHARE))
    least = np.full(len(values), share)
    new = before == 0
    # What stands for missing values is told from a smaller share on, if it is new.
    known = np.array([abs(value) in _PLACEHOLDERS for value in values.tolist()])
    least[known & new] = _PLACEHOLDER_SHARE
    times = _FEW_TIMES if np.count_nonzero(before) <= _FEW_VALUES else _STUCK_TIMES
    notable: Bools = (now - before >= least) & (now >= times * before)
    return notable


def _ordinary(p: Floats, q: Floats, now: Floats, before: Floats) -> Integers:
    """Return the values whose growth is no wonder among few: others have changed with them."""
    cells = np.flatnonzero((before > 0) & (now <= _ALL) & (now > before))
    return np.array([c for c in cells if not others_as_before(p, q, int(c), _OTHERS)], dtype=int)


def _among_others(column: Column, value: float, share: float) -> bool:
    """Tell whether a value is one of many beyond the same end: years, numbers of rows."""
    table, known = column.table.table, column.table.q
    finite = np.isfinite(table.lower)
    if value > known.maximum:
        beyond = finite & (table.lower > known.maximum)
    elif value < known.minimum:
        beyond = finite & (table.lower < known.minimum)
    else:
        return False
    return float(table.p[beyond].sum() / table.n_p) >= 2 * share
