"""Known distributions as functions to evaluate: densities, tails, quantiles, draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.divergences.known import Known, Mixture

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from klcli.divergences.known import Distribution
    from klcli.typing import Floats


#: Points at a time, so that densities of a hundred parts stay in the processor's cache.
_BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class Model:
    """A distribution of one number, or a mixture of them, made of frozen ones of scipy.stats.

    Attributes
    ----------
    weights : ndarray, shape (parts,)
    parts : tuple
        Frozen distributions.
    discrete : bool
    """

    weights: Floats
    parts: tuple[Any, ...]
    discrete: bool

    def log(self, x: Floats) -> Floats:
        """Return the log density or log mass; −inf outside the support."""
        x = np.asarray(x, dtype=float)
        if len(self.parts) == 1 or x.size <= _BLOCK:
            return self._log(x)
        flat = x.ravel()
        blocks = [self._log(flat[k : k + _BLOCK]) for k in range(0, len(flat), _BLOCK)]
        return np.concatenate(blocks).reshape(x.shape)

    def _log(self, x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            logs = [part.logpmf(x) if self.discrete else _logpdf(part, x) for part in self.parts]
            if len(logs) == 1:
                return np.asarray(logs[0], dtype=float)
            stacked = np.array(logs) + np.log(self.weights).reshape(-1, *[1] * np.ndim(x))
            top = stacked.max(axis=0)
            safe = np.where(np.isfinite(top), top, 0.0)
            result: Floats = np.where(
                np.isfinite(top), safe + np.log(np.exp(stacked - safe).sum(axis=0)), top
            )
            return result

    def never(self, x: Floats) -> Floats:
        """Tell which values no part can take, as against those whose density underflows."""
        taken = np.zeros(len(x), dtype=bool)
        for part in self.parts:
            low, high = part.support()
            inside = (x >= low) & (x <= high)
            taken |= inside & (
                ~np.isneginf(part.logpmf(x)) if isinstance(part, _Categories) else inside
            )
        return ~taken

    def below(self, x: Floats | float) -> Floats:
        """Return P(X ≤ x), in the shape of `x`."""
        return self._mixed([part.cdf(x) for part in self.parts])

    def above(self, x: Floats | float) -> Floats:
        """Return P(X > x), in the shape of `x`; unlike 1 − P(X ≤ x) it keeps its digits."""
        return self._mixed([part.sf(x) for part in self.parts])

    def _mixed(self, values: list[Any]) -> Floats:
        result: Floats = np.tensordot(self.weights, np.asarray(values, dtype=float), axes=1)
        return result

    def draw(self, size: int, rng: Generator) -> Floats:
        """Return a sample of shape (size,), as independent draws."""
        counts = rng.multinomial(size, self.weights)
        drawn = [
            np.asarray(rvs(part, int(count), rng), dtype=float)
            for part, count in zip(self.parts, counts, strict=True)
        ]
        return rng.permutation(np.concatenate(drawn)) if len(drawn) > 1 else drawn[0]

    @property
    def support(self) -> tuple[float, float]:
        """The ends of where it lies."""
        return min(low for low, _ in self.supports), max(high for _, high in self.supports)

    @property
    def supports(self) -> list[tuple[float, float]]:
        """The interval on which each part lies."""
        return [(float(low), float(high)) for low, high in (x.support() for x in self.parts)]

    @property
    def middle(self) -> float:
        """A number in the midst: the median of the medians of its parts."""
        found = np.array([float(part.ppf(0.5)) for part in self.parts])
        finite = found[np.isfinite(found)]
        return float(np.median(finite)) if len(finite) else 0.0

    @property
    def coarseness(self) -> float:
        """Distance of floats where a part lies, in shares of the width of that part; the largest."""
        worst = 0.0
        for part in self.parts:
            lower, upper = (float(part.ppf(level)) for level in (0.25, 0.75))
            step = float(np.spacing(max(abs(lower), abs(upper))))
            worst = max(worst, step / (upper - lower) if upper > lower else math.inf)
        return worst

    def quantiles(self, levels: Floats) -> Floats:
        """Return quantiles of every part at `levels` and at 1 − `levels`, in order."""
        with np.errstate(all="ignore"):
            found = [quantile(levels) for part in self.parts for quantile in (part.ppf, part.isf)]
        values = np.unique(np.concatenate(found))
        result: Floats = values[np.isfinite(values)]
        return result


def quick(part: Any, method: str) -> bool:
    """Tell whether SciPy has a formula for `method`, such as "_ppf", instead of a search."""
    if isinstance(part, _Categories):
        return True
    from scipy import stats

    general = stats.rv_discrete if hasattr(part.dist, "pmf") else stats.rv_continuous
    return getattr(type(part.dist), method) is not getattr(general, method)


def _logpdf(part: Any, x: Floats) -> Any:
    """Return the log density; of laplace SciPy takes the log of a density that underflows."""
    if part.dist.name != "laplace":
        return part.logpdf(x)
    _, loc, scale = part.dist._parse_args(*part.args, **part.kwds)
    return -np.abs((x - loc) / scale) - np.log(2 * scale)


def rvs(part: Any, count: int, rng: Generator) -> Any:
    """Return draws of a frozen distribution."""
    if isinstance(part, _Categories) or not hasattr(part.dist, "pmf"):
        return part.rvs(count, random_state=rng)
    # NumPy draws counts only for parameters that are integers by type.
    whole = {
        name: int(value) if np.ndim(value) == 0 and float(value).is_integer() else value
        for name, value in part.kwds.items()
    }
    return part.dist.rvs(**whole, size=count, random_state=rng)


class _Categories:
    """Categories 0, 1, 2, … with the methods of a frozen discrete distribution."""

    def __init__(self, chances: tuple[float, ...]) -> None:
        self._chances = np.array(chances)

    def support(self) -> tuple[float, float]:
        return 0.0, len(self._chances) - 1.0

    def logpmf(self, x: Floats) -> Floats:
        x = np.asarray(x)
        inside = (x >= 0) & (x < len(self._chances)) & (x == np.floor(x))
        chances = np.where(inside, self._chances[np.where(inside, x, 0).astype(int)], 0.0)
        result: Floats = np.log(chances)
        return result

    def cdf(self, x: Floats | float) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self._chances)])[self._count(x)]

    def sf(self, x: Floats | float) -> Floats:
        behind = np.cumsum(self._chances[::-1])[::-1]
        return np.concatenate([behind, [0.0]])[self._count(x)]

    def _count(self, x: Floats | float) -> NDArray[np.intp]:
        """Return how many categories are at most `x`."""
        at: NDArray[np.intp] = np.clip(np.floor(x) + 1, 0, len(self._chances)).astype(np.intp)
        return at

    def rvs(self, size: int, random_state: Generator) -> Floats:
        return random_state.choice(len(self._chances), size, p=self._chances).astype(float)

    def ppf(self, levels: Floats) -> Floats:
        found = np.searchsorted(np.cumsum(self._chances), levels)
        return np.minimum(found, len(self._chances) - 1).astype(float)

    def isf(self, levels: Floats) -> Floats:
        return self.ppf(1 - levels)


def model(side: Distribution, shift: float = 0.0) -> Model:
    """Return what to evaluate, moved to the left by `shift`."""
    parts = side.parts if isinstance(side, Mixture) else (side,)
    weights = side.weights if isinstance(side, Mixture) else (1.0,)
    return Model(
        np.array(weights),
        tuple(frozen(part, shift) for part in parts),
        parts[0].kind in {"discrete", "categories"},
    )


def frozen(side: Known, shift: float = 0.0) -> Any:
    """Return the frozen distribution of scipy.stats, moved to the left by `shift`."""
    if side.family == "categorical":
        return _Categories(dict(side.values)["p"])
    from scipy import stats

    values = dict(side.values)
    if shift and "loc" in values:
        values["loc"] -= shift
    arrays = {
        name: np.array(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }
    return vars(stats)[side.family](**arrays)


def draw(side: Distribution, size: int, rng: Generator) -> list[tuple[float, Floats]]:
    """Return draws from every part of a distribution of vectors, with the part's weight."""
    if isinstance(side, Known):
        return [(1.0, frozen(side).rvs(size, random_state=rng))]
    return [
        (weight, frozen(part).rvs(max(2, round(weight * size)), random_state=rng))
        for weight, part in zip(side.weights, side.parts, strict=True)
    ]
