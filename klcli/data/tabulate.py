"""From two sources to count tables of all their common columns."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.counts import ColumnTable, PooledSample
from klcli.data.bounds import quantile_bounds
from klcli.data.columns import column_table
from klcli.data.finer import finer_table
from klcli.data.frames import ARRAY, FRAME, object_table
from klcli.data.kept import KeptSide
from klcli.data.kinds import decide
from klcli.data.overlap import Overlap
from klcli.data.pairing import Pair, pair_columns
from klcli.data.profiles.cells import joint_bounds
from klcli.data.profiles.file import is_profile, read_profile
from klcli.data.profiles.profile import Profile
from klcli.data.profiles.side import ProfileSide
from klcli.data.side import Side
from klcli.data.sources import label, open_source
from klcli.data.spool import download
from klcli.data.table import Table
from klcli.data.wording import counted
from klcli.errors import InputError, UsageError
from klcli.results import Finding, Kind, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from klcli.data.kinds import Decision
    from klcli.data.rows import RowReader
    from klcli.typing import Floats, Layout

#: Columns read together. It bounds the memory for the samples of wide tables.
_GROUP_COLUMNS: Final = 128


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns are compared, and how their values are taken.

    Attributes
    ----------
    columns, exclude : tuple of str
        Only these; not these.
    categorical, numeric : tuple of str
        Columns whose values are taken as categories, or as numbers, whatever they look like.
    missing : str
        "category" gives missing values a cell of their own; "drop" leaves their rows out.
    weight : str or None
        Column of row weights. A side without this column has weights 1.
    input_format : str or None
        Format of the files, where their names do not tell.
    """

    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    missing: str = "category"
    weight: str | None = None
    input_format: str | None = None

    def forced(self, pair: Pair) -> Kind | None:
        """Return the kind that the user asks for a column, if any."""
        if pair.names & set(self.categorical):
            return Kind.CATEGORICAL
        return Kind.NUMERIC if pair.names & set(self.numeric) else None


@dataclass(frozen=True, slots=True)
class Tabulation:
    """Two sources as count tables, one for each common column, in the order of P.

    Attributes
    ----------
    p, q : SourceInfo
        What was read.
    columns : tuple of ColumnTable
        One for each pair of columns.
    findings : tuple of Finding
        What concerns a whole source or both, such as columns without a counterpart.
    """

    p: SourceInfo
    q: SourceInfo
    columns: tuple[ColumnTable, ...]
    findings: tuple[Finding, ...]


