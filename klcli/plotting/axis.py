"""An axis that people can read: where it ends, and the round bounds of its cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.estimation.between import lower, special
from klcli.results import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import CountTable
    from klcli.typing import Floats

#: Fewest and most cells between the ends: as many as a picture of 40 columns shows, and as many as
#: an eye tells apart.
_FEWEST, _MOST = 24, 80
#: Share of each side beyond either end of the axis, where the ends lie far out.
_TAIL: Final = 0.01
#: The whole range is shown where it is at most so many times what lies between those ends.
_FAR: Final = 1.6
#: An axis is logarithmic where it spans more than this factor and the middle row of all lies within
#: this share of its length on a linear axis: most of the picture would be empty.
_SPAN, _CROWDED = 100.0, 0.1
#: Lengths of cells of times, in seconds.
_TIMES: Final = tuple(
    unit * count
    for unit, counts in (
        (1, (1, 2, 5, 10, 15, 30)), (60, (1, 2, 5, 10, 15, 30)), (3600, (1, 2, 3, 6, 12)),
        (86400, (1, 2, 7, 14, 28, 56, 91, 182, 364, 728)),
    )
    for count in counts
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """The bounds of cells along an axis.

    Attributes
    ----------
    edges : ndarray of float, shape (cells + 1,)
        Increasing.
    scale : str
        "linear" or "log".
    """

    edges: Floats
    scale: str

    @property
    def widths(self) -> Floats:
        """Length of each cell along the axis: of the logarithm on a logarithmic one."""
        return np.diff(np.log(self.edges) if self.scale == "log" else self.edges)

    @property
    def middles(self) -> Floats:
        """Middle of each cell along the axis."""
        low, high = self.edges[:-1], self.edges[1:]
        middle: Floats = np.sqrt(low * high) if self.scale == "log" else (low + high) / 2
        return middle


def ruler(table: CountTable, kind: str, scale: str, most: int = _MOST) -> Ruler:
    """Choose the axis of a column of numbers.

    It ends where a hundredth of either side lies beyond, or shows the whole range if that is
    not much longer. Bounds are round numbers; cells of whole steps are centred on them.

    Parameters
    ----------
    table : CountTable
        Fine cells of numbers.
    kind : str
        Whether they are times.
    scale : str
        "linear", "log", or "auto".
    most : int
        Cells between the ends.
    """
    inside = ~special(table)
    places = lower(table)[inside]
    sides = (table.p[inside], table.q[inside])
    first, last = places[0], _finite_upper(table)[inside][-1]
    ends = [_ends(places, side) for side in sides if side.sum() > 0]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if last - first <= _FAR * (high - low) or high <= low:
        low, high = first, last
    middle = float(places[np.searchsorted(np.cumsum(sum(sides)), sum(map(np.sum, sides)) / 2)])
    if scale == "auto":
        crowded = middle - low < _CROWDED * (high - low)
        wide = low > 0 and high > _SPAN * low and crowded
        scale = "log" if wide and kind != Kind.DATETIME else "linear"
    if scale == "log":
        above = places > 0
        least = float(places[above][0]) if above.any() else 1.0
        low, high = max(low, least), max(high, 2 * max(low, least))
        logs = np.log10(np.maximum(places, least))
        width = _spread(logs, sides, math.log10(low), math.log10(high), most)
        return Ruler(_powers(low, high, width), scale)
    wanted = _spread(places, sides, low, high, most)
    return Ruler(_rounded(table, low, high, wanted, kind, most), "linear")


def _finite_upper(table: CountTable) -> Floats:
    """Return upper bounds, finite; of an atom, the number itself."""
    single = (table.roles == Role.ATOM) | np.isinf(table.upper)
    return np.where(single, lower(table), table.upper)


def _ends(places: Floats, counts: Floats) -> tuple[float, float]:
    total = np.cumsum(counts) / counts.sum()
    low, high = np.searchsorted(total, [_TAIL, 1 - _TAIL])
    return float(places[low]), float(places[min(high, len(places) - 1)])


def _spread(places: Floats, sides: Sequence[Floats], low: float, high: float, most: int) -> float:
    """Return how wide cells are to be: Freedman and Diaconis' rule for the smaller side."""
    if not high > low:
        return 1.0
    widths = []
    for counts in sides:
        rows = counts.sum()
        if rows > 0:
            at = np.searchsorted(np.cumsum(counts) / rows, [0.25, 0.75])
            quartiles = places[np.minimum(at, len(places) - 1)]
            widths.append(2 * float(quartiles[1] - quartiles[0]) / rows ** (1 / 3))
    width = max(widths, default=0.0)
    fewest = min(_FEWEST, most // 2)
    return float(np.clip(width, (high - low) / most, (high - low) / fewest))


def _rounded(
    table: CountTable, low: float, high: float, width: float, kind: str, most: int
) -> Floats:
    if not high > low:
        # One number; the axis shows that there are others beside it.
        width = max(abs(low) * 1e-3, 1e-9) if low else 1.0
        return low + width * np.array([-1.5, -0.5, 0.5, 1.5])
    if kind == Kind.DATETIME:
        step = next((float(time) for time in _TIMES if time >= width), float(_TIMES[-1]))
        while (high - low) / step > 2 * most:
            step *= 2
        offset = 0.0
    else:
        # Up to half as wide again, or two thirds: what is nearest.
        step = round_up(width / 1.5)
        grain = _grain(table, low, high)
        offset = 0.0
        if grain and step < 8 * grain:
            # Cells that hold now four and now five values would look like teeth.
            step = grain * max(1, round(step / grain))
            offset = -grain / 2
    first, last = math.floor((low - offset) / step), math.floor((high - offset) / step) + 1
    edges: Floats = offset + step * np.arange(first, last + 1, dtype=float)
    # 0.1 * 3 is not 0.3; what is printed is to be what is meant.
    digits = 12 - math.floor(math.log10(max(abs(low), abs(high), step)))
    return np.unique(np.round(edges, digits)) if digits < 300 else edges


def _grain(table: CountTable, low: float, high: float) -> float:
    """Return the step of which most rows on the axis are multiples; 0 if there is none."""
    atoms = (table.roles == Role.ATOM) & (table.lower >= low) & (table.lower <= high)
    pooled = table.p + table.q
    values = table.lower[atoms]
    inside = (table.lower >= low) & (table.upper <= high)
    if len(values) < 3 or pooled[atoms].sum() < 0.9 * pooled[inside].sum():
        return 0.0
    step = float(np.median(np.diff(values)))
    off = values / step - np.round(values / step)
    return step if np.mean(np.abs(off) < 1e-6) > 0.95 else 0.0


def round_up(width: float) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that is not below `width`.

    >>> round_up(0.3), round_up(5.0), round_up(70)
    (0.5, 5.0, 100.0)
    """
    power = math.floor(math.log10(width))
    for factor in (1, 2, 5, 10):
        step = float(f"{factor}e{power}")
        if step >= width * (1 - 1e-9):
            return step
    return step


def _powers(low: float, high: float, width: float) -> Floats:
    """Return bounds in equal ratios, with a whole number of cells to a factor of ten.

    They are rounded to three digits. `width` is wanted, in powers of ten.
    """
    each = int(np.clip(round(1 / width), 1, 50))
    first, last = math.floor(each * math.log10(low)), math.ceil(each * math.log10(high))
    last = max(last, first + 1)
    edges = 10.0 ** (np.arange(first, last + 1) / each)
    rounded: Floats = np.array([float(f"{edge:.3g}") for edge in edges])
    # The smallest and the largest number must not fall off the axis.
    rounded[0] = min(rounded[0], low)
    if rounded[-1] <= high:
        rounded = np.append(rounded, float(f"{high * 10 ** (1 / each):.3g}"))
    return np.unique(rounded)
