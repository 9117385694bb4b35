"""Where numbers of a batch lie beyond those of its reference: outliers, new ranges, counters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.wording import number
from klcli.monitoring.samples import are_ids, are_whole
from klcli.monitoring.surprise import bar, log_alone
from klcli.monitoring.wording import percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.counts import CountTable
    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

#: Share of the rows beyond the largest number of the reference that shows a counter.
_COUNTED_ON: Final = 0.9
#: Part of the reference's range within which a counter goes on.
_GAP: Final = 0.25
#: Share of times beyond the reference that shows that they move on.
_MOVED_ON: Final = 0.5
#: Share of the rows beyond the reference's range that makes one value of them.
_TOGETHER: Final = 0.9
#: Rows beyond the reference's range that are told as one outlier each, not as a share.
_FEW: Final = 3
#: Rows of the tail whose decay is measured, and those at its very end that it is measured against.
_TAIL_ROWS, _END_ROWS = 200, 8
#: Rows that share the last value before the outermost; and how many times the range of all others
#: lies between, by judgement, as no tail gives a scale there.
_TIED, _RANGES = 20, 2.0


def extremes(column: Column, *, converted: bool = False) -> Iterator[End]:
    """Yield the ends at which a batch reaches beyond its reference.

    The tails of both tell what lies far out, but that of the batch alone where its values are
    `converted` to another unit.
    """
    for end in (_upper_end(column, converted), _lower_end(column, converted)):
        if end is not None:
            yield end


@dataclass(frozen=True, slots=True)
class End:
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
    tied : float
        Rows of the batch with that value.
    """

    value: float
    limit: float
    rows: float
    side: str
    lone: bool
    tied: float

    def findings(self, column: Column) -> Iterator[Finding]:
        """Say what lies there, if chance would hardly have it so."""
        table, kind = column.table.table, column.table.kind
        extreme = "largest" if self.side == "above" else "smallest"
        value, limit = number(self.value, kind), number(self.limit, kind)
        surprise = log_alone(self.rows, table.n_p, table.n_q)
        told = self.rows > _FEW and surprise < bar(column.tests, 2)
        share = percent(self.rows / table.n_p)
        if told and _TOGETHER * self.rows <= self.tied < _MOVED_ON * table.n_p:
            text = f"{percent(self.tied / table.n_p)} of the values are {value}"
            text = f"{text}, {self.side} the {extreme} one of the reference"
            missing = ": it may stand for a missing value" if column.is_far(self.value) else ""
            code = "placeholder" if missing else "out-of-range"
            yield Finding(code, f"{text}, {limit}{missing}")
            return
        if self.lone:
            text = f"{value} lies far {self.side} all others"
            yield Finding("outlier", f"{text}; the {extreme} value of the reference is {limit}")
        if told:
            if kind == Kind.DATETIME and self.rows >= _MOVED_ON * table.n_p:
                when = "later" if self.side == "above" else "earlier"
                yield Finding(
                    "moved-on",
                    f"{share} of the times are {when} than any of the reference ({limit}): times "
                    "that move on differ always; leave them out, or compare the hour or weekday",
                )
                return
            if (
                self.side == "above"
                and self.rows >= _COUNTED_ON * table.n_p
                and _counts_on(column)
            ):
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


def _counts_on(column: Column) -> bool:
    """Tell whether both sides hold ids, all different, or whole numbers that go on where they were."""
    p, q = column.finite
    if not (are_whole(p) and are_whole(q)):
        return False
    if are_ids(p) and are_ids(q):
        return True
    start = float(p[int((1 - _COUNTED_ON) * len(p))])
    return start - float(q[-1]) <= max(1.0, _GAP * float(q[-1] - q[0]))


def _upper_end(column: Column, converted: bool) -> End | None:
    value, limit = column.table.p.maximum, column.table.q.maximum
    if not value > limit:
        return None
    table = _finite(column.table.table)
    rows = float(table.p[table.lower > limit].sum())
    counts = table.p if converted else table.p + table.q
    lone = _is_lone(table.lower[::-1], counts[::-1], value, column.tests)
    return End(value, limit, max(rows, 1.0), "above", lone, _tied(table, value))


def _lower_end(column: Column, converted: bool) -> End | None:
    value, limit = column.table.p.minimum, column.table.q.minimum
    if not value < limit:
        return None
    table = _finite(column.table.table)
    rows = float(table.p[(table.upper <= limit)].sum())
    counts = table.p if converted else table.p + table.q
    lone = _is_lone(-table.upper, counts, -value, column.tests)
    return End(value, limit, max(rows, 1.0), "below", lone, _tied(table, value))


def _tied(table: CountTable, value: float) -> float:
    """Return the rows of the batch with a value, if it has a cell of its own."""
    return float(table.p[(table.roles == Role.ATOM) & (table.lower == value)].sum())


def _finite(table: CountTable) -> CountTable:
    return table.subset(
        (table.roles != Role.MISSING)
        & ~(np.isinf(table.lower) & np.isinf(table.upper) & (table.roles == Role.ATOM))
    )


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
    if not math.isfinite(middle):
        return False
    if far >= near:
        return _beyond_ties(inner, counts, value)
    distance = inner - middle
    start, end = float(distance[near]), float(distance[far])
    rows = float(reached[near] - reached[far])
    if not 0 < start <= end or rows < _END_ROWS:
        return _beyond_ties(inner, counts, value)
    # Mean log excess over the threshold of the rows between, and of the last ones as if at y₈.
    between = slice(far + 1, near + 1)
    excess = float(counts[between] @ np.log(distance[between] / start))
    excess += float(reached[far]) * math.log(end / start)
    shape = max(excess / rows, 1e-9)
    beyond = math.log(max((value - middle) / end, 1.0))
    surprise = math.log(reached[far]) - rows * math.log1p(beyond / (rows * shape))
    return surprise < bar(tests, 2)


def _beyond_ties(inner: Floats, counts: Floats, value: float) -> bool:
    """Tell whether a value lies far beyond others that end abruptly, as rounded ones do.

    Where many rows share the most extreme value but for at most three, no tail leads on from
    there, and the rule of Pareto tails knows no scale: the range of the others gives it.
    """
    (tied,) = np.nonzero(counts >= _TIED)
    if not len(tied) or counts[: tied[0]].sum() > _FEW:
        return False
    last, first = float(inner[tied[0]]), float(inner[-1])
    if not math.isfinite(first):
        first = float(inner[-2]) if len(inner) > 1 else last
    return last - first > 0 and value - last > _RANGES * (last - first)
