"""What the first pass keeps of a column: moments of numbers, counts of labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.convert import cleaned

if TYPE_CHECKING:
    import polars as pl

    from klcli.typing import Bools, Floats

#: A column with more distinct labels than this on one side is text, and no longer counted.
LABEL_CAP: Final = 1_000_000
#: Beyond this, neighbouring integers are the same double.
EXACT_INTEGERS: Final = 2**53
_EXAMPLES: Final = 3
_BLOCK: Final = 1 << 15


@dataclass(slots=True)
class Missing:
    """Rows of a column, and those without a value."""

    rows: int = 0
    missing: int = 0
    weight: float = 0.0  #: Σ weight of the missing rows
    squares: float = 0.0  #: Σ weight² of the missing rows

    def add(self, missing: Bools, weights: Floats | None) -> None:
        """Add a batch; `missing`, shape (rows,), is True where there is no value."""
        self.rows += len(missing)
        self.missing += int(np.count_nonzero(missing))
        if weights is not None:
            self.weight += float(weights[missing].sum())
            self.squares += float(weights[missing] @ weights[missing])

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing


@dataclass(slots=True)
class NumberTally:
    """Numbers of one column on one side."""

    gaps: Missing = field(default_factory=Missing)
    below: int = 0  #: values −inf
    above: int = 0  #: values +inf
    words: int = 0  #: texts that are no numbers, which count as missing
    examples: tuple[str, ...] = ()  #: some of these texts
    beyond: int = 0  #: integers beyond 2⁵³
    finite: int = 0
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    squares: float = math.nan  #: Σ (value − mean)² of the finite values

    def add(
        self, raw: pl.Series, converted: pl.Series, values: Floats, weights: Floats | None
    ) -> None:
        """Add a batch: a column as read, as floats, and as an array with NaN for missing."""
        total = _sum(values)
        if math.isfinite(total):
            self.gaps.rows += len(values)
        else:
            missing, finite = np.isnan(values), np.isfinite(values)
            self.gaps.add(missing, weights)
            if np.count_nonzero(missing) + np.count_nonzero(finite) < len(values):
                self.below += int(np.count_nonzero(values == -np.inf))
                self.above += int(np.count_nonzero(values == np.inf))
            values = values.compress(finite)
            total = _sum(values)
        if converted.null_count() > raw.null_count():
            self._add_words(raw.filter(converted.is_null() & raw.is_not_null()))
        if len(values):
            least, most = float(values.min()), float(values.max())
            self.minimum = float(np.fmin(self.minimum, least))
            self.maximum = float(np.fmax(self.maximum, most))
            self._add_moments(values, total)
            if max(-least, most) >= EXACT_INTEGERS:
                self._add_beyond(raw, converted)

    def _add_words(self, words: pl.Series) -> None:
        import polars as pl

        frame = words.cast(pl.String).alias("word").to_frame()
        words = frame.select(cleaned(pl.col("word")).drop_nulls()).to_series()
        self.words += len(words)
        some = words.unique().sort().head(_EXAMPLES).to_list()
        self.examples = tuple(sorted({*self.examples, *some})[:_EXAMPLES])

    def _add_moments(self, values: Floats, total: float) -> None:
        # Chan, Golub & LeVeque (1983), Am. Stat. 37, eq. 2.1: moments of two parts merged.
        count, before = len(values), self.finite
        with np.errstate(over="ignore", invalid="ignore"):
            mean = total / count
            squares = sum_of_squares(values, mean)
            shift = mean - self.mean if before else 0.0
            self.finite = before + count
            if before:
                mean = self.mean + shift * count / self.finite
                squares += self.squares + shift**2 * before * count / self.finite
        self.mean, self.squares = mean, squares

    def _add_beyond(self, raw: pl.Series, converted: pl.Series) -> None:
        import polars as pl

        if raw.dtype.is_integer():
            self.beyond += int((raw.cast(pl.Int128).abs() > EXACT_INTEGERS).sum())
        elif raw.dtype == pl.String:
            self.beyond += int(
                raw.filter(converted.abs() >= EXACT_INTEGERS).str.contains(r"^[+-]?\d+$").sum()
            )
        elif raw.dtype.is_decimal():
            self.beyond += int((converted.abs() >= EXACT_INTEGERS).sum())


def _sum(values: Floats) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(values.sum())


def sum_of_squares(values: Floats, mean: float) -> float:
    """Return Σ (value − mean)², block by block: what is taken from each fits into the cache."""
    squares = 0.0
    for start in range(0, len(values), _BLOCK):
        centred = values[start : start + _BLOCK] - mean
        squares += float(centred @ centred)
    return squares


@dataclass(slots=True)
class LabelTally:
    """Labels of one column on one side, and how often each occurs.

    Attributes
    ----------
    overflow : bool
        Whether there are more than `LABEL_CAP` labels; `counts` then has but some of them.
    """

    gaps: Missing = field(default_factory=Missing)
    overflow: bool = False
    _parts: list[pl.DataFrame] = field(default_factory=list)
    _unmerged: int = 0

    def add(self, labels: pl.Series, weights: Floats) -> None:
        """Add a batch of labels, null where missing, and what each row weighs."""
        import polars as pl

        self.gaps.add(labels.is_null().to_numpy(), weights)
        if not self.overflow:
            frame = pl.DataFrame({"label": labels, "weight": weights})
            self._keep(frame.group_by("label").agg(pl.len().alias("rows"), pl.col("weight").sum()))

    def add_counts(self, counted: pl.DataFrame) -> None:
        """Add a batch of which the columns `label` and `rows` have been counted."""
        import polars as pl

        rows = int(counted["rows"].sum())
        present = counted.drop_nulls("label")
        self.gaps.rows += rows
        self.gaps.missing += rows - int(present["rows"].sum())
        if not self.overflow:
            self._keep(present.with_columns(pl.col("rows").cast(pl.Float64).alias("weight")))

    def _keep(self, counted: pl.DataFrame) -> None:
        self._parts.append(counted.drop_nulls("label"))
        self._unmerged += len(counted)
        if self._unmerged > LABEL_CAP // 4:
            self.counts()

    def counts(self) -> pl.DataFrame:
        """Return the columns `label`, `rows` and `weight`; without weights they are rows."""
        import polars as pl

        if len(self._parts) > 1:
            sums = pl.col("rows").sum(), pl.col("weight").sum()
            self._parts = [pl.concat(self._parts).group_by("label").agg(sums)]
        self._unmerged = 0
        if len(self._parts[0]) > LABEL_CAP:
            self.overflow = True
            self._parts = [self._parts[0].head(LABEL_CAP // 10)]
        return self._parts[0]
