"""What a method needs of the data: counts in cells of its own, or whole rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from klcli.errors import UsageError
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.counts import ColumnTable, PooledSample
    from klcli.data.rows import RowReader
    from klcli.estimation.choice import Method
    from klcli.results import Tuning
    from klcli.typing import Floats, Layout


def row_reader(
    method: Method, max_rows: int | None, seed: int, *, drop: bool, weight: str | None
) -> RowReader | None:
    """Return what reads the rows that a method needs; None if counts are enough.

    Raises
    ------
    UsageError
        If an option about rows means nothing, or rows may not be weighted.
    """
    if not method.joint and not method.of_rows(Kind.NUMERIC):
        if max_rows is not None:
            raise UsageError(
                "--max-rows means nothing to counts of single columns, which hold all rows",
                "use it with --joint or --density knn, or leave it out",
            )
        return None
    if weight is not None:
        raise UsageError(
            "--weight does not go with methods that look at rows: they count each row once",
            "leave --weight out, or choose a --density of counts, without --joint",
        )
    from klcli.data.rows import ROW_CAP, RowReader
    from klcli.estimation.joint_choice import joint_choice

    categorical = joint_choice(method).estimator.categorical

    def wanted(table: ColumnTable) -> bool:
        ordered = table.kind in (Kind.NUMERIC, Kind.DATETIME)
        return ordered or (method.joint and categorical)

    return RowReader(
        ROW_CAP if max_rows is None else max_rows, seed, method.joint and drop, wanted
    )


def layout_of(method: Method) -> Layout | None:
    """Return how the density cuts numbers into cells; None for pooled quantiles."""
    choice = method.for_kind(Kind.NUMERIC)
    if isinstance(choice, Finding):
        return None
    layout: Layout | None = getattr(choice.density, "layout", None)
    tuning = getattr(choice.density, "layout_tuning", None)
    return layout if layout is None or tuning is None else _Tuned(layout, tuning)


@dataclass(frozen=True, slots=True)
class _Tuned:
    """A layout that can tell what it tried."""

    layout: Layout
    tuning: Callable[[PooledSample], tuple[Tuning, ...]]

    def __call__(self, sample: PooledSample) -> Floats:
        return self.layout(sample)
