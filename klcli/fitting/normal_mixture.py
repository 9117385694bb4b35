"""Mixtures of normal distributions as functions of their free coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klcli.typing import Floats


@dataclass(frozen=True, slots=True)
class NormalMixture:
    """Mixtures of K normal distributions.

    Attributes
    ----------
    parts : int
        K.
    centre, spread : float
        Where the target is, so that coordinates are of one size.
    """

    parts: int
    centre: float = 0.0
    spread: float = 1.0

    @property
    def name(self) -> str:
        """As it was asked for."""
        return f"mixture:{self.parts}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters: of each component its weight, loc and scale."""
        each = range(1, self.parts + 1)
        return tuple(f"{name}{k}" for k in each for name in ("weight", "loc", "scale"))

    @property
    def fixed(self) -> Mapping[str, float]:
        """Nothing can be fixed."""
        return {}

    @property
    def discrete(self) -> bool:
        """Numbers, not whole numbers."""
        return False

    @property
    def size(self) -> int:
        """Number of parameters that are fitted: the weights sum to 1."""
        return 3 * self.parts - 1

    def log(self, x: Floats, values: Floats) -> Floats:
        """Return the log density at `x`."""
        parts = self.part_logs(x, values)
        top = parts.max(axis=0)
        result: Floats = top + np.log(np.exp(parts - top).sum(axis=0))
        return result

    def part_logs(self, x: Floats, values: Floats) -> Floats:
        """Return log of weight times density of each component, shape (parts, points)."""
        weights, locs, scales = values[0::3, None], values[1::3, None], values[2::3, None]
        z = (x - locs) / scales
        result: Floats = np.log(weights) - np.log(scales) - 0.5 * math.log(2 * math.pi) - z * z / 2
        return result

    def quantiles(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of every component at `levels` and at 1 − `levels`, in order."""
        from scipy.special import ndtri

        z = np.concatenate([ndtri(levels), -ndtri(levels)])
        result: Floats = np.unique(values[1::3, None] + values[2::3, None] * z)
        return result

    def at(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of the whole mixture, by interpolation."""
        from scipy.special import ndtr

        x = np.unique(values[1::3, None] + values[2::3, None] * np.linspace(-6, 6, 241))
        shares = values[0::3] @ ndtr((x - values[1::3, None]) / values[2::3, None])
        return np.interp(levels, shares, x)

    def support(self, values: Floats) -> tuple[float, float]:  # noqa: ARG002
        """Return the whole line."""
        return -math.inf, math.inf

    def values(self, free: Floats) -> Floats:
        """Return all parameters: weights by softmax against the first component."""
        logits = np.concatenate([[0.0], free[: self.parts - 1]])
        weights = np.exp(logits - logits.max())
        rest = free[self.parts - 1 :]
        scales = np.exp(np.clip(rest[1::2], -700, 700))
        locs = self.centre + self.spread * rest[0::2]
        table = np.column_stack([weights / weights.sum(), locs, self.spread * scales])
        return np.asarray(table.ravel())

    def free(self, values: Floats) -> Floats:
        """Return the coordinates."""
        logs = np.log(np.maximum(values[0::3], 1e-300))
        places = (values[1::3] - self.centre) / self.spread
        rest = np.column_stack([places, np.log(values[2::3] / self.spread)]).ravel()
        return np.concatenate([logs[1:] - logs[0], rest])

    def spent(self, free: Floats) -> tuple[int, ...]:  # noqa: ARG002
        """Return none: there is no such end."""
        return ()

    def expression(self, values: Floats) -> str:
        """Return the mixture as other commands take it, in full precision."""
        rows = values.reshape(-1, 3)
        return " + ".join(f"{float(w)!r}*norm({float(m)!r}, {float(s)!r})" for w, m, s in rows)