def tabulate(
    p: Any,
    q: Any,
    selection: Selection = Selection(),
    *,
    layout: Layout | None = None,
    layouts: Mapping[str, Layout] | None = None,
    rows: RowReader | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Tabulation:
    """Count the values of two sources in the same cells, for all their common columns.

    A first pass over the rows of each side sums up the columns and takes a sample; `layout`
    chooses the cells of numeric columns from the samples; a second pass counts. A source that is
    estimated to fit into a gigabyte is parsed once and kept; a larger one is read in batches,
    twice, and never held. Columns of words are counted in the first pass.

    Parameters
    ----------
    p, q : path, NumPy array, data frame or dict of arrays
        A path may be a file, a glob, a folder, "-" for standard input (one of the two), or an
        address. Arrays have shape (n,) or (n, d), with columns x0 … x{d−1}. Also an opened
        `Table`, a `KeptSide`, which is not read again, a `Profile` or `ProfileSide`; the path of a
        profile, too, is taken as its data.
    selection : Selection
        Columns, their kinds, missing values, weights.
    layout : callable, optional
        Chooses the boundaries of numeric cells; by default `quantile_bounds`.
    layouts : dict of str to callable, optional
        Layouts of single columns, by name.
    rows : RowReader, optional
        Reads rows, too, for what looks at several columns together.
    seed : int
        Of the row samples, which are drawn where a side has more than 131,072 rows.
    progress : callable, optional
        Called with what is being done and the share of all work that is done, from 0 to 1.

    Returns
    -------
    Tabulation
        Counts and everything noticed on the way.

    Raises
    ------
    InputError
        If a source cannot be read, or nothing in them can be compared.
    UsageError
        If the request makes no sense for any data.
    MissingExtraError
        If a format needs a package that is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.data.tabulate import tabulate
    >>> tabulate(np.array([1, 1, 2]), np.array([2, 2, 3])).columns[0].table.p
    array([2., 1., 0.])
    """
    if selection.missing not in {"category", "drop"}:
        raise UsageError.unknown_choice("--missing", selection.missing, ["category", "drop"])
    if _is_stdin(p) and _is_stdin(q):
        raise InputError(
            "standard input can be one side only", "give the other side as a file, or <(command)"
        )
    with ExitStack() as cleanup:
        cells = _Layouts(layout or quantile_bounds, layouts or {})
        return _tabulate((p, q), selection, cells, rows, seed, progress or _silent, cleanup)


@dataclass(frozen=True, slots=True)
class _Layouts:
    """How each column is cut into cells."""

    default: Layout
    own: Mapping[str, Layout]

    def of(self, column: str) -> Layout:
        return self.own.get(column, self.default)


@dataclass(slots=True)
class _Progress:
    """The share of all work that is done: two passes over each side for each group of columns."""

    tell: Callable[[str, float], None]
    steps: int = 4
    done: int = 0

    def within(self, source: str) -> Callable[[float], None]:
        """Return what a side calls with the share of rows done within a pass."""
        return lambda share: self.tell(
            f"reading {source}", min(1.0, (self.done + share) / self.steps)
        )


def _tabulate(
    given: tuple[Any, Any],
    selection: Selection,
    layouts: _Layouts,
    rows: RowReader | None,
    seed: int,
    tell: Callable[[str, float], None],
    cleanup: ExitStack,
) -> Tabulation:
    findings: list[Finding] = []
    if _same_source(*given):
        findings.append(
            Finding("same-source", "P and Q are the same source, whose true divergence is 0")
        )
    progress = _Progress(tell)
    opened = []
    for one in given:
        tell(f"opening {_name(one)}", 0.0)
        opened.append(open_data(one, selection, findings, cleanup))
    pairs = pair_columns(list(opened[0].schema), list(opened[1].schema), selection, findings)
    sides: list[Side | ProfileSide] = []
    for number, table in enumerate(opened):
        if not isinstance(table, Table):
            sides.append(table)
            continue
        weight = selection.weight if selection.weight in table.schema else None
        names = [(pair.p, pair.q)[number] for pair in pairs]
        table.needed = table.needed or tuple(names if weight is None else [*names, weight])
        sides.append(Side(table, (seed, number), weight, progress.within(table.source)))
    groups = [pairs[i : i + _GROUP_COLUMNS] for i in range(0, len(pairs), _GROUP_COLUMNS)]
    progress.steps = 4 * len(groups)
    # Rows of unequal weight may be a table of frequencies, in which both sides list all values.
    independent = (
        selection.weight is None
        and not _same_source(*given)
        and all(isinstance(one, Table) for one in opened)
    )
    p, q = sides
    overlaps: list[Overlap | None] = [None] * len(groups)
    if independent and isinstance(p, Side) and isinstance(q, Side):
        overlaps[0] = Overlap(p, q)
    columns = [
        column
        for group, overlap in zip(groups, overlaps, strict=True)
        for column in _group(
            group, sides[0], sides[1], selection, layouts, progress, overlap, rows
        )
    ]
    if rows is not None:
        rows.read(sides[0], sides[1], columns, tell)
    if overlaps[0] is not None:
        findings.extend(overlaps[0].findings())
    if len(columns) == 1 and columns[0].undefined and columns[0].undefined.code == "not-numeric":
        wrong, _, remedy = columns[0].undefined.message.partition("; ")
        raise InputError(wrong, remedy)
    weights = [side.profile.weight for side in sides if isinstance(side, ProfileSide)]
    weights = list(dict.fromkeys([selection.weight, *weights]))
    findings += [_weighting(weight, sides) for weight in weights if weight is not None]
    tell("done", 1.0)
    infos = [SourceInfo(_name(one), side.rows) for one, side in zip(given, sides, strict=True)]
    return Tabulation(infos[0], infos[1], tuple(columns), tuple(dict.fromkeys(findings)))


def open_data(
    given: Any, selection: Selection, findings: list[Finding], cleanup: ExitStack
) -> Table | KeptSide | ProfileSide:
    """Open whatever `tabulate` takes; `cleanup` removes temporary files.

    Raises
    ------
    InputError
        If it cannot be read, or has no columns.
    """
    table: Table | KeptSide | ProfileSide
    if isinstance(given, Table | KeptSide | ProfileSide):
        table = given
    elif isinstance(given, Profile):
        table = _profile_side(given, given.source, selection, findings)
    elif _is_path(given) and is_profile(given):
        path = os.fspath(given)
        if path.startswith(("http://", "https://")):
            path = download(path, cleanup)
        kept = read_profile(path, source=label(given))
        table = _profile_side(kept, label(given), selection, findings)
    elif _is_path(given):
        table = open_source(given, selection.input_format, findings, cleanup)
    else:
        table = object_table(given)
    if not table.schema:
        raise InputError(f"{table.source}: no columns", "give data with columns and rows")
    return table


def _profile_side(
    profile: Profile, source: str, selection: Selection, findings: list[Finding]
) -> ProfileSide:
    weight = selection.weight
    if weight is not None and profile.weight != weight:
        if profile.weight is not None:
            raise InputError(
                f"--weight {weight}: {source} was made with weights of {profile.weight!r}",
                "make it again with the same --weight",
            )
        if weight in {column.name for column in profile.columns}:
            raise InputError(
                f"--weight {weight}: the rows of {source} can be weighted no more",
                f"make it again with --weight {weight}",
            )
    findings.append(
        Finding(
            "from-profile",
            f"{source} is a profile of {counted(profile.rows, 'row')}, made {profile.created}: "
            "its counts stand for the rows",
        )
    )
    return ProfileSide(profile, source)


def _group(
    pairs: Sequence[Pair],
    p: Side | ProfileSide,
    q: Side | ProfileSide,
    selection: Selection,
    layouts: _Layouts,
    progress: _Progress,
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
    for pair, decision in decisions.items():
        if decision.problem is None and decision.p.numeric:
            try:
                bounds[pair] = _bounds(pair, p, q, layouts.of(pair.name))
            except InputError as error:
                # What one column cannot be cut into must not take the others down.
                problem = Finding("not-applicable", f"{error.message}; {error.hint}")
                decisions[pair] = replace(decision, problem=problem)
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
            column = replace(column, finer=finer_table(pair, p, q, drop=drop))
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


def _bounds(pair: Pair, p: Side | ProfileSide, q: Side | ProfileSide, layout: Layout) -> Floats:
    """Choose the cells of a numeric column."""
    values_p, values_q = p.finite(pair.p), q.finite(pair.q)
    if not len(values_p) and not len(values_q):
        return values_p
    complete = p.whole(pair.p) and q.whole(pair.q)
    bounds = layout(
        PooledSample(values_p, values_q, complete, p.summary(pair.p), q.summary(pair.q))
    )
    if layout is not quantile_bounds:
        return bounds  # of bins or grids that the method needs just so
    return joint_bounds(p.cells(pair.p), q.cells(pair.q), bounds)


def _weighting(weight: str, sides: Sequence[Side | ProfileSide]) -> Finding:
    p, q = sides
    message = (
        f"rows are weighted by {weight!r}; effective sample sizes: {p.effective_rows:,.1f} of "
        f"{p.rows:,} in P, {q.effective_rows:,.1f} of {q.rows:,} in Q"
    )
    for name, side in (("P", p), ("Q", q)):
        if not side.weighted:
            message += f"; {name} has no such column, so its rows weigh the same"
    return Finding("weighted", message)


def _name(given: Any) -> str:
    if _is_path(given):
        return label(given)
    if isinstance(given, Table | KeptSide | Profile | ProfileSide):
        return given.source
    return ARRAY if isinstance(given, np.ndarray) else FRAME


def _is_path(given: Any) -> bool:
    return isinstance(given, str | os.PathLike)


def _is_stdin(given: Any) -> bool:
    return _is_path(given) and os.fspath(given) == "-"


def _silent(message: str, share: float) -> None:
    """Tell nobody."""


def _same_source(p: Any, q: Any) -> bool:
    if not (_is_path(p) and _is_path(q)):
        return p is q
    try:
        return Path(p).samefile(q)
    except (OSError, ValueError):
        return bool(os.fspath(p) == os.fspath(q))
