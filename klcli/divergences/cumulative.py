"""Cumulative probabilities of known distributions of one number, on normal scores."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.divergences.known import Known, Mixture

if TYPE_CHECKING:
    from klcli.divergences.known import Distribution
    from klcli.divergences.models import Model
    from klcli.typing import Bools, Floats

#: Probabilities at which the range of a distribution ends that has no end.
_TAIL = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Cumulative:
    """F of a distribution of one number, as z = Φ⁻¹(F(x)), exact in both tails.

    Attributes
    ----------
    known : Known or Mixture
        Continuous, discrete (integers) or circular.
    """

    known: Distribution

    @property
    def discrete(self) -> bool:
        """Whether its values are integers."""
        return self.known.kind == "discrete"

    @property
    def circular(self) -> bool:
        """Whether its values are angles."""
        return self.known.kind == "circular"

    def turned(self, x: Floats) -> Floats:
        """Return angles within one turn from where the distribution begins."""
        start = self._start()
        return start + np.mod(x - start, 2 * math.pi)

    def scores(self, x: Floats) -> Floats:
        """Return Φ⁻¹(F(x)), ±inf where all of the probability lies on one side."""
        x = np.asarray(x, dtype=float)
        if isinstance(self.known, Known) and self.known.family == "norm":
            values = dict(self.known.values)
            result: Floats = (x - values["loc"]) / values["scale"]
            return result
        from scipy.special import ndtri_exp

        model = self._model()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # scipy's, about the far tails of some families.
            warnings.simplefilter("ignore")
            below, above = self._logs(model, x)
            # Some families subtract: where one side is small, what it says counts.
            lower = below < above
            side = np.minimum(np.where(lower, below, above), 0.0)
            score = np.where(np.isneginf(side), -np.inf, ndtri_exp(np.minimum(side, -1e-17)))
        return np.where(lower, score, -score)

    def _logs(self, model: Model, x: Floats) -> tuple[Floats, Floats]:
        if self.circular:
            start = self._start()
            parts = list(zip(model.weights, model.parts, strict=True))
            share = sum(weight * (part.cdf(x) - part.cdf(start)) for weight, part in parts)
            return np.log(np.maximum(share, 0.0)), np.log1p(-np.minimum(share, 1.0))
        below, above = (
            np.logaddexp.reduce(
                [
                    _log(part, name, x) + math.log(weight)
                    for weight, part in zip(model.weights, model.parts, strict=True)
                ]
            )
            for name in ("cdf", "sf")
        )
        return below, above

    def impossible(self, x: Floats) -> Bools:
        """Tell which values have probability (or density) zero, and do not merely underflow."""
        if self.circular:
            return np.zeros(len(x), dtype=bool)
        with np.errstate(all="ignore"):
            never = np.asarray(self._model().never(x), dtype=bool)
        return never | np.not_equal(x, np.round(x)) if self.discrete else never

    def support(self) -> tuple[float, float]:
        """Return between which values all of the probability lies."""
        if self.circular:
            return self.range()
        ends = self._model().supports
        return min(low for low, _ in ends), max(high for _, high in ends)

    def range(self) -> tuple[float, float]:
        """Return where all but a millionth of a millionth of the probability lies."""
        if self.circular:
            return self._start(), self._start() + 2 * math.pi
        with np.errstate(all="ignore"):
            found = self._model().quantiles(np.array([_TAIL]))
        return float(found[0]), float(found[-1])

    def at(self, z: Floats) -> Floats:
        """Return the values whose normal scores are `z`, of a single family."""
        from scipy.special import ndtr

        part = self._model().parts[0]
        with np.errstate(all="ignore"):
            tail = ndtr(-np.abs(z))
            result: Floats = np.where(z < 0, part.ppf(tail), part.isf(tail))
        return result

    def quantiles(self, z: Floats) -> Floats:
        """Return values of which some lie near each of the normal scores `z`, in order."""
        from scipy.special import ndtr

        with np.errstate(all="ignore"):
            result: Floats = self._model().quantiles(ndtr(-np.abs(z)))
        return result

    def _model(self) -> Model:
        from klcli.divergences.models import model

        return model(self.known)

    def _start(self) -> float:
        first = self.known.parts[0] if isinstance(self.known, Mixture) else self.known
        return float(dict(first.values)["loc"]) - math.pi


def _log(part: object, name: str, x: Floats) -> Floats:
    """Return the log of F(x) or 1 − F(x) of one part."""
    method = getattr(part, f"log{name}", None)
    if method is None:  # categories
        plain = getattr(part, name)
        chances: Floats = np.array([plain(float(each)) for each in x])
        return np.log(chances)
    result: Floats = np.asarray(method(x), dtype=float)
    return result
