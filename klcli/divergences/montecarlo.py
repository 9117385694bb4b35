"""D(P‖Q) of vectors without a formula, by drawing from P."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.divergences.known import Known
from klcli.divergences.models import draw, frozen
from klcli.divergences.outcome import Outcome
from klcli.divergences.quadrature import Integrals

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.divergences.known import Distribution
    from klcli.typing import Floats


def drawn(p: Distribution, q: Distribution, draws: int, rng: Generator) -> Integrals:
    """Return D(P‖Q) and the entropy of P in nats, with their standard errors.

    Each part of a mixture gets its share of the draws (stratified sampling), which leaves out
    the variance between parts.
    """
    values, errors, entropies, entropy_errors = [], [], [], []
    for weight, points in draw(p, draws, rng):
        log_p, log_q = log_density(p, points), log_density(q, points)
        ratio = log_p - log_q
        if np.isposinf(ratio).any():
            text = "P has mass where Q has none: Q gives no probability to points drawn from P"
            infinite = Outcome(math.inf, 0.0, text)
            return Integrals(infinite, Outcome(math.nan, math.inf, "not computed"))
        count = math.sqrt(len(ratio))
        values.append(weight * float(ratio.mean()))
        errors.append(weight * float(ratio.std(ddof=1)) / count)
        entropies.append(-weight * float(log_p.mean()))
        entropy_errors.append(weight * float(log_p.std(ddof=1)) / count)
    error, entropy_error = math.hypot(*errors), math.hypot(*entropy_errors)
    return Integrals(
        Outcome(math.fsum(values), 0.0, standard_error=error),
        Outcome(math.fsum(entropies), 0.0, standard_error=entropy_error),
    )


def log_density(side: Distribution, points: Floats) -> Floats:
    """Return the log density or log mass of vectors or matrices, one for each point."""
    if isinstance(side, Known):
        one = frozen(side)
        turned = points
        if side.kind == "matrix":
            turned = np.moveaxis(points, 0, -1)
        elif side.family == "dirichlet":
            turned = points.T  # scipy wants points in columns here
        logs = one.logpmf(points) if side.kind == "counts" else one.logpdf(turned)
        return np.asarray(logs, dtype=float)
    logs = np.array([log_density(part, points) for part in side.parts])
    stacked = logs + np.log(np.array(side.weights))[:, None]
    top = stacked.max(axis=0)
    with np.errstate(all="ignore"):
        result: Floats = top + np.log(np.exp(stacked - top).sum(axis=0))
    return result
