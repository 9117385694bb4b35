"""D(P‖Q) of vectors without a formula, by drawing from P."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from klcli.divergences.closed_line import LEFT_OUT
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
    reason, diverges = _foreseen(p, q)
    if diverges:
        infinite = Outcome(math.inf, 0.0, reason)
        return Integrals(infinite, Outcome(math.nan, math.inf, "not computed"))
    values, errors, entropies, entropy_errors = [], [], [], []
    for weight, points in draw(p, draws, rng):
        log_p, log_q = log_density(p, points), log_density(q, points)
        ratio = log_p - log_q
        if np.isposinf(ratio).any():
            text = f"{LEFT_OUT}: Q gives no probability to points drawn from P"
            infinite = Outcome(math.inf, 0.0, text)
            return Integrals(infinite, Outcome(math.nan, math.inf, "not computed"))
        count = math.sqrt(len(ratio))
        values.append(weight * float(ratio.mean()))
        errors.append(weight * float(ratio.std(ddof=1)) / count)
        entropies.append(-weight * float(log_p.mean()))
        entropy_errors.append(weight * float(log_p.std(ddof=1)) / count)
    error, entropy_error = math.hypot(*errors), math.hypot(*entropy_errors)
    return Integrals(
        Outcome(math.fsum(values), 0.0, standard_error=error, lower_bound=reason),
        Outcome(math.fsum(entropies), 0.0, standard_error=entropy_error),
    )


def _foreseen(p: Distribution, q: Distribution) -> tuple[str, bool]:
    """Return what draws would not show, and whether it makes the divergence infinite."""
    parts, others = _parts(p), _parts(q)
    tails = [dict(x.values)["df"] for x in parts if x.family == "multivariate_t"]
    if tails and all(x.family == "multivariate_normal" for x in others):
        if min(tails) <= 2:
            return "the integral diverges: P's variance is infinite", True
        if min(tails) <= 4:
            return "log p/q has no variance: the mean of draws is mostly too low", False
    if p.kind == "counts":
        for part in parts:
            number, categories = _drawn_from(part)
            covered = any(
                number == count and categories <= among
                for count, among in map(_drawn_from, others)
            )
            # Fewer draws than categories never show all of these.
            if not covered and number >= len(categories):
                return f"{LEFT_OUT}: no part of Q yields all that {part} does", True
    return "", False


def _parts(side: Distribution) -> tuple[Known, ...]:
    return (side,) if isinstance(side, Known) else side.parts


def _drawn_from(side: Known) -> tuple[float, set[int]]:
    """Return how many draws there are from which categories."""
    number, chances = dict(side.values).values()
    return number, {k for k, chance in enumerate(chances) if chance > 0}


def log_density(side: Distribution, points: Floats) -> Floats:
    """Return the log density or log mass of vectors or matrices, one for each point."""
    if isinstance(side, Known):
        one = frozen(side)
        if side.kind == "matrix":
            return _wishart(side, points)
        turned = points.T if side.family == "dirichlet" else points  # as scipy wants them
        logs = one.logpmf(points) if side.kind == "counts" else one.logpdf(turned)
        return np.asarray(logs, dtype=float)
    logs = np.array([log_density(part, points) for part in side.parts])
    stacked = logs + np.log(np.array(side.weights))[:, None]
    top = stacked.max(axis=0)
    with np.errstate(all="ignore"):
        result: Floats = top + np.log(np.exp(stacked - top).sum(axis=0))
    return result


def _wishart(side: Known, points: Floats) -> Floats:
    """Return the log density of (inverse) Wishart matrices: scipy's goes through them one by one."""
    from scipy.special import multigammaln

    df, rows = dict(side.values).values()
    scale = np.array(rows)
    d = len(scale)
    matrices = points.reshape(-1, d, d)
    logdet, logdet_scale = (np.linalg.slogdet(x)[1] for x in (matrices, scale))
    if side.family == "wishart":
        trace = np.trace(np.linalg.solve(scale, matrices), axis1=1, axis2=2)
        powers = (df - d - 1) / 2 * logdet - df / 2 * logdet_scale
    else:
        trace = np.trace(np.linalg.solve(matrices, scale), axis1=1, axis2=2)
        powers = df / 2 * logdet_scale - (df + d + 1) / 2 * logdet
    norm = df * d / 2 * math.log(2) + float(multigammaln(df / 2, d))
    result: Floats = powers - trace / 2 - norm
    return result
