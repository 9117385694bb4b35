"""What a profile holds: for each column counts, and for the whole where it came from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.data.kinds import Declared, Evidence, Reading, View
from klcli.data.tallies import Missing
from klcli.data.wording import counted

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import polars as pl

    from klcli.data.profiles.cells import Cells
    from klcli.results import Finding, Kind

#: Version of the format; a reader refuses newer ones.
PROFILE_VERSION: Final = 1
#: What `kl profile show` prints of numbers.
QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
#: Most frequent categories that are shown.
_TOP: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The numbers of one column.

    Attributes
    ----------
    cells : Cells
        Counts of the finite numbers; their weights where rows are weighted.
    below, above : int
        Values −inf and +inf.
    below_weight, above_weight : float
        What these weigh; without weights the same numbers.
    words : int
        Texts that are no numbers, which count as missing.
    beyond : int
        Integers beyond 2⁵³, where neighbours are the same double.
    finite : int
        Rows with a finite number.
    minimum, maximum, mean, squares : float
        Of the finite numbers; `squares` is Σ (value − mean)². NaN where there are none.
    """

    cells: Cells
    below: int = 0
    above: int = 0
    below_weight: float = 0.0
    above_weight: float = 0.0
    words: int = 0
    beyond: int = 0
    finite: int = 0
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    squares: float = math.nan

    @property
    def rank_error(self) -> float:
        """Standard error of the share of numbers below a value, at the bounds of the cells."""
        total = self.cells.total
        return float(np.sqrt(self.cells.variance.mean()) / total) if total else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The categories of one column.

    Attributes
    ----------
    counts : DataFrame
        Columns `label`, `rows` and `weight`, in the order of the alphabet.
    rest_rows, rest_weight : float
        Rows with other labels, whose names are not held.
    """

    counts: pl.DataFrame
    rest_rows: int = 0
    rest_weight: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ColumnProfile:
    """One column.

    Attributes
    ----------
    name : str
        Its name.
    kind : Kind
        What it was taken for.
    reading : Reading
        How its values were turned into what is counted; `Reading.NONE` if no values are held.
    dtype : str
        Data type in the source, for people.
    view : View
        What the values look like, all of them.
    gaps : Missing
        Rows, and those without a value.
    values : Numbers, Labels or None
        The counts; None if no values are held, and then `withheld` says why.
    withheld : str
        Reason in words; empty if there is none.
    forced : bool
        Whether the user chose the kind.
    """

    name: str
    kind: Kind
    reading: Reading
    dtype: str
    view: View
    gaps: Missing
    values: Numbers | Labels | None
    withheld: str = ""
    forced: bool = False

    def summary(self) -> dict[str, Any]:
        """Return what `kl profile show` tells of the column."""
        told: dict[str, Any] = {
            "column": self.name,
            "kind": str(self.kind),
            "dtype": self.dtype,
            "rows": self.gaps.rows,
            "missing": self.gaps.missing,
            "distinct": None,
            "cells": 0,
            "exact": False,
            "rank_error": None,
            "minimum": None,
            "maximum": None,
            "mean": None,
            "standard_deviation": None,
            "quantiles": None,
            "top": None,
            "withheld": self.withheld or None,
        }
        if isinstance(self.values, Numbers):
            told |= _numbers_summary(self.values)
        elif isinstance(self.values, Labels):
            told |= _labels_summary(self.values)
        return told


def _numbers_summary(numbers: Numbers) -> dict[str, Any]:
    cells = numbers.cells
    told: dict[str, Any] = {
        "cells": int(np.count_nonzero(cells.counts)),
        "exact": cells.exact,
        "rank_error": numbers.rank_error,
    }
    if cells.exact:
        told["distinct"] = told["cells"]
    if numbers.finite:
        points = cells.points(1 << 14)
        told |= {
            "minimum": _finite(numbers.minimum),
            "maximum": _finite(numbers.maximum),
            "mean": _finite(numbers.mean),
            "standard_deviation": _finite(math.sqrt(max(numbers.squares / numbers.finite, 0.0))),
            "quantiles": {
                f"{share:g}": float(points[min(int(share * len(points)), len(points) - 1)])
                for share in QUANTILES
                if len(points)
            },
        }
    return told


def _labels_summary(labels: Labels) -> dict[str, Any]:
    top = labels.counts.sort(["rows", "label"], descending=[True, False]).head(_TOP)
    whole = not labels.rest_rows
    return {
        "cells": len(labels.counts) + (not whole),
        "distinct": len(labels.counts) if whole else None,
        "exact": whole,
        "rank_error": 0.0,
        "top": dict(zip(top["label"].to_list(), top["rows"].to_list(), strict=True)),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows came from, and how many, if it is known."""

    source: str
    rows: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A dataset without its rows: what `klcli.estimate` and `klcli.drift` need to know of it.

    Made by `klcli.profile` and `klcli.read_profile`.

    Attributes
    ----------
    columns : tuple of ColumnProfile
        In the order of the source.
    rows : int
        Rows of the dataset.
    origins : tuple of Origin
        The sources of the rows.
    klcli_version, created : str
        What made the profile, and when (ISO 8601, UTC).
    options : dict
        How it was made.
    weight : str or None
        The column that held the weights of the rows.
    weight_sum, weight_squares : float
        Σw and Σw² over the rows.
    findings : tuple of Finding
        What was noticed while it was made; not kept in files.
    """

    columns: tuple[ColumnProfile, ...]
    rows: int
    origins: tuple[Origin, ...]
    klcli_version: str
    created: str
    options: Mapping[str, Any] = field(default_factory=dict)
    weight: str | None = None
    weight_sum: float = 0.0
    weight_squares: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def source(self) -> str:
        """What reports call a profile that was not read from a file."""
        first = self.origins[0].source if self.origins else "nothing"
        more = f" and {len(self.origins) - 1} more" if len(self.origins) > 1 else ""
        return f"<profile of {first}{more}>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the profile to a file, at once and whole.

        Raises
        ------
        UsageError
            If it cannot be written there.
        """
        from klcli.data.profiles.file import write

        write(self, path)

    def to_dict(self) -> dict[str, Any]:
        """Return what `kl profile show --format json` prints."""
        return {
            "profile_version": PROFILE_VERSION,
            "klcli_version": self.klcli_version,
            "created": self.created,
            "rows": self.rows,
            "weight": self.weight,
            "sources": [{"source": each.source, "rows": each.rows} for each in self.origins],
            "options": dict(self.options),
            "columns": [column.summary() for column in self.columns],
        }

    def __repr__(self) -> str:
        return f"<Profile: {counted(self.rows, 'row')}, {counted(len(self.columns), 'column')}>"


def absent(column: ColumnProfile, rows: int, weight: float, squares: float) -> ColumnProfile:
    """Return a column that has no value in any of so many rows, named like another."""
    view = View(Declared.NOTHING, column.view.lexical, Evidence(0, final=True))
    return replace(
        column,
        reading=Reading.NONE,
        view=view,
        gaps=Missing(rows, rows, weight, squares),
        values=None,
        withheld="",
    )
