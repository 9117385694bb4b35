"""The two passes over both sides for a group of columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from klcli.counts import ColumnTable, PooledSample
from klcli.data.bounds import quantile_bounds
from klcli.data.columns import column_table
from klcli.data.finer import finer_table
from klcli.data.kinds import decide
from klcli.data.profiles.cells import joint_bounds
from klcli.data.threads import MANY_ROWS, each
from klcli.errors import InputError
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from klcli.data.kinds import Decision
    from klcli.data.overlap import Overlap
    from klcli.data.pairing import Pair
    from klcli.data.profiles.side import ProfileSide
    from klcli.data.rows import RowReader
    from klcli.data.selection import Selection
    from klcli.data.side import Side
    from klcli.results import Tuning
    from klcli.typing import Floats, Layout


@dataclass(frozen=True, slots=True)
class Layouts:
    """How each column is cut into cells."""

    default: Layout
    own: Mapping[str, Layout]

    def of(self, column: str) -> Layout:
        """Return the layout of one column."""
        return self.own.get(column, self.default)


@dataclass(slots=True)
class Progress:
    """The share of all work that is done: two passes over each side for each group of columns."""

    tell: Callable[[str, float], None]
    steps: int = 4
    done: int = 0

    def within(self, source: str) -> Callable[[float], None]:
        """Return what a side calls with the share of rows done within a pass."""
        return lambda share: self.tell(
            f"reading {source}", min(1.0, (self.done + share) / self.steps)
        )


def group_tables(
    pairs: Sequence[Pair],
    p: Side | ProfileSide,
    q: Side | ProfileSide,
    selection: Selection,
    layouts: Layouts,
    progress: Progress,
    overlap: Overlap | None,
    rows: RowReader | None,
) -> Iterator[ColumnTable]:
    """Tabulate some of the columns; `overlap` looks at their rows as they pass."""
    p.start([pair.p for pair in pairs])
    q.start([pair.q for pair in pairs])
    forced = {
        pair: selection.forced(pair) or p.forced(pair.p) or q.forced(pair.q) for pair in pairs
    }
    decisions: dict[Pair, Decision] = {}
    first = progress.done
    while True:
        # What the first rows made believe may turn out wrong on all of them. Only the columns
        # whose reading changes are read again.
        before, decisions = (
            decisions,
            {
                pair: _held(
                    pair,
                    decide(pair.name, p.views[pair.p], q.views[pair.q], forced[pair]),
                    p,
                    q,
                )
                for pair in pairs
            },
        )
        if decisions == before:
            break
        sketches = (None, None) if overlap is None else overlap.sketches(decisions)
        progress.done = first
        p.summarize({pair.p: decision.p for pair, decision in decisions.items()}, sketches[0])
        progress.done = first + 1
        q.summarize({pair.q: decision.q for pair, decision in decisions.items()}, sketches[1])
    bounds = {}
    tuning = {}
    numeric = [pair for pair, one in decisions.items() if one.problem is None and one.p.numeric]
    run = each if max(p.rows or 0, q.rows or 0) >= MANY_ROWS else map
    cut = run(lambda pair: _cut(pair, p, q, layouts.of(pair.name)), numeric)
    for pair, found in zip(numeric, cut, strict=True):
        if isinstance(found, Finding):
            # What one column cannot be cut into must not take the others down.
            decisions[pair] = replace(decisions[pair], problem=found)
        else:
            bounds[pair], tuning[pair] = found
    progress.done = first + 2
    counts_p = p.count({pair.p: edges for pair, edges in bounds.items()})
    progress.done = first + 3
    counts_q = q.count({pair.q: edges for pair, edges in bounds.items()})
    progress.done = first + 4
    if rows is not None:
        rows.decided(decisions)
    drop = selection.missing == "drop"
    for pair, decision in decisions.items():
        counts = None
        if pair in bounds:
            counts = bounds[pair], counts_p[pair.p], counts_q[pair.q]
        column = column_table(
            pair,
            decision,
            p,
            q,
            counts,
            drop=drop,
            forced=forced[pair] is not None,
        )
        if pair in bounds and layouts.of(pair.name) is not quantile_bounds:
            column = replace(column, finer=finer_table(pair, p, q, drop=drop), tuning=tuning[pair])
        yield column


def _held(
    pair: Pair, decision: Decision, p: Side | ProfileSide, q: Side | ProfileSide
) -> Decision:
    """Let a decision fail that asks for what a side does not hold."""
    problem = p.lacks(pair.p, decision.p) or q.lacks(pair.q, decision.q)
    if problem is None:
        return decision
    kind = Kind.TEXT if problem.code == "text" else decision.kind
    return replace(decision, kind=kind, problem=problem)


def _cut(
    pair: Pair, p: Side | ProfileSide, q: Side | ProfileSide, layout: Layout
) -> tuple[Floats, tuple[Tuning, ...]] | Finding:
    """Choose the cells of a numeric column, or say why there are none."""
    try:
        return _bounds(pair, p, q, layout)
    except InputError as error:
        return Finding("not-applicable", f"{error.message}; {error.hint}")


def _bounds(
    pair: Pair, p: Side | ProfileSide, q: Side | ProfileSide, layout: Layout
) -> tuple[Floats, tuple[Tuning, ...]]:
    """Choose the cells of a numeric column, and tell what was tried for that."""
    values_p, values_q = p.finite(pair.p), q.finite(pair.q)
    if not len(values_p) and not len(values_q):
        return values_p, ()
    complete = p.whole(pair.p) and q.whole(pair.q)
    sample = PooledSample(values_p, values_q, complete, p.summary(pair.p), q.summary(pair.q))
    bounds = layout(sample)
    if layout is not quantile_bounds:
        tuning = getattr(layout, "tuning", None)
        # Bins or grids that the method needs just so.
        return bounds, () if tuning is None else tuning(sample)
    return joint_bounds(p.cells(pair.p), q.cells(pair.q), bounds), ()
