"""Standard errors of fitted parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.fitting.differences import slope
from klcli.fitting.objectives import Reverse
from klcli.fitting.optimise import FLAT

if TYPE_CHECKING:
    from klcli.fitting.families import Family
    from klcli.fitting.kernel import KernelDensity
    from klcli.fitting.objectives import CrossEntropy
    from klcli.fitting.optimise import Optimum
    from klcli.typing import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Standard errors of all parameters; NaN where there are none, 0 for fixed ones.

    Attributes
    ----------
    robust : ndarray
        Whether or not the family is right.
    information : ndarray
        If it is.
    method : str
        "sandwich", "influence" or "none".
    reason : str
        Why there are none.
    """

    robust: Floats
    information: Floats
    method: str
    reason: str = ""


def none(family: Family, reason: str) -> Errors:
    """Return that there are none, and why."""
    unknown = np.array([0.0 if name in family.fixed else math.nan for name in family.names])
    return Errors(unknown, unknown, "none", reason)


def of_forward(loss: CrossEntropy, optimum: Optimum) -> Errors:
    """Return errors of a maximum likelihood: H⁻¹GH⁻¹/n and H⁻¹/n.

    H is the mean curvature of −log q, G the mean square of its slopes.

    References
    ----------
    .. [1] H. White, "Maximum likelihood estimation of misspecified models", Econometrica 50
       (1982) 1-25, theorem 3.2, doi:10.2307/1912526.
    """
    family, points = loss.family, loss.points
    reason = _irregular(family, optimum)
    if reason:
        return none(family, reason)
    scores = loss.scores(optimum.free)
    if not np.isfinite(scores).all():
        return none(family, "the log likelihood of some row has no derivative")
    square = (scores * points.weights[:, None]).T @ scores
    inverse, flat = _inverted(optimum.hessian)
    covariance = inverse @ square @ inverse / points.rows
    return Errors(
        _of_values(family, optimum.free, covariance, flat),
        _of_values(family, optimum.free, inverse / points.rows, flat),
        "sandwich",
    )


def of_reverse(loss: Reverse, optimum: Optimum, density: KernelDensity) -> Errors:
    """Return errors from what each row does to the kernel density, the bandwidth held fixed.

    A row at X_i adds (K(x − X_i) − p(x))/n to the density p(x), and so moves the gradient of
    −∫ q·log p by −∇∫ q·(K(x − X_i)/p(x) − 1) dx / n; the curvature turns that into parameters.

    References
    ----------
    .. [1] A. van der Vaart, "Asymptotic Statistics" (1998), theorem 5.21 and chapter 20.
    """
    family = loss.family
    if not optimum.converged:
        return none(family, "the search did not end in a minimum")

    moved = _moves(loss, optimum, density)
    if not np.isfinite(moved).all():
        return none(family, "the density estimate vanishes where the fit has mass")
    shares = density.counts / density.counts.sum()
    centred = moved - moved @ shares[:, None]
    square = (centred * shares) @ centred.T
    inverse, flat = _inverted(optimum.hessian)
    rows = float(density.counts.sum())
    robust = _of_values(family, optimum.free, inverse @ square @ inverse / rows, flat)
    unknown = np.where(robust == 0, 0.0, math.nan)
    return Errors(robust, unknown, "influence")


#: Points that are looked at together, times kernels.
_BLOCK: Final = 256


def _moves(loss: Reverse, optimum: Optimum, density: KernelDensity) -> Floats:
    """Return the gradient of ∫ q·K_i/p for every kernel, shape (coordinates, kernels)."""
    rows = []
    for i in range(len(optimum.free)):
        step = np.zeros(len(optimum.free))
        step[i] = 1e-3
        f = [
            _overlap(density, loss.family, loss.family.values(optimum.free + k * step), loss)
            for k in (-2, -1, 1, 2)
        ]
        rows.append((f[0] - 8 * f[1] + 8 * f[2] - f[3]) / 12e-3)
    return np.array(rows)


def touched(density: KernelDensity, family: Family, values: Floats) -> float:
    """Return the standard error of D(Q‖P) that is due to the rows behind P's density."""
    moved = _overlap(density, family, values, Reverse(family, density, still=False))
    shares = density.counts / density.counts.sum()
    variance = float(shares @ (moved - shares @ moved) ** 2)
    return math.sqrt(variance / density.counts.sum())


