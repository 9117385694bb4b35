"""Where in the order of batches a column changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.monitoring.report import ChangePoint
from klcli.monitoring.verdicts import adjusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import DriftResult
    from klcli.typing import Floats

#: With three batches the spread of batches about their means cannot be told from a change.
_FEWEST: Final = 4
#: Expected rows of a cell in a batch of mean size, below which it is merged with others: χ² is
#: then close to the truth (Cochran, Biometrics 10 (1954) 417).
_EXPECTED: Final = 5.0


def change_points(results: Sequence[DriftResult], confidence: float) -> tuple[ChangePoint, ...]:
    """Return where columns changed, at most one place for each.

    For each column the batches are divided into earlier and later ones where the likelihood ratio
    of two multinomials against one is largest [1]_, on the coarse cells that all batches share.
    Batches differ among themselves more than chance has it: time of the week, for example. So the
    ratio is divided by what is left within both parts, per degree of freedom if that is above one
    (quasi-likelihood [2]_), and compared with Fisher's F; p is that of the best place times the
    number of places (Bonferroni, as by Worsley [3]_). A change that explains less than half of
    what the likelihood ratio between all batches exceeds its mean by is none: batches come and
    go. Columns count if p, adjusted for their number (Benjamini-Hochberg), is at most
    1 − confidence.

    References
    ----------
    .. [1] L. Horváth, M. Serbinowska, "Testing for changes in multinomial observations: the
       Lindisfarne Scribes problem", Scand. J. Statist. 22 (1995) 371.
    .. [2] P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd edition, Chapman & Hall
       1989, section 4.5.
    .. [3] K. J. Worsley, "The power of likelihood ratio and cumulative sum tests for a change in a
       binomial probability", Biometrika 70 (1983) 455.
    """
    columns: dict[str, list[DriftResult]] = {}
    for result in results:
        if result.cells:
            columns.setdefault(result.estimate.column, []).append(result)
    found = [(name, batches, split(_counts(batches))) for name, batches in columns.items()]
    q_values = adjusted([p_value for _, _, (_, p_value) in found])
    return tuple(
        ChangePoint(
            name,
            batches[place].batch,
            p_value,
            _mean(batches[:place]),
            _mean(batches[place:]),
        )
        for (name, batches, (place, p_value)), q_value in zip(found, q_values, strict=True)
        if q_value <= 1 - confidence
    )


def _counts(batches: Sequence[DriftResult]) -> Floats:
    """Return the rows of each batch in each coarse cell, shape (batches, cells)."""
    labels = list(dict.fromkeys(cell.label for result in batches for cell in result.cells))
    position = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(batches), len(labels)))
    for row, result in zip(counts, batches, strict=True):
        for cell in result.cells:
            row[position[cell.label]] = cell.share_p * result.estimate.rows[0]
    return counts


def split(counts: Floats) -> tuple[int, float]:
    """Return the first row after the most likely change, and the p-value of there being none.

    Parameters
    ----------
    counts : ndarray of float, shape (batches, cells)
        Rows in each cell.

    Returns
    -------
    place : int
        0 where no change can be told.
    p_value : float
        NaN where no change can be told.
    """
    batches = len(counts)
    counts = _merged(counts)
    cells = counts.shape[1]
    if batches < _FEWEST or cells < 2:
        return 0, math.nan
    from scipy.special import fdtrc

    below = np.cumsum(counts, axis=0)[:-1]
    above = counts.sum(axis=0) - below
    whole = _log_likelihood(counts.sum(axis=0))
    each = float(_log_likelihood(counts).sum())
    parts = _log_likelihood(below) + _log_likelihood(above)
    between, within = 2 * (parts - whole), 2 * (each - parts)
    free, rest = cells - 1, (batches - 2) * (cells - 1)
    statistic = between / free / np.maximum(within / rest, 1.0)
    place = int(statistic.argmax())
    if between[place] - free < within[place] - rest:
        return 0, 1.0  # batches that come and go, not a change that lasts
    p_value = float(fdtrc(free, rest, statistic[place])) * (batches - 1)
    return place + 1, min(p_value, 1.0)


def _merged(counts: Floats) -> Floats:
    """Merge the rarest cells until none is too rare for χ²."""
    order = np.argsort(counts.sum(axis=0), kind="stable")
    needed = _EXPECTED * len(counts)
    columns: list[Floats] = []
    pending = np.zeros(len(counts))
    for cell in order:
        pending = pending + counts[:, cell]
        if pending.sum() >= needed:
            columns.append(pending)
            pending = np.zeros(len(counts))
    if columns:
        columns[-1] = columns[-1] + pending
    return np.stack(columns, axis=1) if columns else np.zeros((len(counts), 0))


def _log_likelihood(counts: Floats) -> Floats:
    """Return Σ x log(x/n) over the last axis."""
    total = counts.sum(axis=-1, keepdims=True)
    shares = np.where(counts > 0, counts, 1.0) / np.maximum(total, 1.0)
    result: Floats = np.sum(np.where(counts > 0, counts * np.log(shares), 0.0), axis=-1)
    return result


def _mean(batches: Sequence[DriftResult]) -> float:
    """Return the mean of the estimates that are numbers."""
    values = [result.estimate.finite_estimate for result in batches]
    known = [value for value in values if math.isfinite(value)]
    return float(sum(known) / len(known)) if known else math.nan
