"""D(P‖Q) among the other divergences: its estimate is there before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from klcli.measures.contract import INFORMATION
from klcli.measures.plain import Plain
from klcli.results import Direction

if TYPE_CHECKING:
    from klcli.measures.contract import Measured
    from klcli.measures.material import Material
    from klcli.results import Finding


@dataclass(frozen=True)
class KullbackLeibler(Plain):
    """D(P‖Q), which `--density`, `--estimator` and `--interval` are for."""

    name: ClassVar[str] = "kl"
    title: ClassVar[str] = "Kullback–Leibler divergence"
    symmetric: ClassVar[bool] = False
    unit: ClassVar[str] = INFORMATION
    given: ClassVar[bool] = True
    #: The only direction that is meant; None for those that are asked for.
    only: ClassVar[Direction | None] = None

    @property
    def label(self) -> str:
        """The estimate is called kl in either direction."""
        return "kl"

    def __call__(self, material: Material) -> Measured | Finding:
        """Not called: see `given`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Reverse(KullbackLeibler):
    """D(Q‖P): kl in the other direction, by the name that it has in variational inference."""

    name: ClassVar[str] = "reverse"
    only: ClassVar[Direction | None] = Direction.REVERSE
