"""Columns that are new, lost, or hold something else than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.data.wording import listed
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import ColumnTable
    from klcli.monitoring.options import DriftOptions

#: Codes of changes of the schema.
SCHEMA = ("new-columns", "lost-columns", "retyped")


def schema_findings(
    ours: Sequence[str],
    theirs: Sequence[str],
    options: DriftOptions,
    columns: Sequence[ColumnTable],
) -> Iterator[Finding]:
    """Say how the columns of a batch differ from those of its reference."""
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
    if new:
        yield Finding("new-columns", f"columns that the reference lacks: {listed(new)}")
    if lost:
        yield Finding("lost-columns", f"columns of the reference that are lost: {listed(lost)}")
    for column in columns:
        if column.undefined is not None and column.undefined.code in (
            "kind-mismatch",
            "not-numeric",
        ):
            wrong = column.undefined.message.partition(";")[0]
            yield Finding(
                "retyped",
                wrong.replace(" in P", " in the batch").replace(" in Q", " in the reference"),
            )
