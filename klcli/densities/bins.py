"""Boundaries of histogram bins, from the pooled sample of both sides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.densities.bins_rules import UNEQUAL, WIDTHS, just_above, tuning
from klcli.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import PooledSample, Summary
    from klcli.typing import Floats

#: More bins than this are refused: one outlier lets `fd` ask for billions.
MAX_BINS: Final = 1 << 16

#: The rule that shows what it tried.
CV: Final = "cv"


def check_bins(bins: str | int | Sequence[float]) -> None:
    """Refuse what is no rule, no number of bins and no list of edges.

    Raises
    ------
    UsageError
        With the rules that there are, or what is wrong with the edges.
    """
    if isinstance(bins, str):
        if bins != CV and bins not in WIDTHS and bins not in UNEQUAL:
            rules = [*WIDTHS, *UNEQUAL, CV, "a number", "edges"]
            raise UsageError.unknown_choice("bins", bins, rules)
    elif isinstance(bins, int):
        if not 1 <= bins <= MAX_BINS:
            raise UsageError(
                f"{bins:,} bins cannot be counted", f"give a number from 1 to {MAX_BINS:,}"
            )
    else:
        edges = np.asarray(bins, float)
        if len(edges) < 2 or not np.all(np.isfinite(edges)) or np.any(np.diff(edges) <= 0):
            raise UsageError(
                f"{', '.join(f'{edge:g}' for edge in edges)} are no edges of bins",
                "give at least two finite numbers in increasing order",
            )


def choose_edges(sample: PooledSample, bins: str | int | Sequence[float]) -> Floats:
    """Return the boundaries of the bins, each closed on the left, the last on both sides.

    Values outside explicit edges fall into two cells of their own, open to ±inf.

    Parameters
    ----------
    sample : PooledSample
        Both sides. Where it is not complete, the range and the number of rows are taken from the
        summaries, and the shape from the sample.
    bins : str, int or sequence of float
        A rule; the number of bins of equal width over the pooled range; or edges.

    Returns
    -------
    ndarray of float, shape (boundaries,)

    Raises
    ------
    InputError
        If a rule asks for more than 65,536 bins, or the range overflows.
    """
    if not isinstance(bins, str | int):
        return closed(np.asarray(bins, float))
    low, high = pooled_range(sample)
    values = pooled_values(sample)
    summaries = (sample.summary_p, sample.summary_q)
    rows = len(values) if sample.complete else sum(map(finite_rows, summaries))
    if low == high:
        return closed(np.array([low - 0.5, high + 0.5]))
    if isinstance(bins, str) and bins in UNEQUAL:
        starts = UNEQUAL[bins](values, rows)
        return _finite(np.unique(np.concatenate([[low], starts, just_above(np.array([high]))])))
    span = high - low
    if not math.isfinite(span):
        raise InputError(
            f"the range from {low:g} to {high:g} is too wide for bins of equal width",
            "use --bins quantile, or --density ratio",
        )
    if bins == CV:
        bins = int(tuning(values).chosen)
    if isinstance(bins, str):
        width = WIDTHS[bins](values, rows, span)
        # A width of 0 (no spread between the quartiles) means a single bin, as in NumPy.
        number = span / width if width > 0 else 1.0
        if number > MAX_BINS:
            raise InputError(
                f"the rule {bins} asks for {number:.3g} bins from {low:g} to {high:g}",
                "use --bins quantile or --bins with a number, or --density ratio",
            )
        bins = math.ceil(number)
    # Where bins are finer than floating-point numbers are spaced, edges coincide.
    return closed(np.unique(np.linspace(low, high, bins + 1)))


def pooled_values(sample: PooledSample) -> Floats:
    """Return the sorted values of both sides, in the proportion of their numbers of rows.

    The side of which an incomplete sample holds the greater share is thinned evenly.
    """
    sides = [(sample.p, finite_rows(sample.summary_p)), (sample.q, finite_rows(sample.summary_q))]
    if sample.complete:
        return np.sort(np.concatenate([sample.p, sample.q]))
    share = min(len(values) / rows for values, rows in sides if len(values))
    thinned = [
        values[np.linspace(0, len(values) - 1, max(1, round(share * rows))).astype(np.intp)]
        for values, rows in sides
        if len(values)
    ]
    return np.sort(np.concatenate(thinned))


def pooled_range(sample: PooledSample) -> tuple[float, float]:
    """Return the smallest and the largest finite value of both sides.

    Raises
    ------
    InputError
        If there are no finite values.
    """
    summaries = (sample.summary_p, sample.summary_q)
    ends = [end for side in (sample.p, sample.q) if len(side) for end in (side[0], side[-1])]
    ends += [end for each in summaries for end in (each.minimum, each.maximum)]
    low, high = float(np.fmin.reduce(ends)), float(np.fmax.reduce(ends))
    if not low <= high:
        raise InputError("there are no finite values", "leave the column out with --exclude")
    return low, high


def finite_rows(summary: Summary) -> int:
    """Return the number of rows with a value, at least 1."""
    return max(1, summary.rows - summary.missing)


def closed(edges: Floats) -> Floats:
    """Move the last edge just beyond itself, so that the value there falls into the last bin."""
    return _finite(np.concatenate([edges[:-1], just_above(edges[-1:])]))


def _finite(edges: Floats) -> Floats:
    # What would lie just beyond the largest float bounds nothing.
    return edges[np.isfinite(edges)]
