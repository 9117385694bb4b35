"""Values that a batch shows far more often than its reference: stuck, filled in, or placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.wording import number
from klcli.monitoring.domain import FEW_VALUES, grown_instead, others_as_before
from klcli.monitoring.surprise import bar, log_shares
from klcli.monitoring.wording import in_reference, percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from klcli.monitoring.changes import Column
    from klcli.typing import Bools, Floats, Integers

#: Magnitudes of values that stand for a missing one where none was foreseen.
_PLACEHOLDERS: Final = frozenset({
    1, 0, *(10.0**digits - 1 for digits in range(1, 16)), 1e10, 1e20, 1e30,
    2147483647, 2147483648, 4294967295, 2.0**63, 65535, 32767,
})  # fmt: skip
#: The same of times, in seconds since 1970: the first days of calendars and clocks, and the last.
_TIMES: Final = frozenset(
    datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    for day in (
        "0001-01-01", "1601-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01",
        "1901-01-01", "1970-01-01", "9999-12-31", "9999-12-31T23:59:59",
    )
)  # fmt: skip
#: How far, in seconds, the first moment of 1970 is off in other time zones.
_ZONES: Final = 14 * 3600
#: A value is stuck if it makes up this share of the rows more, and so many times as much; so many
#: times that of the reference's most frequent number does, if that is less, but not less than the
#: next share, and a smaller one yet for placeholders.
_STUCK_SHARE, _STUCK_TIMES, _UNTIED_SHARE, _PLACEHOLDER_SHARE = 0.05, 5.0, 0.01, 0.005
#: Among few values one is stuck if its share doubles and the others, at least so many, are as before.
_OTHERS, _FEW_TIMES = 4, 2.0
#: Share of the rows up to which values far from the reference seem to stand for missing ones.
_MOST: Final = 0.5
#: Share of the rows beyond which a value counts as that of all.
_ALL: Final = 0.999
#: Stuck values that are told of one column; and how many times as much as twice as many others a
#: value must have grown by: rounding, or a narrower range, makes all values more frequent.
_TOLD, _AMONG_GROWN = 3, 2.0


@dataclass(frozen=True, slots=True)
class Repeated:
    """A value that a batch shows far more often than the reference.

    Attributes
    ----------
    value : float
        The value.
    now, before : float
        Its shares of the rows of batch and reference.
    bound : bool
        Whether `before` is that of the whole cell of a profile.
    """

    value: float
    now: float
    before: float
    bound: bool = False

    def finding(self, column: Column) -> Finding:
        """Say so, and what it may be."""
        kind = column.table.kind
        value = number(self.value, kind)
        before = f"{'at most ' if self.bound else ''}{in_reference(self.before)}"
        if self.now > _ALL:
            known = column.table.q
            if known.minimum == known.maximum != self.value:
                # A year, a version: the reference had but one value, too.
                limit = number(known.minimum, kind)
                return Finding("moved-on", f"every value is {value}, and {limit} in the reference")
            later = kind == Kind.DATETIME and self.value > known.maximum
            if later and not _is_placeholder(self.value, kind):
                # The day of a delivery, beside some days of the reference.
                when = f"later than any of the reference ({number(known.maximum, kind)})"
                text = f"every value is {value}, {when}: times that move on differ always"
                return Finding("moved-on", f"{text}; leave them out")
            return Finding("stuck-value", f"every value is {value}, {before}")
        plain = _is_placeholder(self.value, kind)
        outside = not column.table.q.minimum <= self.value <= column.table.q.maximum
        share = f"{percent(self.now)} of the values are {value}, {before}"
        rare = self.now < _MOST and column.is_far(self.value)
        if rare or (plain and (outside or (self.before == 0 and kind != Kind.DATETIME))):
            return Finding("placeholder", f"{share}: it may stand for a missing value")
        return Finding("stuck-value", f"{share}: stuck, or filled in")


def _is_placeholder(value: float, kind: Kind) -> bool:
    if kind != Kind.DATETIME:
        return abs(value) in _PLACEHOLDERS
    return value in _TIMES or (abs(value) <= _ZONES and value % 900 == 0)


def repeated_values(column: Column) -> list[Repeated]:
    """Return the values whose share grew most, if it grew by much."""
    table = column.table.table
    atoms = np.flatnonzero((table.roles == Role.ATOM) & np.isfinite(table.lower))
    known = len(atoms)
    between, cells, rows = _between(column)
    values = np.concatenate([table.lower[atoms], between])
    p = np.concatenate([table.p[atoms], rows])
    q = np.concatenate([table.q[atoms], table.q[cells]])
    if not len(values):
        return []
    now, before = p / table.n_p, q / table.n_q
    grown = now - before
    notable = _notable(values, now, before)
    if not notable.any():
        return []
    grown = np.where(notable & (grown >= _AMONG_GROWN * _common_growth(column)), grown, 0.0)
    if np.count_nonzero(q[:known]) <= FEW_VALUES:
        grown[_ordinary(p[:known], q[:known], now[:known], before[:known])] = 0.0
    found = []
    for best in np.argsort(-grown, kind="stable")[:_TOLD].tolist():
        surprise = log_shares(float(p[best]), table.n_p, float(q[best]), table.n_q)
        if grown[best] <= 0 or surprise >= bar(column.tests, len(values)):
            break
        value, bound = float(values[best]), best >= known and bool(before[best])
        if not _among_others(column, value, float(now[best])):
            found.append(Repeated(value, float(now[best]), float(before[best]), bound))
    return found


def _between(column: Column) -> tuple[Floats, Integers, Floats]:
    """Return values that repeat in a batch within cells of a profile, these cells, and the rows."""
    table = column.table.table
    cells = np.flatnonzero((table.roles == Role.INTERVAL) & (table.p >= _UNTIED_SHARE * table.n_p))
    if not len(cells):
        return np.empty(0), cells, np.empty(0)
    p, _ = column.finite
    values, shares = np.full(len(cells), np.nan), np.zeros(len(cells))
    for place, cell in enumerate(cells.tolist()):
        low, high = np.searchsorted(p, [table.lower[cell], table.upper[cell]])
        different, times = np.unique(p[low:high], return_counts=True)
        if len(different):
            values[place], shares[place] = different[times.argmax()], times.max() / len(p)
    repeated = shares >= _UNTIED_SHARE
    rows = float(table.p[table.roles != Role.MISSING].sum())
    return values[repeated], cells[repeated], shares[repeated] * rows


def _common_growth(column: Column) -> float:
    """Return by what share of the rows values of the batch have grown beyond the first few."""
    p, q = column.finite
    values, rows = np.unique(p, return_counts=True)
    values = values[np.argsort(-rows, kind="stable")[:FEW_VALUES]]
    if len(values) <= 2 * _TOLD:
        return 0.0
    now, before = (
        (np.searchsorted(x, values, side="right") - np.searchsorted(x, values)) / max(len(x), 1)
        for x in (p, q)
    )
    return float(np.sort(now - before)[-2 * _TOLD - 1])


def _notable(values: Floats, now: Floats, before: Floats) -> Bools:
    """Tell which values have grown to a share that is worth a word."""
    share = float(np.clip(_STUCK_TIMES * before.max(), _UNTIED_SHARE, _STUCK_SHARE))
    least = np.full(len(values), share)
    new = before == 0
    # What stands for missing values is told from a smaller share on, if it is new.
    known = np.array([abs(value) in _PLACEHOLDERS for value in values.tolist()])
    least[known & new] = _PLACEHOLDER_SHARE
    times = _FEW_TIMES if np.count_nonzero(before) <= FEW_VALUES else _STUCK_TIMES
    notable: Bools = (now - before >= least) & (now >= times * before)
    return notable


def _ordinary(p: Floats, q: Floats, now: Floats, before: Floats) -> Integers:
    """Return the values whose growth is no wonder among few: others have changed with them."""
    cells = np.flatnonzero((before > 0) & (now <= _ALL) & (now > before))
    return np.array(
        [
            cell
            for cell in cells.tolist()
            if not (others_as_before(p, q, cell, _OTHERS) or grown_instead(p, q, cell, _OTHERS))
        ],
        dtype=int,
    )


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
