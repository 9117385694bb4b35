"""D(P‖Q) of two distributions on the line by adaptive quadrature, with an error bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.breaks import breaks_of, extremes_of
from klcli.divergences.outcome import Outcome
from klcli.divergences.patience import Patience
from klcli.divergences.tails import Tail, tails

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.divergences.models import Model
    from klcli.typing import Floats

    Integrand = Callable[[Floats], Floats]

#: Wanted error, as a share of the result. Log densities carry a few units in the last place.
_WANTED: Final = 1e-13
#: Densities of which so many floats make the width have no noise to speak of; of so few only that.
_FINE, _COARSE = 1e-14, 1e-3
#: An error in nats that is none: rounding of log densities moves integrals of 0 by this.
_NOTHING: Final = 1e-22
#: Times that panels which do not converge are cut into halves: kinks end up in tiny panels.
_ROUNDS: Final = 24
#: Why a number is only a lower bound.
HIDDEN: Final = (
    "Q's density underflows to 0 where P has mass, and is taken for the least float there"
)
#: Panels beyond this are too many to go on with.
_PANELS: Final = 4000


@dataclass(frozen=True, slots=True)
class Integrals:
    """What quadrature gives: the divergence and P's entropy."""

    divergence: Outcome
    entropy: Outcome


def excess_density(log_p: Floats, log_q: Floats) -> Floats:
    """Return p·log(p/q) − p + q, which is nowhere negative and so cannot cancel.

    Its integral over P's support is D(P‖Q) less the mass of Q outside.
    """
    with np.errstate(all="ignore"):
        t = log_q - log_p
        p, q = np.exp(log_p), np.exp(log_q)
        near = t * t / 2 * (1 + t / 3 * (1 + t / 4 * (1 + t / 5 * (1 + t / 6))))
        middle = p * np.where(np.abs(t) < 1e-2, near, np.expm1(t) - t)
        far = q - p - np.where(p > 0, p * t, 0.0)
        return np.where(np.isneginf(log_p), q, np.where(np.abs(t) < 1, middle, far))


def integrate(p: Model, q: Model, *, circular: bool = False) -> Integrals:
    """Return D(P‖Q) and the entropy of P in nats.

    Parameters
    ----------
    p, q : Model
        Continuous; every interval of P's support lies in one of Q's. Moved so that an end of P's
        support is 0, where floats are densest.
    circular : bool
        Angles between −π and π.
    """
    low, high = (
        (-math.pi, math.pi)
        if circular
        else (min(a for a, _ in p.supports), max(b for _, b in p.supports))
    )
    breaks = np.linspace(low, high, 33) if circular else breaks_of(p, q, low, high)
    # What rounding of x does to densities that change on the scale of their own width.
    coarse = 0.0 if circular else max(p.coarseness, q.coarseness)
    if coarse > _COARSE:
        text = "numbers of a computer are too far apart where P or Q lies: it is too narrow there"
        refused = Outcome(math.nan, 0.0, text)
        return Integrals(refused, refused)
    found = () if circular else tails(p, q, low, high, breaks, extremes_of(p, q))
    for tail in found:
        if tail.reason:
            infinite = Outcome(math.inf if tail.diverges else math.nan, 0.0, tail.reason)
            return Integrals(infinite, _entropy(p, breaks, found))
    hidden = _Hidden()

    def divergence(x: Floats) -> Floats:
        log_p = p.log(x)
        return excess_density(log_p, hidden.floor(log_p, q.log(x)))

    value, error = quadrature(divergence, breaks, found)
    if not circular:
        value += _outside(p, q, found, low, high)
        value += last(lambda x: _ratio(p.log(x), q.log(x)), found, low, high)
    error += sum(tail.rest for tail in found)
    error += coarse * (1 + abs(value)) if coarse > _FINE else 0.0
    reason = HIDDEN if hidden.mass > 0 else ""
    return Integrals(
        Outcome(float(value), float(error), lower_bound=reason), _entropy(p, breaks, found)
    )


