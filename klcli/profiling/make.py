"""From data to a profile: two passes, as for an estimate, with this side alone."""

from __future__ import annotations

import math
import os
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli import __version__
from klcli.counts import PooledSample
from klcli.data.bounds import CELLS, is_atom, is_new, quantile_bounds
from klcli.data.frames import ARRAY, FRAME, object_table
from klcli.data.kinds import TEXT_ROWS, TEXT_SHARE, Reading, decide
from klcli.data.profiles.cells import Cells
from klcli.data.profiles.profile import ColumnProfile, Labels, Numbers, Origin, Profile
from klcli.data.side import Side
from klcli.data.sources import label, open_source
from klcli.data.table import concatenated
from klcli.data.wording import listed
from klcli.errors import InputError, UsageError
from klcli.profiling.private import coarsened
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

    from klcli.data.kinds import Decision
    from klcli.data.table import Table

#: Columns read together, which bounds the memory for the samples of wide tables.
_GROUP_COLUMNS: Final = 128
#: Labels that are held by name, the most frequent ones: some megabytes. The rest counts as one.
LABELS_HELD: Final = 100_000


def profile(
    *data: Any,
    column: Sequence[str] = (),
    exclude: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    weight: str | None = None,
    min_count: int = 1,
    input_format: str | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Profile:
    """Count a dataset so that others can be compared with it later, without its rows.

    Of each numeric column it keeps exact counts in some 4,096 cells, finer towards both ends, and
    of each value that repeats often; of each other column its categories with their counts. Free
    text and identifiers are not held. Nothing tells which values stood in one row.

    Parameters
    ----------
    *data : path, ndarray of shape (n,) or (n, d), or data frame
        Several make one dataset, as do the files of a folder.
    column, exclude : sequence of str
        Only these columns, or all but these.
    categorical, numeric : sequence of str
        Columns whose kind is not to be inferred.
    weight : str, optional
        Column with the weight of each row.
    min_count : int
        Values that fewer rows share are not held: numbers in cells of at least so many rows,
        categories only if they occur so often.
    input_format : str, optional
        Format of the files where their names do not tell.
    seed : int
        Of the row sample from which cells are chosen where there are more than 131,072 rows.
    progress : callable, optional
        Called with what is being done and the share that is done.

    Returns
    -------
    Profile
        To `save`, or to hand to `klcli.estimate` and `klcli.drift` in the place of data.

    Raises
    ------
    InputError
        A source cannot be read, or a column is not there.
    UsageError
        An option has no meaning.

    Examples
    --------
    A profile answers as the data would:

    >>> import klcli, numpy as np
    >>> rng = np.random.default_rng(7)
    >>> old, new = rng.normal(0, 1, 4000), rng.normal(1, 1, 4000)
    >>> for reference in (old, klcli.profile(old)):
    ...     result = klcli.estimate(new, reference, direction="forward").results[0]
    ...     print(f"{result.estimate:.1f}, truth 0.5")
    0.5, truth 0.5
    0.5, truth 0.5
    """
    if not data:
        raise UsageError("there is nothing to profile", "name a file, a folder or -")
    if not 1 <= min_count < 2**53:
        raise UsageError(f"--min-count {min_count:g} is no count", "give a number from 1 up")
    if min_count > 1 and weight is not None:
        raise UsageError(
            "--min-count counts rows, and cells of weighted rows hold weights only",
            "leave out --min-count or --weight",
        )
    if not 0 <= seed < 2**63:
        raise UsageError(f"--seed {seed} is out of range", "give a number from 0 up")
    findings: list[Finding] = []
    tell = progress or _silent
    with ExitStack() as cleanup:
        parts = [_open(one, input_format, findings, cleanup, tell) for one in data]
        names = [_name(one) for one in data]
        table = parts[0] if len(parts) == 1 else concatenated(_joined(names), parts, findings)
        chosen = _chosen(table, column, exclude, {"--categorical": categorical,
            "--numeric": numeric, "--weight": () if weight is None else (weight,)}, weight)  # fmt: skip
        table.needed = tuple(chosen if weight is None else [*chosen, weight])
        side = Side(table, (seed, 0), weight, lambda share: tell(f"reading {table.source}", share))
        columns = []
        for start in range(0, len(chosen), _GROUP_COLUMNS):
            group = chosen[start : start + _GROUP_COLUMNS]
            columns += list(_group(side, group, set(categorical), set(numeric)))
        rows = _rows_of(parts, side.rows)
    unit, weight_sum, weight_squares = side.weights
    options = {
        "column": list(column), "exclude": list(exclude), "categorical": list(categorical),
        "numeric": list(numeric), "min_count": int(min_count), "seed": int(seed),
    }  # fmt: skip
    made = Profile(
        tuple(columns), side.rows,
        tuple(Origin(name, count) for name, count in zip(names, rows, strict=True)),
        __version__, now(), options, weight,
        weight_sum * unit, weight_squares * unit**2, tuple(dict.fromkeys(findings)),
    )  # fmt: skip
    return coarsened(made, int(min_count)) if min_count > 1 else made


def now() -> str:
    """Return the time in UTC; that of SOURCE_DATE_EPOCH where it is set, for equal files."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(fixed), UTC) if fixed.isdigit() else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _open(
    given: Any,
    input_format: str | None,
    findings: list[Finding],
    cleanup: ExitStack,
    tell: Callable[[str, float], None],
) -> Table:
    name = _name(given)
    tell(f"opening {name}", 0.0)
    if isinstance(given, Profile) or name.lower().endswith(".klp"):
        raise InputError(
            f"{name} is a profile already", "kl profile merge A.klp B.klp -o C.klp merges profiles"
        )
    if isinstance(given, str | os.PathLike):
        table = open_source(given, input_format, findings, cleanup)
    else:
        table = object_table(given)
    if not table.schema:
        raise InputError(f"{table.source}: no columns", "give data with columns and rows")
    return table


def _name(given: Any) -> str:
    if isinstance(given, str | os.PathLike):
        return label(given)
    return given.source if isinstance(given, Profile) else _kind_of_object(given)


def _kind_of_object(given: Any) -> str:
    return ARRAY if isinstance(given, np.ndarray) else FRAME


def _joined(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more"


def _rows_of(parts: Sequence[Table], rows: int) -> list[int | None]:
    """Return the rows of each part, as far as its format tells; one part has all of them."""
    if len(parts) == 1:
        return [rows]
    told = (part.expected_rows for part in parts)
    return [round(count) if math.isfinite(count) else None for count in told]


def _chosen(
    table: Table,
    column: Sequence[str],
    exclude: Sequence[str],
    named: dict[str, Sequence[str]],
    weight: str | None,
) -> list[str]:
    for option, names in {"--column": column, "--exclude": exclude, **named}.items():
        for name in names:
            if name not in table.schema:
                raise InputError(
                    f"{option}: no column {name!r} in {table.source}",
                    f"there are {listed(list(table.schema))}",
                )
    for name in named["--categorical"]:
        if name in named["--numeric"]:
            raise InputError(
                f"column {name!r} cannot be both categorical and numeric",
                "name it in one of --categorical and --numeric",
            )
    left = [
        name
        for name in table.schema
        if (not column or name in column) and name not in exclude and name != weight
    ]
    if not left:
        raise InputError(f"{table.source}: no column is left", "check --column and --exclude")
    return left


def _group(
    side: Side, names: Sequence[str], categorical: set[str], numeric: set[str]
) -> Iterator[ColumnProfile]:
    side.start(names)
    forced = {
        name: Kind.CATEGORICAL if name in categorical else Kind.NUMERIC
        for name in names
        if name in categorical | numeric
    }
    decisions: dict[str, Decision] = {}
    while True:
        before, decisions = (
            decisions,
            {
                name: decide(name, side.views[name], side.views[name], forced.get(name))
                for name in names
            },
        )
        if decisions == before:
            break
        side.summarize({name: decision.p for name, decision in decisions.items()})
    bounds = {
        name: _bounds(side, name) for name, decision in decisions.items() if decision.p.numeric
    }
    counts = side.count(bounds)
    for name, decision in decisions.items():
        if name in bounds:
            counted = _numbers(side, name, bounds[name], counts[name])
            column = _column(side, name, decision, counted)
        else:
            column = _labels(side, name, decision, forced=name in forced)
        yield replace(column, forced=name in forced)


def _bounds(side: Side, name: str) -> np.ndarray:
    """Choose the cells of a numeric column: each value, if few; else fine quantiles."""
    values = side.finite(name)
    if not len(values):
        return values
    first = np.flatnonzero(is_new(values))
    if len(first) <= CELLS:
        bounds = Cells.of_values(values[first] + 0.0, np.ones(len(first))).bounds
    else:
        summary = side.summary(name)
        nothing = np.empty(0)
        bounds = quantile_bounds(PooledSample(values, nothing, side.complete, summary, summary))
        bounds = _between(values[first] + 0.0, bounds)
    tally = side.numbers[name]
    with np.errstate(over="ignore"):
        # A sample may miss the ends.
        ends = np.array([tally.minimum + 0.0, np.nextafter(tally.maximum + 0.0, np.inf)])
    bounds = np.sort(np.concatenate([bounds, ends]))
    bounds = bounds[np.isfinite(bounds)]
    return bounds[is_new(bounds)]


def _between(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Move bounds at values half way to the value before, but for those around single values.

    A bound at a value would have that row always at the lower end of its cell; in the sum over
    many merged parts such half rows add up.
    """
    atoms = is_atom(bounds[:-1], bounds[1:])
    moved = np.isin(bounds, values)
    moved[:-1] &= ~atoms
    moved[1:] &= ~atoms
    moved[0] = False
    at = np.searchsorted(values, bounds[moved])
    bounds = bounds.copy()
    bounds[moved] = values[at - 1] / 2 + values[at] / 2
    return np.sort(bounds)


def _numbers(side: Side, name: str, bounds: np.ndarray, counts: np.ndarray) -> Numbers:
    unit, tally = side.weights[0], side.numbers[name]
    inside = counts[2:-2] * unit
    if len(bounds) and inside[-1] > 0:  # the largest double has none after it
        bounds = np.append(bounds, np.inf)
    else:
        inside = inside[:-1]
    cells = Cells.counted(bounds, inside).thinned(len(inside)) if len(bounds) else Cells.counted(
        bounds, np.empty(0))  # fmt: skip
    return Numbers(
        cells, tally.below, tally.above, float(counts[0] * unit), float(counts[-2] * unit),
        tally.words, tally.beyond, tally.finite, tally.minimum, tally.maximum, tally.mean,
        tally.squares,
    )  # fmt: skip


def _labels(side: Side, name: str, decision: Decision, *, forced: bool) -> ColumnProfile:
    if decision.p is Reading.NONE:
        return _column(side, name, decision, None, "only single values can be counted")
    tally = side.labels[name]
    counts, present = tally.counts(), tally.gaps.present
    once = int((counts["rows"] == 1).sum())
    many = present >= TEXT_ROWS and once > TEXT_SHARE * present
    if tally.overflow or (many and not forced):
        text = _column(side, name, decision, None, "free text or identifiers")
        return replace(text, kind=Kind.TEXT)
    return _column(side, name, decision, held_labels(counts, side.weights[0]))


def held_labels(counts: pl.DataFrame, unit: float = 1.0) -> Labels:
    """Return the most frequent labels, and how many rows have others."""
    import polars as pl

    counts = counts.select(
        "label", pl.col("rows").cast(pl.Int64), pl.col("weight").cast(pl.Float64) * unit
    )
    kept = counts
    if len(counts) > LABELS_HELD:
        kept = counts.sort(["rows", "label"], descending=[True, False]).head(LABELS_HELD)
    rest_rows = int(counts["rows"].sum()) - int(kept["rows"].sum())
    rest = float(counts["weight"].sum()) - float(kept["weight"].sum()) if rest_rows else 0.0
    return Labels(kept.sort("label"), rest_rows, rest)


def _column(
    side: Side, name: str, decision: Decision, held: Numbers | Labels | None, withheld: str = ""
) -> ColumnProfile:
    unit, gaps = side.weights[0], side.gaps[name]
    gaps = replace(gaps, weight=gaps.weight * unit, squares=gaps.squares * unit**2)
    reading = decision.p if held is not None else Reading.NONE
    dtype = str(side.table.schema[name])
    return ColumnProfile(
        name, decision.kind, reading, dtype, side.views[name], gaps, held, withheld
    )


def _silent(message: str, share: float) -> None:
    """Tell nobody."""
