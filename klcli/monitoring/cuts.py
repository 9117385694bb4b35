"""Where other tools cut the numbers of a column, and how many rows lie between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.profiles.side import ProfileSide
from klcli.monitoring.changes import own_name
from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.counts import ColumnTable
    from klcli.data.kept import KeptSide
    from klcli.typing import Floats

    DataSide = KeptSide | ProfileSide

#: Evidently counts numbers of which the reference shows at most so many value by value.
MOST_VALUES: Final = 20
#: Numbers of equal bins in common use.
WIDTHS: Final = (10, 20, 30)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Shares of P and Q in the cells of one tool.

    Attributes
    ----------
    tool : str
        Whose cells they are: "evidently", "psi" or "fixed-width".
    p, q : ndarray of float, shape (cells,)
        Shares; they need not sum to 1 where a tool leaves rows out.
    about : str
        What the cells are, in words.
    note : str
        Why the number may differ from what the tool prints.
    """

    tool: str
    p: Floats
    q: Floats
    about: str
    note: str = ""


class Cuts:
    """Where other tools cut a column of numbers."""

    def __init__(self, column: ColumnTable, p: DataSide, q: DataSide) -> None:
        self._column = column
        names = own_name(p, column.name), own_name(q, column.name)
        self._p, self._q = (side.finite(name) for side, name in zip((p, q), names, strict=True))
        self._rows = [side.numbers[name].finite for side, name in zip((p, q), names, strict=True)]
        whole = [side.whole(name) for side, name in zip((p, q), names, strict=True)]
        self._sampled = not all(whole)
        self._profiled = any(
            isinstance(side, ProfileSide) and not here
            for side, here in zip((p, q), whole, strict=True)
        )
        self._integers = all(
            _integers(side, name, values)
            for side, name, values in zip((p, q), names, (self._p, self._q), strict=True)
        )
        self._single = all(
            not isinstance(side, ProfileSide) and side.single(name)
            for side, name in zip((p, q), names, strict=True)
        )
        self._sets = dict(self._edges()) if len(self._p) and len(self._q) else {}

    def bounds(self) -> Floats:
        """Return all bounds together: one count serves all tools."""
        if not self._sets:
            return np.empty(0)
        return np.unique(np.concatenate([*self._sets.values()]))

    def _edges(self) -> Iterator[tuple[str, Floats]]:
        column = self._column
        if self._evidently_bins():
            low = min(column.p.minimum, column.q.minimum)
            high = max(column.p.maximum, column.q.maximum)
            edges = sturges(low, high, sum(self._rows), self._integers)
            if self._single:
                # NumPy keeps edges of single precision where all values are.
                edges = edges.astype(np.float32).astype(float)
            yield "evidently", _closed(edges)
        yield "psi", np.unique(np.quantile(self._q, np.arange(1, 10) / 10))
        for number in WIDTHS:
            equal = np.linspace(column.q.minimum, column.q.maximum, number + 1)
            yield f"fixed-width-{number}", _closed(equal)

    def _evidently_bins(self) -> bool:
        distinct = 1 + int(np.count_nonzero(np.diff(self._q)))
        return self._column.kind == Kind.NUMERIC and distinct > MOST_VALUES

    def histograms(self, bounds: Floats, p: Floats, q: Floats) -> Iterator[Histogram]:
        """Turn counts between all bounds into the histograms of each tool."""
        if not self._sets:
            yield Histogram("numbers", np.empty(0), np.empty(0), "")
            return
        below = [np.cumsum(counts[1:-2]) for counts in (p, q)]
        profile = "from a profile, whose counts between its cells are interpolated"
        exact = profile if self._profiled else ""
        sampled = exact or ("edges from a sample of the rows" if self._sampled else "")
        if "evidently" not in self._sets and self._column.kind != Kind.DATETIME:
            yield self._by_value()
        for name, edges in self._sets.items():
            places = np.searchsorted(bounds, edges)
            inside = [np.diff(sums[places]) for sums in below]
            if name != "evidently":
                outside = [(sums[places[0]], sums[-1] - sums[places[-1]]) for sums in below]
                inside = [
                    np.concatenate([[low], counts, [high]])
                    for counts, (low, high) in zip(inside, outside, strict=True)
                ]
            share_p, share_q = (
                counts / sums[-1] for counts, sums in zip(inside, below, strict=True)
            )
            tool, about, note = name, "", exact
            if name == "evidently":
                about = "equal bins over both sides, as many as Sturges' rule says"
            elif name == "psi":
                about, note = "tenths of the reference", sampled
            else:
                tool = "fixed-width"
                about = "over the range of the reference, and a cell beyond each end"
            yield Histogram(tool, share_p, share_q, about, note)

    def _by_value(self) -> Histogram:
        values = np.unique(np.concatenate([self._p, self._q]))
        share_p, share_q = (
            np.diff(np.searchsorted(side, values), append=len(side)) / len(side)
            for side in (self._p, self._q)
        )
        note = "from a sample of the rows" if self._sampled else ""
        return Histogram("evidently", share_p, share_q, "a cell for each value", note)


def sturges(low: float, high: float, rows: int, integers: bool) -> Floats:
    """Return the edges of ``numpy.histogram_bin_edges(values, "sturges")`` from what it looks at.

    Bins of integers are at least 1 wide, as in NumPy since version 2.

    Examples
    --------
    >>> sturges(0.0, 8.0, 8, integers=False).tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    width = (high - low) / (np.log2(rows) + 1.0)
    if integers and width < 1:
        width = 1.0
    number = math.ceil((high - low) / width) if width else 1
    return np.linspace(low, high, number + 1)


def _closed(edges: Floats) -> Floats:
    """Let the last cell hold its upper edge, as the last one of ``numpy.histogram`` does."""
    return np.append(edges[:-1], np.nextafter(edges[-1], np.inf))


def _integers(side: DataSide, name: str, values: Floats) -> bool:
    """Whether pandas, which those tools read with, holds a column as integers."""
    if side.gaps[name].missing:
        return False
    if isinstance(side, ProfileSide):
        return bool(np.all(values == np.round(values)))
    return bool(side.table.schema[name].is_integer())