def _ratio(log_p: Floats, log_q: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.where(log_p > -745, np.exp(log_p) * (log_p - log_q), 0.0)


def last(f: Integrand, found: tuple[Tail, ...], low: float, high: float) -> float:
    """Integrate from where tails stop to a finite end of the support.

    Of the divergence only p·log(p/q): what masses add up to there is known better than densities.
    """
    from scipy.integrate import tanhsinh

    def finite(x: Floats) -> Floats:
        values = f(x)
        return np.where(np.isfinite(values), values, 0.0)

    total = 0.0
    for tail in found:
        end = high if tail.upper else low
        if math.isfinite(end) and end != 0:
            a, b = sorted((tail.end, end))
            total += float(tanhsinh(finite, a, b, atol=1e-16, rtol=1e-9, maxlevel=5).integral)
    return total


class _Hidden:
    """Where a density underflows to 0 it is taken for the least float, and that is remembered."""

    def __init__(self) -> None:
        self.mass = 0.0

    def floor(self, log_p: Floats, log_q: Floats) -> Floats:
        under = np.isneginf(log_q) & (log_p > -690)  # e^-690 is nothing, whatever its factor
        if under.any():
            seen = float(np.exp(log_p[under]).max())
            if seen > 1e-16:
                self.mass = max(self.mass, seen)
            return np.where(under, -745.0, log_q)
        return log_q


def _entropy(p: Model, breaks: Floats, found: tuple[Tail, ...]) -> Outcome:
    def surprise(x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            logs = p.log(x)
            return np.where(logs > -745, -np.exp(logs) * logs, 0.0)

    value, error = quadrature(surprise, breaks, found)
    low, high = min(a for a, _ in p.supports), max(b for _, b in p.supports)
    value += last(surprise, found, low, high)
    return Outcome(value, float(error + sum(tail.entropy_rest for tail in found)))


def _outside(p: Model, q: Model, found: tuple[Tail, ...], low: float, high: float) -> float:
    """Return the mass of Q less that of P beyond what was integrated."""
    bottom = next((tail.end for tail in found if not tail.upper), low)
    top = next((tail.end for tail in found if tail.upper), high)
    total = 0.0
    if min(a for a, _ in q.supports) < bottom:
        total += float(q.below(bottom) - p.below(bottom))
    if max(b for _, b in q.supports) > top:
        total += float(q.above(top) - p.above(top))
    # Some of scipy's tails are no numbers so far out, where nothing is left.
    return 0.0 if math.isnan(total) else total


def quadrature(f: Integrand, breaks: Floats, found: tuple[Tail, ...]) -> tuple[float, float]:
    """Integrate over all panels at once, cutting those that do not converge."""
    from scipy.integrate import tanhsinh

    a, b = breaks[:-1], breaks[1:]
    kinds = [np.zeros(len(a)), np.zeros(len(a)), np.ones(len(a))]  # is a tail, its centre, sign
    for tail in found:
        a, b = np.concatenate([a, tail.panels[:-1]]), np.concatenate([b, tail.panels[1:]])
        count = len(tail.panels) - 1
        news = (np.ones(count), np.full(count, tail.centre), np.full(count, tail.sign))
        kinds = [np.concatenate([old, new]) for old, new in zip(kinds, news, strict=True)]

    def mapped(s: Floats, is_tail: Floats, centre: Floats, sign: Floats) -> Floats:
        with np.errstate(all="ignore"):
            step = np.exp(np.where(is_tail > 0, s, 0.0))
            x = np.where(is_tail > 0, centre + sign * step, s)
            values = f(x) * np.where(is_tail > 0, step, 1.0)
            return np.where(np.isfinite(values), values, 0.0)

    total, error, scale = 0.0, 0.0, 0.0
    history: list[float] = []
    patience = Patience()
    # Coarser levels than the fourth can agree with each other by accident.
    for round_ in range(_ROUNDS):
        if not len(a):
            break
        atol = _WANTED * scale / 64
        result = tanhsinh(
            mapped, a, b, args=tuple(kinds), atol=atol, rtol=_WANTED, minlevel=4, maxlevel=6
        )
        scale = max(scale, abs(total) + float(np.abs(result.integral).sum()))
        # An error below the share of the result that rounding takes is no failure.
        done = result.success | (result.error <= max(_WANTED * scale, _NOTHING) / 64)
        history.append(float(result.error[~done].sum()))
        # Cutting does not help against noise of the density itself.
        noisy = len(history) > 4 and history[-1] > history[-4] / 2
        many = 2 * np.count_nonzero(~done) > _PANELS
        if noisy or many or round_ == _ROUNDS - 1 or patience.ends():
            done[:] = True
        total += float(result.integral[done].sum())
        error += float(result.error[done].sum())
        middle = (a + b)[~done] / 2
        a, b = np.concatenate([a[~done], middle]), np.concatenate([middle, b[~done]])
        kinds = [np.concatenate([kind[~done], kind[~done]]) for kind in kinds]
    return total, error + 1e-15 * scale


def uncovered(
    inner: list[tuple[float, float]], outer: list[tuple[float, float]]
) -> Outcome | None:
    """Return an infinite outcome if an interval of `inner` is not covered by those of `outer`."""
    for low, high in inner:
        at = low
        for bottom, top in sorted(outer):
            if bottom <= at < top:
                at = top
        if at < high:
            text = (
                f"P has mass where Q has none: between {at:.6g} and {_next(at, high, outer):.6g}"
            )
            return Outcome(math.inf, 0.0, text)
    return None


def _next(at: float, high: float, outer: list[tuple[float, float]]) -> float:
    return min([high, *(bottom for bottom, _ in outer if bottom > at)])
