"""What the page says: a report of drift turned into the words, numbers and charts of each part."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import drift_events
from klcli.render import drift_words as words
from klcli.render.drift_events import key
from klcli.render.html import charts
from klcli.render.numbers import p_value
from klcli.render.summary import value
from klcli.render.text import cut, printable
from klcli.results import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klcli.monitoring.report import Cell, DriftReport, DriftResult
    from klcli.render.drift_events import Event

#: Longer names are cut where they would push the numbers off the page.
NAME_WIDTH: Final = 40
SENTENCE_WIDTH: Final = 400
#: Shades of the heat map begin at these values: two to a factor of ten, in the report's unit.
SHADES: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
#: An axis has room for the labels of so many categories.
MOST_LABELS: Final = 12
BAR_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """How much detail a page has room for.

    Attributes
    ----------
    cards, smalls : int
        Columns with charts of their own; further batches in each.
    tables, cells : int
        How many of the first cards list their cells, and how many cells.
    rows : int
        Rows of the table of estimates.
    grid : int
        Cells of the heat map.
    said : int
        Sentences on what changed.
    """

    cards: int
    smalls: int
    tables: int
    cells: int
    rows: int
    grid: int
    said: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name from the data: what is shown, and all of it where that is cut."""

    shown: str
    full: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison in the table of estimates."""

    verdict: str
    column: Name
    anchor: str
    batch: Name
    estimate: str
    interval: str
    bar: charts.Bar
    tolerance: str
    noise: str
    p: str
    q: str
    rows: str


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One comparison in the heat map."""

    style: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One column in the heat map."""

    column: Name
    anchor: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Columns × batches."""

    batches: tuple[Name, ...]
    rows: tuple[HeatRow, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell of a column in words."""

    label: str
    p: str
    q: str
    contribution: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Both distributions of one column in one batch."""

    batch: Name
    verdict: str
    chart: charts.Distributions
    labels: tuple[str, ...]
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """All about one column."""

    anchor: str
    column: Name
    kind: str
    verdict: str
    batch: Name
    sentence: str
    notes: tuple[str, ...]
    figure: Figure | None
    trend: charts.Trend | None
    trend_top: str
    cells: tuple[CellRow, ...]
    rest: CellRow | None
    total: str
    smalls: tuple[Figure, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about a column, and in which batches it holds."""

    column: Name | None
    anchor: str
    sentence: str
    where: str


class Content:
    """The parts of the page, for a report and the room there is."""

    def __init__(self, report: DriftReport, limits: Limits) -> None:
        self.report = report
        self.limits = limits
        self.many = len(report.batches) > 1
        self._places = {batch.name: place for place, batch in enumerate(report.batches)}
        self._results = words.by_weight(report.results)
        columns: dict[tuple[str, bool], list[DriftResult]] = {}
        for result in self._results:
            columns.setdefault(key(result), []).append(result)
        self._columns = columns
        shown = list(columns)
        if self.many and len(shown) * len(report.batches) > limits.cards:
            shown = [each for each in shown if columns[each][0].verdict != Verdict.STABLE]
        shown = shown[: limits.cards]
        self._anchors = {each: f"c{place}" for place, each in enumerate(shown, start=1)}

    def rows(self) -> list[Row]:
        """Return the table of estimates, what matters first."""
        results = self._telling()[: self.limits.rows]
        axis = charts.scale(results, BAR_LENGTH)
        return [self._row(result, axis) for result in results]

    def ticks(self) -> list[tuple[str, float]]:
        """Return labels of the axis of the intervals, and their places in per cent."""
        axis = charts.scale(self._telling()[: self.limits.rows], BAR_LENGTH)
        if not 0 < axis.most < math.inf:
            return [("0", 0.0)]
        # A quarter of the axis is a sixteenth of its end: the root of it.
        return [(words.small(axis.most * part**2), 100 * part) for part in (0, 0.5, 1)]

    def rows_left_out(self) -> int:
        """Return how many comparisons the table of estimates does not show."""
        return len(self._results) - len(self._telling()[: self.limits.rows])

    def _telling(self) -> list[DriftResult]:
        if not self.many:
            return self._results
        telling = [each for each in self._results if each.verdict != Verdict.STABLE]
        return telling or self._results[:10]

    def _row(self, result: DriftResult, axis: charts.Scale) -> Row:
        estimate, interval = value(result.estimate)
        return Row(
            verdict=result.verdict,
            column=column(result),
            anchor=self._anchors.get(key(result), ""),
            batch=name(result.batch),
            estimate=estimate,
            interval=interval,
            bar=charts.bar(result, axis),
            tolerance=f"{result.tolerance:g}",
            noise=words.small(result.estimate.noise_floor),
            p=p_value(result.estimate.p_value),
            q=p_value(result.q_value),
            rows=f"{words.round_up(result.rows_to_decide):,}"
            if math.isfinite(result.rows_to_decide)
            else "",
        )

    def heat_map(self) -> HeatMap:
        """Return columns × batches; the latest batches and largest columns where it is too big."""
        columns = list(self._columns)[: max(self.limits.grid // 10, 1)]
        batches = self.report.batches[-max(self.limits.grid // max(len(columns), 1), 1) :]
        left = [
            words.plural(number, *noun)
            for number, noun in (
                (len(self._columns) - len(columns), ("column", "columns")),
                (len(self.report.batches) - len(batches), ("earlier batch", "earlier batches")),
            )
            if number
        ]
        titles = len(columns) * len(batches) <= 600  # each doubles what a cell weighs
        rows = []
        for about in columns:
            results = {result.batch: result for result in self._columns[about]}
            cells = tuple(_heat(results.get(batch.name), titles=titles) for batch in batches)
            first = self._columns[about][0]
            rows.append(HeatRow(column(first), self._anchors.get(about, ""), cells))
        names = tuple(name(batch.name) for batch in batches)
        return HeatMap(names, tuple(rows), " and ".join(left))

    def cards(self) -> list[Card]:
        """Return the columns with charts, what matters first."""
        return [self._card(each, number) for number, each in enumerate(self._anchors)]

    def cards_left_out(self) -> int:
        """Return how many columns have no charts."""
        return len(self._columns) - len(self._anchors)

    def _card(self, about: tuple[str, bool], number: int) -> Card:
        results = self._columns[about]
        worst = results[0]
        estimate = worst.estimate
        notes = [each.message for each in (*worst.changes, *estimate.warnings)]
        sentence = words.sentence(worst, self.report.unit)
        cells = largest(worst.cells, self.limits.cells) if number < self.limits.tables else []
        others = [cell for cell in worst.cells if cell not in cells] if cells else []
        trend = None
        if self.many and len(results) > 1:
            changed = {(point.column): point.batch for point in self.report.change_points}
            trend = charts.trend(
                results, self._places, len(self.report.batches), changed.get(estimate.column)
            )
        telling = [each for each in results[1:] if each.verdict != Verdict.STABLE and each.cells]
        telling = telling[: self.limits.smalls]
        telling.sort(key=lambda result: self._places[result.batch])
        return Card(
            anchor=self._anchors[about],
            column=Name(words.column_name(worst)),
            kind=estimate.kind,
            verdict=worst.verdict,
            batch=name(worst.batch),
            sentence=said(sentence),
            notes=tuple(dict.fromkeys(said(note) for note in notes if note not in sentence)),
            figure=figure(worst) if worst.cells else None,
            trend=trend,
            trend_top=words.small(trend.most) if trend else "",
            cells=tuple(map(_cell_row, cells)),
            rest=_pooled(others) if others else None,
            total=words.small(math.fsum(_parts(worst.cells))) if cells else "",
            smalls=tuple(figure(result, plain=True) for result in telling),
            more=len([each for each in results[1:] if each.verdict != Verdict.STABLE])
            - len(telling),
        )

    def changes(self) -> list[Said]:
        """Return what happened to columns, in words."""
        return [self._said(event) for event in drift_events.changes(self.report)]

    def findings(self) -> list[Said]:
        """Return what concerns the run and whole batches."""
        return [self._said(event) for event in drift_events.findings(self.report)]

    def _said(self, event: Event) -> Said:
        where = ""
        if event.batch is not None and (self.many or event.column is None):
            where = words.name(event.batch, NAME_WIDTH)
            if event.others:
                where += f" and {words.others(event.others)}"
        sentence = said(event.message)
        if event.column is None:
            return Said(None, "", sentence, where)
        about = Name("all columns together") if event.column[1] else name(event.column[0])
        return Said(about, self._anchors.get(event.column, ""), sentence, where)

    def methods(self) -> list[tuple[str, str]]:
        """Return how the columns were estimated, and how many so."""
        used: dict[str, set[str]] = {}
        for result in self._results:
            estimate = result.estimate
            if not estimate.density:
                continue
            how = f"{estimate.density} density, {estimate.estimator} estimator"
            if estimate.interval:
                how += f", {estimate.interval} interval"
            reason = said(estimate.reason)
            used.setdefault(f"{how}; {reason}" if reason else how, set()).add(estimate.column)
        ordered = sorted(used.items(), key=lambda item: -len(item[1]))
        return [(how, words.plural(len(columns), "column")) for how, columns in ordered[:10]]


def name(text: str) -> Name:
    """Return a name short enough for a table."""
    full = words.name(text)
    shown = cut(full, NAME_WIDTH)
    return Name(shown, full if shown != full else "")


def column(result: DriftResult) -> Name:
    """Return the name of a result's column, short enough for a table."""
    if result.estimate.kind == "joint":
        return Name(words.column_name(result))
    return name(result.estimate.column)


def said(sentence: str) -> str:
    """Return a sentence that may quote the data."""
    return cut(printable(sentence), SENTENCE_WIDTH)


def figure(result: DriftResult, *, plain: bool = False) -> Figure:
    """Return both distributions; `plain` ones have no axis."""
    cells = result.cells
    numeric = [cell for cell in cells if math.isfinite(cell.lower)]
    labels: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    if not plain and not numeric and len(cells) <= MOST_LABELS:
        labels = tuple(words.name(cell.label, 12) for cell in cells)
    elif not plain and numeric:
        ends = tuple(dict.fromkeys(_ends(numeric, result.estimate.kind)))
        if len(numeric) < len(cells):
            ends = (*ends, "missing")
    return Figure(
        name(result.batch),
        result.verdict,
        charts.distributions(cells, steps=bool(numeric)),
        labels,
        ends,
    )


def _ends(cells: Sequence[Cell], kind: str) -> Iterable[str]:
    middle = cells[len(cells) // 2]
    if kind == Kind.NUMERIC:
        return [f"{number:.4g}" for number in (cells[0].lower, middle.lower, cells[-1].upper)]
    return [words.name(cell.label, 24) for cell in (cells[0], cells[-1])]


def largest(cells: Sequence[Cell], most: int) -> list[Cell]:
    """Return the cells that contribute most, in the column's order."""
    if len(cells) <= most + 1:  # one more takes no more room than a row for the rest
        return list(cells)
    ranked = sorted(cells, key=lambda cell: -abs(_number(cell.contribution)))
    kept = {id(cell) for cell in ranked[:most]}
    return [cell for cell in cells if id(cell) in kept]


def _cell_row(cell: Cell) -> CellRow:
    return CellRow(
        words.name(cell.label, 30),
        words.share(cell.share_p),
        words.share(cell.share_q),
        words.small(cell.contribution),
    )


def _pooled(cells: Sequence[Cell]) -> CellRow:
    return CellRow(
        words.plural(len(cells), "other cell"),
        words.share(math.fsum(_number(cell.share_p) for cell in cells)),
        words.share(math.fsum(_number(cell.share_q) for cell in cells)),
        words.small(math.fsum(_parts(cells))),
    )


def _parts(cells: Sequence[Cell]) -> list[float]:
    """Return contributions that can be added: fsum refuses ∞ − ∞."""
    parts = [cell.contribution for cell in cells]
    return [math.inf] if math.inf in parts else [_number(part) for part in parts]


def _number(number: float) -> float:
    return number if math.isfinite(number) else 0.0


def _heat(result: DriftResult | None, *, titles: bool) -> HeatCell:
    if result is None:
        return HeatCell("no", "", "")
    estimate = result.estimate
    mark = {Verdict.DRIFT: " d", Verdict.UNDECIDED: " u"}.get(Verdict(result.verdict), "")
    if math.isnan(estimate.finite_estimate) or estimate.status == Status.UNDEFINED:
        return HeatCell("na" + mark, "—", "")
    shade = bisect.bisect(SHADES, estimate.finite_estimate)
    _, interval = value(estimate)
    return HeatCell(f"h{shade}{mark}", short(estimate.estimate), interval if titles else "")


def short(number: float) -> str:
    """Return a value in at most five characters, if it is not enormous.

    >>> short(0.00021), short(0.0123), short(0.512), short(12.3), short(float("inf"))
    ('0.000', '0.012', '0.51', '12', '∞')
    """
    if not math.isfinite(number):
        return words.small(number)
    if abs(number) < 0.1:
        return f"{max(number, 0.0):.3f}"
    if abs(number) >= 1e4:
        return f"{number:.0e}"
    return f"{number:.2f}" if abs(number) < 10 else f"{number:.0f}"
