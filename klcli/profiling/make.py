"""From data to a profile: two passes, as for an estimate, with this side alone."""

from __future__ import annotations

import math
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli import __version__
from klcli.data.frames import ARRAY, FRAME, object_table
from klcli.data.profiles.profile import Origin, Profile
from klcli.data.side import Side
from klcli.data.sources import label, open_source
from klcli.data.table import concatenated
from klcli.data.tabulate import silent
from klcli.data.wording import listed
from klcli.errors import InputError, UsageError
from klcli.profiling.columns import profile_columns
from klcli.profiling.private import coarsened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.data.table import Table
    from klcli.results import Finding

#: Columns read together, which bounds the memory for the samples of wide tables.
_GROUP_COLUMNS: Final = 128


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
    tell = progress or silent
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
            columns += list(profile_columns(side, group, set(categorical), set(numeric)))
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
