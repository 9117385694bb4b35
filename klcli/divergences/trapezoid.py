"""D(P‖Q) where SciPy takes a thousandth of a second or more for each value of a density.

Adaptive quadrature asks for ten thousand values. The trapezoid rule on a mapped line is content with
some hundred: its error falls exponentially for smooth densities (Trefethen & Weideman, SIAM Review
56 (2014) 385, doi:10.1137/130932132).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.outcome import Outcome
from klcli.divergences.quadrature import HIDDEN, Integrals
from klcli.divergences.tails import beyond

if TYPE_CHECKING:
    from klcli.divergences.models import Model
    from klcli.typing import Floats

#: Families of scipy.stats whose densities are that slow: 1 ms (levy_stable) to 7 ms a value.
SLOW: Final = frozenset({"ksone", "kstwo", "levy_stable", "studentized_range"})
#: Steps of the first sum; every next one has half the step.
_STEPS: Final = 32
_HALVINGS: Final = 4
#: Good enough: scipy's densities themselves are good to 1e-8 or so here.
_WANTED: Final = 1e-8
#: The mapped line: from e^-17 to e^17 times the width on the line, which Cauchy's tails need.
_REACH: Final = 17.0


@dataclass(frozen=True, slots=True)
class _Line:
    """A map of all real t to the support of P."""

    low: float
    high: float
    middle: float
    width: float

    def __call__(self, t: Floats) -> tuple[Floats, Floats]:
        """Return x(t) and log dx/dt."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            whole = self.high - self.low
            start = math.log((self.middle - self.low) / (self.high - self.middle))
            up = -np.logaddexp(0, -t - start)  # log of the share below x
            down = -np.logaddexp(0, t + start)
            return self.low + whole * np.exp(up), math.log(whole) + up + down
        if math.isfinite(self.low):
            away = math.log(self.middle - self.low) + t
            return self.low + np.exp(away), away
        if math.isfinite(self.high):
            away = math.log(self.high - self.middle) + t
            return self.high - np.exp(away), away
        return self.middle + self.width * np.sinh(t), math.log(self.width) + np.log(np.cosh(t))


def trapezoid(p: Model, q: Model) -> Integrals:
    """Return D(P‖Q) and the entropy of P in nats.

    Parameters
    ----------
    p, q : Model
        Continuous; P's support lies in Q's.
    """
    low, high = p.support
    line = _Line(low, high, *_midst(p))
    t = np.linspace(-_REACH, _REACH, _STEPS + 1)
    log_p, log_q, log_dx = _logs(p, q, line, t)
    step, found = 2 * _REACH / _STEPS, [(math.inf, math.inf)]
    for _ in range(_HALVINGS + 1):
        found.append(_sums(log_p, log_q, log_dx, step))
        change = [abs(new - old) for new, old in zip(found[-1], found[-2], strict=True)]
        if max(change) < _WANTED * max(map(abs, found[-1])):
            break
        between = (t[1:] + t[:-1]) / 2
        others = _logs(p, q, line, between)
        order = np.argsort(np.concatenate([t, between]), kind="stable")
        t = np.concatenate([t, between])[order]
        log_p, log_q, log_dx = (
            np.concatenate([old, new])[order]
            for old, new in zip((log_p, log_q, log_dx), others, strict=True)
        )
        step /= 2
    value, entropy = found[-1]
    with np.errstate(all="ignore"):
        surprise = log_p + np.log(np.abs(log_p)) + log_dx
        size = log_p + np.log(np.abs(log_p - log_q)) + log_dx
    rests = [_tail(surprise, t, sign)[0] for sign in (-1, 1)]
    own = Outcome(entropy, change[1] + math.fsum(rests) + 1e-15)
    tails = [_tail(size, t, sign) for sign in (-1, 1)]
    for _, reason, diverges in tails:
        if reason:
            return Integrals(Outcome(math.inf if diverges else math.nan, 0.0, reason), own)
    hidden = np.isneginf(log_q) & (log_p > math.log(1e-16))
    error = change[0] + math.fsum(rest for rest, _, _ in tails) + 1e-15
    return Integrals(Outcome(value, error, lower_bound=HIDDEN if hidden.any() else ""), own)


def _midst(p: Model) -> tuple[float, float]:
    """Return a point in the midst of P, and its width."""
    lower, upper = p.quantiles(np.array([0.25]))[[0, -1]]
    return float(lower + upper) / 2, float(upper - lower) / 2


def _logs(p: Model, q: Model, line: _Line, t: Floats) -> tuple[Floats, Floats, Floats]:
    x, log_dx = line(t)
    return p.log(x), q.log(x), log_dx


def _sums(log_p: Floats, log_q: Floats, log_dx: Floats, step: float) -> tuple[float, float]:
    """Return divergence and entropy by the trapezoid rule."""
    with np.errstate(all="ignore"):
        log_q = np.where(np.isneginf(log_q), -745.0, log_q)
        terms = np.exp(log_p + log_dx) * (log_p - log_q)
        surprise = -np.exp(log_p + log_dx) * log_p
        own = step * np.where(log_p > -745, surprise, 0.0).sum()
        return step * float(np.where(log_p > -745, terms, 0.0).sum()), float(own)


def _tail(size: Floats, t: Floats, sign: int) -> tuple[float, str, bool]:
    """Return a bound on what lies beyond, or why there is none, from logs of terms."""
    side = t * sign > _REACH / 4
    outwards = np.argsort(t[side] * sign)
    logs = size[side][outwards]
    return beyond(np.abs(t[side])[outwards], logs, np.isfinite(logs), 0.0)
