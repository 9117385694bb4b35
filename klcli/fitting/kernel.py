"""The density of data, as a known distribution: kernels at the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.densities.bandwidth import choose_bandwidth
from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats

#: Cells of the grid on which bandwidths are chosen.
_LEAST, _MOST = 1 << 10, 1 << 17
#: Rows nearer to each other than this share of a bandwidth share a kernel: that widens it by less
#: than 1/1,500 of its variance.
_FINENESS: Final = 8
#: Points that are looked at together.
_BLOCK: Final = 128


def bandwidth(values: Floats, rule: str | float) -> tuple[float, str]:
    """Return the bandwidth of sorted values and the rule that gave it.

    Raises
    ------
    InputError
        If a rule is to judge values that are all alike.
    """
    low, high = float(values[0]), float(values[-1])
    if not isinstance(rule, str):
        return float(rule), "given"
    if not low < high or not math.isfinite(high - low):
        raise InputError(
            "values that are all alike have no kernel density", "use --objective forward"
        )
    cells = _LEAST
    while True:
        edges = np.linspace(low, high, cells + 1)
        counts = np.histogram(values, edges)[0].astype(float)
        chosen = choose_bandwidth(rule, counts, (high - low) / cells)
        if chosen.width * cells >= _FINENESS * (high - low) or cells >= _MOST:
            return chosen.width, chosen.rule
        cells *= 4


@dataclass(frozen=True, slots=True, eq=False)
class KernelDensity:
    """Gaussian kernels; for whole numbers, each rounded to the nearest one.

    It is the mixture of normal distributions around the rows. Beyond the outermost rows its log
    falls as a parabola, whatever the tail of the data.

    Attributes
    ----------
    centres : ndarray, shape (kernels,)
        In increasing order.
    counts : ndarray, shape (kernels,)
        Rows at each.
    width : float
        Standard deviation of the kernel.
    discrete : bool
        Whether kernels are rounded to whole numbers.
    lowest : float
        Least whole number that there is; −inf for all.
    """

    centres: Floats
    counts: Floats
    width: float
    discrete: bool = False
    lowest: float = -math.inf
    _ends: list[Floats] = field(default_factory=list)

    @classmethod
    def of(
        cls, values: Floats, width: float, *, discrete: bool = False, lowest: float = -math.inf
    ) -> KernelDensity:
        """Return the density of sorted values."""
        cell = np.floor((values - values[0]) * (_FINENESS / width))
        first = np.flatnonzero(np.diff(cell, prepend=-1.0))
        counts = np.diff(first, append=len(values)).astype(float)
        centres = np.add.reduceat(values, first) / counts
        return cls(centres, counts, width, discrete, lowest)

    @property
    def supports(self) -> list[tuple[float, float]]:
        """The line, or the whole numbers from the lowest on."""
        return [(self.lowest, math.inf)]

    def log(self, x: Floats) -> Floats:
        """Return the log density or log mass; `x` is looked at in blocks, so in order is best."""
        flat = np.asarray(x, dtype=float).ravel()
        result = np.empty(len(flat))
        for start in range(0, len(flat), _BLOCK):
            part = flat[start : start + _BLOCK]
            near = self._near(part)
            logs = self.kernels(part, near) + np.log(self.counts[near])
            top = logs.max(axis=1)
            top = np.where(np.isfinite(top), top, 0.0)
            with np.errstate(divide="ignore"):
                result[start : start + _BLOCK] = top + np.log(
                    np.exp(logs - top[:, None]).sum(axis=1)
                )
        result -= math.log(float(self.counts.sum()))
        return np.where(flat < self.lowest, -math.inf, result).reshape(np.shape(x))

    def _near(self, x: Floats) -> slice:
        """Return the kernels that matter: ten widths farther than the nearest one."""
        at = np.clip(np.searchsorted(self.centres, x), 1, max(len(self.centres) - 1, 1))
        gaps = np.minimum(
            np.abs(self.centres[at - 1] - x), np.abs(self.centres[at % len(self.centres)] - x)
        )
        reach = float(gaps.max()) + 10 * self.width
        first, last = np.searchsorted(self.centres, [x.min() - reach, x.max() + reach])
        return slice(int(first), int(last))

    def kernels(self, x: Floats, which: slice = slice(None)) -> Floats:
        """Return the log density of each kernel at each point, shape (points, kernels)."""
        z = (x[:, None] - self.centres[which]) / self.width
        if not self.discrete:
            result: Floats = -0.5 * z * z - math.log(self.width * math.sqrt(2 * math.pi))
            return result
        return _rounded(z, 0.5 / self.width) - self._left_out()[which]

    def _left_out(self) -> Floats:
        """Return the log of what each kernel has from the lowest number on."""
        from scipy.special import log_ndtr

        if math.isinf(self.lowest):
            return np.zeros(len(self.centres))
        result: Floats = log_ndtr((self.centres - self.lowest + 0.5) / self.width)
        return result

    def ends(self) -> Floats:
        """Return where panels of quadrature end, or the first and last number of a sum."""
        if not self._ends:
            self._ends.append(self._found_ends())
        return self._ends[0]

    def _found_ends(self) -> Floats:
        width, first, last = self.width, self.centres[0], self.centres[-1]
        if self.discrete:
            far = 9 * width + 1
            return np.array([max(math.floor(first - far), self.lowest), math.ceil(last + far)])
        cells = np.unique(np.floor((self.centres - first) / (2 * width)))
        edges = first + 2 * width * np.concatenate([cells, cells + 1])
        # Between kernels far apart the density falls from both, to a kink half way in its log.
        wide = np.diff(self.centres) > 2 * width
        left, right = self.centres[:-1][wide], self.centres[1:][wide]
        half = (right - left) / 2
        falls = [left + half]
        for step in (1, 2, 3, 5, 8, 12):
            near = step * width < half
            falls += [left[near] + step * width, right[near] - step * width]
        middles = np.concatenate(falls)
        outside = width * np.concatenate([np.arange(2, 20, 2), 20 * 2.0 ** np.arange(34)])
        return np.unique(np.concatenate([edges, middles, first - outside, last + outside]))


#: Points of a table of the log density a bandwidth, and most of them.
_TABLE, _LARGEST = 12, 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Tabulated:
    """A kernel density looked up in a cubic spline, for searches; exact beyond its table.

    Log densities are right to about 1e-6.
    """

    exact: KernelDensity
    low: float
    high: float
    spline: Callable[[Floats], Floats]

    @classmethod
    def of(cls, exact: KernelDensity) -> Tabulated | KernelDensity:
        """Return the table, or the density itself where a table is of no use."""
        from scipy.interpolate import CubicSpline

        low = float(exact.centres[0] - 12 * exact.width)
        high = float(exact.centres[-1] + 12 * exact.width)
        points = math.ceil(_TABLE * (high - low) / exact.width)
        if exact.discrete or points > _LARGEST:
            return exact
        x = np.linspace(low, high, points)
        return cls(exact, low, high, CubicSpline(x, exact.log(x)))

    @property
    def discrete(self) -> bool:
        """Numbers, not whole numbers."""
        return False

    @property
    def supports(self) -> list[tuple[float, float]]:
        """The line."""
        return self.exact.supports

    def ends(self) -> Floats:
        """Return where panels of quadrature end."""
        return self.exact.ends()

    def log(self, x: Floats) -> Floats:
        """Return the log density."""
        inside = (x >= self.low) & (x <= self.high)
        result = np.asarray(self.spline(np.clip(x, self.low, self.high)))
        if not inside.all():
            result[~inside] = self._outside(x[~inside])
        return result

    def _outside(self, x: Floats) -> Floats:
        """Return the log density so far out that kernels three widths from the last do not count."""
        exact = self.exact
        first, last = exact.centres[0], exact.centres[-1]
        edge = 3 * exact.width
        left = slice(0, int(np.searchsorted(exact.centres, first + edge)) + 1)
        right = slice(int(np.searchsorted(exact.centres, last - edge)), None)
        result = np.empty(len(x))
        for side, chosen in ((left, x < self.low), (right, x > self.high)):
            logs = exact.kernels(x[chosen], side) + np.log(exact.counts[side])
            top = logs.max(axis=1, initial=-math.inf)
            result[chosen] = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
        return result - math.log(float(exact.counts.sum()))


def _rounded(z: Floats, half: float) -> Floats:
    """Return log of Φ(z + half) − Φ(z − half), far out as well."""
    from scipy.special import log_ndtr

    far = -np.abs(z)  # both ends in the lower tail, where logs are exact
    upper, lower = log_ndtr(far + half), log_ndtr(far - half)
    with np.errstate(divide="ignore"):
        result: Floats = upper + np.log1p(-np.exp(lower - upper))
    return result
