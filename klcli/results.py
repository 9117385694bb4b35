"""Immutable results. They hold numbers and words; only `klcli.render` formats them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

SCHEMA_VERSION = 1


class Kind(StrEnum):
    """What the values of a column are."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    TEXT = "text"
    JOINT = "joint"  #: several columns together


class Status(StrEnum):
    """How far an estimate can be trusted."""

    OK = "ok"
    LOWER_BOUND = "lower-bound"  #: the divergence is at least this
    INFINITE = "infinite"  #: P has values that Q never shows
    UNDEFINED = "undefined"  #: no number; the warnings say why


class Direction(StrEnum):
    """Which of the two divergences: forward is D(P‖Q), reverse is D(Q‖P)."""

    FORWARD = "forward"
    REVERSE = "reverse"


#: The direction of a divergence that is the same with P and Q exchanged.
SYMMETRIC = "symmetric"


#: Logarithm base → name of the unit.
UNITS: Final = {"e": "nats", "2": "bits", "10": "bans"}
#: What a nat is in it → unit of information.
_UNITS = {
    round(1 / math.log(base), 9): unit
    for base, unit in ((math.e, "nats"), (2, "bits"), (10, "bans"))
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the reader of a result has to know: a code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Tuning:
    """How cross-validation chose a setting.

    Attributes
    ----------
    option : str
        "bins", "bandwidth" or "neighbors".
    side : str
        "P" or "Q" where each has a value of its own; "both" for one that they share.
    criterion : str
        What the score is, in words.
    tried : tuple of (float, float)
        Values in increasing order, each with its score: the higher, the better.
    chosen : float
        The value with the highest score, the smallest of equal ones.
    """

    option: str
    side: str
    criterion: str
    tried: tuple[tuple[float, float], ...]
    chosen: float

    @classmethod
    def best(
        cls, option: str, side: str, criterion: str, tried: tuple[tuple[float, float], ...]
    ) -> Tuning:
        """Choose the first value with the highest score."""
        return cls(option, side, criterion, tried, max(tried, key=lambda each: each[1])[0])


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where one side came from, and its number of rows; None for a known distribution."""

    source: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A divergence of one column in one direction. Values are in its `unit`.

    Attributes
    ----------
    divergence : str
        Its name, with parameters behind a colon: "kl", "js", "renyi:0.5".
    direction : str
        A `Direction`, or "symmetric".
    estimate : float
        Not clamped at 0; inf where `status` is infinite, NaN where it is undefined.
    finite_estimate : float
        The bias-corrected value over what both sides show; equals `estimate` where that is finite.
    ci_low, ci_high : float
        Confidence interval, intersected with [0, inf).
    noise_floor : float
        With no difference at all, estimates at these sample sizes stay below this with
        probability `confidence`.
    n_p, n_q : int or None
        Rows of each side, missing ones included; None for a known distribution.
    columns : tuple of str
        The columns that were compared together, if `column` is "*"; else empty.
    marginals : dict of str to float
        Of those columns, what each shows on its own: its own finite estimate in this direction.
    dependence : float
        What only shows when the columns are looked at together: the finite estimate less the sum
        of `marginals`. May be negative where Q's columns depend on each other. NaN if unknown.
    fitted : dict of str to float
        Parameters of a known distribution that were fitted to this column.
    unit : str
        "nats", "bits" or "bans"; of a distance "none", "column" or "root-column", which is the
        unit of the values or its square root ("seconds" and "root-seconds" of times).
    tuning : tuple of Tuning
        What was tried where an option was ``cv``; P and Q are those of the report.
    """

    column: str
    kind: str
    divergence: str
    direction: str
    estimate: float
    standard_error: float
    ci_low: float
    ci_high: float
    confidence: float
    p_value: float
    noise_floor: float
    status: str
    density: str
    estimator: str
    interval: str
    n_p: int | None
    n_q: int | None
    missing_p: int
    missing_q: int
    finite_estimate: float
    escaped_mass: float
    monte_carlo_error: float
    reason: str
    warnings: tuple[Finding, ...] = ()
    columns: tuple[str, ...] = ()
    marginals: dict[str, float] = field(default_factory=dict, hash=False)
    dependence: float = math.nan
    fitted: dict[str, float] = field(default_factory=dict, hash=False)
    unit: str = "nats"
    tuning: tuple[Tuning, ...] = ()

    @classmethod
    def blank(
        cls,
        column: str,
        kind: str,
        direction: str,
        *,
        confidence: float,
        method: tuple[str, str, str, str],
        rows: tuple[int | None, int | None],
        missing: tuple[int, int],
    ) -> Estimate:
        """Return a result that says nothing yet but what it is about.

        Parameters
        ----------
        column, kind, direction, confidence
            As the fields of these names.
        method : tuple of str
            Names of density, estimator and interval, and the reason for them.
        rows, missing : tuple of int
            Of P and of Q.
        """
        nan = math.nan
        density, estimator, interval, reason = method
        return cls(
            column=column,
            kind=kind,
            divergence="kl",
            direction=direction,
            estimate=nan,
            standard_error=nan,
            ci_low=nan,
            ci_high=nan,
            confidence=confidence,
            p_value=nan,
            noise_floor=nan,
            status=Status.UNDEFINED,
            density=density,
            estimator=estimator,
            interval=interval,
            n_p=rows[0],
            n_q=rows[1],
            missing_p=missing[0],
            missing_q=missing[1],
            finite_estimate=nan,
            escaped_mass=nan,
            monte_carlo_error=0.0,
            reason=reason,
        )

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of P and of Q that were drawn: 0 of a known distribution."""
        return self.n_p or 0, self.n_q or 0

    def scaled(self, factor: float) -> Estimate:
        """Return the same in a unit that is 1/`factor` nats; distances stay as they are."""
        if self.unit != "nats":
            return self
        unit = _UNITS.get(round(factor, 9), self.unit)
        fields = (
            "estimate", "standard_error", "ci_low", "ci_high", "noise_floor", "finite_estimate",
            "monte_carlo_error", "dependence",
        )  # fmt: skip
        marginals = {name: value * factor for name, value in self.marginals.items()}
        scaled = {name: getattr(self, name) * factor for name in fields}
        return replace(self, **scaled, marginals=marginals, unit=unit)


@dataclass(frozen=True, slots=True)
class Report:
    """What `kl estimate` found: one result per column and direction, largest first."""

    klcli_version: str
    seed: int
    unit: str
    p: SourceInfo
    q: SourceInfo
    results: tuple[Estimate, ...]
    findings: tuple[Finding, ...] = ()
    command: str = "estimate"
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON output holds: non-finite numbers are None."""
        order = (
            "schema_version",
            "command",
            "klcli_version",
            "seed",
            "unit",
            "p",
            "q",
            "results",
            "findings",
        )
        fields = asdict(self)
        return {key: plain(fields[key]) for key in order}


def plain(value: Any) -> Any:
    """Return lists for tuples, and None for numbers that are not finite, all the way down."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
