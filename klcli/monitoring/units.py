"""A change of units: the same values, times a factor that is known to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.wording import number
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

#: (batch = factor · reference + offset, what that means). The inverses are looked for, too.
_CONVERSIONS: Final = (
    (3.280839895, 0.0, "metres", "feet"),
    (39.37007874, 0.0, "metres", "inches"),
    (0.3937007874, 0.0, "centimetres", "inches"),
    (0.6213711922, 0.0, "kilometres", "miles"),
    (0.5399568035, 0.0, "kilometres", "nautical miles"),
    (1.093613298, 0.0, "metres", "yards"),
    (2.2046226218, 0.0, "kilograms", "pounds"),
    (0.0352739619, 0.0, "grams", "ounces"),
    (0.2641720524, 0.0, "litres", "gallons"),
    (3.6, 0.0, "m/s", "km/h"),
    (1.8, 32.0, "°C", "°F"),
    (1.0, 273.15, "°C", "K"),
    (0.239005736, 0.0, "joules", "calories"),
    (57.29577951, 0.0, "radians", "degrees"),
    (10.0, 0.0, "", ""),
    (100.0, 0.0, "", ""),
    (1000.0, 0.0, "", ""),
    (1024.0, 0.0, "", ""),
    (1e6, 0.0, "", ""),
    (1e9, 0.0, "", ""),
    (12.0, 0.0, "", ""),
    (24.0, 0.0, "", ""),
    (60.0, 0.0, "", ""),
    (3600.0, 0.0, "", ""),
    (86400.0, 0.0, "", ""),
    (-1.0, 0.0, "", ""),
)
#: Quantiles that are compared: the tails are too noisy.
_LEVELS: Final = np.linspace(0.05, 0.95, 37)
#: Distance of distribution functions that a change of units leaves: the 99.9 % quantile of
#: Kolmogorov's distribution, times sqrt(1/n + 1/m); twice that without, at least.
_CRITICAL: Final = 1.95
#: Distance before that is worth a word: half of the rows lie elsewhere.
_FAR: Final = 0.25
#: Different values that the quantiles must have: a few steps fit anything.
_DISTINCT: Final = 12


def unit_change(column: Column) -> Finding | None:
    """Tell whether the batch has the values of the reference in another unit."""
    if column.table.kind == Kind.DATETIME:
        return None
    p, q = column.finite()
    if len(p) < 50 or len(q) < 50:
        return None
    noise = _CRITICAL * (1 / len(p) + 1 / len(q)) ** 0.5
    before = _distance(p, q)
    if before < max(_FAR, 3 * noise):
        return None
    steps = np.quantile(q, _LEVELS)
    if len(set(steps.tolist())) < _DISTINCT or noise > _FAR / 2:
        return None
    best: tuple[float, str] | None = None
    for factor, offset, old, new in _CONVERSIONS:
        for forward in (True, False):
            a, b = (factor, offset) if forward else (1 / factor, -offset / factor)
            rest = _distance(p, np.sort(a * q + b))
            if rest <= noise and (best is None or rest < best[0]):
                units = f" ({old} to {new})" if forward else f" ({new} to {old})"
                best = rest, _told(a, b) + (units if old else "")
    if best is None:
        return None
    return Finding("unit-change", f"the values are those of the reference {best[1]}")


def _distance(p: Floats, q: Floats) -> float:
    """Return the largest difference of the distribution functions of two sorted samples.

    Values that are equal but for the rounding of one side are no difference: functions are
    compared at the quantiles of both, halfway up their steps.
    """
    at = np.concatenate([x[(_LEVELS * len(x)).astype(int)] for x in (p, q)])
    sides = [
        (np.searchsorted(x, at, side="left") + np.searchsorted(x, at, side="right")) / (2 * len(x))
        for x in (p, q)
    ]
    return float(np.max(np.abs(sides[0] - sides[1])))


def _told(factor: float, offset: float) -> str:
    if factor == -1:
        return "with the sign reversed"
    text = "" if factor == 1 else f"times {number(factor)}"
    if 0 < factor < 1 and (1 / factor) == round(1 / factor):
        text = f"divided by {1 / factor:g}"
    if offset:
        text += f" {'plus' if offset > 0 else 'minus'} {abs(offset):.5g}"
    return text.strip()
