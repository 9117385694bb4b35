"""What every divergence of a pair of laws is, by quadrature and summation; nothing of the package."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from laws import Law, Pair, expectation, log_ratio
from scipy import integrate


def truth(pair: Pair, label: str) -> float:
    """Return a divergence of P and Q, in the direction P‖Q where it has one."""
    name, _, argument = label.partition(":")
    if name in ("wasserstein", "energy", "ks"):
        return _line(pair.p, pair.q)[name]
    ratio, inverse = log_ratio(pair.p, pair.q), log_ratio(pair.q, pair.p)

    def of_p(function):
        return expectation(pair.p, lambda x: function(np.clip(ratio(x), -700, 700)))

    def of_q(function):
        return expectation(pair.q, lambda x: function(np.clip(-inverse(x), -700, 700)))

    match name:
        case "kl":
            return pair.forward
        case "jeffreys":
            return pair.forward + pair.reverse
        case "js":
            first = of_p(lambda r: math.log(2) - np.logaddexp(0, -r))
            return (first + of_q(lambda r: math.log(2) - np.logaddexp(0, r))) / 2
        case "hellinger":
            # 1 − √r loses its digits near 0; ½(1 − √r)² does not.
            square = of_q(lambda r: np.expm1(r / 2) ** 2) / 2
            missing = 1 - of_q(np.exp)  # of P, where Q has nothing
            return math.sqrt(square + max(missing, 0.0) / 2 * (missing > 1e-9))
        case "tv":
            return of_p(lambda r: np.maximum(-np.expm1(-r), 0.0))
        case "chi2":
            return of_p(np.expm1)
        case "renyi":
            alpha = float(argument)
            return math.log(of_p(lambda r: np.exp((alpha - 1) * r))) / (alpha - 1)
    raise ValueError(label)


@cache
def _line(p: Law, q: Law) -> dict[str, float]:
    """Return the distances of the distribution functions."""
    atoms = np.union1d(p.atoms, q.atoms)
    total = np.zeros(0)
    grid = atoms
    if p.log_density is not None or q.log_density is not None:
        ends = [law.breaks[i] for law in (p, q) if law.breaks for i in (0, -1)]
        low = max(min(ends), -60.0)
        high = min(max(ends), 400.0)
        grid = np.union1d(np.linspace(low, high, 400_001), atoms)
    total = _cumulative(p, grid) - _cumulative(q, grid)
    gaps = np.diff(grid)
    if p.log_density is None:
        inner, square = np.abs(total[:-1]), total[:-1] ** 2
    else:
        inner = (np.abs(total[:-1]) + np.abs(total[1:])) / 2
        square = (total[:-1] ** 2 + total[1:] ** 2) / 2
    return {
        "wasserstein": float(inner @ gaps),
        "energy": math.sqrt(2 * float(square @ gaps)),
        "ks": float(np.abs(total).max()),
    }


def _cumulative(law: Law, grid: np.ndarray) -> np.ndarray:
    total = np.zeros(len(grid))
    if law.log_density is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            density = np.nan_to_num(np.exp(law.log_density(grid)), nan=0.0, posinf=0.0)
        outside = (grid < law.breaks[0]) | (grid > law.breaks[-1])
        density[outside] = 0.0
        total += integrate.cumulative_simpson(density, x=grid, initial=0.0)
    if len(law.atoms):
        total += np.cumsum(np.where(np.isin(grid, law.atoms), np.exp(law.log_mass(grid)), 0.0))
    return total
