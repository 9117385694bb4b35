"""What the values of a column are: on each side, and for both together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from klcli.results import Finding, Kind

if TYPE_CHECKING:
    import polars as pl

#: A column of text is numbers (or dates) if at least this share of its values are.
MOSTLY: Final = 0.9
#: A column of words is free text if it has at least so many values, and more than this share of
#: them occur only once on their side: by Good and Turing, the next value is then more likely to be
#: a new one than one seen before, and frequencies say nothing.
TEXT_ROWS: Final = 100
TEXT_SHARE: Final = 0.5


class Reading(StrEnum):
    """How the values of one column on one side are turned into what is counted."""

    NUMBER = "number"  #: as numbers; text that is no number is missing
    TRUTH = "truth"  #: false and true as 0 and 1
    TIME = "time"  #: as seconds since 1970, or of the day
    LABEL = "label"  #: as text
    NUMBER_LABEL = "number label"  #: as text, each number in its shortest way
    TRUTH_LABEL = "truth label"  #: as false and true, however capitalised
    NONE = "none"  #: only whether there is a value

    @property
    def numeric(self) -> bool:
        """Whether what is counted are numbers."""
        return self in {Reading.NUMBER, Reading.TRUTH, Reading.TIME}

    @property
    def labels(self) -> bool:
        """Whether what is counted are labels."""
        return self in {Reading.LABEL, Reading.NUMBER_LABEL, Reading.TRUTH_LABEL}


class Evidence(NamedTuple):
    """How many values of a column, on one side, look like what.

    Attributes
    ----------
    present : int
        Values that are not missing.
    numbers, booleans, dates : int
        Those that can be read as such; counted for text only.
    final : bool
        Whether all rows were looked at for all of it.
    padded : float
        Share of numbers with zeros in front, as codes have them, among the values looked at first.
    """

    present: int
    numbers: int = 0
    booleans: int = 0
    dates: int = 0
    final: bool = False
    padded: float = 0.0


class Declared(StrEnum):
    """What a column's data type says about its values."""

    NUMBER = "numbers"
    BOOLEAN = "true and false"
    TIME = "dates"
    TEXT = "words"
    NOTHING = "no values"
    NESTED = "nested values"

    @classmethod
    def of(cls, dtype: pl.DataType) -> Declared:
        """Sort a polars data type."""
        import polars as pl

        if dtype.is_numeric() or dtype == pl.Duration:
            return cls.NUMBER
        if dtype == pl.Boolean:
            return cls.BOOLEAN
        if dtype.is_temporal():
            return cls.TIME
        if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            return cls.TEXT
        return cls.NOTHING if dtype == pl.Null else cls.NESTED


_KINDS: Final = {
    Declared.NUMBER: Kind.NUMERIC,
    Declared.BOOLEAN: Kind.BOOLEAN,
    Declared.TIME: Kind.DATETIME,
}
_WORDS: Final = {
    Kind.NUMERIC: "numbers",
    Kind.BOOLEAN: "true and false",
    Kind.DATETIME: "dates",
    Kind.CATEGORICAL: "words",
}


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a column on one side; `lexical` text is what it looks like."""

    declared: Declared
    lexical: bool
    evidence: Evidence

    @property
    def kind(self) -> Kind | None:
        """What the values are; None as long as none was seen."""
        seen = self.evidence
        if self.declared is not Declared.TEXT:
            return None if seen.final and not seen.present else _KINDS.get(self.declared)
        if not seen.present:
            return None
        if self.lexical and seen.numbers >= MOSTLY * seen.present:
            return Kind.NUMERIC
        if self.lexical and seen.booleans == seen.present:
            return Kind.BOOLEAN
        return Kind.DATETIME if seen.dates >= MOSTLY * seen.present else Kind.CATEGORICAL

    @property
    def leans_numeric(self) -> bool:
        """Whether it is text most of which can be read as numbers."""
        return self.lexical and 2 * self.evidence.numbers > self.evidence.present

    def reading(self, kind: Kind | None) -> Reading:
        """Return how to read the values of this side as `kind`."""
        own = self.kind
        if kind is Kind.DATETIME or (kind is Kind.NUMERIC and own is Kind.DATETIME):
            return Reading.TIME
        if kind is Kind.NUMERIC:
            return Reading.TRUTH if own is Kind.BOOLEAN else Reading.NUMBER
        if own is Kind.BOOLEAN:
            return Reading.TRUTH_LABEL
        numbers_as_text = own is Kind.NUMERIC and self.declared is Declared.TEXT
        return Reading.NUMBER_LABEL if numbers_as_text else Reading.LABEL

    def learned(self, reading: Reading, present: int, hits: int) -> View:
        """Return the view after all rows were read as numbers, `hits` of them with success."""
        if self.evidence.final:
            return self
        if self.declared is not Declared.TEXT:
            return self.seen(Evidence(present, final=True))
        enough = hits >= (present if reading is Reading.TRUTH else MOSTLY * present)
        numbers, booleans, dates = (
            hits if reading is which else 0
            for which in (Reading.NUMBER, Reading.TRUTH, Reading.TIME)
        )
        padded = self.evidence.padded
        return self.seen(Evidence(present, numbers, booleans, dates, enough, padded))

    def seen(self, evidence: Evidence) -> View:
        """Return the view with other evidence."""
        return View(self.declared, self.lexical, evidence)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a column is taken for, how each side is read, and what stands against comparing it."""

    kind: Kind
    p: Reading
    q: Reading
    problem: Finding | None = None


def decide(name: str, p: View, q: View, forced: Kind | None) -> Decision:
    """Decide on one column from what is known of both sides.

    Text is numbers (dates) if at least nine in ten of its values are, and true and false if all
    are. Numbers against true and false are compared as numbers; numbers against text more than
    half of which is numbers, too. A side without values takes the kind of the other. Any other
    difference is a mismatch, unless the user forces a kind.
    """
    nested = [view for view in (p, q) if view.declared is Declared.NESTED]
    if nested:
        problem = Finding(
            "unsupported-type",
            f"{name!r} holds lists, records or bytes; only single values can be compared",
        )
        return Decision(Kind.CATEGORICAL, Reading.NONE, Reading.NONE, problem)
    kinds = {kind for kind in (p.kind, q.kind) if kind is not None}
    if forced is not None:
        kinds = {forced}
    elif kinds == {Kind.NUMERIC, Kind.BOOLEAN}:
        kinds = {Kind.NUMERIC}
    elif kinds == {Kind.NUMERIC, Kind.CATEGORICAL}:
        words = p if p.kind is Kind.CATEGORICAL else q
        if words.leans_numeric:
            kinds = {Kind.NUMERIC}
    if len(kinds) == 1:
        (kind,) = kinds
        return Decision(kind, p.reading(kind), q.reading(kind))
    if not kinds:
        kind = _KINDS.get(p.declared) or _KINDS.get(q.declared) or Kind.CATEGORICAL
        return Decision(kind, Reading.LABEL, Reading.LABEL)
    problem = Finding(
        "kind-mismatch",
        f"{name!r} holds {_words(p)} in P and {_words(q)} in Q; --categorical {name} compares "
        "them as categories",
    )
    kind = p.kind or Kind.CATEGORICAL
    return Decision(kind, p.reading(p.kind), q.reading(q.kind), problem)


def _words(view: View) -> str:
    return "no values" if view.kind is None else _WORDS[view.kind]
