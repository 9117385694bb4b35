"""Cumulative probabilities of known distributions of one number, on normal scores."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.divergences.known import Known, Mixture
from klcli.errors import InputError

if TYPE_CHECKING:
    from klcli.divergences.known import Distribution
    from klcli.divergences.models import Model
    from klcli.typing import Bools, Floats

#: Normal score beyond which hardly anything lies, one in a billion.
_ENOUGH = 6.0
_DOUBLINGS = 4
#: Integers whose probabilities are added up one by one, where scipy has no formula for F.
_MOST_ADDED = 4_000_000


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
            return self._start(), self._start() + 2 * math.pi
        ends = self._model().supports
        return min(low for low, _ in ends), max(high for _, high in ends)

    def range(self, low: float, high: float) -> tuple[float, float]:
        """Widen a range until hardly anything lies beyond, or it is some thirty times as wide.

        Quantiles would tell, but for some families scipy searches for them for minutes.
        """
        first, last = self.support()
        step = max(high - low, 10.0 if self.discrete else 0.0)
        for _ in range(_DOUBLINGS):
            below, above = self.scores(np.array([low, high]))
            if below < -_ENOUGH and above > _ENOUGH:
                break
            low = low if below < -_ENOUGH else max(low - step, first)
            high = high if above > _ENOUGH else min(high + step, last)
            step *= 2
        return low, high

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


def _added_up(part: object) -> bool:
    """Tell whether scipy adds up a discrete distribution anew for each value, from its start."""
    from scipy import stats

    family = getattr(part, "dist", None)
    return (
        isinstance(family, stats.rv_discrete)
        and getattr(type(family), "_cdf", None) is stats.rv_discrete._cdf
        and bool(np.isfinite(part.support()[0]))  # type: ignore[attr-defined]
    )


def _log(part: object, name: str, x: Floats) -> Floats:
    """Return the log of F(x) or 1 − F(x) of one part."""
    if _added_up(part):
        low = part.support()[0]  # type: ignore[attr-defined]
        last = max(float(x.max(initial=low)), low)
        if last - low > _MOST_ADDED:
            raise InputError(
                f"values up to {last:,.0f} are too many to add up probabilities of this family",
                "take one whose cumulative probabilities have a formula",
            )
        sums = np.cumsum(part.pmf(np.arange(low, last + 1)))  # type: ignore[attr-defined]
        place = np.floor(x - low).astype(np.intp)
        share = np.where(place >= 0, np.minimum(sums[np.maximum(place, 0)], 1.0), 0.0)
        added: Floats = np.log(share if name == "cdf" else 1 - share)
        return added
    method = getattr(part, f"log{name}", None)
    if method is None:  # categories
        plain = getattr(part, name)
        chances: Floats = np.array([plain(float(each)) for each in x])
        return np.log(chances)
    result: Floats = np.asarray(method(x), dtype=float)
    return result
