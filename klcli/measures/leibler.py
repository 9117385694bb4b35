"""D(P‖Q) among the other divergences: its estimate is there before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from klcli.errors import UsageError
from klcli.measures.contract import INFORMATION
from klcli.results import Direction

if TYPE_CHECKING:
    from typing import Self

    from klcli.measures.contract import Measured
    from klcli.measures.material import Material
    from klcli.results import Finding


@dataclass(frozen=True)
class KullbackLeibler:
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
        """The name; without parameters that is all."""
        return "kl"

    @classmethod
    def parse(cls, argument: str) -> Self:
        """Build from nothing: there are no parameters."""
        if argument:
            raise UsageError(
                f"--divergence {cls.name} takes nothing behind it, not {argument!r}",
                f"write --divergence {cls.name}",
            )
        return cls()

    def __call__(self, material: Material) -> Measured | Finding:
        """Not called: see `given`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Reverse(KullbackLeibler):
    """D(Q‖P): kl in the other direction, by the name that it has in variational inference."""

    name: ClassVar[str] = "reverse"
    only: ClassVar[Direction | None] = Direction.REVERSE
