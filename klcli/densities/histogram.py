"""Densities that are constant between edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.counts import Role
from klcli.densities.bins import CV, check_bins, choose_edges, pooled_values
from klcli.densities.bins_rules import tuning
from klcli.densities.frequency import fit_masses, pseudocount
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import CountTable, PooledSample
    from klcli.results import Tuning
    from klcli.typing import FittedPair, Floats

#: Half of all rows in one bin: what differs among them is not seen.
_COARSE = 0.5


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram on the same bins for both sides.

    To reproduce what others report, and to read the result bin by bin. Whatever differs within a
    bin is lost: the divergence of two histograms is at most that of the densities behind
    them, and with equal widths a single outlier can squeeze all other values into one bin.

    Parameters
    ----------
    bins : str, int or sequence of float
        A rule (``auto``, ``fd``, ``scott``, ``sturges``, ``doane``, ``sqrt``, ``rice``,
        ``stone``, ``knuth``: equal widths; ``cv``: as ``stone``, with what was tried;
        ``blocks``, ``quantile``: unequal ones), the number of
        bins of equal width over the pooled range, or edges, beyond which there is one more cell
        on either side. Rules look at both samples pooled.
    smoothing : str, float or None
        As for `Frequency`: None leaves it to the estimator to correct for bias, ``none`` takes
        the counts as they are, so that D is infinite if P reaches a bin that Q does not.
    """

    bins: str | int | Sequence[float] = "auto"
    smoothing: str | float | None = None

    name: ClassVar[str] = "histogram"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_bins(self.bins)
        pseudocount(self.smoothing)

    @property
    def pseudocount(self) -> float | None:
        """What is added to each count, or None."""
        return pseudocount(self.smoothing)

    def layout(self, sample: PooledSample) -> Floats:
        """Return the boundaries of the bins, shape (boundaries,); see `choose_edges`."""
        return choose_edges(sample, self.bins)

    def layout_tuning(self, sample: PooledSample) -> tuple[Tuning, ...]:
        """Return what ``cv`` tried to cut `sample` into bins; nothing for other rules."""
        if self.bins != CV:
            return ()
        values = pooled_values(sample)
        return (tuning(values),) if values[0] < values[-1] else ()

    def fit(self, table: CountTable) -> FittedPair:
        """Return the log mass of each bin, smoothed as by `Frequency`."""
        return fit_masses(table.p, table.q, self.pseudocount)

    def examine(self, table: CountTable) -> list[Finding]:
        """Return what a reader of the estimate has to know about the bins."""
        pooled = np.where(table.roles == Role.INTERVAL, table.p + table.q, 0.0)
        fullest = int(pooled.argmax())
        share = float(pooled[fullest]) / (table.n_p + table.n_q)
        if share <= _COARSE:
            return []
        return [
            Finding(
                "coarse-bins",
                f"the bin {table.name(fullest)} holds {100 * share:.3g} % of all rows; what "
                "differs among them is not seen, so the estimate is a lower bound",
            )
        ]
