"""Rows that stand in both datasets: a leak, or extracts that overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.row_sketch import RowSketch
from klcli.data.wording import counted, listed
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from klcli.data.kinds import Decision
    from klcli.data.pairing import Pair
    from klcli.data.side import Side

#: Minus the log of the probability with which chance alone may seem an overlap: a false alarm in
#: a hundred thousand pairs of files. It takes at least 17 shared rows.
_SURPRISE: Final = 11.5
#: Smallest share of either side that is worth a warning: it moves no estimate by more than that.
_SHARE: Final = 1e-3
#: Rows at the start of a side that tell whether a column numbers or labels rows; with fewer than
#: `_FEWEST` of them any column could look like that.
HEAD_ROWS: Final = 1000
_FEWEST: Final = 10


class Overlap:
    """Looks for shared rows while the rows of both sides are read.

    Parameters
    ----------
    p, q : Side
        Both sides; of a wide table only the first group of columns is looked at, by which rows
        are told apart well enough.
    """

    def __init__(self, p: Side, q: Side) -> None:
        self._sides = p, q
        self._sketches: tuple[RowSketch, RowSketch] | None = None
        self._read: tuple[object, ...] = ()
        self._left_out: list[str] = []

    def sketches(
        self, decisions: Mapping[Pair, Decision]
    ) -> tuple[RowSketch | None, RowSketch | None]:
        """Return what each side has to fill as it reads columns; None if it has done so."""
        sound = {pair: d for pair, d in decisions.items() if d.problem is None}
        p, q = self._sides
        head_p, head_q = (
            p.head({pair.p: d.p for pair, d in sound.items()}, HEAD_ROWS) if sound else None,
            q.head({pair.q: d.q for pair, d in sound.items()}, HEAD_ROWS) if sound else None,
        )
        if head_p is None or head_q is None:
            return None, None
        tell = telling(head_p, head_q)
        pairs = [pair for pair, each in zip(sound, tell, strict=True) if each]
        self._left_out = [pair.name for pair, each in zip(sound, tell, strict=True) if not each]
        single = [p.single(pair.p) or q.single(pair.q) for pair in pairs]
        before, self._read = (
            self._read,
            tuple((pair, sound[pair].p, sound[pair].q) for pair in pairs),
        )
        if self._read == before:
            return None, None
        self._sketches = None
        if not pairs:
            return None, None
        self._sketches = (
            RowSketch([pair.p for pair in pairs], single),
            RowSketch([pair.q for pair in pairs], single),
        )
        return self._sketches

    def findings(self) -> Iterator[Finding]:
        """Yield the warning that rows are shared, if they are."""
        if self._sketches is not None:
            found = shared_rows(*self._sketches, self._left_out)
            if found is not None:
                yield found


def rows_in_common(p: RowSketch, q: RowSketch) -> tuple[int, int] | None:
    """Return how many of the kept rows of each side stand on the other, if no chance puts them there.

    Rows that repeat within a side may well meet their like on the other. Of values that a side
    holds once or twice, with expected counts a in P and b in Q, ab e^(−a−b) occur once on either
    side and at least (a² + b²)/2 · e^(−a−b) twice on one of them, and 2ab ≤ a² + b²: whatever P
    and Q are, independent rows make no more shared singles than repeated pairs, on average. So
    among both, the shared ones are binomial with probability at most 1/2, and their excess is
    judged by Chernoff's bound.

    Parameters
    ----------
    p, q : RowSketch
        The rows of both sides, over the same columns.

    References
    ----------
    .. [1] H. Chernoff, "A measure of asymptotic efficiency for tests of a hypothesis based on the
       sum of observations", Ann. Math. Statist. 23 (1952), 493-507.
    """
    level = max(p.level, q.level)
    hashes_p, counts_p = p.distinct(level)
    hashes_q, counts_q = q.distinct(level)
    if not len(hashes_p) or not len(hashes_q):
        return None
    at = np.minimum(np.searchsorted(hashes_q, hashes_p), len(hashes_q) - 1)
    shared = hashes_q[at] == hashes_p
    once = int(np.count_nonzero(shared & (counts_p == 1) & (counts_q[at] == 1)))
    twice = int(np.count_nonzero(counts_p == 2) + np.count_nonzero(counts_q == 2))
    if not _more_than_half(once, once + twice):
        return None
    return int(counts_p[shared].sum()), int(counts_q[at[shared]].sum())


def shared_rows(p: RowSketch, q: RowSketch, left_out: Sequence[str] = ()) -> Finding | None:
    """Warn where more rows stand on both sides than chance puts there.

    Parameters
    ----------
    p, q : RowSketch
        The rows of both sides, over the same columns.
    left_out : sequence of str
        Common columns that were not looked at.
    """
    shared = rows_in_common(p, q)
    if shared is None:
        return None
    level = max(p.level, q.level)
    rows_p, rows_q = (rows << level for rows in shared)
    if max(rows_p / p.rows, rows_q / q.rows) < _SHARE:
        return None
    side, other, rows, total = "P", "Q", rows_p, p.rows
    if rows_q / q.rows > rows_p / p.rows:
        side, other, rows, total = "Q", "P", rows_q, q.rows
    rows = min(rows, total)
    about = "about " if level else ""
    percent = "100" if rows >= 0.995 * total else f"{100 * rows / total:.2g}"
    but = f", {listed(left_out, 3)} aside" if left_out else ""
    return Finding(
        "shared-rows",
        f"{about}{counted(rows, 'row')} of {side} ({percent} %) stand in {other} "
        f"as well{but}; samples that share rows are not independent and pull the estimate "
        "toward 0",
    )


def telling(p: pl.DataFrame, q: pl.DataFrame) -> list[bool]:
    """Return which columns tell whether two rows are the same, from the first rows of both sides.

    A row that was copied may have got another number or label ("train", "test"); and two tables
    of the same hours have these in common without sharing a row. So a column does not count that
    is constant on a side or holds whole numbers (or times) that only rise.
    """
    return [
        not (_constant(left) or _constant(right) or _rising(left) or _rising(right))
        for left, right in zip(p.iter_columns(), q.iter_columns(), strict=True)
    ]


def _constant(values: pl.Series) -> bool:
    return len(values) >= _FEWEST and values.n_unique() == 1


def _rising(values: pl.Series) -> bool:
    if len(values) < _FEWEST or not values.dtype.is_float():
        return False
    numbers = values.to_numpy()
    return bool(np.all(numbers == np.floor(numbers)) and np.all(numbers[1:] > numbers[:-1]))


def _more_than_half(count: int, total: int) -> bool:
    """Tell whether `count` of `total` is more than chance makes with probability 1/2 or less."""
    if 2 * count <= total:
        return False
    surprise = total * math.log(2)
    for part in (count, total - count):
        surprise += part * math.log(part / total) if part else 0.0
    return surprise >= _SURPRISE
