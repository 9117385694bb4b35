"""What needs whole rows: all columns of a batch together, and densities that look at rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.data.kept import KeptSide
from klcli.errors import InputError
from klcli.estimation.needs import row_reader
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import ColumnTable
    from klcli.data.profiles.side import ProfileSide
    from klcli.data.rows import RowReader
    from klcli.monitoring.options import DriftOptions
    from klcli.results import Estimate


def rows_needed(
    options: DriftOptions, columns: Sequence[str], *sides: KeptSide | ProfileSide
) -> RowReader | None:
    """Return what reads rows, if a method needs them and both sides have some.

    Raises
    ------
    UsageError
        If rows may not be weighted.
    """
    methods = [options.joint_method()] if options.joint else []
    methods += [options.method(column) for column in columns]
    chosen = next(
        (method for method in methods if method.joint or method.of_rows(Kind.NUMERIC)), None
    )
    if chosen is None or not all(isinstance(side, KeptSide) for side in sides):
        return None
    return row_reader(
        chosen,
        options.max_rows,
        int(options.seed),
        drop=options.missing == "drop",
        weight=options.weight,
    )


def joint_row(
    columns: Sequence[ColumnTable], reader: RowReader | None, options: DriftOptions
) -> Estimate | Finding:
    """Estimate all columns together, in nats, or say why that cannot be."""
    if reader is None or reader.sample is None:
        return Finding(
            "not-applicable",
            "how columns go together shows in whole rows only, which a profile does not have",
        )
    from klcli.estimation.joint import estimate_joint

    try:
        (result,) = estimate_joint(columns, reader.sample, options.joint_request())
    except InputError as error:
        return Finding("not-applicable", f"columns together: {error.message}; {error.hint}")
    return result
