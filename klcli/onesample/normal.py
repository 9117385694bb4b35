"""Probabilities of the standard normal distribution between bounds, far out as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Bools, Floats

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


def log_mass(lower: Floats, upper: Floats) -> Floats:
    """Return log(Φ(upper) − Φ(lower)), −inf where the bounds are equal."""
    from scipy.special import log_ndtr

    low, high, _ = _to_the_left(lower, upper)
    log_high = log_ndtr(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.exp(log_ndtr(low) - log_high)
        result: Floats = np.where(
            np.isneginf(log_high) | (low >= high), -np.inf, log_high + np.log1p(-part)
        )
    return result


def _to_the_left(lower: Floats, upper: Floats) -> tuple[Floats, Floats, Bools]:
    """Return bounds mirrored to where Φ is exact, and which were."""
    with np.errstate(invalid="ignore"):  # −inf + inf
        flip = lower + upper > 0
    return np.where(flip, -upper, lower), np.where(flip, -lower, upper), flip


def middle(lower: Floats, upper: Floats) -> Floats:
    """Return the median of the normal distribution between bounds."""
    from scipy.special import log_ndtr, ndtri_exp

    low, high, flip = _to_the_left(lower, upper)
    with np.errstate(divide="ignore"):
        half = np.logaddexp(log_ndtr(low), log_ndtr(high)) - np.log(2)
    score = ndtri_exp(half)
    result: Floats = np.where(flip, -score, score)
    return result
