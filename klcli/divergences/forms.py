"""What closed forms look at: a family on a scale on which several families look alike.

A divergence does not change if P and Q are mapped by the same one-to-one map. So lognorm is norm
on the log scale, and gamma, Weibull, Fréchet and a dozen more are one family there. A family may
have several forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Name and numbers of a scale; see `Form`.
Chart = tuple[str, tuple[float, ...]]
#: The line itself.
REAL: Final[Chart] = ("real", ())


@dataclass(frozen=True, slots=True)
class Form:
    """A distribution of y on a chart, y being a monotone function of x.

    Attributes
    ----------
    chart : (str, tuple of float)
        Which function: "real" x; "log" log(x−loc); "minus-log" −log(x−loc); "mirrored-log"
        log(loc−x); "unit" (x−loc)/scale; "odds" z/(1+z) of that; "shift" x−loc; "reciprocal"
        1/(x−loc); "circle" angles; "count" integers less loc. The numbers are loc and scale.
        Two distributions compare on equal charts only.
    group : str
        Family on that chart.
    values : tuple of float
        Its parameters.
    """

    chart: Chart
    group: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of distributions of one number, as scipy.stats names it.

    Attributes
    ----------
    shapes : tuple of str
        Names of its own parameters, in scipy's order; loc (and scale) come after.
    domains : tuple of str
        What each of them must be; see `klcli.divergences.domains`.
    forms : callable
        From parameters by name to the forms.
    discrete : bool
        Whether it has a mass function and no scale.
    """

    shapes: tuple[str, ...]
    domains: tuple[str, ...]
    forms: Callable[[Mapping[str, float]], tuple[Form, ...]]
    discrete: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters, in order."""
        return (*self.shapes, "loc") if self.discrete else (*self.shapes, "loc", "scale")
