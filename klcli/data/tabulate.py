"""From two sources to count tables of all their common columns."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from klcli.data.bounds import quantile_bounds
from klcli.data.groups import Layouts, Progress, group_tables
from klcli.data.opening import is_stdin, name_of, open_data, same_source
from klcli.data.overlap import Overlap
from klcli.data.pairing import pair_columns
from klcli.data.profiles.side import ProfileSide
from klcli.data.selection import EVERYTHING, Selection
from klcli.data.side import Side
from klcli.data.table import Table
from klcli.errors import InputError, UsageError
from klcli.results import Finding, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from klcli.counts import ColumnTable
    from klcli.data.rows import RowReader
    from klcli.typing import Layout

#: Columns read together. It bounds the memory for the samples of wide tables.
_GROUP_COLUMNS: Final = 128


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
    selection: Selection = EVERYTHING,
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
    if is_stdin(p) and is_stdin(q):
        raise InputError(
            "standard input can be one side only", "give the other side as a file, or <(command)"
        )
    with ExitStack() as cleanup:
        cells = Layouts(layout or quantile_bounds, layouts or {})
        return _tabulate((p, q), selection, cells, rows, seed, progress or silent, cleanup)


def _tabulate(
    given: tuple[Any, Any],
    selection: Selection,
    layouts: Layouts,
    rows: RowReader | None,
    seed: int,
    tell: Callable[[str, float], None],
    cleanup: ExitStack,
) -> Tabulation:
    findings: list[Finding] = []
    if same_source(*given):
        findings.append(
            Finding("same-source", "P and Q are the same source, whose true divergence is 0")
        )
    progress = Progress(tell)
    opened = []
    for one in given:
        tell(f"opening {name_of(one)}", 0.0)
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
        and not same_source(*given)
        and all(isinstance(one, Table) for one in opened)
    )
    p, q = sides
    overlaps: list[Overlap | None] = [None] * len(groups)
    if independent and isinstance(p, Side) and isinstance(q, Side):
        overlaps[0] = Overlap(p, q)
    columns = [
        column
        for group, overlap in zip(groups, overlaps, strict=True)
        for column in group_tables(
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
    infos = [SourceInfo(name_of(one), side.rows) for one, side in zip(given, sides, strict=True)]
    return Tabulation(infos[0], infos[1], tuple(columns), tuple(dict.fromkeys(findings)))


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


def silent(message: str, share: float) -> None:
    """Tell nobody."""
