"""Whether the smooth ratio leaves structure that it does not resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import Role
from klcli.quantiles import middle_ranks, without_gaps
from klcli.results import Finding
from klcli.variances import of_squares

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats, Point

#: Standard errors by which the misfit has to exceed its expectation. Sums of thousands of terms
#: are near normal, and there are three scales: a false alarm in some ten thousand columns.
_LIMIT = 4.5
#: Rows in each bin of the three scales, on average; 0 stands for the finest cells there are.
_SCALES = (0, 8, 32)
#: Share of the rows that may lie where values are too rare to be told apart: if those differ as
#: much as the others, they add no larger share to the estimate, which the interval allows for.
_UNTOLD = 0.05


def fitted_ratio(table: CountTable, point: Point) -> Floats:
    """Return p/q of the finite numbers of a table among themselves, shape (numbers,).

    Missing and infinite values, which may be more on one side, have cells beside them.
    """
    numbers = ~table.special
    q = table.q[numbers]
    ratio = 1 - point.influence_q[numbers]
    result: Floats = ratio * (q.sum() / (q @ ratio))
    return result


def expected_rows(fine: CountTable, coarse: CountTable, ratio: Floats) -> tuple[Floats, Floats]:
    """Return how many rows of each fine cell the fitted ratio gives to P, and their variance.

    Parameters as of `unresolved`.
    """
    odds = on_fine_cells(fine, coarse, ratio) * fine.n_p / fine.n_q
    expected: Floats = (fine.p + fine.q) * odds / (1 + odds)
    return expected, expected / (1 + odds)


def on_fine_cells(fine: CountTable, coarse: CountTable, values: Floats) -> Floats:
    """Return for each fine cell the value of the coarse cell that it was merged into."""
    owner = np.searchsorted(np.cumsum(coarse.p + coarse.q), middle_ranks(fine.p + fine.q))
    result: Floats = values[np.minimum(owner, len(values) - 1)]
    return result


def unresolved(fine: CountTable, coarse: CountTable, ratio: Floats) -> Finding | None:
    """Test the fitted ratio against counts on finer cells than it was fitted to.

    Given the pooled count c of a bin, the count of P is binomial with the fitted probability π.
    The excess of (p − cπ)² over its expectation cπ(1−π) is summed over bins at several scales.
    Weighted rows have this expectation on average only: a heavy row in a bin of its own exceeds it.
    They are not told apart at the finest scale, and the noise of the sum is that of its terms.

    Parameters
    ----------
    fine, coarse : CountTable
        Finite numbers: the cells as counted, and as merged for the fit.
    ratio : ndarray, shape (cells of `coarse`,)
        The fitted p/q.
    """
    pooled = fine.p + fine.q
    middle = middle_ranks(pooled)
    expected, spread = expected_rows(fine, coarse, ratio)
    weighted = bool(np.any(pooled != np.round(pooled)))
    for rows in _SCALES[1:] if weighted else _SCALES:
        # Numbered without gaps: of many rows, few bins begin a cell.
        place = np.arange(len(pooled)) if rows == 0 else (middle / rows).astype(int)
        bins = without_gaps(place)
        p, mean, variance, count = (
            np.bincount(bins, each).astype(float) for each in (fine.p, expected, spread, pooled)
        )
        # A bin of one row has (p − π)² = π(1−π) on average and says nothing.
        told = (count >= 2) & (variance > 0)
        if told.sum() < 10:
            continue
        excess = (p - mean)[told] ** 2 - variance[told]
        noise = np.sqrt(np.sum(of_squares(variance[told], count[told])))
        if weighted:
            noise = max(noise, np.sqrt(np.sum(excess**2)))
        # Weighted equally by rows, the fit itself has at most a few dozen degrees of freedom.
        if excess.sum() > _LIMIT * noise:
            return Finding(
                "unresolved",
                f"counts differ between neighbouring values by {excess.sum() / noise:,.0f} standard "
                "errors more than chance and the smooth ratio allow; the true divergence is likely "
                "larger",
            )
    return None


def untold(fine: CountTable) -> Finding | None:
    """Tell how many rows lie on values that share a cell, where values differ from neighbours.

    Parameters
    ----------
    fine : CountTable
        Finite numbers, in cells that count by themselves.
    """
    shared = fine.roles != Role.ATOM
    share = float((fine.p + fine.q)[shared].sum()) / (fine.n_p + fine.n_q)
    if share <= _UNTOLD:
        return None
    return Finding(
        "unresolved",
        "counts differ between neighbouring values more than chance and a smooth ratio allow, and "
        f"{100 * share:.2g} % of the rows lie on values too rare to be told apart; the true divergence is "
        "likely larger",
    )
