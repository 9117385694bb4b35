"""Everything that a run of `kl drift` can be asked for, in one place that a file can fill."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from klcli.data.pairing import idle_kinds
from klcli.data.wording import listed
from klcli.errors import UsageError, nearest
from klcli.estimation.choice import Method, check_number
from klcli.estimation.request import Request
from klcli.results import UNITS, Direction, Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klcli.monitoring.rules import ColumnRule

#: Nats. Two normal samples whose means are 0.14 standard deviations apart differ by so much: less
#: is rarely worth getting up for.
TOLERANCE: Final = 0.01
#: Permutations of a column that shows nothing. Most do not, in most batches; permutations of all
#: of them would take half of the time.
FIRST_LOOK: Final = 99
_METHOD: Final = (
    "density", "estimator", "interval", "smoothing", "bins", "bandwidth", "neighbors",
)  # fmt: skip
_KINDS: Final = ("categorical", "numeric")


@dataclass(frozen=True, slots=True)
class DriftOptions:
    """The settings of one run.

    Attributes
    ----------
    tolerance : float
        Divergence up to which a column counts as unchanged, in the report's unit.
    column, exclude, categorical, numeric, missing, weight, input_format
        As for `klcli.estimate`.
    density, estimator, interval, smoothing, bins, bandwidth, neighbors, max_rows
        As for `klcli.estimate`.
    confidence, base, resamples, seed
        As for `klcli.estimate`.
    joint : bool
        Add a row for all columns together to each batch.
    by : str, optional
        Column whose values split one table into batches.
    time, window : str, optional
        Column of times, and the length of a batch: ``1d``, ``1w``, ``1mo``, ``6h``, …
    reference : str
        ``fixed``: the first source. ``first``, ``previous``, ``rolling:K``: all sources are
        batches, compared with the first one, the one before, or the K before together.
    rules : tuple of ColumnRule
        For single columns; later rules win.
    compare_binnings : bool
        Also compute what other tools print for the same columns.
    """

    tolerance: float = TOLERANCE
    column: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    missing: str = "category"
    weight: str | None = None
    input_format: str | None = None
    density: str = "auto"
    estimator: str = "auto"
    interval: str = "auto"
    smoothing: str | float | None = None
    bins: str | int | Sequence[float] | None = None
    bandwidth: str | float | None = None
    neighbors: int | str | None = None
    max_rows: int | None = None
    confidence: float = 0.95
    base: str | float = "e"
    resamples: int = 999
    seed: int = 0
    joint: bool = False
    by: str | None = None
    time: str | None = None
    window: str | None = None
    reference: str = "fixed"
    rules: tuple[ColumnRule, ...] = ()
    compare_binnings: bool = False

    @classmethod
    def of(cls, settings: dict[str, Any]) -> DriftOptions:
        """Return the options with these settings.

        Raises
        ------
        UsageError
            If there is no such setting, or a value makes no sense.
        """
        known = [field.name for field in fields(cls)]
        for name in settings:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near[0]!r}?" if near else f"choose of: {', '.join(known)}"
                raise UsageError(f"unknown setting {name!r}", hint)
        several = ("column", "exclude", "categorical", "numeric", "rules")
        given: dict[str, Any] = {
            name: tuple(value) if name in several else value for name, value in settings.items()
        }
        return cls(**given)

    def __post_init__(self) -> None:
        if self.unit is None:
            raise UsageError.unknown_choice("base", self.base, [*UNITS])
        if self.missing not in ("category", "drop"):
            raise UsageError.unknown_choice(
                "treatment of missing values", self.missing, ["category", "drop"]
            )
        for tolerance in (self.tolerance, *(rule.tolerance for rule in self.rules)):
            if tolerance is not None and not 0 <= tolerance < math.inf:
                raise UsageError(
                    f"{tolerance:g} is no tolerance for a divergence", "give a number from 0 up"
                )
        for rule in self.rules:
            if rule.kind is not None and rule.kind not in _KINDS:
                raise UsageError.unknown_choice("kind of column", rule.kind, [*_KINDS])
        if self.max_rows is not None:
            check_number("max-rows", self.max_rows, 1, 1e9, "from 2 up to a billion")
            of_rows = (self.method(""), *(self.method(rule.pattern) for rule in self.rules))
            if not self.joint and not any(each.of_rows(Kind.NUMERIC) for each in of_rows):
                raise UsageError(
                    "--max-rows means nothing to counts of single columns, which hold all rows",
                    "use it with --joint or --density knn, or leave it out",
                )
        check_number("confidence", self.confidence, 0, 1, "above 0 and below 1")
        check_number("resamples", self.resamples, -1, 1e7, "from 0 up to ten million")
        check_number("seed", self.seed, -1, 2**63, "from 0 up")
        self._check_batches()
        if self.compare_binnings and self.weight is not None:
            raise UsageError(
                "--compare-binnings and --weight exclude each other",
                "the other tools know no weights; leave one of them out",
            )
        # Wrong methods fail here, before any file is read.
        for column in ("", *(rule.pattern for rule in self.rules)):
            self.method(column)

    def _check_batches(self) -> None:
        if self.by is not None and self.time is not None:
            raise UsageError("--by and --time exclude each other", "give one of them")
        if (self.time is None) != (self.window is None):
            raise UsageError(
                "--time and --window go together", "for example: --time date --window 1w"
            )
        mode, colon, number = self.reference.partition(":")
        rolls = mode == "rolling"
        wrong = mode not in ("fixed", "first", "previous", "rolling") or bool(colon) != rolls
        if wrong or (rolls and not (number.isdecimal() and int(number) > 0)):
            raise UsageError(
                f"--reference {self.reference}: no such reference",
                "choose one of: fixed, first, previous, rolling:7 (any number of batches)",
            )

    @property
    def unit(self) -> str | None:
        """Name of the unit of all divergences."""
        return UNITS.get(str(self.base))

    @property
    def scale(self) -> float:
        """What a nat is in the report's unit."""
        return 1.0 if self.unit == "nats" else 1 / math.log(float(self.base))

    @property
    def sliding(self) -> bool:
        """Whether the reference is made of earlier batches."""
        return self.reference != "fixed"

    @property
    def pooled(self) -> int:
        """How many earlier batches make the reference; 0 where it stays the same."""
        mode, _, number = self.reference.partition(":")
        return {"previous": 1, "rolling": int(number or 0)}.get(mode, 0)

    def setting(self, column: str, name: str) -> Any:
        """Return one setting of a column: of the last rule that has it, or else of the run."""
        for rule in reversed(self.rules):
            own = getattr(rule, name)
            if own is not None and rule.matches(column):
                return own
        return getattr(self, name)

    def method(self, column: str) -> Method:
        """Return the method for a column."""
        chosen = {name: self.setting(column, name) for name in _METHOD}
        return Method(**chosen, seed=int(self.seed), resamples=int(self.resamples))

    def joint_method(self) -> Method:
        """Return the method for all columns together: the default one."""
        return Method(joint=True, seed=int(self.seed), resamples=int(self.resamples))

    def joint_request(self) -> Request:
        """Return what to estimate for all columns together."""
        return self._request(self.joint_method())

    def request(self, column: str) -> Request:
        """Return what to estimate for a column."""
        return self._request(self.method(column))

    def _request(self, method: Method) -> Request:
        return Request(
            method,
            (Direction.FORWARD,),
            self.confidence,
            int(self.resamples),
            int(self.seed),
            FIRST_LOOK,
        )

    def for_columns(self, columns: Iterable[str]) -> DriftOptions:
        """Return the options with the rules on kinds and exclusion spelled out by name."""
        excluded, kinds = dict.fromkeys(self.exclude), {}
        for column in columns:
            out = False
            for rule in self.rules:
                if rule.matches(column):
                    if rule.exclude is not None:
                        out = rule.exclude
                    if rule.kind is not None:
                        kinds[column] = rule.kind
            if out:
                excluded[column] = None
        categorical, numeric = (
            tuple(
                dict.fromkeys(
                    [name for name in named if kinds.get(name, kind) == kind]
                    + [name for name, own in kinds.items() if own == kind]
                )
            )
            for kind, named in (("categorical", self.categorical), ("numeric", self.numeric))
        )
        return replace(self, exclude=tuple(excluded), categorical=categorical, numeric=numeric)

    def looks_at(self, column: str) -> bool:
        """Tell whether a column is compared where both sides have it."""
        if column in self.for_columns([column]).exclude:
            return False
        return not self.column or column in self.column

    def unmatched(self, columns: Iterable[str]) -> list[Finding]:
        """Tell which rules are for no column: a pattern may be misspelt."""
        names = list(columns)
        patterns = [
            rule.pattern
            for rule in self.rules
            if not any(rule.matches(column) for column in names)
        ]
        found = []
        idle = [name for name in (*self.categorical, *self.numeric) if not self.looks_at(name)]
        if idle:
            found.append(Finding("unmatched-pattern", idle_kinds(idle)))
        if not patterns:
            return found
        what = f"settings for {listed(list(dict.fromkeys(patterns)))} match no column"
        near = nearest(patterns[0], names)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return [*found, Finding("unmatched-pattern", what + hint)]

    def fingerprint(self) -> str:
        """Return text that differs whenever the numbers of a batch might.

        Tolerances make verdicts, which follow from the numbers of the whole grid.
        """
        plain = replace(
            self, tolerance=0.0, rules=tuple(replace(rule, tolerance=None) for rule in self.rules)
        )
        return repr(sorted(asdict(plain).items()))
