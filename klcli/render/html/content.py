"""What the page says: a report of drift turned into the words, numbers and charts of each part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import binning_words, drift_events
from klcli.render import drift_words as words
from klcli.render.drift_events import key
from klcli.render.html import charts, heatmap
from klcli.render.html.cards import Card, card
from klcli.render.html.wording import NAME_WIDTH, Name, column, name, said
from klcli.render.numbers import p_value
from klcli.render.summary import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import DriftReport, DriftResult
    from klcli.render.drift_events import Event

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
class Row:
    """One column in the table of estimates, in the batch where it differs most."""

    verdict: str
    known: bool
    column: Name
    anchor: str
    batch: Name
    drifted: str
    estimate: str
    interval: str
    bar: charts.Bar
    tolerance: str
    noise: str
    p: str
    q: str
    rows: str


@dataclass(frozen=True, slots=True)
class Said:
    """Sentences about a column (or none), each with the batches it holds in."""

    column: Name | None
    anchor: str
    sentences: tuple[tuple[str, str], ...]


class Content:
    """The parts of the page, for a report and the room there is."""

    def __init__(self, report: DriftReport, limits: Limits) -> None:
        self.report = report
        self.limits = limits
        self.many = len(report.batches) > 1
        self.axis = charts.scale(report.results, BAR_LENGTH)
        self._places = {batch.name: place for place, batch in enumerate(report.batches)}
        self._columns = drift_events.by_column(report)
        self._anchors = {
            key(results[0]): f"c{place}"
            for place, results in enumerate(self._columns[: limits.cards], start=1)
        }

    def rows(self) -> list[Row]:
        """Return the table of estimates, what matters first."""
        return [self._row(results) for results in self._columns[: self.limits.rows]]

    def rows_left_out(self) -> int:
        """Return how many columns the table of estimates does not show."""
        return len(self._columns) - len(self._columns[: self.limits.rows])

    def _row(self, results: Sequence[DriftResult]) -> Row:
        worst = results[0]
        estimate, interval = value(worst.estimate)
        drifted = sum(result.verdict == Verdict.DRIFT for result in results)
        wanted = worst.rows_to_decide
        return Row(
            verdict=worst.verdict,
            known=words.is_known(worst),
            column=column(worst),
            anchor=self._anchors.get(key(worst), ""),
            batch=name(worst.batch),
            drifted=f"{drifted} of {len(results)}",
            estimate=estimate,
            interval=interval,
            bar=charts.bar(worst, self.axis),
            tolerance=f"{worst.tolerance:g}",
            noise=floor(worst.estimate.noise_floor),
            p=p_value(worst.estimate.p_value),
            q=p_value(worst.q_value),
            rows=f"{words.round_up(wanted):,}" if math.isfinite(wanted) else "",
        )

    def heat_map(self) -> heatmap.HeatMap:
        """Return columns × batches."""
        anchors = list(self._anchors.values())
        return heatmap.heat_map(self._columns, self.report.batches, anchors, self.limits.grid)

    def cards(self) -> list[Card]:
        """Return the columns with charts, what matters first."""
        return [
            self._card(results, number, anchor)
            for number, (results, anchor) in enumerate(
                zip(self._columns, self._anchors.values(), strict=False)
            )
        ]

    def cards_left_out(self) -> int:
        """Return how many columns have no charts."""
        return len(self._columns) - len(self._anchors)

    def _card(self, results: Sequence[DriftResult], number: int, anchor: str) -> Card:
        trend = None
        if self.many and len(results) > 1:
            changed = {point.column: point.batch for point in self.report.change_points}
            start = changed.get(results[0].estimate.column)
            trend = charts.trend(results, self._places, start)
        return card(
            results,
            self._places,
            unit=self.report.unit,
            anchor=anchor,
            cells=self.limits.cells if number < self.limits.tables else 0,
            smalls=self.limits.smalls,
            trend=trend,
            others=number < self.limits.tables,
        )

    def changes(self) -> list[Said]:
        """Return what happened, in words, column by column."""
        by_column: dict[tuple[str, bool], list[tuple[str, str]]] = {}
        for event in drift_events.changes(self.report):
            if event.column is not None:
                by_column.setdefault(event.column, []).append(self._sentence(event))
        return [
            Said(
                Name("all columns together") if about[1] else name(about[0]),
                self._anchors.get(about, ""),
                tuple(sentences),
            )
            for about, sentences in by_column.items()
        ]

    def findings(self) -> list[Said]:
        """Return what concerns the run and whole batches."""
        events = drift_events.findings(self.report)
        return [Said(None, "", (self._sentence(event),)) for event in events]

    def _sentence(self, event: Event) -> tuple[str, str]:
        where = ""
        if event.batch is not None and (self.many or event.column is None):
            where = words.name(event.batch, NAME_WIDTH)
            if event.others:
                where += f" and {words.others(event.others)}"
        return said(event.message), where

    def others(self) -> list[str]:
        """Return what other tools compute, if that was asked for."""
        return binning_words.legend(self.report.results)

    def methods(self) -> list[tuple[str, str]]:
        """Return how the columns were estimated, and how many so."""
        used: dict[str, set[tuple[str, bool]]] = {}
        for result in self.report.results:
            estimate = result.estimate
            if not estimate.density:
                continue
            how = f"{estimate.density} density, {estimate.estimator} estimator"
            if estimate.interval:
                how += f", {estimate.interval} interval"
            reason = said(estimate.reason)
            used.setdefault(f"{how}; {reason}" if reason else how, set()).add(key(result))
        ordered = sorted(used.items(), key=lambda item: -len(item[1]))
        return [(how, words.plural(len(columns), "column")) for how, columns in ordered[:10]]


def floor(number: float) -> str:
    """Return a noise floor, whose digits beyond the fourth nobody needs.

    >>> floor(0.00003), floor(0.0123), floor(float("nan"))
    ('<0.0001', '0.0123', '—')
    """
    return "<0.0001" if number < 1e-4 else words.small(round(number, 4))
