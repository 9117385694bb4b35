"""Round numbers along an axis, and how they are written."""

from __future__ import annotations

import math
from typing import Final

from klcli.data.wording import number
from klcli.results import Kind

#: Steps of times, in seconds.
_TIMES: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
    *(86400 * days for days in (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640, 9100, 36400)),
)  # fmt: skip


def ticks(
    low: float, high: float, most: int, *, scale: str = "linear", kind: str = ""
) -> list[float]:
    """Return at most about `most` round numbers from `low` to `high`.

    >>> ticks(-3.2, 7.9, 6)
    [-2.0, 0.0, 2.0, 4.0, 6.0]
    >>> ticks(0.5, 2000, 5, scale="log")
    [1.0, 10.0, 100.0, 1000.0]
    """
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return []
    if scale == "log":
        return _powers(low, high, most)
    span = high - low
    if kind == Kind.DATETIME:
        step = next((float(each) for each in _TIMES if span / each <= most), float(_TIMES[-1]))
    else:
        power = math.floor(math.log10(span / most))
        step = next(
            float(f"{factor}e{power}")
            for factor in (1, 2, 5, 10, 20)
            if span / float(f"{factor}e{power}") <= most
        )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if kind == Kind.DATETIME:
        return [each * step for each in range(first, last + 1)]
    digits = 2 - math.floor(math.log10(step))
    return [round(each * step, digits) + 0.0 for each in range(first, last + 1)]


def _powers(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = math.log10(high / low)
    factors = (1, 2, 5) if 3 * decades <= most else (1,)
    every = max(1, math.ceil(decades / most))
    return [
        value
        for power in range(first, last + 1)
        if power % every == 0
        for value in (float(f"{factor}e{power}") for factor in factors)
        if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)
    ]


def written(values: list[float], kind: str = "") -> list[str]:
    """Return tick labels with as many decimals as tell them apart.

    >>> written([0.0, 0.25, 0.5]), written([1000.0, 20000.0]), written([1e7, 2e7])
    (['0', '0.25', '0.5'], ['1,000', '20,000'], ['1e7', '2e7'])
    """
    return [_label(value, kind) for value in values]


def _label(value: float, kind: str) -> str:
    if kind == Kind.DATETIME:
        return number(value, kind)
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        mantissa, _, power = f"{value:.3g}".partition("e")
        if power:
            return f"{mantissa}e{int(power)}"
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text.replace("-0", "0") if text == "-0" else text
