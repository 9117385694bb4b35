"""What other tools print for the same columns: divergences of histograms, each in its own bins.

A histogram's divergence depends on its bins, on what stands in for an empty one, and on the
direction. None of these numbers has an interval; none is an estimate of D(P‖Q) that the verdicts use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.profiles.side import ProfileSide
from klcli.monitoring.changes import own_name
from klcli.monitoring.report import Binning
from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import ColumnTable
    from klcli.data.kept import KeptSide
    from klcli.typing import Floats

    DataSide = KeptSide | ProfileSide

#: Evidently counts numbers of which the reference shows at most so many value by value.
MOST_VALUES: Final = 20
#: What Evidently puts for the share of an empty cell, unless a share is smaller still.
FILL: Final = 1e-4
#: Numbers of equal bins in common use.
WIDTHS: Final = (10, 20, 30)

FORWARD, REVERSE, BOTH = "D(batch‖reference)", "D(reference‖batch)", "symmetric"
KL_FORWARD, KL_REVERSE, PSI = "Σ p ln(p/q)", "Σ q ln(q/p)", "Σ (p − q) ln(p/q)"


@dataclass(frozen=True, slots=True, eq=False)
class _Histogram:
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


def binnings(
    columns: Sequence[ColumnTable], p: DataSide, q: DataSide
) -> dict[str, tuple[Binning, ...]]:
    """Return what other tools print, for each column that can be estimated.

    Parameters
    ----------
    columns : sequence of ColumnTable
        Columns of a batch and its reference.
    p, q : KeptSide or ProfileSide
        Batch and reference, which have tabulated these columns. Each is counted once more, for
        all columns together: histograms are exact at any number of rows.

    Returns
    -------
    dict of str to tuple of Binning
        By name of the column. Missing values and infinities are left out, as those tools do.
    """
    able = [each for each in columns if each.undefined is None]
    cuts = {
        each.name: _Cuts(each, p, q)
        for each in able
        if each.table.ordered and not (p.weighted or q.weighted)
    }
    p_names = {name: own_name(p, name) for name in cuts}
    q_names = {name: own_name(q, name) for name in cuts}
    bounds = {name: each.bounds() for name, each in cuts.items()}
    counts_p = p.count({p_names[name]: edges for name, edges in bounds.items()})
    counts_q = q.count({q_names[name]: edges for name, edges in bounds.items()})
    found: dict[str, tuple[Binning, ...]] = {}
    for column in able:
        name = column.name
        if p.weighted or q.weighted:
            found[name] = (_none("no tool of these knows weights"),)
        elif name in cuts:
            counts = counts_p[p_names[name]], counts_q[q_names[name]]
            found[name] = tuple(
                each
                for histogram in cuts[name].histograms(bounds[name], *counts)
                for each in _values(histogram)
            )
        else:
            found[name] = tuple(
                each for histogram in _labels(column, p, q) for each in _values(histogram)
            )
    return found


def _none(note: str) -> Binning:
    return Binning("none", "", "", "", "", math.nan, 0, 0, note)


def _values(histogram: _Histogram) -> Iterator[Binning]:
    """Compute what a tool prints from its histogram; nats, as all of them do."""
    p, q, cells = histogram.p, histogram.q, len(histogram.p)
    empty = int(np.count_nonzero((p == 0) | (q == 0)))
    about, note = histogram.about, histogram.note
    if not cells or not p.any() or not q.any():
        yield _none(f"{histogram.tool}: no number on one side")
        return
    if histogram.tool == "fixed-width":
        name, tool = f"fixed-width-{cells - 2}", f"{cells - 2} equal bins"
        number = plain_divergence(p, q)
        yield Binning(name, tool, about, FORWARD, KL_FORWARD, number, cells, 0, note)
        number = stability_index(filled(p), filled(q))
        name, tool = f"{name}-psi", f"PSI by {tool}"
        yield Binning(name, tool, about, BOTH, PSI, number, cells, empty, note)
    elif histogram.tool == "categories":
        number = plain_divergence(p, q)
        yield Binning(
            "categories", "shares as they are", about, FORWARD, KL_FORWARD, number, cells, 0, note
        )
    elif histogram.tool == "psi":
        number = stability_index(filled(p), filled(q))
        tool = "PSI by deciles"
        yield Binning("psi-deciles", tool, about, BOTH, PSI, number, cells, empty, note)
    else:
        full_p, full_q = filled(p), filled(q)
        # SciPy's entropy, which Evidently calls, makes both sum to 1 again.
        number = plain_divergence(full_q / full_q.sum(), full_p / full_p.sum())
        tool = "Evidently kl_div"
        yield Binning("evidently-kl", tool, about, REVERSE, KL_REVERSE, number, cells, empty, note)
        number, tool = stability_index(full_p, full_q), "Evidently psi"
        yield Binning("evidently-psi", tool, about, BOTH, PSI, number, cells, empty, note)


def filled(shares: Floats) -> Floats:
    """Return shares with something in the place of 0, as Evidently 0.7 chooses it.

    >>> filled(np.array([0.5, 0.0, 0.5])).tolist()
    [0.5, 0.0001, 0.5]
    """
    least = float(shares[shares > 0].min())
    return np.where(shares == 0, least / 10**6 if least <= FILL else FILL, shares)


def plain_divergence(p: Floats, q: Floats) -> float:
    """Return Σ p ln(p/q) of two lists of shares: ∞ where Q has nothing and P has."""
    held = p > 0
    if np.any(q[held] == 0):
        return math.inf
    return float(np.sum(p[held] * np.log(p[held] / q[held])))


def stability_index(p: Floats, q: Floats) -> float:
    """Return the population stability index Σ (p − q) ln(p/q), no share being 0."""
    return float(np.sum((p - q) * np.log(p / q)))


class _Cuts:
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

    def histograms(self, bounds: Floats, p: Floats, q: Floats) -> Iterator[_Histogram]:
        """Turn counts between all bounds into the histograms of each tool."""
        if not self._sets:
            yield _Histogram("numbers", np.empty(0), np.empty(0), "")
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
            yield _Histogram(tool, share_p, share_q, about, note)

    def _by_value(self) -> _Histogram:
        values = np.unique(np.concatenate([self._p, self._q]))
        share_p, share_q = (
            np.diff(np.searchsorted(side, values), append=len(side)) / len(side)
            for side in (self._p, self._q)
        )
        note = "from a sample of the rows" if self._sampled else ""
        return _Histogram("evidently", share_p, share_q, "a cell for each value", note)


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


def _labels(column: ColumnTable, p: DataSide, q: DataSide) -> Iterator[_Histogram]:
    table = column.table
    named = table.subset(table.roles != Role.MISSING)
    if not (named.n_p and named.n_q):
        yield _Histogram("categories", np.empty(0), np.empty(0), "")
        return
    rest = any(side.rest(own_name(side, column.name)) is not None for side in (p, q))
    note = "from a profile, which holds rare categories together" if rest else ""
    share_p, share_q = named.p / named.n_p, named.q / named.n_q
    for tool in ("evidently", "categories"):
        yield _Histogram(tool, share_p, share_q, "a cell for each category", note)
