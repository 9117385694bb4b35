"""Rows of both sides over several columns at once: a uniform sample, aligned and coded alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from klcli.data.drawn_rows import DrawnRows
from klcli.data.row_samples import RowSamples
from klcli.data.side import Side
from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from klcli.counts import ColumnTable
    from klcli.data.kinds import Decision
    from klcli.data.pairing import Pair

#: Rows of each side that are looked at, unless told otherwise: what a default estimate of several
#: columns can do in some ten seconds.
ROW_CAP: Final = 20_000


@dataclass(slots=True)
class RowReader:
    """Reads rows once `tabulate` has found out what the columns are.

    Parameters
    ----------
    cap : int
        Most rows of each side; where there are more, a uniform sample of so many.
    seed : int
        Of the sample.
    whole : bool
        Whether rows that miss any value are left out before rows are drawn.
    include : callable
        Tells by its table whether a column is wanted, of those that have values to compare.

    Attributes
    ----------
    sample : RowSamples or None
        What was read.
    """

    cap: int
    seed: int
    whole: bool
    include: Callable[[ColumnTable], bool]
    sample: RowSamples | None = None
    _decisions: dict[str, tuple[Pair, Decision]] = field(default_factory=dict)

    def decided(self, decisions: Mapping[Pair, Decision]) -> None:
        """Learn what some of the columns are."""
        self._decisions |= {pair.name: (pair, each) for pair, each in decisions.items()}

    def read(
        self,
        p: object,
        q: object,
        columns: Sequence[ColumnTable],
        tell: Callable[[str, float], None],
    ) -> None:
        """Read the rows of both sides.

        Parameters
        ----------
        p, q : Side
            Both sides, all of whose columns are tabulated.
        columns : sequence of ColumnTable
            These tables.
        tell : callable
            Told what is read.

        Raises
        ------
        InputError
            If a side has no rows, only counts.
        """
        wanted = tuple(one for one in columns if one.undefined is None and self.include(one))
        chosen = [self._decisions[one.name] for one in wanted]
        drawn = []
        for number, (side, name) in enumerate(((p, "P"), (q, "Q"))):
            if not isinstance(side, Side):
                raise InputError(
                    f"{name} holds counts of single columns, not rows",
                    "give the data themselves: how columns go together shows in whole rows only",
                )
            tell(f"drawing rows of {side.table.source}", 1.0)
            sources = {
                pair.name: (pair.q, each.q) if number else (pair.p, each.p)
                for pair, each in chosen
            }
            gaps = any((one.q if number else one.p).missing for one in wanted)
            # A stream of its own: a side samples its numbers with (seed, number).
            rows = DrawnRows(self.cap, (self.seed, number, 1))
            rows.read(side, sources, gaps=gaps, whole=self.whole)
            drawn.append(rows)
        numbers = tuple(pair.name for pair, each in chosen if each.p.numeric)
        labels = tuple(pair.name for pair, each in chosen if not each.p.numeric)
        self.sample = RowSamples(drawn[0], drawn[1], numbers, labels)
