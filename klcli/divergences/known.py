"""A known distribution, as it was named: a family with its parameters, or a mixture of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Numbers, lists of them, and lists of those.
Value = Any


@dataclass(frozen=True, slots=True)
class Known:
    """One distribution of a family of scipy.stats, or categories with probabilities.

    Attributes
    ----------
    family : str
        Its name in scipy.stats; or "categorical".
    values : tuple of (str, value)
        Every parameter by name, in order, those that were left out included. A vector is a tuple
        of float, a matrix a tuple of tuples.
    kind : str
        "continuous", "discrete", "circular", "vector" (continuous), "counts" (a vector of them),
        "matrix", or "categories" (which have names, unlike "discrete").
    size : int
        Length of its vectors; 1 for numbers.
    labels : tuple of str
        Names of the categories.
    """

    family: str
    values: tuple[tuple[str, Value], ...]
    kind: str
    size: int = 1
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.labels:
            pairs = zip(self.labels, dict(self.values)["p"], strict=True)
            return _call(self.family, list(pairs))
        return _call(self.family, list(self.values))


@dataclass(frozen=True, slots=True)
class Mixture:
    """Several distributions of one kind, each with its weight; the weights sum to 1."""

    weights: tuple[float, ...]
    parts: tuple[Known, ...]

    @property
    def kind(self) -> str:
        """Kind of every part."""
        return self.parts[0].kind

    @property
    def size(self) -> int:
        """Length of the vectors of every part."""
        return self.parts[0].size

    def __str__(self) -> str:
        pairs = zip(self.weights, self.parts, strict=True)
        return " + ".join(f"{weight:.6g}*{part}" for weight, part in pairs)


Distribution = Known | Mixture


def category_masses(side: Distribution) -> dict[str, float]:
    """Return the probability of each named category."""
    parts = side.parts if isinstance(side, Mixture) else (side,)
    weights = side.weights if isinstance(side, Mixture) else (1.0,)
    masses: dict[str, float] = {}
    for weight, part in zip(weights, parts, strict=True):
        for name, chance in zip(part.labels, dict(part.values)["p"], strict=True):
            masses[name] = masses.get(name, 0.0) + weight * chance
    return masses


#: More values than this are counted instead of shown.
_SHOWN = 12


def _call(family: str, values: list[tuple[str, Value]]) -> str:
    if len(values) > _SHOWN:
        return f"{family}({len(values)} values)"
    return f"{family}({', '.join(f'{name}={_text(value)}' for name, value in values)})"


def _text(value: Value) -> str:
    if isinstance(value, tuple):
        if len(value) > _SHOWN:
            return f"[{len(value)} values]"
        return f"[{', '.join(map(_text, value))}]"
    return f"{value:.15g}"
