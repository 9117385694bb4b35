"""From a family's name, and parameters that are given, to the family."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from klcli.divergences.build import FAMILIES
from klcli.divergences.names import NUMERIC
from klcli.errors import UsageError, nearest
from klcli.fitting.normal_mixture import NormalMixture
from klcli.fitting.scipy_family import ScipyFamily

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Parameters that count something: no likelihood has a derivative there, so they are given.
_COUNTED: Final[dict[str, tuple[str, ...]]] = {
    "betabinom": ("n",), "betanbinom": ("n",), "binom": ("n",), "boltzmann": ("N",),
    "hypergeom": ("M", "n", "N"), "irwinhall": ("n",), "ksone": ("n",), "kstwo": ("n",),
    "nchypergeom_fisher": ("M", "n", "N"), "nchypergeom_wallenius": ("M", "n", "N"),
    "nhypergeom": ("M", "n", "r"), "zipfian": ("n",),
}  # fmt: skip
#: Families whose parameters are no fixed list of numbers, or that are of angles.
_REFUSED: Final = {
    "randint": "its ends are the smallest and the largest value",
    "poisson_binom": "it has as many parameters as trials",
    "vonmises": "it is of angles; vonmises_line is the same on the line",
}
_MIXTURE: Final = re.compile(r"mixture:(\d+)")
#: More components than this are no mixture but a density estimate.
MOST_PARTS: Final = 50


def family(name: str, fix: Mapping[str, float]) -> ScipyFamily | NormalMixture:
    """Return the family that a name stands for, with some parameters fixed.

    Raises
    ------
    UsageError
        If there is none, or it cannot be fitted, or a parameter is not its own.
    """
    if name.partition(":")[0].lower() == "mixture":
        return _mixture(name, fix)
    dist, names, discrete = _scipy(name)
    unknown = next((each for each in fix if each not in names), None)
    if unknown is not None:
        raise UsageError(
            f"--fix {unknown}: {name} has no parameter {unknown[:60]!r}",
            f"its parameters are {', '.join(names)}",
        )
    fixed = dict(fix)
    if discrete:
        fixed.setdefault("loc", 0.0)  # as scipy.stats.fit does
    counted = [each for each in _COUNTED.get(name, ()) if each not in fixed]
    if counted:
        raise UsageError(
            f"{name}: {' and '.join(counted)} must be given, not fitted",
            " ".join(f"--fix {each}=NUMBER" for each in counted),
        )
    _check_fixed(name, fixed)
    free = [each for each in names if each not in fixed]
    if not free:
        raise UsageError(
            f"{name}: every parameter is fixed", "leave one out of --fix, or use kl exact"
        )
    return ScipyFamily(name, dist, names, discrete, fixed, ("real",) * len(free))


def names_of(name: str) -> tuple[str, ...]:
    """Return the names of a family's parameters, in order."""
    return _scipy(name)[1]


def _mixture(name: str, fix: Mapping[str, float]) -> NormalMixture:
    found = _MIXTURE.fullmatch(name.lower())
    parts = int(found[1]) if found else 0
    if not 1 <= parts <= MOST_PARTS:
        raise UsageError(
            f"{name[:60]!r} is no mixture",
            f"write mixture:K for K normal distributions, from mixture:1 to mixture:{MOST_PARTS}",
        )
    if fix:
        raise UsageError(f"--fix: parameters of {name} cannot be fixed", "leave out --fix")
    return NormalMixture(parts)


def _scipy(name: str) -> tuple[Any, tuple[str, ...], bool]:
    if name in _REFUSED:
        raise UsageError(f"{name} cannot be fitted: {_REFUSED[name]}", "take another --family")
    known = (*FAMILIES, *NUMERIC)
    if name not in known:
        near = nearest(name, (*known, "mixture:2"))
        if near or not name.isidentifier() or name.startswith("_"):
            hint = f"did you mean {near[0]!r}?" if near else "take a name from scipy.stats"
            raise UsageError(f"no family is called {name[:60]!r}", hint)
    from scipy import stats

    dist = vars(stats).get(name)
    if not isinstance(dist, stats.rv_continuous | stats.rv_discrete):
        text = f"scipy.stats has no family of numbers called {name[:60]!r}"
        raise UsageError(text, "take norm, gamma, t, poisson or another, or mixture:2")
    discrete = isinstance(dist, stats.rv_discrete)
    shapes = tuple(dist.shapes.replace(" ", "").split(",")) if dist.shapes else ()
    return dist, (*shapes, "loc") if discrete else (*shapes, "loc", "scale"), discrete


def _check_fixed(name: str, fixed: Mapping[str, float]) -> None:
    for each, value in fixed.items():
        if not math.isfinite(value):
            raise UsageError(f"--fix {each}={value:g}: not a finite number", "give a number")
        counted = each in _COUNTED.get(name, ())
        if counted and not (value >= 0 and float(value).is_integer()):
            raise UsageError(
                f"--fix {each}={value:g}: {each} of {name} must be a whole number from 0 up",
                f"give the number of trials, categories or draws, --fix {each}=10",
            )
        if each == "scale" and not value > 0:
            raise UsageError(f"--fix scale={value:g}: a scale is positive", "--fix scale=1")
