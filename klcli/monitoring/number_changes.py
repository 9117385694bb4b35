"""What happened to a column of numbers: outliers, new extremes, stuck values, other units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.wording import number
from klcli.monitoring.surprise import bar, log_alone, log_shares
from klcli.monitoring.units import unit_change
from klcli.monitoring.wording import percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.counts import CountTable
    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

#: Magnitudes of values that stand for a missing one where none was foreseen.
_PLACEHOLDERS: Final = frozenset({
    1, 0, 9, 99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999, 1e10, 1e20, 1e30,
    2147483647, 2147483648, 4294967295, 2.0**63, 65535, 32767,
})  # fmt: skip
#: A value is stuck if it makes up this share of the rows more, and so many times as much.
_STUCK_SHARE, _STUCK_TIMES = 0.05, 5.0
#: Share of the rows beyond the largest number of the reference that shows a counter.
_COUNTED_ON: Final = 0.9
#: Rows beyond the reference's range that are told as one outlier each, not as a share.
_FEW: Final = 3


def number_changes(column: Column) -> Iterator[Finding]:
    """Tell what stands out in the numbers of a batch."""
    changed = unit_change(column)
    repeated = _repeated(column)
    if changed is not None:
        yield changed
    if repeated is not None:
        yield repeated.finding(column)
    if changed is None:
        for end in (_upper_end(column), _lower_end(column)):
            if end is not None and not (repeated and end.value == repeated.value):
                yield from end.findings(column)


@dataclass(frozen=True, slots=True)
class _Repeated:
    """A value that a batch shows far more often than the reference."""

    value: float
    now: float
    before: float

    def finding(self, column: Column) -> Finding:
        kind = column.table.kind
        value = number(self.value, kind)
        before = f"{percent(self.before)} in the reference"
        if self.before == 0:
            before = "never in the reference"
        if self.now > 0.999:
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


def _repeated(column: Column) -> _Repeated | None:
    """Find the value whose share grew most, if it grew by much."""
    table = column.table.table
    atoms = np.flatnonzero((table.roles == Role.ATOM) & np.isfinite(table.lower))
    if not len(atoms):
        return None
    now, before = table.p[atoms] / table.n_p, table.q[atoms] / table.n_q
    grown = (now - before) * (now >= _STUCK_TIMES * before)
    # What stands for missing values is told from a smaller share on, if it is new.
    known = np.array([abs(value) in _PLACEHOLDERS for value in table.lower[atoms].tolist()])
    least = np.where(known & (before == 0), _STUCK_SHARE / 10, _STUCK_SHARE)
    # Among few different values, one more or less frequent is an ordinary change.
    values = np.count_nonzero(table.q[atoms])
    ordinary = (values <= 50) & (before > 0) & (now < 0.999)
    grown = np.where((grown >= least) & ~ordinary, grown, 0.0)
    best = int(grown.argmax())
    cell = atoms[best]
    if grown[best] <= 0 or log_shares(
        float(table.p[cell]), table.n_p, float(table.q[cell]), table.n_q
    ) >= bar(column.tests, len(atoms)):
        return None
    if _among_others(column, float(table.lower[cell]), float(now[best])):
        return None
    return _Repeated(float(table.lower[cell]), float(now[best]), float(before[best]))


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


@dataclass(frozen=True, slots=True)
class _End:
    """Where a batch reaches beyond the range of the reference.

    Attributes
    ----------
    value, limit : float
        Most extreme value of the batch, and of the reference.
    rows : float
        Rows of the batch beyond.
    side : str
        "above" or "below".
    lone : bool
        Whether the extreme value lies farther out than the tail of all others foretells.
    """

    value: float
    limit: float
    rows: float
    side: str
    lone: bool

    def findings(self, column: Column) -> Iterator[Finding]:
        table, kind = column.table.table, column.table.kind
        extreme = "largest" if self.side == "above" else "smallest"
        value, limit = number(self.value, kind), number(self.limit, kind)
        if self.lone:
            text = f"{value} lies far {self.side} all others"
            yield Finding("outlier", f"{text}; the {extreme} value of the reference is {limit}")
        if self.rows > _FEW and log_alone(self.rows, table.n_p, table.n_q) < bar(column.tests, 2):
            share = percent(self.rows / table.n_p)
            if kind == Kind.DATETIME:
                when = "later" if self.side == "above" else "earlier"
                yield Finding(
                    "moved-on",
                    f"{share} of the times are {when} than any of the reference ({limit}): times "
                    "that move on differ always; leave them out, or compare the hour or weekday",
                )
                return
            if self.side == "above" and self.rows >= _COUNTED_ON * table.n_p and _whole(column):
                yield Finding(
                    "moved-on",
                    f"{share} of the values are larger than any of the reference ({limit}): "
                    "numbers that count on, such as ids, row numbers and years, differ always; "
                    "leave them out",
                )
                return
            yield Finding(
                "out-of-range",
                f"{share} of the values lie {self.side} the {extreme} one of the reference, "
                f"{limit}, as far as {value}",
            )


def _whole(column: Column) -> bool:
    """Tell whether all numbers of both sides are whole."""
    return all(bool((values == np.floor(values)).all()) for values in column.finite())


def _upper_end(column: Column) -> _End | None:
    value, limit = column.table.p.maximum, column.table.q.maximum
    if not value > limit:
        return None
    table = _finite(column.table.table)
    rows = float(table.p[table.lower > limit].sum())
    counts = (table.p + table.q)[::-1]
    lone = _is_lone(table.lower[::-1], counts, value, column.tests)
    return _End(value, limit, max(rows, 1.0), "above", lone)


def _lower_end(column: Column) -> _End | None:
    value, limit = column.table.p.minimum, column.table.q.minimum
    if not value < limit:
        return None
    table = _finite(column.table.table)
    rows = float(table.p[(table.upper <= limit)].sum())
    lone = _is_lone(-table.upper, table.p + table.q, -value, column.tests)
    return _End(value, limit, max(rows, 1.0), "below", lone)


def _finite(table: CountTable) -> CountTable:
    return table.subset(
        (table.roles != Role.MISSING)
        & ~(np.isinf(table.lower) & np.isinf(table.upper) & (table.roles == Role.ATOM))
    )


#: Rows of the tail whose decay is measured, and those at its very end that it is measured against.
_TAIL_ROWS, _END_ROWS = 200, 8


def _is_lone(inner: Floats, counts: Floats, value: float, tests: int) -> bool:
    """Tell whether a value lies farther out than a Pareto tail of the other rows allows.

    Cells are given from the outside in, by their bounds towards the middle, turned such that large
    is far. In the tail, the 200 most extreme rows, distances y from the median of all rows are
    taken to decay as y^(−1/ξ), or faster. Hill's estimate of ξ [1]_ comes from the bounds of cells;
    of the last eight rows it only uses that they lie beyond y₈. The largest of these lies beyond y
    with probability at most 8 (y/y₈)^(−1/ξ), or, as ξ is estimated from k rows,
    8 (1 + log(y/y₈)/kξ)^−k: the ratio of an exponential to a gamma variable is F-distributed.

    References
    ----------
    .. [1] B. M. Hill, "A simple general approach to inference about the tail of a distribution",
       Ann. Statist. 3 (1975) 1163.
    """
    reached = np.cumsum(counts)
    total = reached[-1]
    middle = float(inner[int(np.searchsorted(reached, total / 2))])
    near = int(np.searchsorted(reached, min(_TAIL_ROWS, total / 4)))
    far = int(np.searchsorted(reached, _END_ROWS))
    if far >= near or not math.isfinite(middle):
        return False
    distance = inner - middle
    start, end = float(distance[near]), float(distance[far])
    rows = float(reached[near] - reached[far])
    if not 0 < start <= end or rows < _END_ROWS:
        return False
    # Mean log excess over the threshold of the rows between, and of the last ones as if at y₈.
    between = slice(far + 1, near + 1)
    excess = float(counts[between] @ np.log(distance[between] / start))
    excess += float(reached[far]) * math.log(end / start)
    shape = max(excess / rows, 1e-9)
    beyond = math.log(max((value - middle) / end, 1.0))
    surprise = math.log(reached[far]) - rows * math.log1p(beyond / (rows * shape))
    return surprise < bar(tests, 2)
