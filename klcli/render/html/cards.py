"""All about one column: its distributions, its course over the batches, and its cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.cells import OTHER
from klcli.monitoring.report import Verdict
from klcli.render import binning_words
from klcli.render import drift_words as words
from klcli.render.html import charts
from klcli.render.html.wording import Name, name, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import Cell, DriftResult

#: An axis has room for the labels of so many cells.
MOST_LABELS: Final = 12


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell of a column in words."""

    label: str
    p: str
    q: str
    contribution: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Both distributions of one column in one batch.

    Attributes
    ----------
    labels : tuple of str
        Of every cell, where there is room.
    ends : tuple of str
        Else of the first, middle and last one.
    note : str
        What is not drawn.
    """

    batch: Name
    verdict: str
    chart: charts.Distributions
    labels: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """All about one column; the batch is the one that differs most.

    Attributes
    ----------
    cells, rest, total
        Cells that contribute most, the others together, and the sum.
    smalls : tuple of Figure
        Other batches that drifted or are undecided, in order.
    more : int
        How many of those are not shown.
    known : bool
        Whether a baseline has the verdict.
    others : tuple of Row
        What other tools print.
    """

    anchor: str
    column: Name
    kind: str
    verdict: str
    batch: Name
    sentence: str
    notes: tuple[str, ...]
    figure: Figure | None
    trend: charts.Trend | None
    cells: tuple[CellRow, ...]
    rest: CellRow | None
    total: str
    smalls: tuple[Figure, ...]
    more: int
    known: bool
    others: tuple[binning_words.Row, ...]


def card(
    results: Sequence[DriftResult],
    places: dict[str, int],
    *,
    unit: str,
    anchor: str,
    cells: int,
    smalls: int,
    trend: charts.Trend | None,
    others: bool = True,
) -> Card:
    """Return the card of a column, whose `results` begin with what matters most."""
    worst, *rest_of = results
    estimate = worst.estimate
    sentence = words.sentence(worst, unit)
    notes = [each.message + words.mark(each.code in worst.known) for each in worst.changes]
    notes += [each.message for each in estimate.warnings]
    listed = largest(worst.cells, cells) if cells else []
    rest = [cell for cell in worst.cells if cell not in listed] if listed else []
    telling = [each for each in rest_of if each.verdict != Verdict.STABLE and each.cells]
    shown = sorted(telling[:smalls], key=lambda result: places[result.batch])
    return Card(
        anchor=anchor,
        column=Name(words.column_name(worst)),
        kind=estimate.kind,
        verdict=worst.verdict,
        batch=name(worst.batch),
        sentence=said(sentence),
        notes=tuple(dict.fromkeys(said(note) for note in notes if note not in sentence)),
        figure=_figure(worst) if worst.cells else None,
        trend=trend,
        cells=tuple(map(_cell_row, listed)),
        rest=_pooled(rest) if rest else None,
        total=words.small(_sum(worst.cells)) if listed else "",
        smalls=tuple(_small(result) for result in shown),
        more=len(telling) - len(shown),
        known=words.is_known(worst),
        others=tuple(map(binning_words.row, worst.binnings)) if others else (),
    )


def _small(result: DriftResult) -> Figure:
    cells, _ = _drawn(result.cells)
    return Figure(name(result.batch), result.verdict, charts.distributions(cells))


def _figure(result: DriftResult) -> Figure:
    cells, note = _drawn(result.cells)
    labels: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    ranges = [cell for cell in cells if not math.isnan(cell.lower)]
    if len(cells) <= MOST_LABELS and not any(map(charts.is_range, cells)):
        labels = tuple(words.name(cell.label, 12) for cell in cells)
    elif ranges:
        chosen = [ranges[0], ranges[len(ranges) // 2], ranges[-1]]
        if cells[-1] is not ranges[-1]:
            chosen.append(cells[-1])
        ends = tuple(dict.fromkeys(words.name(cell.label, 24) for cell in chosen))
    chart = charts.distributions(cells)
    return Figure(name(result.batch), result.verdict, chart, labels, ends, note)


def _drawn(cells: Sequence[Cell]) -> tuple[Sequence[Cell], str]:
    """Return the cells to draw: without a pool of rare values beside which no other is seen."""
    own = [cell for cell in cells if cell.label != OTHER]
    most = max((max(cell.share_p, cell.share_q) for cell in own), default=0.0)
    for cell in cells:
        if cell.label == OTHER and min(cell.share_p, cell.share_q) > most > 0:
            batch, reference = words.share(cell.share_p), words.share(cell.share_q)
            return (
                own,
                f"not drawn: other values, {batch} of the batch, {reference} of the reference",
            )
    return cells, ""


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
        words.plural(len(cells), "more cell"),
        words.share(math.fsum(_number(cell.share_p) for cell in cells)),
        words.share(math.fsum(_number(cell.share_q) for cell in cells)),
        words.small(_sum(cells)),
    )


def _sum(cells: Sequence[Cell]) -> float:
    parts = [cell.contribution for cell in cells]
    # fsum refuses ∞ − ∞, and one infinite part decides.
    return math.inf if math.inf in parts else math.fsum(map(_number, parts))


def _number(number: float) -> float:
    return number if math.isfinite(number) else 0.0
