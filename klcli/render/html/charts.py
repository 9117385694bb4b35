"""Geometry of the charts: numbers in, the ``d`` of SVG paths out.

Every chart is as wide as its number of slots times `SLOT` and `HEIGHT` high; the page stretches it
and draws lines of constant width (``vector-effect: non-scaling-stroke``). Text stands outside, in
HTML, where it is not stretched. Coordinates are whole numbers: a report holds hundreds of charts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import Cell, DriftResult

SLOT: Final = 10
HEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class Distributions:
    """Shares of each cell in the batch and in the reference, and what each cell contributes.

    Attributes
    ----------
    width : int
        Of all three paths.
    q : str
        Filled area of the reference.
    p : str
        Outline of the batch.
    up, down : str
        Bars of the contributions above and below zero; empty where there is none.
    """

    width: int
    q: str
    p: str
    up: str
    down: str


def distributions(cells: Sequence[Cell]) -> Distributions:
    """Return both distributions: steps for ranges of numbers, bars apart for all else."""
    most = max(
        (_known(share) for cell in cells for share in (cell.share_p, cell.share_q)), default=0
    )
    heights_p = [_height(cell.share_p, most) for cell in cells]
    heights_q = [_height(cell.share_q, most) for cell in cells]
    separate = [not is_range(cell) for cell in cells]
    contributions = [cell.contribution for cell in cells]
    largest = max((abs(_known(each)) for each in contributions), default=0.0) or 1.0
    # What is infinite fills its side, whatever the others are.
    bars = [_height(min(abs(each), largest), largest) // 2 for each in contributions]
    return Distributions(
        width=SLOT * len(cells),
        q=_areas(heights_q, separate, inset=1),
        p=_areas(heights_p, separate, inset=3),
        up=_bars(bars, [each > 0 for each in contributions], -1),
        down=_bars(bars, [each < 0 for each in contributions], 1),
    )


def _areas(heights: Sequence[int], separate: Sequence[bool], *, inset: int) -> str:
    """Return outlines that start and end on the base line; `inset` keeps bars apart."""
    parts = []
    running = False
    for position, (height, alone) in enumerate(zip(heights, separate, strict=True)):
        top = HEIGHT - height
        left = SLOT * position
        if alone:
            if running:
                parts.append(f"V{HEIGHT}")
                running = False
            wide = SLOT - 2 * inset
            if height:
                parts.append(f"M{left + inset} {HEIGHT}V{top}h{wide}V{HEIGHT}")
        else:
            if not running:
                parts.append(f"M{left} {HEIGHT}")
                running = True
            parts.append(f"V{top}h{SLOT}")
    if running:
        parts.append(f"V{HEIGHT}")
    return "".join(parts)


def _bars(heights: Sequence[int], shown: Sequence[bool], sign: int) -> str:
    middle = HEIGHT // 2
    return "".join(
        f"M{SLOT * position + 1} {middle}v{sign * height}h{SLOT - 2}V{middle}z"
        for position, (height, yes) in enumerate(zip(heights, shown, strict=True))
        if yes and height
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic axis from `low` to `high`; what lies beyond an end is drawn at it."""

    low: float
    high: float
    length: int

    def __call__(self, number: float) -> int:
        """Return the place of `number`."""
        if math.isnan(number) or number <= self.low:
            return 0
        if number >= self.high:
            return self.length
        return round(self.length * math.log(number / self.low) / math.log(self.high / self.low))

    @property
    def middle(self) -> float:
        """The number half-way."""
        return math.sqrt(self.low * self.high)


#: What an axis shows at least: below a thousandth nobody acts, and steps of a hundred are coarse.
_LOWEST, _HIGHEST = -3, -1