def _overlap(density: KernelDensity, family: Family, values: Floats, loss: Reverse) -> Floats:
    """Return ∫ q·K_i/p for every kernel."""
    nodes = loss.nodes(values)
    if nodes is None:
        return np.full(len(density.centres), math.nan)
    x, weights, log_p = nodes
    with np.errstate(all="ignore"):
        log_q = family.log(x, values)
    kept = log_q > log_q.max() - 40  # e^-40 moves nothing
    x, weights, log_p, log_q = x[kept], weights[kept], log_p[kept], log_q[kept]
    total = np.zeros(len(density.centres))
    for start in range(0, len(x), _BLOCK):
        part = slice(start, start + _BLOCK)
        logs = density.kernels(x[part]) + (log_q[part] - log_p[part])[:, None]
        total += weights[part] @ np.exp(logs)
    return total


def _inverted(hessian: Floats) -> tuple[Floats, Floats]:
    """Return the inverse over the directions that curve, and those that do not, as columns."""
    curvatures, ways = np.linalg.eigh(hessian)
    curved = curvatures > FLAT
    inverse: Floats = (ways[:, curved] / curvatures[curved]) @ ways[:, curved].T
    return inverse, ways[:, ~curved]


def _of_values(family: Family, free: Floats, covariance: Floats, flat: Floats) -> Floats:
    """Return standard errors of parameters from the covariance of coordinates.

    NaN for those that move in a flat direction.
    """
    matrix = _jacobian(family, free)
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", matrix, covariance, matrix), 0.0))
    size = np.abs(matrix).max(axis=1, initial=0.0)
    moves = np.abs(matrix @ flat).max(axis=1, initial=0.0)
    moves[list(family.spent(free))] = math.inf
    result: Floats = np.where(moves > 1e-3 * np.maximum(size, 1e-300), math.nan, errors)
    return result


def _jacobian(family: Family, free: Floats) -> Floats:
    """Return the derivatives of all parameters, shape (parameters, coordinates)."""
    rows = []
    for position in range(len(family.names)):

        def one(at: Floats, position: int = position) -> float:
            return float(family.values(at)[position])

        found = slope(one, free)
        rows.append(np.zeros(len(free)) if found is None else found)
    return np.array(rows)


def flat_parameters(family: Family, optimum: Optimum) -> list[str]:
    """Return the parameters that could have other values and do as well."""
    if not optimum.converged:
        return []
    errors = _of_values(
        family, optimum.free, np.eye(len(optimum.free)), _inverted(optimum.hessian)[1]
    )
    return [name for name, error in zip(family.names, errors, strict=True) if math.isnan(error)]


def _irregular(family: Family, optimum: Optimum) -> str:
    """Say why the theory of maximum likelihood does not hold, if it does not.

    Where a parameter moves an end of the support, the density has to fall to 0 there faster than
    the distance to it.

    References
    ----------
    .. [1] R. Smith, "Maximum likelihood estimation in a class of nonregular cases", Biometrika 72
       (1985) 67-90, doi:10.1093/biomet/72.1.67.
    """
    edge = moving_end(family, optimum.free)
    if edge is not None:
        end, power = edge
        if power <= 1:
            return (
                f"a parameter moves the end of the support, {end:.6g}, where the density does not "
                "fall to 0 fast enough: the usual theory does not hold"
            )
    if optimum.wall:
        return "the maximum lies where the likelihood ends: the usual theory does not hold"
    if optimum.least:
        return "the likelihood has a kink at its maximum: the usual theory does not hold"
    if not optimum.converged:
        return "the search did not end in a maximum with curvature"
    return ""


def moving_end(family: Family, free: Floats) -> tuple[float, float] | None:
    """Return an end of the support that a parameter moves, and how the density behaves there.

    The power α of the density's (x − end)^α; the lower one if both ends move.
    """
    values = family.values(free)
    here = family.support(values)
    found = []
    for side, end in enumerate(here):
        if not math.isfinite(end):
            continue
        moved = False
        for i in range(len(free)):
            for step in (1e-4, -1e-4):
                other = np.array(free)
                other[i] += step
                there = family.support(family.values(other))[side]
                moved = moved or (math.isfinite(there) and there != end)
        if moved and not family.discrete:
            found.append((end, _power(family, values, end, 1.0 if side == 0 else -1.0)))
    return min(found, key=lambda pair: pair[1]) if found else None


def _power(family: Family, values: Floats, end: float, sign: float) -> float:
    """Return d log q / d log distance near an end."""
    quantiles = family.quantiles(np.array([0.25]), values)
    width = float(np.ptp(quantiles)) if len(quantiles) > 1 else 1.0
    distances = width * np.array([1e-6, 1e-7])
    distances = np.maximum(distances, np.array([64, 8]) * np.spacing(abs(end)))
    logs = family.log(end + sign * distances, values)
    if not np.isfinite(logs).all():
        return math.inf
    return float((logs[0] - logs[1]) / (math.log(distances[0]) - math.log(distances[1])))
