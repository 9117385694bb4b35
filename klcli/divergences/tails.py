"""The ends of an integral: a map that makes them finite, and whether it converges there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.divergences.models import Model
    from klcli.typing import Floats

#: Squares of numbers up to here do not overflow.
_FARTHEST: Final = math.log(1e150)
#: Distances from 0 down to here are normal floats.
_NEAREST: Final = math.log(1e-300)
#: The distance to a number, in shares of it, at which rounding takes 1e-7 of the distance.
_ROUNDED: Final = 2e-9
_SPOILT: Final = 2.0**-52 / _ROUNDED
#: A log integrand that falls by less per e-fold does not fall: log terms alone take more.
_FLAT: Final = 1e-3
#: Falling by less than this cannot be told from a divergent integral with log terms in it.
_UNCLEAR: Final = 0.012
_POINTS: Final = 400
#: Panels grow from half an e-fold to eight.
_STEPS: Final = np.concatenate([[0.0], np.cumsum(np.minimum(0.5 * 1.35 ** np.arange(110), 8.0))])


@dataclass(frozen=True, slots=True)
class Tail:
    """One end of the line, x = centre + sign·eˢ, for s in panels.

    Attributes
    ----------
    upper : bool
        Which end of the support it is.
    sign : float
        −1 or 1; towards a finite end, s falls and x comes near to the centre.
    panels : ndarray
        Ends of panels in s, in the order of s.
    end : float
        The x that lies farthest out.
    rest : float
        Bound on what the divergence has beyond it.
    entropy_rest : float
        The same for the entropy.
    diverges : bool
        Whether the integral is infinite; if not, but there is a reason, that is not known.
    reason : str
        Empty if the integral converges.
    """

    upper: bool
    sign: float
    centre: float
    panels: Floats
    end: float
    rest: float
    entropy_rest: float
    diverges: bool = False
    reason: str = ""


def tails(
    p: Model,
    q: Model,
    low: float,
    high: float,
    breaks: Floats,
    extremes: Floats,
    weigh: Callable[[Floats], Floats] | None = None,
) -> tuple[Tail, ...]:
    """Return both ends of P's support, beyond the first and the last of `breaks`.

    Panels also end at `extremes`. `weigh` gives the log of the size of what is integrated, for
    another integrand than p·log(p/q).
    """
    return (
        _tail(p, q, low, breaks, extremes, weigh, upper=False),
        _tail(p, q, high, breaks, extremes, weigh, upper=True),
    )


def _tail(
    p: Model,
    q: Model,
    end: float,
    breaks: Floats,
    extremes: Floats,
    weigh: Callable[[Floats], Floats] | None,
    *,
    upper: bool,
) -> Tail:
    outwards = 1.0 if upper else -1.0
    last = float(breaks[-1] if upper else breaks[0])
    if math.isfinite(end):
        # 0 can be come near to; nearer to other numbers rounding of x spoils the density.
        near = _NEAREST if end == 0 else math.log(abs(end) * _ROUNDED)
        start, centre, sign = math.log(abs(end - last)), end, -outwards
        stop = min(near, start - 1)
    else:
        width = max(float(np.ptp(breaks)), abs(last) * 1e-3, 1e-3)
        start, centre, sign = math.log(width), last - outwards * width, outwards
        stop = max(_FARTHEST, start + 1)
    away = np.append(_STEPS[abs(stop - start) > _STEPS], abs(stop - start))
    panels = start + math.copysign(1, stop - start) * away
    between = (extremes > min(last, end)) & (extremes < max(last, end))
    cuts = np.log(np.abs(extremes[between] - centre))
    inside = (cuts > panels.min()) & (cuts < panels.max())
    panels = np.unique(np.concatenate([panels, cuts[inside]]))
    grid = np.linspace(start, stop, _POINTS)
    x = centre + sign * np.exp(grid)
    with np.errstate(all="ignore"):
        log_p, log_q = p.log(x), q.log(x)
        gap = np.log(np.abs(log_p - log_q))
        # Where P and Q are equal nothing is lost.
        size = log_p + np.where(np.isneginf(gap), -800.0, gap) + grid
        own = log_p + np.log(np.abs(log_p)) + grid
        alive = np.isfinite(log_p)
        if weigh is not None:
            size = weigh(x) + grid
            alive = np.isfinite(size)
    away = np.abs(grid - start)
    # To a finite end a plain panel follows, which ends where floats end.
    more = math.log(_ROUNDED / 2.0**-52) if math.isfinite(end) and end != 0 else 0.0
    rest, reason, diverges = beyond(away, size, alive, more)
    entropy_rest, _, _ = beyond(away, own, np.isfinite(log_p), more)
    if more and not reason:
        # What rounding of x does to the densities at the last point.
        logs = np.array([size[-1], log_q[-1] + grid[-1]])
        rest += math.exp(min(float(np.max(np.where(np.isnan(logs), -745.0, logs))), 700)) * _SPOILT
    if reason:
        if weigh is not None:
            reason = reason.replace(" of p·log(p/q)", "")
        reason += f" towards {end:g}"
    far = float(x[-1])
    return Tail(upper, sign, centre, panels, far, rest, entropy_rest, diverges, reason)


def beyond(away: Floats, size: Floats, alive: Floats, more: float) -> tuple[float, str, bool]:
    """Return a bound on what lies `more` e-folds beyond, and why there is none."""
    good = np.flatnonzero(np.isfinite(size) & alive)
    if len(good) < 3:
        return 0.0, "", False
    last = good[-1]
    # The slope over the last tenth of what can be evaluated.
    first = good[-max(3, len(good) // 10)]
    fall = -(size[last] - size[first]) / (away[last] - away[first])
    if size[last] < -700 and fall > 0:
        return 0.0, "", False
    if fall < _FLAT:
        return math.inf, "the integral of p·log(p/q) diverges: its tail does not fall", True
    if fall < _UNCLEAR:
        return math.inf, "it cannot be told whether the integral of p·log(p/q) converges", False
    return math.exp(min(size[last] - fall * more, 700.0)) / fall, "", False
