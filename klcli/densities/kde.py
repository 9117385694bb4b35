"""Gaussian kernel densities on a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.densities.bands import of_kernels
from klcli.densities.bandwidth import check_bandwidth, choose_bandwidth, tuning
from klcli.densities.bins import closed, finite_rows, pooled_range
from klcli.densities.kde_grid import Grid
from klcli.densities.smoother import Smoother
from klcli.errors import InputError
from klcli.results import Finding
from klcli.typing import FittedPair

if TYPE_CHECKING:
    from klcli.counts import CountTable, PooledSample, Summary
    from klcli.densities.bandwidth import Bandwidth
    from klcli.results import Tuning
    from klcli.typing import Floats, LogRatio

#: Fewest and most cells of the grid, before the margins. On five pairs of 200 to 100,000 rows,
#: 16 times as many cells changed D by less than 0.0003 nats, a fiftieth of its standard error.
LEAST_CELLS: Final = 1 << 10
MOST_CELLS: Final = 1 << 17
#: Cells per bandwidth that the narrower kernel needs.
FINENESS: Final = 8
#: Bandwidths by which the grid reaches beyond the outermost rows: 1e-9 of a kernel lies further.
MARGIN: Final = 6
#: Mass beyond the edges worth a warning, above what lies there without an edge: of 40 normal
#: samples each of 20 to 10,000 rows, nine in ten had less there than 6 rows are worth.
NOTABLE_LEAK: Final = 0.003
USUAL_ROWS: Final = 6


@dataclass(frozen=True, slots=True)
class Kde:
    """Gaussian kernel densities, each side with a bandwidth of its own.

    For smooth columns without heavy tails, sharp edges or repeated values. At a sharp edge the
    kernel leaks mass to the other side (see `leak`), which biases D; where P reaches beyond
    Q, log q falls as a parabola whatever Q's tail is, and D is too high.

    Parameters
    ----------
    bandwidth : str or float
        ``isj`` (Botev's improved Sheather-Jones; Silverman's where that finds none),
        ``silverman``, ``scott``, ``cv`` (leave-one-out likelihood), or the standard deviation of
        the kernel in the unit of the data.
    """

    bandwidth: str | float = "isj"

    name: ClassVar[str] = "kde"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False
    #: Log densities beyond the data are made up by the kernel's tail.
    extrapolates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_bandwidth(self.bandwidth)

    def layout(self, sample: PooledSample) -> Floats:
        """Return the bounds of at least 1,024 cells of equal width, at least 8 a bandwidth.

        Raises
        ------
        InputError
            If that takes more than 131,072 cells, or a side is constant, or the range is not
            finite or too narrow for floating-point numbers.
        """
        low, high = pooled_range(sample)
        if isinstance(self.bandwidth, float | int) and low == high:
            low, high = low - self.bandwidth, high + self.bandwidth
        span = high - low
        if not math.isfinite(span) or span / MOST_CELLS <= 4 * np.spacing(max(-low, high)):
            raise InputError(
                f"the range from {low:g} to {high:g} cannot be divided for a kernel density",
                "use --density ratio",
            )
        if isinstance(self.bandwidth, float | int) and not (
            1 / MOST_CELLS < self.bandwidth / span < MOST_CELLS
        ):
            raise InputError(
                f"bandwidth {self.bandwidth:g} does not fit the range from {low:g} to {high:g}",
                "give a bandwidth between a hundredth of that range and all of it",
            )
        cells = LEAST_CELLS
        while True:
            bounds = np.linspace(low, high, cells + 1)
            detail = min(
                self._detail(side, summary, bounds)
                for side, summary in ((sample.p, sample.summary_p), (sample.q, sample.summary_q))
                if len(side)
            )
            if FINENESS * span / cells <= detail:
                return closed(bounds)
            needed = 2 ** math.ceil(math.log2(FINENESS * span / detail))
            if needed > MOST_CELLS:
                raise InputError(
                    f"the range from {low:g} to {high:g} is {span / detail:.3g} times the "
                    f"{detail:.3g} that a kernel density has to resolve",
                    "use --density ratio; or --bandwidth silverman, if values repeat",
                )
            cells = max(needed, 2 * cells)

    def _detail(self, values: Floats, summary: Summary, bounds: Floats) -> float:
        """Return what the cells have to resolve: the bandwidth, as far as they can tell it."""
        counts = np.histogram(values, bounds)[0].astype(float)
        chosen = choose_bandwidth(self.bandwidth, counts, bounds[1] - bounds[0])
        if chosen.rule == "given":
            return chosen.width
        # A sample of the rows asks for more smoothing than all of them.
        width = chosen.width * math.pow(min(len(values) / finite_rows(summary), 1.0), 0.2)
        low, high = np.quantile(values, [0.25, 0.75])
        # All rules but Scott's look at the middle of the data, which must not be in one cell.
        return width if chosen.rule == "scott" or low == high else min(width, float(high - low))

    def bandwidths(self, table: CountTable) -> tuple[Bandwidth, Bandwidth]:
        """Return the bandwidths of P and of Q, and the rules that gave them.

        Raises
        ------
        InputError
            If a rule is to judge a side that holds a single value.
        """
        grid = Grid.behind(table)
        p, q = (
            choose_bandwidth(self.bandwidth, grid.spread(side), grid.step)
            for side in (table.p, table.q)
        )
        return p, q

    def tuning(self, table: CountTable) -> tuple[Tuning, ...]:
        """Return what ``cv`` tried for P and for Q; nothing for other rules."""
        if self.bandwidth != "cv":
            return ()
        grid = Grid.behind(table)
        sides = (("P", table.p), ("Q", table.q))
        return tuple(tuning(side, grid.spread(counts), grid.step) for side, counts in sides)

    def tuned(self, table: CountTable) -> Smoother:
        """Return the model with grid and bandwidths as chosen from `table`."""
        grid = Grid.behind(table)
        width_p, width_q = (max(each.width / grid.step, 1.0) for each in self.bandwidths(table))
        margin = math.ceil(MARGIN * max(width_p, width_q))
        return Smoother(grid.padded(margin), width_p, width_q)

    def fit(self, table: CountTable) -> FittedPair:
        """Return the log mass in each cell of `table`.

        What lies in cells that `table` lacks, because no row fell into them, is left out; the
        masses of all cells that `tuned` knows sum to 1.
        """
        smoother = self.tuned(table)
        cells = smoother.grid.cells
        return FittedPair(smoother.log_p(table.p)[cells], smoother.log_q(table.q)[cells])

    def band(self, table: CountTable) -> LogRatio:
        """Return the log ratio at each cell, with its standard error."""
        smoother, fitted = self.tuned(table), self.fit(table)
        widths = smoother.width_p, smoother.width_q
        return of_kernels(fitted.log_p, fitted.log_q, (table.n_p, table.n_q), widths)

    def examine(self, table: CountTable) -> list[Finding]:
        """Return what a reader of the estimate has to know about the kernels."""
        findings = []
        sides = zip(self.leak(table), (table.n_p, table.n_q), strict=True)
        leak = max(
            leak if leak > NOTABLE_LEAK + USUAL_ROWS / rows else 0.0 for leak, rows in sides
        )
        if leak > 0:
            findings.append(
                Finding(
                    "boundary-leak",
                    f"the kernels put {100 * leak:.2g} % of a side beyond its smallest or largest "
                    "value: a sharp edge biases the estimate; --density ratio knows no edges",
                )
            )
        # With few rows isj may find nothing, either; then cells hold a row each.
        if self.bandwidth == "isj" and any(
            chosen.rule != "isj" and 2 * np.count_nonzero(counts) < counts.sum()
            for chosen, counts in zip(self.bandwidths(table), (table.p, table.q), strict=True)
        ):
            findings.append(
                Finding("ties", "repeated values leave isj without a bandwidth; used silverman")
            )
        return findings

    def leak(self, table: CountTable) -> tuple[float, float]:
        """Return the mass of each density outside the range of its own sample.

        Without sharp edges that is what some four rows are worth, 4/n; much more is leakage.
        """
        smoother = self.tuned(table)
        sides = ((table.p, smoother.log_p(table.p)), (table.q, smoother.log_q(table.q)))
        leaks = []
        for counts, log_mass in sides:
            occupied = smoother.grid.cells[counts > 0]
            leaks.append(1.0 - float(np.exp(log_mass[occupied[0] : occupied[-1] + 1]).sum()))
        return leaks[0], leaks[1]
