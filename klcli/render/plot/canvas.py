"""A chart in characters: areas, bands and lines over one another, with axes around them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.render.plot.palette import Paint

#: Dots of a character of Braille: rows from the top, columns from the left.
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE: Final = 0x2800
#: Characters filled from below, by eighths.
EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
#: The same from the left.
LEFT_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
SHADE, HATCH = "░", "╱"


@dataclass(slots=True)
class Canvas:
    """A grid of characters with a number scale upwards; later things cover earlier ones.

    Parameters
    ----------
    width, height : int
        In characters.
    low, high : float
        What the bottom and the top stand for.
    """

    width: int
    height: int
    low: float
    high: float
    _cells: list[list[tuple[str, str]]] = field(init=False)
    _dots: list[list[tuple[int, str]]] = field(init=False)

    def __post_init__(self) -> None:
        self._cells = [[(" ", "")] * self.width for _ in range(self.height)]
        self._dots = [[(0, "")] * self.width for _ in range(self.height)]

    def level(self, value: float) -> float:
        """Return how far up `value` is, in characters from the bottom."""
        value = min(max(value, self.low), self.high)
        return (value - self.low) / (self.high - self.low) * self.height

    def area(self, tops: Sequence[float], colour: str) -> None:
        """Shade from the bottom up to a height for each column, and cap it to an eighth."""
        for column, top in enumerate(tops):
            if not math.isfinite(top):
                continue
            eighths = round(8 * self.level(top))
            full, rest = divmod(eighths, 8)
            for row in range(min(full, self.height)):
                self._put(column, row, SHADE, colour)
            if rest and full < self.height:
                self._put(column, full, EIGHTHS[rest], colour)

    def band(self, lows: Sequence[float], highs: Sequence[float], colour: str) -> None:
        """Shade between two heights for each column."""
        for column, (low, high) in enumerate(zip(lows, highs, strict=True)):
            if math.isnan(low) or math.isnan(high) or high < self.low or low > self.high:
                continue
            bottom = math.floor(self.level(low))
            top = min(math.ceil(self.level(high)), self.height)
            for row in range(min(bottom, self.height - 1), max(top, bottom + 1)):
                if row < self.height:
                    self._put(column, row, SHADE, colour)

    def hatch(self, columns: Sequence[bool], colour: str) -> None:
        """Hatch some columns where nothing is drawn."""
        for column, wanted in enumerate(columns):
            for row in range(self.height):
                if wanted and self._cells[row][column][0] == " ":
                    self._put(column, row, HATCH, colour)

    def rule(self, value: float, colour: str) -> None:
        """Draw a level line where nothing is drawn."""
        if not self.low <= value <= self.high:
            return
        row = min(int(self.level(value)), self.height - 1)
        for column in range(self.width):
            if self._cells[row][column][0] == " ":
                self._put(column, row, "┄", colour)

    def line(self, heights: Sequence[float], colour: str, *, dotted: bool = False) -> None:
        """Draw a line through heights that are evenly spaced from the first to the last column.

        What lies beyond the canvas leaves a gap.
        """
        wide, high = 2 * self.width, 4 * self.height
        before: int | None = None
        for x in range(wide):
            at = (x + 0.5) / wide * len(heights) - 0.5
            left = min(max(math.floor(at), 0), len(heights) - 1)
            right = min(left + 1, len(heights) - 1)
            share = min(max(at - left, 0.0), 1.0)
            value = (
                heights[left]
                if share == 0
                else (1 - share) * heights[left] + share * heights[right]
            )
            if not self.low <= value <= self.high:
                before = None
                continue
            y = min(int(4 * self.level(value)), high - 1)
            first, last = (y, y) if before is None else sorted((y, before))
            if before is not None and last - first > 1:
                # The step between two columns belongs half to each; here to the later one.
                first, last = (first + 1, last) if y == last else (first, last - 1)
            for each in range(first, last + 1):
                if not dotted or (x + each) % 4 < 2:
                    self._dot(x, each, colour)
            before = y

    def _dot(self, x: int, y: int, colour: str) -> None:
        row, column = y // 4, x // 2
        bits, _ = self._dots[row][column]
        self._dots[row][column] = (bits | _DOTS[3 - y % 4][x % 2], colour)

    def _put(self, column: int, row: int, character: str, colour: str) -> None:
        self._cells[row][column] = (character, colour)

    def lines(self, paint: Paint) -> list[str]:
        """Return the rows, top first."""
        rows = []
        for cells, dots in zip(reversed(self._cells), reversed(self._dots), strict=True):
            both = zip(cells, dots, strict=True)
            rows.append(
                paint.runs(
                    (chr(_BRAILLE + bits), own) if bits else cell for cell, (bits, own) in both
                )
            )
        return rows


def resampled(values: Sequence[float], width: int) -> list[float]:
    """Return the mean of `values` in each of `width` columns that share the axis evenly.

    >>> resampled([1.0, 3.0, 5.0, 7.0], 2), resampled([1.0, 3.0], 4)
    ([2.0, 6.0], [1.0, 1.0, 3.0, 3.0])
    """
    number = len(values)
    result = []
    for column in range(width):
        start, end = column * number / width, (column + 1) * number / width
        first, last = int(start), min(math.ceil(end - 1e-9), number)
        total = weight = 0.0
        for place in range(first, max(last, first + 1)):
            share = min(end, place + 1) - max(start, place)
            if math.isfinite(values[place]) and share > 0:
                total += share * values[place]
                weight += share
        result.append(total / weight if weight else math.nan)
    return result
