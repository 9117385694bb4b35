"""What other tools print for the same columns: divergences of histograms, each in its own bins.

A histogram's divergence depends on its bins, on what stands in for an empty one, and on the
direction. None of these numbers has an interval; none is an estimate of D(P‖Q) that the verdicts use.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.monitoring.changes import own_name
from klcli.monitoring.cuts import Cuts, Histogram
from klcli.monitoring.report import Binning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.counts import ColumnTable
    from klcli.monitoring.cuts import DataSide
    from klcli.typing import Floats

#: What Evidently puts for the share of an empty cell, unless a share is smaller still.
FILL: Final = 1e-4

FORWARD, REVERSE, BOTH = "D(batch‖reference)", "D(reference‖batch)", "symmetric"
KL_FORWARD, KL_REVERSE, PSI = "Σ p ln(p/q)", "Σ q ln(q/p)", "Σ (p − q) ln(p/q)"


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
        each.name: Cuts(each, p, q)
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


def _values(histogram: Histogram) -> Iterator[Binning]:
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


def _labels(column: ColumnTable, p: DataSide, q: DataSide) -> Iterator[Histogram]:
    table = column.table
    named = table.subset(table.roles != Role.MISSING)
    if not (named.n_p and named.n_q):
        yield Histogram("categories", np.empty(0), np.empty(0), "")
        return
    rest = any(side.rest(own_name(side, column.name)) is not None for side in (p, q))
    note = "from a profile, which holds rare categories together" if rest else ""
    share_p, share_q = named.p / named.n_p, named.q / named.n_q
    for tool in ("evidently", "categories"):
        yield Histogram(tool, share_p, share_q, "a cell for each category", note)
