"""What fits minimise: cross-entropy of the target (forward), or reverse divergence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.fitting.points import LEVELS, integers, panels

if TYPE_CHECKING:
    from klcli.fitting.families import Family
    from klcli.fitting.points import Points, Shape
    from klcli.typing import Floats

#: Nodes that stay may miss so much of Q; where they miss more, nodes move with it.
_SEEN: Final = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class CrossEntropy:
    """−E_P[log q]: forward divergence plus the entropy of P, which no fit can change.

    For rows this is the negative mean log likelihood.
    """

    family: Family
    points: Points

    def __call__(self, free: Floats) -> float:
        """Return it in nats at coordinates of the family."""
        return self.at(self.family.values(free))

    def at(self, values: Floats) -> float:
        """Return it in nats; inf where Q misses a point, NaN where there is no such Q."""
        low, high = self.family.support(values)
        if low > self.points.span[0] or high < self.points.span[1]:
            return math.inf  # between P's end and the first node there is mass as well
        logs = self.family.log(self.points.values, values)
        return -float(self.points.weights @ logs)

    def scores(self, free: Floats) -> Floats:
        """Return the derivatives of −log q at each point, shape (points, coordinates)."""
        columns = []
        for i in range(len(free)):
            step = np.zeros(len(free))
            step[i] = 1e-3
            f = [
                self.family.log(self.points.values, self.family.values(free + k * step))
                for k in (-2, -1, 1, 2)
            ]
            columns.append(-(f[0] - 8 * f[1] + 8 * f[2] - f[3]) / 12e-3)
        return np.column_stack(columns)


@dataclass(frozen=True, slots=True, eq=False)
class Reverse:
    """D(Q‖P) by quadrature (Gauss and Legendre on panels), or by a sum over whole numbers.

    Panels end where the target asks for it, and at quantiles of Q. For targets that are dear to
    evaluate they end at the former only, as long as that shows all of a Q on the whole line.
    """

    family: Family
    target: Shape
    #: Whether nodes stay where they are, for targets that are dear to evaluate.
    still: bool
    _held: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)

    def __call__(self, free: Floats) -> float:
        """Return it in nats at coordinates of the family."""
        return self.at(self.family.values(free))

    def at(self, values: Floats) -> float:
        """Return it in nats; inf where Q has mass that P lacks, NaN where there is no such Q."""
        nodes = self.nodes(values)
        if nodes is None:
            return math.nan
        return _integral(nodes, self.family.log(nodes[0], values))

    def nodes(self, values: Floats) -> tuple[Floats, Floats, Floats] | None:
        """Return points, their weights, and the target's log density there."""
        if (
            self.still
            and not self.target.discrete
            and not any(map(math.isfinite, self.family.support(values)))
        ):
            if not self._held:
                x, weights = panels(self.target.ends())
                self._held.append((x, weights, self.target.log(x)))
            x, weights, _ = self._held[0]
            mass = float(weights @ np.exp(self.family.log(x, values)))
            if abs(mass - 1) < _SEEN:
                return self._held[0]
        return self._moving(values)

    def _moving(self, values: Floats) -> tuple[Floats, Floats, Floats] | None:
        low, high = self.family.support(values)
        if math.isnan(low) or math.isnan(high):
            return None
        if self.target.discrete:
            ends = self.family.quantiles(LEVELS, values)
            if not len(ends):
                return None
            x = integers(float(ends[0]), float(ends[-1]))
            return x, np.ones(len(x)), self.target.log(x)
        own = self.family.quantiles(LEVELS, values)
        own = np.unique(np.concatenate([own, [end for end in (low, high) if math.isfinite(end)]]))
        if len(own) < 2:
            return None
        theirs = self.target.ends()
        inside = theirs[(theirs > own[0]) & (theirs < own[-1])]
        x, weights = panels(np.unique(np.concatenate([own, inside])))
        return x, weights, self.target.log(x)


def _integral(nodes: tuple[Floats, Floats, Floats], log_q: Floats) -> float:
    _, weights, log_p = nodes
    with np.errstate(all="ignore"):
        mass = np.exp(log_q)
        # A node that rounding puts on an end, where a density may be infinite, counts for nothing.
        counts = (mass > 0) & (log_q < math.inf)
        return float(weights @ np.where(counts, mass * (log_q - log_p), 0.0))
