"""The population stability index: Jeffreys' divergence of bins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.counts import CountTable
from klcli.densities.frequency import masses
from klcli.errors import UsageError
from klcli.intervals.permutation import exchange, noise_floor
from klcli.measures.contract import INFORMATION, Measured
from klcli.measures.frequencies import frequencies, plain
from klcli.measures.one_step import interval
from klcli.measures.smooth import Jeffreys
from klcli.quantiles import quantile_groups, without_gaps
from klcli.results import Finding, Kind, Status

if TYPE_CHECKING:
    from klcli.measures.material import Material
    from klcli.results import Direction
    from klcli.typing import Floats, Integers

_HINT: Final = "write psi, psi:20 for twentieths of Q, or edges: psi:0,10,20"
#: What is said of any column.
_GENERAL: Final = ("few-rows", "constant", "undersampled")
_UNIT: Final = Jeffreys.curvature


@dataclass(frozen=True)
class Stability:
    """Σ (p − q) log(p/q) over bins; what hides within them does not count.

    Parameters
    ----------
    bins : int
        Quantiles of Q, the reference; categories are bins themselves.
    edges : tuple of float
        Where bins of numbers begin, in the place of quantiles.

    References
    ----------
    .. [1] B. Yurdakul, "Statistical properties of population stability index", dissertation,
       Western Michigan University 2018: 2 times it is χ² with scale 1/n + 1/m.
    """

    bins: int = 10
    edges: tuple[float, ...] = ()

    name: ClassVar[str] = "psi"
    title: ClassVar[str] = "Population stability index Σ (p − q) log(p/q)"
    symmetric: ClassVar[bool] = True
    given: ClassVar[bool] = False
    only: ClassVar[Direction | None] = None
    unit: ClassVar[str] = INFORMATION

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 1000:
            raise UsageError(f"--divergence psi:{self.bins} is out of range", _HINT)

    @property
    def label(self) -> str:
        """The name and, unless they are tenths of Q, the bins."""
        if self.edges:
            return f"psi:{','.join(f'{edge:g}' for edge in self.edges)}"
        return "psi" if self.bins == 10 else f"psi:{self.bins}"

    @classmethod
    def parse(cls, argument: str) -> Stability:
        """Build from nothing, a number of bins, or edges with commas between."""
        if not argument:
            return cls()
        try:
            if "," not in argument:
                return cls(int(argument))
            edges = tuple(float(edge) for edge in argument.split(","))
        except ValueError as error:
            raise UsageError(f"--divergence psi:{argument} names no bins", _HINT) from error
        if not all(math.isfinite(edge) for edge in edges) or list(edges) != sorted(set(edges)):
            raise UsageError(f"--divergence psi:{argument}: edges must increase", _HINT)
        return cls(edges=edges)

    def __call__(self, material: Material) -> Measured | Finding:
        """Estimate from a column."""
        binned = self._binned(material)
        if isinstance(binned, Finding):
            return binned
        table, bins = binned
        found = frequencies(Jeffreys(), table.p, table.q, material.added)
        scored = interval(found, _UNIT, table, material.confidence)
        value, low = found.value, scored.low
        p_value = floor = math.nan
        if material.resamples and not material.weighted:
            p_value, null = _exchanged(table, material)
            floor, bar = noise_floor(null, material.confidence)
            low = low if found.finite > bar else 0.0
        findings = [each for each in material.forward.findings if each.code in _GENERAL]
        status = Status.OK
        if not math.isfinite(value):
            status = Status.INFINITE
            findings.append(_empty(table, material.names))
        # What others print, to compare with.
        sums = plain(Jeffreys(), *masses(table.p, table.q, 0.0))
        reason = f"{bins}; the plain sum is {sums:.4g} nats, of which chance adds some"
        return Measured(
            value=value,
            finite=found.finite,
            low=min(max(0.0, low), max(found.finite, 0.0)),
            high=math.inf if status is Status.INFINITE else max(0.0, scored.high),
            standard_error=scored.standard_error,
            p_value=p_value,
            noise_floor=floor,
            density="histogram" if material.fine is not None else "frequency",
            estimator="plug-in",
            interval="influence",
            reason=reason,
            status=status,
            findings=tuple(findings),
        )

    def _binned(self, material: Material) -> tuple[CountTable, str] | Finding:
        """Return the counts of the bins, and what they are in words."""
        if material.kind not in (Kind.NUMERIC, Kind.DATETIME) or material.density == "frequency":
            bins = np.count_nonzero(material.table.p + material.table.q)
            return material.table, f"{bins:,} categories"
        table = material.fine
        if table is None:
            if self.edges or self.bins != 10:
                return Finding(
                    "not-applicable", "the bins are those of --bins; write --divergence psi"
                )
            return material.table, f"{len(material.table.p)} bins of --bins"
        special = table.special
        cell, text = self._bins(table.subset(~special))
        names = [*map(str, range(int(cell.max(initial=-1)) + 1))]
        counts: list[Floats] = [
            np.append(
                np.bincount(cell, weights=side[~special], minlength=len(names)), side[special]
            )
            for side in (table.p, table.q)
        ]
        names = [*self._names(table.subset(~special), cell), *_others(table, special)]
        return CountTable.categorical(tuple(names), counts[0], counts[1]), text

    def _bins(self, numbers: CountTable) -> tuple[Integers, str]:
        if self.edges:
            cell = np.searchsorted(self.edges, numbers.lower, side="right")
            count = len(self.edges) + 1
            return without_gaps(cell), f"{count} bins by the edges given"
        # A cell belongs to the quantile that its middle row of Q is in.
        dense = without_gaps(quantile_groups(numbers.q, self.bins))
        count = int(dense.max(initial=0)) + 1
        what = "tenths" if self.bins == 10 else f"{self.bins} quantiles"
        fewer = "" if count == self.bins else f", {count} of which differ"
        return dense, f"bins: {what} of Q{fewer}"

    def _names(self, numbers: CountTable, cell: Integers) -> list[str]:
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        starts = [f"{numbers.lower[i]:g}" for i in first]
        return [f"from {start}" for start in starts]


def _others(table: CountTable, special: Integers) -> list[str]:
    return [table.name(int(cell)) for cell in np.flatnonzero(special)]


def _empty(table: CountTable, names: tuple[str, str]) -> Finding:
    sides = []
    for name, side, other in zip(names, (table.p, table.q), (table.q, table.p), strict=True):
        empty = np.flatnonzero((side == 0) & (other > 0))
        if len(empty):
            shown = ", ".join(table.name(int(i)) for i in empty[:3])
            more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
            sides.append(f"{name} has no rows in {shown}{more}")
    return Finding("empty-bins", f"{'; '.join(sides)}: taken literally the index is infinite")


def _exchanged(table: CountTable, material: Material) -> tuple[float, Floats]:
    """Return the p-value and estimates with labels exchanged.

    The statistic is the sum itself with half a row more in each bin, which is finite.
    """
    p, q = exchange(table, material.resamples, material.rng("psi"))
    p, q = np.vstack([table.p, p]), np.vstack([table.q, q])
    share_p, share_q = ((side + 0.5) / (side + 0.5).sum(axis=1, keepdims=True) for side in (p, q))
    values: Floats = np.sum((share_p - share_q) * np.log(share_p / share_q), axis=1)
    held = np.count_nonzero(table.p + table.q)
    excess = (held - 1) * (1 / max(table.n_p, 1.0) + 1 / max(table.n_q, 1.0))
    return float(np.mean(values >= values[0] - 1e-12)), values[1:] - excess
