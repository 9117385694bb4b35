"""What a divergence is to those who ask for it, and what it gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from klcli.results import Status

if TYPE_CHECKING:
    from typing import Self

    from klcli.measures.material import Material
    from klcli.results import Direction, Finding

#: Units of `Measure.unit`. Information is counted in nats, bits or bans; distances in the unit
#: of the column, or in its square root.
INFORMATION, DIMENSIONLESS, COLUMN, ROOT_COLUMN = "information", "none", "column", "root-column"


@dataclass(frozen=True, slots=True)
class Measured:
    """One divergence of one column in one direction, in its own unit.

    Attributes
    ----------
    value : float
        The estimate, corrected for bias; inf or NaN as the status says. May be negative where
        nothing differs.
    finite : float
        The estimate over what both sides show, where `value` is infinite; NaN stands for `value`.
    low, high : float
        The interval.
    standard_error : float
        Half of what an interval of ±1 standard deviation spans.
    p_value, noise_floor : float
        NaN where rows cannot be exchanged.
    status : Status
        How far the estimate can be trusted.
    density, estimator, interval, reason : str
        How it was found, in the words of results.
    findings : tuple of Finding
        Why the status is what it is, and what else the reader has to know.
    """

    value: float
    low: float
    high: float
    standard_error: float
    p_value: float
    noise_floor: float
    density: str
    estimator: str
    interval: str
    reason: str
    status: Status = Status.OK
    finite: float = math.nan
    findings: tuple[Finding, ...] = ()


class Measure(Protocol):
    """A divergence. A frozen dataclass whose fields are its parameters; data enter by the call."""

    #: As `--divergence` takes it, without parameters.
    name: ClassVar[str]
    #: In words, at the start of a sentence.
    title: ClassVar[str]
    #: Whether it is the same with P and Q exchanged.
    symmetric: ClassVar[bool]
    #: One of the units above.
    unit: ClassVar[str]
    #: Whether it is D(P‖Q) itself, which the others start from.
    given: ClassVar[bool]
    #: The only direction that is meant; None for those that are asked for.
    only: ClassVar[Direction | None]

    @property
    def label(self) -> str:
        """The name with its parameters, as results show it and `--divergence` takes it."""

    @classmethod
    def parse(cls, argument: str) -> Self:
        """Build from what stands behind the colon of `--divergence NAME:ARGUMENT`, "" if nothing.

        Raises
        ------
        UsageError
            If that means nothing.
        """

    def __call__(self, material: Material) -> Measured | Finding:
        """Estimate from a column, or say why it has none."""
