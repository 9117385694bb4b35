"""Distances of distribution functions: Wasserstein, energy, Kolmogorov-Smirnov."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.measures.contract import COLUMN, DIMENSIONLESS, ROOT_COLUMN, Measured
from klcli.measures.inversion import Inverted, invert
from klcli.measures.plain import Plain
from klcli.measures.positions import Line, line
from klcli.measures.wilson import unseen
from klcli.results import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.measures.material import Material
    from klcli.results import Direction
    from klcli.typing import Floats

#: What is said of any column.
_GENERAL: Final = ("few-rows", "constant")
_AGAIN: Final = "from the samples' distribution functions, less what chance adds"


class _Ordered(Plain):
    """What the distances below have in common: they are functions of F − G."""

    name: ClassVar[str]
    given: ClassVar[bool] = False
    only: ClassVar[Direction | None] = None
    #: Whether values are looked at, not only their order.
    metric: ClassVar[bool] = True
    #: Whether values far out weigh so much that their tails must not be heavy.
    far: ClassVar[bool] = False
    largest: ClassVar[float] = math.inf

    def distance(self, below: Floats, gaps: Floats) -> Floats:
        """Return the distance for F − G between points, shape (..., gaps), `gaps` apart."""
        raise NotImplementedError

    def factor(self, scale: float) -> float:
        """Return by what a distance grows if all lengths grow by `scale`."""
        return scale

    def __call__(self, material: Material) -> Measured | Finding:
        """Estimate from a column, or say why it has none."""
        found = line(material, metric=self.metric)
        if isinstance(found, Finding):
            return found
        gaps, coarse_gaps = found.lengths(far=self.far)
        observed = float(self.distance(found.below, gaps))
        coarse = float(self.distance(found.coarse_below, coarse_gaps))

        def family(shape: Floats) -> Callable[[float], Floats]:
            """Return samples of pairs whose F − G is in proportion to this."""
            size = float(self.distance(shape, coarse_gaps))

            def drawn(target: float) -> Floats:
                below = shape * (target / size if size > 0 else 0.0)
                return self.distance(found.drawn(below), coarse_gaps)

            return drawn

        # A difference of one sign, as by a shift, is moved most by chance.
        shapes = [found.coarse_below, found.shift] if coarse > 0 else [found.shift]
        # One value on both sides: others may be as frequent as rows allow, and anywhere.
        alone = math.inf if self.metric else unseen(found.rows, material.confidence)
        inverted = Inverted(0.0, 0.0, alone, 0.0, 0.0)
        if len(coarse_gaps):
            families = [family(shape) for shape in shapes]
            inverted = invert(coarse, families, material.confidence, self.largest)
        factor = self.factor(found.scale)
        inverted = inverted.scaled(factor * (observed / coarse if coarse > 0 else 1.0))
        return self._measured(material, found, inverted, observed * factor)

    def _measured(
        self, material: Material, found: Line, inverted: Inverted, observed: float
    ) -> Measured:
        p_value = math.nan
        low = inverted.low
        if found.exchanged is not None:
            values = self.distance(found.exchanged, found.lengths(far=self.far)[1])
            slack = 1e-9 * max(float(values[0]), 1e-300)
            p_value = float(np.mean(values >= values[0] - slack))
            low = low if p_value <= material.level else 0.0
        general = [each for each in material.forward.findings if each.code in _GENERAL]
        tail = [found.heavy] if found.heavy is not None and self.far else []
        findings = (*general, *found.findings, *tail)
        status = Status.OK
        if found.unbounded:
            status = Status.INFINITE
        elif tail:
            status = Status.LOWER_BOUND
        open_above = status is not Status.OK
        return Measured(
            value=math.inf if found.unbounded else inverted.value,
            finite=inverted.value,
            low=low,
            high=math.inf if open_above else min(inverted.high, self.largest),
            standard_error=inverted.standard_error,
            p_value=p_value,
            noise_floor=inverted.noise_floor if material.resamples else math.nan,
            density="empirical",
            estimator="plug-in",
            interval="inversion",
            reason=f"{observed:.4g} {_AGAIN}",
            status=status,
            findings=findings,
        )


@dataclass(frozen=True)
class Wasserstein(_Ordered):
    """The Wasserstein distance of order 1, ∫ |F − G| dx; see `functionals.wasserstein`."""

    name: ClassVar[str] = "wasserstein"
    title: ClassVar[str] = "Wasserstein distance of order 1"
    symmetric: ClassVar[bool] = True
    unit: ClassVar[str] = COLUMN
    far: ClassVar[bool] = True

    def distance(self, below: Floats, gaps: Floats) -> Floats:
        """Return ∫ |F − G| dx."""
        result: Floats = np.abs(below) @ gaps
        return result


@dataclass(frozen=True)
class Energy(_Ordered):
    """The energy distance, the root of 2 ∫ (F − G)² dx; see `functionals.energy`."""

    name: ClassVar[str] = "energy"
    title: ClassVar[str] = "Energy distance"
    symmetric: ClassVar[bool] = True
    unit: ClassVar[str] = ROOT_COLUMN

    def factor(self, scale: float) -> float:
        """Return the root of `scale`."""
        return math.sqrt(scale)

    def distance(self, below: Floats, gaps: Floats) -> Floats:
        """Return the root of 2 ∫ (F − G)² dx."""
        result: Floats = np.sqrt(2 * (below**2 @ gaps))
        return result


@dataclass(frozen=True)
class KolmogorovSmirnov(_Ordered):
    """The largest difference of the distribution functions; see `functionals`."""

    name: ClassVar[str] = "ks"
    title: ClassVar[str] = "Kolmogorov–Smirnov distance"
    symmetric: ClassVar[bool] = True
    unit: ClassVar[str] = DIMENSIONLESS
    metric: ClassVar[bool] = False
    largest: ClassVar[float] = 1.0

    def factor(self, scale: float) -> float:  # noqa: ARG002
        """Return 1: lengths are not looked at."""
        return 1.0

    def distance(self, below: Floats, gaps: Floats) -> Floats:  # noqa: ARG002
        """Return max |F − G|."""
        result: Floats = np.abs(below).max(axis=-1, initial=0.0)
        return result
