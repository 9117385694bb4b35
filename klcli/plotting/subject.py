"""One column as it was estimated: what a picture of it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klcli.results import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import ColumnTable, CountTable
    from klcli.estimation.choice import Choice
    from klcli.estimation.column import Examined
    from klcli.typing import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One column of both sides.

    Attributes
    ----------
    name, kind : str
        The column.
    fine : CountTable
        Its finest cells.
    table : CountTable
        Those that it was estimated from; P is the first sample.
    density : object
        The model.
    density_name : str
        Its name.
    contributions : dict of str to (CountTable, ndarray of float)
        Direction → cells, and what each contributes to the finite estimate, in nats.
    """

    name: str
    kind: str
    fine: CountTable
    table: CountTable
    density: Any
    density_name: str
    contributions: dict[str, tuple[CountTable, Floats]]

    @property
    def pseudocount(self) -> float:
        """What the density adds to each count."""
        return float(getattr(self.density, "pseudocount", None) or 0.0)


def subject(column: ColumnTable, examined: Sequence[Examined], choice: Choice) -> Subject | None:
    """Return what is drawn of a column; None where there is nothing."""
    contributions = {
        str(each.estimate.direction): (each.table, each.point.contributions)
        for each in examined
        if each.table is not None and each.point is not None
    }
    if not contributions:
        return None
    direction, (table, _) = next(iter(contributions.items()))
    if direction == Direction.REVERSE:
        table = table.swapped()
    return Subject(
        column.name,
        str(column.kind),
        column.finer or column.table,
        table,
        choice.density,
        choice.density_name,
        contributions,
    )