def scale(results: Sequence[DriftResult], length: int) -> Scale:
    """Return an axis for all finite ends of intervals and tolerances, in powers of ten.

    The number of powers is even, so that the middle is one of them. It starts a power below the
    smallest tolerance at the latest.
    """
    numbers = [
        number
        for result in results
        for number in (
            result.tolerance,
            result.estimate.finite_estimate,
            result.estimate.ci_low,
            result.estimate.ci_high,
        )
        if math.isfinite(number) and number > 0
    ]
    tolerances = [result.tolerance for result in results if result.tolerance > 0]
    low, high = _LOWEST, _HIGHEST
    if tolerances:
        low = min(low, math.floor(math.log10(min(tolerances))) - 1)
    if numbers:
        high = max(high, math.ceil(math.log10(max(numbers))))
    low -= (high - low) % 2
    return Scale(10.0**low, 10.0**high, length)


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on a horizontal `Scale`.

    Attributes
    ----------
    line, arrow : str
        The interval; an arrow at its end where it has none.
    point : str
        The estimate, as a line of no length with a round end.
    tolerance : int
        Where the tolerance is.
    """

    line: str
    arrow: str
    point: str
    tolerance: int


def bar(result: DriftResult, axis: Scale) -> Bar:
    """Return the interval of one result in a strip that is 16 high."""
    estimate = result.estimate
    low, high = estimate.ci_low, estimate.ci_high
    known = not math.isnan(low)
    end = axis(high) if not math.isnan(high) else axis.length
    return Bar(
        line=f"M{axis(low)} 8H{end}" if known else "",
        arrow=f"M{axis.length - 7} 3l7 5l-7 5" if known and math.isinf(high) else "",
        point=f"M{axis(estimate.finite_estimate)} 8h0" if known else "",
        tolerance=axis(result.tolerance),
    )


@dataclass(frozen=True, slots=True)
class Trend:
    """One column over all batches.

    Attributes
    ----------
    width : int
        Of the chart.
    intervals, drift, undecided, stable : str
        Intervals, and points by verdict.
    tolerance : str
        The tolerance over all batches.
    change : int
        Where the first batch after a change begins; negative where there is none.
    low, high : float
        What the bottom and the top of the chart stand for, in the report's unit.
    """

    width: int
    intervals: str
    drift: str
    undecided: str
    stable: str
    tolerance: str
    change: int
    low: float
    high: float


def trend(results: Sequence[DriftResult], places: dict[str, int], changed: str | None) -> Trend:
    """Return the results of a column at the `places` of all batches."""
    axis = scale(results, HEIGHT)
    lines = []
    points: dict[str, list[str]] = {verdict: [] for verdict in Verdict}
    for result in results:
        estimate = result.estimate
        if math.isnan(estimate.finite_estimate):
            continue
        middle = SLOT * places[result.batch] + SLOT // 2
        low, high = estimate.ci_low, estimate.ci_high
        top = 0 if math.isnan(high) else HEIGHT - axis(high)
        lines.append(f"M{middle} {HEIGHT - axis(low)}V{top}")
        # Of no length at all, a line with square ends is not printed.
        points[result.verdict].append(f"M{middle} {HEIGHT - axis(estimate.finite_estimate)}h.1")
    tolerances = [
        f"M{SLOT * places[r.batch]} {HEIGHT - axis(r.tolerance)}h{SLOT}" for r in results
    ]
    return Trend(
        width=SLOT * len(places),
        intervals="".join(lines),
        drift="".join(points[Verdict.DRIFT]),
        undecided="".join(points[Verdict.UNDECIDED]),
        stable="".join(points[Verdict.STABLE]),
        tolerance="".join(tolerances),
        change=SLOT * places[changed] if changed in places else -1,
        low=axis.low,
        high=axis.high,
    )


def is_range(cell: Cell) -> bool:
    """Whether a cell holds a range of numbers, rather than a single one or no number."""
    return math.nextafter(cell.lower, math.inf) < cell.upper


def _known(number: float) -> float:
    return number if math.isfinite(number) else 0.0


def _height(number: float, most: float) -> int:
    if not most > 0:
        return 0
    height = round(HEIGHT * max(_known(number), 0.0) / most)
    return max(height, 1) if number > 0 else height  # what is there must be seen
