"""D(P‖Q) of two histograms on the same bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from klcli.estimators.frequency import plug_in, plug_in_values

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.densities.histogram import Histogram
    from klcli.typing import Floats, Point


@dataclass(frozen=True, slots=True)
class HistogramPlugIn:
    """D(P‖Q) of histograms: the bins are categories, their widths cancel.

    Without smoothing, the estimator of Zhang & Grabchak as in `FrequencyPlugIn`, which corrects
    for the bias of few rows per bin but not for what the bins hide: the truth of the binned
    distributions is at most D. With smoothing (``none`` included), the plain sum that other tools
    report.

    Parameters
    ----------
    density : Histogram
        Holds the bins and the smoothing.
    """

    density: Histogram

    name: ClassVar[str] = "plug-in"

    @property
    def corrects_bias(self) -> bool:
        """Whether the value is that of Zhang & Grabchak, not a plain sum."""
        return self.density.pseudocount is None

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q) with its influence function."""
        return plug_in(table, self.density.pseudocount)

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of `p` and `q`, shape (resamples, cells)."""
        del table
        return plug_in_values(p, q, self.density.pseudocount)
