"""What a closed form is: its text, where it is from, and the function that computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

#: Either the terms whose sum is the divergence in nats, or, in words, why it is infinite; None
#: where the formula does not hold for these parameters.
Answer = list[float] | str | None

Side = TypeVar("Side")

GIL: Final = (
    "Gil, Alajaji & Linder, Information Sciences 249 (2013) 124, doi:10.1016/j.ins.2013.06.018"
)
KULLBACK: Final = "Kullback, Information Theory and Statistics (1959)"
BREGMAN: Final = (
    "Banerjee et al., J. Mach. Learn. Res. 6 (2005) 1705, theorem 4: exponential family"
)
BAUCKHAGE: Final = "Bauckhage (2014), arXiv:1401.6853: generalised gamma"
BY_PARTS: Final = "cross-entropy by moments less entropy; Cover & Thomas (2006), chapter 8"


@dataclass(frozen=True, slots=True)
class Formula(Generic[Side]):
    """A closed form of D(P‖Q), in nats.

    Attributes
    ----------
    text : str
        The formula, with indices 1 for P and 2 for Q.
    source : str
        Where it was published, or what it follows from.
    compute : callable
        From both sides (values of forms, or whole distributions) to the answer.
    """

    text: str
    source: str
    compute: Callable[[Side, Side], Answer]
