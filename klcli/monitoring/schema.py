"""Columns that are new, lost, or hold something else than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.data.wording import listed, written_otherwise
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import ColumnTable
    from klcli.monitoring.options import DriftOptions

#: Codes of changes of the schema.
SCHEMA = ("new-columns", "lost-columns", "retyped")


def schema_changes(
    ours: Sequence[str],
    theirs: Sequence[str],
    options: DriftOptions,
    columns: Sequence[ColumnTable],
) -> dict[str, tuple[str, ...]]:
    """Return the columns that are new, lost or retyped in a batch, by code."""
    ignored = {*options.exclude, options.weight, options.by, options.time}

    def compared(names: Sequence[str]) -> list[str]:
        return [
            name
            for name in names
            if name not in ignored and (not options.column or name in options.column)
        ]

    left, right = compared(ours), compared(theirs)
    # Lone columns are compared whatever their names are.
    lone = len(left) == len(right) == 1
    new = [name for name in left if name not in theirs and not lone]
    lost = [name for name in right if name not in ours and not lone]
    retyped = [column.name for column in columns if _retyped(column)]
    found = zip(SCHEMA, (new, lost, retyped), strict=True)
    return {code: tuple(names) for code, names in found if names}


def schema_findings(
    changed: dict[str, tuple[str, ...]], columns: Sequence[ColumnTable]
) -> Iterator[Finding]:
    """Say how the columns of a batch differ from those of its reference."""
    new, lost = changed.get("new-columns", ()), changed.get("lost-columns", ())
    if new:
        yield Finding("new-columns", f"columns that the reference lacks: {listed(new)}")
    if lost:
        alike = written_otherwise(lost, new)
        yield Finding(
            "lost-columns",
            f"columns of the reference that are lost: {listed(lost)}"
            + (f"; {alike} of the batch" if alike else ""),
        )
    for column in columns:
        if column.undefined is not None and _retyped(column):
            wrong = column.undefined.message.partition(";")[0]
            yield Finding(
                "retyped",
                wrong.replace(" in P", " in the batch").replace(" in Q", " in the reference"),
            )


def _retyped(column: ColumnTable) -> bool:
    why = column.undefined
    return why is not None and why.code in ("kind-mismatch", "not-numeric")
