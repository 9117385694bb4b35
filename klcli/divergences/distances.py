"""Any divergence of two known distributions of one number, by quadrature or summation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences import functionals
from klcli.divergences.breaks import breaks_of, extremes_of
from klcli.divergences.further import ORDERED, finished, integrand
from klcli.divergences.outcome import Outcome
from klcli.divergences.quadrature import HIDDEN, last, quadrature, uncovered
from klcli.divergences.tails import tails

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.divergences.further import Named
    from klcli.divergences.models import Model
    from klcli.typing import Floats

#: Points between two breaks at which a change of sign is looked for, and halvings that find it.
_LOOKED, _HALVINGS = 32, 60
#: Integers that are summed end where both masses have a log below this; most of them.
_LEAST, _MOST = -700.0, 1 << 21
#: Terms below this share of the sum are nothing.
_NOTHING: Final = -40.0
_ROUNDING: Final = 2.0**-50


def between(p: Model, q: Model, one: Named) -> Outcome:
    """Return the divergence of two continuous distributions, in nats or in the unit of x."""
    if one.kind == "chi2" or (one.kind == "renyi" and one.alpha > 1):
        missing = uncovered(p.supports, q.supports)
        if missing:
            return missing
    ends = [end for pair in (*p.supports, *q.supports) for end in pair]
    low, high = min(ends), max(ends)
    breaks = breaks_of(p, q, low, high)
    if one.kind == "ks":
        return _largest(p, q, breaks)
    if one.kind in {"wasserstein", "energy"}:
        power = 1 if one.kind == "wasserstein" else 2
        breaks = _with_crossings(breaks, lambda x: _gap(p, q, x))
        return _integrated(
            p, q, one, breaks, lambda x: np.abs(_gap(p, q, x)) ** power * power, (low, high)
        )
    of_logs = integrand(one)
    if one.kind == "tv":
        breaks = _with_crossings(breaks, lambda x: _signs(p, q, x))
    return _integrated(p, q, one, breaks, lambda x: of_logs(p.log(x), q.log(x)), (low, high))


def _integrated(
    p: Model,
    q: Model,
    one: Named,
    breaks: Floats,
    f: Callable[[Floats], Floats],
    ends: tuple[float, float],
) -> Outcome:
    power = 2.0 if one.kind == "chi2" else one.alpha

    def weigh(x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            if not power > 1:
                return np.asarray(np.log(f(x)))
            log_p, log_q = p.log(x), q.log(x)  # p^α q^(1−α) may exceed every float
            return np.asarray(np.logaddexp(power * log_p + (1 - power) * log_q, log_q))

    found = tails(p, q, *ends, breaks, extremes_of(p, q), weigh)
    for tail in found:
        if tail.reason:
            return Outcome(math.inf if tail.diverges else math.nan, 0.0, tail.reason)
    hidden = [0.0]

    def seen(x: Floats) -> Floats:
        values = f(x)
        if one.kind in {"chi2", "renyi"}:
            under = np.isneginf(q.log(x)) & (p.log(x) > -690)
            hidden[0] = max(hidden[0], float(under.any()))
        return values

    total, error = quadrature(seen, breaks, found)
    total += last(f, found, *ends)
    error += sum(tail.rest for tail in found) + _ROUNDING
    value, error = finished(one, max(total, 0.0), error)
    above_one = one.kind == "chi2" or one.alpha > 1
    if math.isinf(value):
        return Outcome(value, 0.0, "P and Q have nothing in common")
    return Outcome(value, error, lower_bound=HIDDEN if hidden[0] and above_one else "")


def _signs(p: Model, q: Model, x: Floats) -> Floats:
    with np.errstate(all="ignore"):
        result: Floats = np.nan_to_num(p.log(x) - q.log(x), nan=0.0)
        return result


def _gap(p: Model, q: Model, x: Floats) -> Floats:
    """Return F − G, in the upper half from the tails above, which keep their digits."""
    below = np.asarray(p.below(x) - q.below(x))
    above = np.asarray(q.above(x) - p.above(x))
    upper = np.asarray(p.below(x) + q.below(x)) > 1
    result: Floats = np.where(upper, above, below)
    return result


def _with_crossings(breaks: Floats, f: Callable[[Floats], Floats]) -> Floats:
    """Add where a function changes its sign, at which |f| has a kink."""
    found = _crossings(breaks, f)
    gaps = np.abs(found[:, None] - breaks).min(axis=1, initial=math.inf)
    return np.unique(np.concatenate([breaks, found[gaps > 1e-9 * np.abs(found)]]))


def _crossings(breaks: Floats, f: Callable[[Floats], Floats]) -> Floats:
    steps = np.arange(_LOOKED) / _LOOKED
    x = np.append((breaks[:-1, None] + np.diff(breaks)[:, None] * steps).ravel(), breaks[-1])
    sign = np.sign(f(x))
    turns = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    low, high, left = x[turns], x[turns + 1], sign[turns]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        same = np.sign(f(middle)) == left
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.concatenate([low, x[sign == 0]])


def _largest(p: Model, q: Model, breaks: Floats) -> Outcome:
    """Return max |F − G|, which lies where the densities cross, or where one begins or ends."""
    far = extremes_of(p, q)
    points = np.unique(np.concatenate([breaks, far]))
    ends = [end for pair in (*p.supports, *q.supports) for end in pair if math.isfinite(end)]
    x = np.concatenate([points, ends, _crossings(points, lambda x: _signs(p, q, x))])
    return Outcome(float(np.abs(_gap(p, q, x)).max()), _ROUNDING)


def summed(p: Model, q: Model, one: Named) -> Outcome:
    """Return the divergence of two distributions on the integers, in nats or in their unit."""
    span = _span(p, q)
    if span is None:
        return Outcome(math.nan, 0.0, f"the sum has more than {_MOST:,} terms that matter")
    x = np.arange(span[0], span[1] + 1, dtype=float)
    log_p, log_q = p.log(x), q.log(x)
    if one.kind == "chi2" or one.alpha > 1:
        ends = [end for pair in (*p.supports, *q.supports) for end in pair]
        power = 2.0 if one.kind == "chi2" else one.alpha
        reason = _grows(log_p, log_q, power, (math.isinf(min(ends)), math.isinf(max(ends))))
        if reason:
            return Outcome(math.inf, 0.0, reason)
    if one.kind in ORDERED:
        value = _ordered(one, np.exp(log_p), np.exp(log_q), x)
        return Outcome(value, _ROUNDING * max(1.0, abs(value)))
    terms = integrand(one)(log_p, log_q)
    if not np.isfinite(terms).all():
        where = x[np.flatnonzero(~np.isfinite(terms))[0]]
        return Outcome(math.inf, 0.0, f"P has mass where Q has none: at {where:.15g}")
    total = math.fsum(terms)
    value, error = finished(one, total, _ROUNDING * max(1.0, total))
    return Outcome(value, error, "P and Q have nothing in common" if math.isinf(value) else "")


def _span(p: Model, q: Model) -> tuple[float, float] | None:
    """Return integers beyond which neither has a mass that counts, whatever it is divided by."""
    middles = np.concatenate([side.quantiles(np.array([0.5])) for side in (p, q)])
    supports = (*p.supports, *q.supports)
    found = []
    for start, end, sign in (
        (math.floor(middles.min()), min(low for low, _ in supports), -1),
        (math.ceil(middles.max()), max(high for _, high in supports), 1),
    ):
        step, at = 64, float(start)
        while at != end:
            if step > _MOST:
                return None
            at = max(start - step, end) if sign < 0 else min(start + step, end)
            if max(float(side.log(np.array([at]))[0]) for side in (p, q)) < _LEAST:
                break
            step *= 2
        found.append(at)
    return found[0], found[1]


def _grows(log_p: Floats, log_q: Floats, power: float, endless: tuple[bool, bool]) -> str:
    """Say that p^α q^(1−α) does not fall outwards where it still counts."""
    with np.errstate(all="ignore"):
        terms = power * log_p + (1 - power) * log_q
    known = np.flatnonzero(np.isfinite(terms))
    if len(known) < 8:
        return ""
    top = float(terms[known].max())
    tenth = max(4, len(known) // 10)
    for goes_on, side in zip(endless, (known[:tenth][::-1], known[-tenth:]), strict=True):
        if goes_on and terms[side[-1]] > top + _NOTHING and terms[side[-1]] >= terms[side[0]]:
            return "the sum diverges: its terms do not fall outwards"
    return ""


def _ordered(one: Named, p: Floats, q: Floats, x: Floats) -> float:
    if one.kind == "wasserstein":
        return functionals.wasserstein(p, q, x)
    return (functionals.energy if one.kind == "energy" else functionals.kolmogorov_smirnov)(
        p, q, x
    )


def of_categories(p: Floats, q: Floats, one: Named) -> Outcome:
    """Return the divergence of two vectors of probabilities, which have no order."""
    if one.kind == "renyi":
        value = functionals.renyi(p, q, one.alpha)
    else:
        value = {
            "js": functionals.jensen_shannon,
            "hellinger": functionals.hellinger,
            "tv": functionals.total_variation,
            "chi2": functionals.chi_squared,
        }[one.kind](p, q)
    why = "P has mass where Q has none" if math.isinf(value) else ""
    return Outcome(value, _ROUNDING * max(1.0, abs(value)) if math.isfinite(value) else 0.0, why)
