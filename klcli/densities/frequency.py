"""Frequencies of cells, as they are or with a constant added to each count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.densities.bins_rules import just_above
from klcli.errors import InputError, UsageError
from klcli.typing import FittedPair

if TYPE_CHECKING:
    from klcli.counts import CountTable, PooledSample
    from klcli.typing import Floats

#: What each name of `--smoothing` adds to every count.
PSEUDOCOUNTS: Final[dict[str, float]] = {
    "none": 0.0,
    "laplace": 1.0,
    "jeffreys": 0.5,
    "krichevsky-trofimov": 0.5,
}

#: More distinct numbers than this are no categories.
MAX_DISTINCT: Final = 100_000

#: Stands in for a total of 0 in a denominator, so that masses come out as 0.
SMALLEST: Final = 1e-300


def pseudocount(smoothing: str | float | None) -> float | None:
    """Return what `smoothing` adds to every count; None if it leaves that to the estimator.

    Raises
    ------
    UsageError
        If the name is unknown, or the number negative or not finite.
    """
    if smoothing is None:
        return None
    if isinstance(smoothing, str):
        if smoothing not in PSEUDOCOUNTS:
            raise UsageError.unknown_choice("smoothing", smoothing, [*PSEUDOCOUNTS, "a number"])
        return PSEUDOCOUNTS[smoothing]
    if not (math.isfinite(smoothing) and smoothing >= 0):
        raise UsageError(f"smoothing {smoothing} is no count", "give a number from 0 up")
    return float(smoothing)


def masses(p: Floats, q: Floats, added: float) -> tuple[Floats, Floats]:
    """Return (count + added) / (total + added·K) of both sides.

    K counts the cells that either side shows; cells that neither shows get no mass. A side
    without any rows gets none at all.

    Parameters
    ----------
    p, q : ndarray of float, shape (..., cells)
        Counts; each row of the last axis is normalised on its own.
    added : float
        The pseudocount.
    """
    extra = added * ((p + q) > 0)
    mass_p, mass_q = (
        (side + extra) / np.maximum(np.sum(side + extra, axis=-1, keepdims=True), SMALLEST)
        for side in (p, q)
    )
    return mass_p, mass_q


def fit_masses(p: Floats, q: Floats, added: float | None) -> FittedPair:
    """Return the logs of `masses`, −inf where a side has none; 1/2 is added where None is."""
    with np.errstate(divide="ignore"):
        log_p, log_q = (np.log(side) for side in masses(p, q, 0.5 if added is None else added))
    return FittedPair(log_p, log_q)


@dataclass(frozen=True, slots=True)
class Frequency:
    """Category frequencies, optionally smoothed.

    For categories, booleans, and numbers with few distinct values.

    Parameters
    ----------
    smoothing : str, float or None
        What is added to each count: ``laplace`` 1, ``jeffreys`` 1/2, or a number.
        ``krichevsky-trofimov`` is 1/2 per category for any number of categories, the same
        as ``jeffreys`` [1]_. ``none`` and 0 leave the counts as they are, so that the plug-in
        estimate is infinite where Q lacks a category of P. None, the default, lets the plug-in
        estimate correct for bias instead.

    Notes
    -----
    Smoothing pulls both sides towards equal frequencies of the cells that either side shows. It
    hides infinite divergences, and the result depends on how many categories there are.

    References
    ----------
    .. [1] R. Krichevsky, V. Trofimov, "The performance of universal encoding", IEEE Transactions
       on Information Theory 27 (1981) 199, doi:10.1109/TIT.1981.1056331: (count + 1/2) /
       (total + K/2) for an alphabet of K letters.
    """

    smoothing: str | float | None = None

    name: ClassVar[str] = "frequency"
    numeric: ClassVar[bool] = False
    categorical: ClassVar[bool] = True

    def __post_init__(self) -> None:
        pseudocount(self.smoothing)

    @property
    def pseudocount(self) -> float | None:
        """What is added to each count, or None."""
        return pseudocount(self.smoothing)

    def layout(self, sample: PooledSample) -> Floats:
        """Give every distinct value of the sample a cell of its own.

        Where the sample is not complete, values that it lacks share the cells between those that
        it holds.

        Returns
        -------
        ndarray of float, shape (boundaries,)

        Raises
        ------
        InputError
            If there are more than 100,000 distinct values.
        """
        values = np.unique(np.concatenate([sample.p, sample.q]))
        if len(values) > MAX_DISTINCT:
            raise InputError(
                f"{len(values):,} distinct numbers are too many to be categories",
                "leave --density at auto, or use --density histogram",
            )
        ends = just_above(values)
        return np.unique(np.concatenate([values, ends[np.isfinite(ends)]]))

    def fit(self, table: CountTable) -> FittedPair:
        """Return the log frequencies.

        Without smoothing asked for, 1/2 is added to each count: a model for others to draw from
        cannot be corrected for bias. With ``none``, what a side never shows is −inf.
        """
        return fit_masses(table.p, table.q, self.pseudocount)
