"""Other divergences of two known distributions: what is integrated or summed, and how it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.errors import UsageError
from klcli.registry import ALL_DIVERGENCES, DIVERGENCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats

#: What "all" stands for, as in `kl estimate`, but for PSI, which has bins.
EVERY: Final = tuple(name for name in ALL_DIVERGENCES if name != "psi")
#: Those that need an order and distances.
ORDERED: Final = frozenset({"wasserstein", "energy", "ks"})
_NAMES: Final = tuple(name for name in DIVERGENCES if name != "psi")
#: Logs of densities and masses that are nothing, where another one underflows.
_NONE: Final = -690.0
#: Log ratios below this are expanded in a series, which does not cancel.
_NEAR: Final = 1e-2


@dataclass(frozen=True, slots=True)
class Named:
    """A divergence that was asked for.

    Attributes
    ----------
    kind : str
        Its name without an argument.
    alpha : float
        Of Rényi's.
    """

    kind: str
    alpha: float = math.nan

    @property
    def name(self) -> str:
        """Its name with its argument."""
        return f"renyi:{self.alpha:g}" if self.kind == "renyi" else self.kind

    @property
    def symmetric(self) -> bool:
        """Whether P and Q may be exchanged."""
        return not (self.kind in {"kl", "chi2"} or (self.kind == "renyi" and self.alpha != 0.5))


def named(text: str) -> Named:
    """Return the divergence of a name.

    Raises
    ------
    UsageError
        If there is none, or it means nothing for known distributions.
    """
    kind, _, argument = text.partition(":")
    if kind == "psi":
        raise UsageError(
            "psi is the jeffreys divergence of bins, and known distributions have none",
            "--divergence jeffreys",
        )
    if kind not in _NAMES or (argument and kind != "renyi"):
        raise UsageError.unknown_choice("divergence", text, ["all", *_NAMES[:-4], "renyi:ALPHA",
                                                             *_NAMES[-3:]])  # fmt: skip
    if kind != "renyi":
        return Named(kind)
    try:
        alpha = float(argument or "nan")
    except ValueError:
        alpha = math.nan
    if not 0 < alpha < math.inf:
        raise UsageError(
            f"{text[:60]!r}: Rényi's α must be a positive number", "--divergence renyi:2"
        )
    return Named("kl") if alpha == 1 else Named("renyi", alpha)


def integrand(one: Named) -> Callable[[Floats, Floats], Floats]:
    """Return what is integrated, as a function of log p and log q; it is nowhere negative."""
    if one.kind == "renyi":
        return lambda log_p, log_q: _renyi(log_p, log_q, one.alpha)
    table: dict[str, Callable[[Floats, Floats], Floats]] = {
        "js": _js, "hellinger": _hellinger, "tv": _tv, "chi2": _chi2,
    }  # fmt: skip
    return table[one.kind]


def finished(one: Named, integral: float, error: float) -> tuple[float, float]:
    """Return the divergence from the integral, and its error bound."""
    if one.kind == "renyi":
        inner = integral if one.alpha > 1 else -min(integral, 1.0)
        if inner <= -1 + error:
            return math.inf, 0.0
        return math.log1p(inner) / (one.alpha - 1), error / ((1 + inner) * abs(one.alpha - 1))
    if one.kind in {"hellinger", "energy"}:
        root = math.sqrt(integral)
        return root, min(math.sqrt(error), error / (2 * root) if root else math.inf)
    return integral, error


def _js(log_p: Floats, log_q: Floats) -> Floats:
    """Return (p·log(p/m) + q·log(q/m)) / 2 with m = (p + q)/2."""
    with np.errstate(all="ignore"):
        top = np.maximum(log_p, log_q)
        t = np.where(np.isneginf(top), 0.0, np.abs(log_p - log_q))
        # With r = e^−t ≤ 1: of the larger density, 1 and r.
        r = np.exp(-t)
        middle = np.log1p((r - 1) / 2)
        far = (-middle + r * (-t - middle)) / 2
        far = np.where(np.isinf(t), math.log(2) / 2, far)
        near = t * t / 8 * np.exp(-t / 2)  # but for terms of t⁶
        result: Floats = np.exp(top) * np.where(t < 3e-3, near, far)
        return result


def _hellinger(log_p: Floats, log_q: Floats) -> Floats:
    with np.errstate(all="ignore"):
        top = np.maximum(log_p, log_q)
        t = np.where(np.isneginf(top), 0.0, np.abs(log_p - log_q))
        result: Floats = np.exp(top) * np.expm1(-t / 2) ** 2 / 2
        return result


def _tv(log_p: Floats, log_q: Floats) -> Floats:
    with np.errstate(all="ignore"):
        top = np.maximum(log_p, log_q)
        t = np.where(np.isneginf(top), 0.0, np.abs(log_p - log_q))
        return np.exp(top) * -np.expm1(-t) / 2


def _chi2(log_p: Floats, log_q: Floats) -> Floats:
    with np.errstate(all="ignore"):
        t = log_p - log_q
        large = np.exp(2 * log_p - log_q) * np.expm1(-t) ** 2
        large = np.where(np.isneginf(log_q) & (log_p <= _NONE), 0.0, large)
        result: Floats = np.where(
            np.isneginf(log_p),
            np.exp(log_q),
            np.where(t > 1, large, np.exp(log_q) * np.expm1(t) ** 2),
        )
        return result


def _renyi(log_p: Floats, log_q: Floats, alpha: float) -> Floats:
    """Return ±(p^α q^(1−α) − α·p − (1−α)·q), whose integral is that of p^α q^(1−α) less 1."""
    sign = 1.0 if alpha > 1 else -1.0
    with np.errstate(all="ignore"):
        p, q = np.exp(log_p), np.exp(log_q)
        both = np.isfinite(log_p) & np.isfinite(log_q)
        t = np.where(both, log_p - log_q, 0.0)
        alone = math.inf if alpha > 1 else 0.0
        power = np.where(
            both,
            np.exp(alpha * log_p + (1 - alpha) * log_q),
            np.where(np.isneginf(log_q) & (log_p > _NONE), alone, 0.0),
        )
        plain = sign * (power - alpha * p - (1 - alpha) * q)
        series, term = np.zeros_like(t), np.ones_like(t)
        for k in range(1, 9):
            term = term * t / k
            series += (alpha**k - alpha) * term
        near = both & (np.abs(t) * max(alpha, 1.0) < _NEAR)
        return np.where(near, q * sign * series, np.maximum(plain, 0.0))
