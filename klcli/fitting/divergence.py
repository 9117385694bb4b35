"""Both divergences between a target and a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.selection import Selection
from klcli.divergences.build import distribution
from klcli.divergences.exact import exact
from klcli.divergences.models import model
from klcli.divergences.tails import tails
from klcli.estimation.choice import Method
from klcli.estimation.distribution import KnownSide
from klcli.estimation.known import estimate_known
from klcli.estimation.known_column import Sides
from klcli.estimation.request import Request
from klcli.fitting.errors import touched
from klcli.fitting.families import DEAR
from klcli.fitting.points import LEVELS, integers, panels
from klcli.fitting.report import Divergence
from klcli.results import Direction, Status

if TYPE_CHECKING:
    from klcli.fitting.families import Family
    from klcli.fitting.points import Shape
    from klcli.fitting.target import Aim
    from klcli.typing import Floats

_UNDEFINED: Final = str(Status.UNDEFINED)
_CONFIDENCE: Final = 0.95
#: How an array's only column is called, and that it holds numbers even if there are two.
_NUMBERS: Final = Selection(numeric=("x0",))


def both(aim: Aim, family: Family, values: Floats) -> tuple[Divergence, Divergence]:
    """Return D(P‖Q) and D(Q‖P) in nats."""
    if aim.known is not None:
        return _known(aim, family, values)
    return _forward(aim, family, values), _reverse(aim, family, values)


def _known(aim: Aim, family: Family, values: Floats) -> tuple[Divergence, Divergence]:
    found = exact(aim.written, family.expression(values)).results
    first, second = (
        Divergence(one.value, one.error_bound, 0.0, one.status, one.reason) for one in found
    )
    return first, second


def _forward(aim: Aim, family: Family, values: Floats) -> Divergence:
    """Return the divergence of the rows from Q, as `kl estimate DATA DIST` has it."""
    logs = family.log(aim.points.values, values)
    outside = aim.points.weights[np.isneginf(logs)].sum()
    if outside > 0:
        where = aim.points.values[np.isneginf(logs)][0]
        text = f"{outside:.2%} of the rows lie where Q has no density, such as {where:.6g}"
        return Divergence(math.inf, 0.0, math.nan, str(Status.INFINITE), text)
    if not math.isfinite(float(aim.points.weights @ logs)):
        return Divergence(
            math.nan, math.nan, math.nan, _UNDEFINED, "Q's density is infinite at a row"
        )
    if family.name in DEAR:
        return _by_entropy(aim, logs)
    assert aim.column is not None
    known = KnownSide("Q", distribution(family.expression(values)), None)
    request = Request(Method(), (Direction.FORWARD,), _CONFIDENCE, resamples=0, seed=0)
    report = estimate_known(
        aim.column.values, Sides(known, data_first=True), _NUMBERS, request, explicit=True
    )
    one = report.results[0]
    reason = next((each.message for each in one.warnings), "")
    return Divergence(one.estimate, 0.0, one.standard_error, str(one.status), reason)


def _by_entropy(aim: Aim, logs: Floats) -> Divergence:
    """Return the mean of −log q less the entropy of P, for a Q whose probabilities are too dear."""
    value = -float(aim.points.weights @ logs) - aim.entropy
    error = math.nan
    if aim.shape is not None:
        ratio = aim.shape.log(aim.points.values) - logs
        mean = float(aim.points.weights @ ratio)
        variance = float(aim.points.weights @ (ratio - mean) ** 2) / aim.points.rows
        # At P = Q the first term vanishes, and the entropy's error is of a smaller order.
        distinct = len(aim.points.values) if aim.shape.discrete else 1
        error = math.sqrt(
            variance + aim.entropy_variance + (distinct - 1) / (2 * aim.points.rows**2)
        )
    return Divergence(value, 0.0, error, str(Status.OK), "")


def _reverse(aim: Aim, family: Family, values: Floats) -> Divergence:
    """Return the integral of q·log(q/p) with p the density estimate."""
    if aim.shape is None:
        return Divergence(math.nan, math.nan, math.nan, _UNDEFINED, aim.no_shape)
    low, _ = family.support(values)
    lowest = aim.shape.supports[0][0]
    if low < lowest:
        text = f"Q has mass below {lowest:g}, where P has none"
        return Divergence(math.inf, 0.0, math.nan, str(Status.INFINITE), text)
    if aim.shape.discrete:
        ends = family.quantiles(LEVELS, values)
        x = integers(float(ends[0]), float(ends[-1]))
        value, error = _sum(aim.shape, family, values, x, np.ones(len(x))), 0.0
    else:
        reason = _diverges(aim.shape, family, values)
        if reason:
            return Divergence(math.inf, 0.0, math.nan, str(Status.INFINITE), reason)
        ends = _ends(aim.shape, family, values)
        value, coarse = (
            _sum(aim.shape, family, values, *panels(each))
            for each in (np.unique(np.concatenate([ends, (ends[1:] + ends[:-1]) / 2])), ends)
        )
        error = abs(value - coarse)
    if not math.isfinite(value):
        return Divergence(
            math.nan, math.nan, math.nan, _UNDEFINED, "Q's density cannot be evaluated"
        )
    sampling = math.nan
    if aim.kernel is not None:
        sampling = touched(aim.kernel, family, values)
    return Divergence(value, error, sampling, str(Status.OK), "")


def _ends(shape: Shape, family: Family, values: Floats) -> Floats:
    support = [end for end in family.support(values) if math.isfinite(end)]
    own = np.unique(np.concatenate([family.quantiles(LEVELS, values), support]))
    theirs = shape.ends()
    return np.unique(np.concatenate([own, theirs[(theirs > own[0]) & (theirs < own[-1])]]))


def _sum(shape: Shape, family: Family, values: Floats, x: Floats, weights: Floats) -> float:
    log_q = family.log(x, values)
    with np.errstate(all="ignore"):
        mass = np.exp(log_q)
        return float(weights @ np.where(mass > 0, mass * (log_q - shape.log(x)), 0.0))


def _diverges(shape: Shape, family: Family, values: Floats) -> str:
    """Say why D(Q‖P) is infinite: Q's tail has no variance, and P's log falls as a parabola."""
    q = model(distribution(family.expression(values)))
    low, high = min(a for a, _ in q.supports), max(b for _, b in q.supports)
    quantiles = q.quantiles(np.array([0.01, 0.1, 0.5]))
    with np.errstate(all="ignore"):
        found = tails(q, shape, low, high, quantiles, quantiles)  # type: ignore[arg-type]
    return next((tail.reason for tail in found if tail.diverges), "")
