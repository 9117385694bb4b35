"""Immutable results of `kl plot`: numbers to draw. Only `klcli.render` draws them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from klcli.results import SCHEMA_VERSION, Direction, plain

if TYPE_CHECKING:
    from klcli.results import Finding, SourceInfo


class Role(StrEnum):
    """What a cell of a picture holds."""

    INTERVAL = "interval"  #: numbers from `lower` up to, without, `upper`
    VALUE = "value"  #: one category, or one number
    BELOW = "below"  #: all numbers to the left of the axis
    ABOVE = "above"  #: all numbers to the right of it
    OTHERS = "others"  #: categories that are not drawn one by one
    INFINITE = "infinite"  #: −inf or inf
    MISSING = "missing"  #: rows without a value


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a column. Values are in the report's unit.

    Attributes
    ----------
    role, label : str
        A `Role`, and its name for people.
    lower, upper : float
        Bounds of numbers; NaN for what is no range.
    share_p, share_q : float
        Share of the rows of each side; for known distributions, the probability.
    density_p, density_q : float
        Per unit of the axis (of its natural logarithm where the scale is "log"); NaN off the axis.
    log_ratio, standard_error, log_ratio_low, log_ratio_high : float
        log(p/q), with the ends of its pointwise band; ±inf where one side has nothing, NaN where
        it is not known. Known distributions have no band.
    forward, reverse : float
        Part of D(P‖Q) and of D(Q‖P) that comes from this cell; NaN where the direction was not
        asked for.
    forward_sum, reverse_sum : float
        The finite parts of this cell and of all before it; the last ones are the finite estimates.
    """

    role: str
    label: str
    lower: float
    upper: float
    share_p: float
    share_q: float
    density_p: float = math.nan
    density_q: float = math.nan
    log_ratio: float = math.nan
    standard_error: float = math.nan
    log_ratio_low: float = math.nan
    log_ratio_high: float = math.nan
    forward: float = math.nan
    reverse: float = math.nan
    forward_sum: float = math.nan
    reverse_sum: float = math.nan

    def part(self, direction: str) -> float:
        """Return what comes from this cell in one direction."""
        return self.forward if direction == Direction.FORWARD else self.reverse

    def total(self, direction: str) -> float:
        """Return what comes from this cell and all before it in one direction."""
        return self.forward_sum if direction == Direction.FORWARD else self.reverse_sum

    def scaled(self, factor: float) -> Cell:
        """Return the same cell in a unit that is 1/`factor` nats."""
        names = (
            "log_ratio", "standard_error", "log_ratio_low", "log_ratio_high", "forward", "reverse",
            "forward_sum", "reverse_sum",
        )  # fmt: skip
        return replace(self, **{name: getattr(self, name) * factor for name in names})


@dataclass(frozen=True, slots=True)
class Answer:
    """The divergence in one direction: what `kl estimate`, or `kl exact`, says of the same.

    Attributes
    ----------
    direction : str
        "forward" is D(P‖Q), "reverse" D(Q‖P).
    estimate, finite_estimate : float
        The estimate, and what the contributions add up to, which differ where it is infinite or
        only a bound.
    standard_error, ci_low, ci_high, confidence : float
        NaN for known distributions.
    status : str
        "ok", "lower-bound", "infinite" or "undefined".
    method : str
        How it was found.
    warnings : tuple of Finding
        What a reader has to know.
    """

    direction: str
    estimate: float
    finite_estimate: float
    standard_error: float
    ci_low: float
    ci_high: float
    confidence: float
    status: str
    method: str
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One column.

    Attributes
    ----------
    column : str
        Its name; "" for two known distributions.
    kind : str
        numeric, datetime, categorical, boolean, …
    shape : str
        "curve" for densities along an axis, "steps" where they are shares of cells, "bars" for
        categories and few numbers, "" where there is nothing to draw.
    scale : str
        Of the axis: "linear" or "log"; "" for bars.
    confidence : float
        Of the band; NaN without one.
    answers : tuple of Answer
        One for each direction.
    cells : tuple of Cell
        In the order in which they are drawn and added up.
    """

    column: str
    kind: str
    shape: str
    scale: str
    confidence: float
    answers: tuple[Answer, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One of the two axes of a plane.

    Attributes
    ----------
    column : str
        Whose values it shows.
    kind : str
        numeric, datetime, categorical, …
    scale : str
        "linear" or "log"; "" for categories.
    edges : tuple of float
        Ends of its cells, one more than there are cells; 0, 1, 2, … for categories.
    labels : tuple of str
        Names of the categories; empty for numbers.
    share_p, share_q : tuple of float
        Share of the rows of each side in each cell: the marginal distributions.
    """

    column: str
    kind: str
    scale: str
    edges: tuple[float, ...]
    labels: tuple[str, ...]
    share_p: tuple[float, ...]
    share_q: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PlaneCell:
    """One cell of a plane; see `Cell`. `x` and `y` count cells from 0; −1 is off the axes."""

    x: int
    y: int
    share_p: float
    share_q: float
    log_ratio: float
    forward: float
    reverse: float

    def part(self, direction: str) -> float:
        """Return what comes from this cell in one direction."""
        return self.forward if direction == Direction.FORWARD else self.reverse

    def scaled(self, factor: float) -> PlaneCell:
        """Return the same cell in a unit that is 1/`factor` nats."""
        return replace(
            self,
            log_ratio=self.log_ratio * factor,
            forward=self.forward * factor,
            reverse=self.reverse * factor,
        )


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a sample, at its place in a plane; for categories, in the middle of their cell."""

    side: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Plane:
    """Several columns together, seen along two of them.

    Attributes
    ----------
    columns : tuple of str
        All columns that were taken together.
    x, y : Axis
        The two that are drawn.
    answers : tuple of Answer
        One for each direction; of all columns together.
    cells : tuple of PlaneCell
        Those that hold any row; their parts sum to the finite estimates.
    dots : tuple of Dot
        Some rows of both sides, drawn at random.
    """

    columns: tuple[str, ...]
    x: Axis
    y: Axis
    answers: tuple[Answer, ...]
    cells: tuple[PlaneCell, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class PlotReport:
    """What `kl plot` draws: columns, the most different first, or a plane of several together.

    Attributes
    ----------
    p, q : SourceInfo
        What was compared; a known distribution has no rows.
    left_out : tuple of str
        Columns that were compared and are not among the panels, because others differ more.
    """

    klcli_version: str
    seed: int
    unit: str
    p: SourceInfo
    q: SourceInfo
    panels: tuple[Panel, ...] = ()
    planes: tuple[Plane, ...] = ()
    left_out: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    command: str = "plot"
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON output holds: non-finite numbers are None."""
        order = (
            "schema_version", "command", "klcli_version", "seed", "unit", "p", "q", "panels",
            "planes", "left_out", "findings",
        )  # fmt: skip
        fields = asdict(self)
        return {key: plain(fields[key]) for key in order}
