"""What cross-validation tried, as a sentence with a small curve."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from klcli.results import Tuning

_LEVELS: Final = "▁▂▃▄▅▆▇█"
#: Most bars of the curve, and most values that are told with their scores.
_BARS: Final = 20
_TOLD: Final = 5


def curve(tuning: Tuning) -> str:
    """Return which value was chosen among which, the curve, and how much worse others are."""
    values = [value for value, _ in tuning.tried]
    scores = [score for _, score in tuning.tried]
    best = values.index(tuning.chosen)
    top = scores[best]
    side = f" of {tuning.side}" if tuning.side != "both" else ""
    text = f"--{tuning.option} cv{side}: {tuning.chosen:.4g}"
    if len(values) == 1:
        return f"{text}, as there are too few rows to try more"
    text += f", best of {len(values)} tried from {values[0]:.4g} to {values[-1]:.4g}"
    if best in (0, len(values) - 1):
        text += f", the {'last' if best else 'first'} of them,"
    losses = [
        f"{top - scores[place]:.2g} at {values[place]:.4g}"
        for place in _among(len(values), best, _TOLD)
        if place != best
    ]
    bars = _bars([scores[place] for place in _among(len(values), best, _BARS)])
    return f"{text} by {tuning.criterion} {bars} {top:.4g}; less by {', '.join(losses)}"


def _among(count: int, best: int, most: int) -> list[int]:
    """Return some places out of `count`, with both ends and the best."""
    if count <= most:
        return list(range(count))
    even = [round(step * (count - 1) / (most - 1)) for step in range(most)]
    # The best takes the place of the nearest, which is not an end unless it is one itself.
    inner = min(range(1, most - 1), key=lambda at: abs(even[at] - best))
    if best not in (0, count - 1):
        even[inner] = best
    return even


def _bars(scores: list[float]) -> str:
    """Return a bar for each score; where one is far below most, the lowest is cut off."""
    high = max(scores)
    low = max(min(scores), high - 3 * (high - median(scores)))
    scale = (len(_LEVELS) - 1) / (high - low) if high > low else 0.0
    return "".join(_LEVELS[max(0, round((score - low) * scale))] for score in scores)
