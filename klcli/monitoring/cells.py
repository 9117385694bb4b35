"""Coarse cells of a column, the same for all batches: what moved, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.count import printable
from klcli.data.wording import number
from klcli.estimation.between import between
from klcli.monitoring.report import Cell
from klcli.results import Kind

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.data.kept import KeptSide
    from klcli.data.profiles.side import ProfileSide
    from klcli.typing import Bools, Floats

#: Values or categories of the reference that get a cell of their own. With the cells for other,
#: new, infinite and missing values, a column has at most 24: what still fits on a page.
MOST_VALUES: Final = 20
#: Bounds of quantile cells of continuous numbers.
EDGES: Final = 11
#: Share of the reference from which a value among continuous numbers gets a cell of its own. There
#: are then at most eight, which divide the numbers between them into nine more cells.
ATOM_SHARE: Final = 1 / 8
#: Nats, or share of the rows, of an empty cell that come from rounding.
_ROUNDING: Final = 1e-12
NEW, OTHER, MISSING = "(new values)", "(other values)", "(missing)"


@dataclass(frozen=True, slots=True, eq=False)
class NumberCells:
    """Cells of numbers.

    Attributes
    ----------
    bounds : ndarray of float, shape (bounds,)
        Strictly increasing; what lies outside has open cells.
    kind : str
        How bounds are written.
    discrete : bool
        Whether the cells are single values, and what lies between them has one cell together.
    """

    bounds: Floats
    kind: str
    discrete: bool = False

    def cells(self, fine: CountTable, reduced: CountTable, contributions: Floats) -> list[Cell]:
        """Add up counts of `fine` and contributions of `reduced` cells."""
        p, q = (
            between(fine, rows / total, self.bounds)
            for rows, total in ((fine.p, fine.n_p), (fine.q, fine.n_q))
        )
        shares = [
            np.where(p > _ROUNDING, p, 0.0),
            np.where(q > _ROUNDING, q, 0.0),
            between(reduced, contributions, self.bounds),
        ]
        lower = np.concatenate([[-np.inf], self.bounds])
        upper = np.concatenate([self.bounds, [np.inf]])
        cells = [
            Cell(self._label(low, high), mine, theirs, part, low, high)
            for low, high, mine, theirs, part in zip(
                *(column.tolist() for column in (lower, upper, *shares)), strict=True
            )
        ]
        nan = float("nan")
        if self.discrete:
            gaps = [cell for cell in cells if np.nextafter(cell.lower, np.inf) != cell.upper]
            cells = [cell for cell in cells if cell not in gaps]
            sums = np.sum([[c.share_p, c.share_q, c.contribution] for c in gaps], axis=0)
            mine, theirs, part = (float(each) for each in sums)
            cells.append(Cell(OTHER, mine, theirs, part, nan, nan))
        for label, value in (("-inf", -np.inf), ("inf", np.inf)):
            cells.append(Cell(label, *_at(fine, reduced, contributions, value), value, value))
        cells.append(Cell(MISSING, *_at(fine, reduced, contributions, nan), nan, nan))
        return cells

    def _label(self, low: float, high: float) -> str:
        if np.nextafter(low, np.inf) == high:
            return number(low, self.kind)
        if low == -np.inf:
            return f"below {number(high, self.kind)}"
        if high == np.inf:
            return f"from {number(low, self.kind)}"
        return f"{number(low, self.kind)} … {number(high, self.kind)}"


@dataclass(frozen=True, slots=True, eq=False)
class LabelCells:
    """Cells of categories: those of the reference, the most frequent ones if there are many.

    Attributes
    ----------
    own : tuple of str
        Labels with a cell of their own.
    known : frozenset of str
        All labels of the reference.
    """

    own: tuple[str, ...]
    known: frozenset[str]

    def cells(
        self,
        fine: CountTable,
        reduced: CountTable,  # noqa: ARG002 - categories are never merged
        contributions: Floats,
    ) -> list[Cell]:
        """Add up counts and contributions of cells."""
        names = [*self.own, OTHER, NEW, MISSING]
        position = {name: number for number, name in enumerate(self.own)}
        target = np.array([
            len(names) - 1
            if role == Role.MISSING
            else position.get(label, len(self.own) + (label not in self.known))
            for label, role in zip(fine.labels, fine.roles.tolist(), strict=True)
        ])  # fmt: skip
        p, q, part = (
            np.bincount(target, weights=weights, minlength=len(names)).tolist()
            for weights in (fine.p / fine.n_p, fine.q / fine.n_q, contributions)
        )
        nan = float("nan")
        return [
            Cell(name, *numbers, nan, nan)
            for name, numbers in zip(names, zip(p, q, part, strict=True), strict=True)
        ]


def plan(reference: KeptSide | ProfileSide, name: str, kind: str) -> NumberCells | LabelCells:
    """Choose the cells of a column from the reference alone, so that batches share them."""
    if name in reference.labels:
        counts = (
            reference.labels[name].counts().sort(["weight", "label"], descending=[True, False])
        )
        labels = [printable(label) for label in counts["label"].to_list()]
        return LabelCells(tuple(labels[:MOST_VALUES]), frozenset(labels))
    # Lists, records and bytes are not read.
    values = reference.finite(name) if name in reference.numbers else np.empty(0)
    if not len(values):
        return NumberCells(np.empty(0), kind)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    times = np.diff(starts, append=len(values))
    distinct = values[starts]
    if len(distinct) <= MOST_VALUES:
        return NumberCells(_bounds(np.empty(0), distinct), kind, discrete=True)
    repeated = times >= len(values) * ATOM_SHARE
    atoms = distinct[repeated]
    others = values[np.repeat(~repeated, times)]
    # Eleven bounds make twelve cells; each atom adds up to two.
    count = min(EDGES, MOST_VALUES - 2 * len(atoms))
    steps = np.arange(1, count + 1) * len(others) // (count + 1)
    return NumberCells(_bounds(_rounded(others[steps], kind), atoms), kind)


def _bounds(edges: Floats, atoms: Floats) -> Floats:
    bounds = np.concatenate([edges, atoms, np.nextafter(atoms, np.inf)])
    return np.array(sorted(set(bounds.tolist())))


def coarse(
    cells: NumberCells | LabelCells,
    fine: CountTable,
    reduced: CountTable,
    contributions: Floats,
    total: float,
) -> tuple[Cell, ...]:
    """Return the cells that hold anything; their contributions sum to `total`."""
    difference = total - contributions.sum()
    sizes = np.abs(contributions)
    if sizes.sum() == 0:
        sizes = reduced.p
    adjusted = contributions + difference * sizes / sizes.sum()
    return tuple(
        cell
        for cell in cells.cells(fine, reduced, adjusted)
        if cell.share_p > 0 or cell.share_q > 0 or abs(cell.contribution) > _ROUNDING
    )


def _rounded(edges: Floats, kind: str) -> Floats:
    """Round edges to the leading digit of the gaps between them, so that they can be read."""
    edges = np.array(sorted(set(edges.tolist())))
    if len(edges) < 2:
        return edges
    gaps = np.diff(edges)
    nearest = np.minimum(np.append(gaps, np.inf), np.concatenate([[np.inf], gaps]))
    if kind == Kind.DATETIME:
        units = np.array([86400.0, 3600.0, 60.0, 1.0])
        step = units[np.minimum(np.searchsorted(-units, -nearest), len(units) - 1)]
        rounded: Floats = np.round(edges / step) * step
        return rounded
    # Dividing by a power of ten gives 0.1 where multiplying with its inverse would not.
    digits = -np.floor(np.log10(nearest)).astype(int)
    return np.array(
        [round(edge, digit) for edge, digit in zip(edges, digits.tolist(), strict=True)]
    )


def _at(
    fine: CountTable, reduced: CountTable, contributions: Floats, value: float
) -> tuple[float, float, float]:
    """Return shares and contribution of the cell of ±inf, or of missing values where NaN."""

    def here(table: CountTable) -> Bools:
        infinite = (table.lower == value) & (table.roles == Role.ATOM)
        chosen: Bools = table.roles == Role.MISSING if np.isnan(value) else infinite
        return chosen

    return (
        float(fine.p[here(fine)].sum() / fine.n_p),
        float(fine.q[here(fine)].sum() / fine.n_q),
        float(contributions[here(reduced)].sum()),
    )
