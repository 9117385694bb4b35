"""A profile in the place of a dataset that is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Summary
from klcli.data.kinds import Declared, Reading
from klcli.data.profiles.cells import Cells
from klcli.data.profiles.profile import Labels, Numbers
from klcli.data.profiles.reread import label_tally_of, lacking, reread, tally_of
from klcli.data.sample import SAMPLE_ROWS
from klcli.data.wording import counted
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from klcli.data.kinds import View
    from klcli.data.profiles.profile import ColumnProfile, Profile
    from klcli.data.row_sketch import RowSketch
    from klcli.data.tallies import LabelTally, Missing, NumberTally
    from klcli.results import Kind
    from klcli.typing import Floats

#: Below this share of rows that the error of merging takes away, there is nothing to tell.
_NEGLIGIBLE: Final = 0.01


class ProfileSide:
    """Answers what `klcli.data.side.Side` answers, from counts instead of rows.

    Parameters
    ----------
    profile : Profile
        The counts.
    source : str
        What messages call it.
    """

    def __init__(self, profile: Profile, source: str) -> None:
        self.profile = profile
        self.source = source
        self.rows = profile.rows
        self.weighted = profile.weight is not None
        self._columns = {column.name: column for column in profile.columns}
        self._group: dict[str, ColumnProfile] = {}
        self.views: dict[str, View] = {}
        self.numbers: dict[str, NumberTally] = {}
        self.labels: dict[str, LabelTally] = {}
        self.gaps: dict[str, Missing] = {}
        self._error: dict[str, float] = {}

    @property
    def schema(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self._columns)

    def start(self, columns: Sequence[str]) -> None:
        """Turn to a group of columns; what others were read as stays known."""
        self._group |= {name: self._columns[name] for name in columns}
        self.views |= {name: self._columns[name].view for name in columns}

    def forced(self, name: str) -> Kind | None:
        """Return the kind that the user chose when the profile was made."""
        column = self._columns[name]
        return column.kind if column.forced else None

    def lacks(self, name: str, reading: Reading) -> Finding | None:
        """Say why a column cannot be read in some way, if so."""
        column = self._columns[name]
        if not column.gaps.present or column.view.declared is Declared.NESTED:
            return None
        if column.values is None:
            return lacking(column, reading)
        read = reread(column, reading)
        return read if isinstance(read, Finding) else None

    def summarize(
        self,
        readings: Mapping[str, Reading],
        sketch: RowSketch | None = None,  # noqa: ARG002 - without rows there is none to fill
    ) -> None:
        """Look up columns, read as asked; what cannot be read so counts only as present."""
        for name, reading in readings.items():
            column = self._columns[name]
            read = reread(column, reading)
            self._take(column if isinstance(read, Finding) else read, reading)

    def _take(self, column: ColumnProfile, reading: Reading) -> None:
        name = column.name
        self._group[name] = column
        self.numbers.pop(name, None)
        self.labels.pop(name, None)
        self._error.pop(name, None)
        self.gaps[name] = column.gaps
        if reading.numeric:
            self.numbers[name] = tally_of(column)
        elif reading is not Reading.NONE:
            self.labels[name] = label_tally_of(column)

    def cells(self, name: str) -> Floats | None:
        """Return the bounds that a column of numbers was counted between; None if any will do."""
        held = self._group[name].values
        return held.cells.bounds if isinstance(held, Numbers) and not held.cells.exact else None

    def whole(self, name: str) -> bool:
        """Whether `finite` holds every row of a column."""
        held = self._group[name].values
        if not isinstance(held, Numbers):
            return True
        return held.cells.exact and not self.weighted and held.finite <= SAMPLE_ROWS

    def finite(self, name: str) -> Floats:
        """Return sorted numbers that are spread as those of a column are."""
        held = self._group[name].values
        if not isinstance(held, Numbers):
            return np.empty(0)
        cells = held.cells
        if self.weighted and cells.exact:
            # Each value has a row, however much that weighs; the others are where the weight is.
            rows = (cells.counts > 0).astype(np.float64)
            further = max(held.finite - float(rows.sum()), 0.0)
            rows += further * cells.counts / max(cells.total, 1e-300)
            cells = Cells.counted(cells.bounds, rows)
        return cells.points(SAMPLE_ROWS)

    def count(self, bounds: Mapping[str, Floats]) -> dict[str, Floats]:
        """Count the numbers of columns in the cells between bounds, as `Side.count` does."""
        return {name: self._count(name, edges) for name, edges in bounds.items()}

    def _count(self, name: str, bounds: Floats) -> Floats:
        held, gaps = self._group[name].values, self.gaps[name]
        if not isinstance(held, Numbers):
            held = Numbers(Cells.counted(np.empty(0), np.empty(0)))
        below, known, guessed = held.cells.ranks(bounds)
        total = held.cells.total
        inside = np.diff(np.concatenate([[0.0], below, [total]]))
        if len(bounds) and total:
            met = (below > 0) & (below < total)
            spread = float((known + guessed)[met].mean()) if met.any() else 0.0
            self._error[name] = math.sqrt(spread) / total
        ends = [gaps.weight if self.weighted else float(gaps.missing)]
        return np.concatenate([[held.below_weight], inside, [held.above_weight], ends])

    def scale(self, name: str, *, drop: bool) -> float:
        """Return what a row (or unit of weight) counts; see `Side.scale`.

        The share of rows below a value has variance F(1 − F)/m ≤ 1/(4m) from sampling m rows. An
        error of variance e² on top makes the profile worth as many rows as have 1/(4m) + e²:
        m / (1 + 4me²).
        """
        rows, kish = float(self.rows), 1.0
        if self.weighted:
            gaps = self.gaps[name]
            total, squares = self.profile.weight_sum, self.profile.weight_squares
            if drop:
                total, squares = total - gaps.weight, squares - gaps.squares
            kish = total / squares if squares > 0 else 0.0
            rows = total * kish
        return kish / (1 + 4 * rows * self._error.get(name, 0.0) ** 2)

    def missing_weight(self, name: str) -> float:
        """Return what the missing rows of a column weigh, not yet scaled."""
        gaps = self.gaps[name]
        return gaps.weight if self.weighted else float(gaps.missing)

    @property
    def effective_rows(self) -> float:
        """Kish's effective sample size of all rows."""
        if not self.weighted:
            return float(self.rows)
        return self.profile.weight_sum**2 / self.profile.weight_squares

    def summary(self, name: str) -> Summary:
        """Sum up a column."""
        column = self._group[name]
        base = self.rows, column.gaps.missing, self.effective_rows
        held, nan = column.values, math.nan
        if isinstance(held, Numbers):
            deviation = math.sqrt(max(held.squares, 0.0) / held.finite) if held.finite else nan
            filled = int(np.count_nonzero(held.cells.counts))
            distinct = filled if held.cells.exact else None
            return Summary(*base, held.minimum, held.maximum, held.mean, deviation, distinct)
        distinct = None
        if isinstance(held, Labels) and not held.rest_rows:
            distinct = len(held.counts)
        return Summary(*base, nan, nan, nan, nan, distinct)

    def rest(self, name: str) -> float | None:
        """Return what the labels weigh whose names are not held; None if all are."""
        held = self._group[name].values
        return held.rest_weight if isinstance(held, Labels) and held.rest_rows else None

    def remark(self, name: str, which: str) -> Finding | None:
        """Say what the profile cannot tell about a column of the side called `which`."""
        column, told = self._group[name], []
        if (error := self._error.get(name, 0.0)) > 0:
            worth = 1 / (1 + 4 * self.effective_rows * error**2)
            if worth < 1 - _NEGLIGIBLE:
                told.append(
                    f"shares of {name!r} below a value are known to {100 * error:.2g} % of all "
                    f"rows, so {counted(self.rows, 'row')} count like {worth * self.rows:,.0f}"
                )
        if isinstance(column.values, Labels) and column.values.rest_rows:
            share = column.values.rest_rows / max(column.gaps.rows, 1)
            told.append(
                f"rare values of {name!r} ({100 * share:.2g} % of the rows) are not held by name "
                "and count as one category, which can hide a difference"
            )
        if not told:
            return None
        return Finding("from-profile", f"{which} is a profile: {'; '.join(told)}")
