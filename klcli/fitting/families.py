"""Families as functions of their parameters: density, quantiles, support, and free coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klcli.typing import Floats

#: Families whose density takes milliseconds a point or has to be integrated: one start for them.
DEAR: Final = frozenset(
    {
        "dpareto_lognorm", "gausshyper", "genhyperbolic", "geninvgauss", "kappa4", "ksone",
        "kstwo", "kstwobign", "landau", "levy_stable", "nct", "ncf", "ncx2", "norminvgauss",
        "studentized_range", "tukeylambda", "vonmises_line",
    }
)  # fmt: skip


class Family(Protocol):
    """A family with some of its parameters fixed.

    ``values`` are all parameters in the order of ``names``; ``free`` are the coordinates of those
    that are fitted, each from −inf to inf.
    """

    @property
    def name(self) -> str:
        """Its name, as it was asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters."""

    @property
    def fixed(self) -> Mapping[str, float]:
        """Parameters that are given."""

    @property
    def discrete(self) -> bool:
        """Whether it is of whole numbers."""

    @property
    def size(self) -> int:
        """Number of parameters that are fitted."""

    def log(self, x: Floats, values: Floats) -> Floats:
        """Return the log density (or mass) at `x`, shape (points,)."""

    def quantiles(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles at `levels` and at 1 − `levels` of every part, in order."""

    def at(self, levels: Floats, values: Floats) -> Floats:
        """Return quantiles of the whole distribution."""

    def support(self, values: Floats) -> tuple[float, float]:
        """Return the ends of the support; NaN where there is no such distribution."""

    def values(self, free: Floats) -> Floats:
        """Return all parameters."""

    def free(self, values: Floats) -> Floats:
        """Return the coordinates of those that are fitted."""

    def spent(self, free: Floats) -> tuple[int, ...]:
        """Return positions of parameters that came to the end of what is tried."""

    def expression(self, values: Floats) -> str:
        """Return the distribution as other commands take it, in full precision."""
