"""Distributions with parameters written as `?`, which are fitted by maximum likelihood."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.divergences.build import FAMILIES, known
from klcli.divergences.expressions import Call, parse
from klcli.errors import InputError, KlcliError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klcli.divergences.known import Known, Value
    from klcli.typing import Floats

OPEN: Final = "?"
#: Values that a family is fitted to, evenly spaced among all rows if there are more.
_MOST: Final = 100_000
_DEFAULTS: Final = {"loc": 0.0, "scale": 1.0}
#: Mean of the rows (less loc) → parameter, where that is the maximum of the likelihood.
_BY_MEAN: Final = {("poisson", "mu"), ("bernoulli", "p"), ("geom", "p"), ("binom", "p")}


@dataclass(frozen=True, slots=True)
class Open:
    """A family of which some parameters are to be fitted.

    Attributes
    ----------
    family : str
        Its name in scipy.stats.
    fixed : tuple of (str, value)
        Parameters that are given, or left at their default.
    free : tuple of str
        Parameters to fit, in order.
    discrete : bool
        Whether its values are integers.
    """

    family: str
    fixed: tuple[tuple[str, Value], ...]
    free: tuple[str, ...]
    discrete: bool


def opened(text: str) -> Open | None:
    """Return the family that `text` leaves open; None if it has no `?`.

    Raises
    ------
    UsageError
        If it is no expression, or a mixture, or what is open cannot be fitted.
    """
    if OPEN not in text:
        return None
    parts = parse(text.replace(OPEN, f"'{OPEN}'"))
    if len(parts) > 1:
        raise UsageError(
            "the parameters of a mixture cannot be fitted here", "kl fit fits mixtures to data"
        )
    call = parts[0][1]
    names, discrete = _signature(call)
    given: dict[str, Value] = {name: _DEFAULTS[name] for name in names if name in _DEFAULTS}
    given |= dict(zip(names, call.positional, strict=False))
    given |= {name: value for name, value in call.named if name in names}
    free = tuple(name for name in names if given.get(name) == OPEN)
    # What is wrong with the rest fails before any file is read: with values that all allow.
    stand_in = {name: _stand_in(call.name, name) if name in free else value
                for name, value in call.named}  # fmt: skip
    rest = tuple(_stand_in(call.name, name) if value == OPEN else value
                 for name, value in zip((*names, *[""] * 9), call.positional, strict=False))  # fmt: skip
    known(Call(call.name, rest, tuple(stand_in.items())))
    whole = [name for name in free if _domain(call.name, name) in {"whole", "count"}]
    if whole or (discrete and "loc" in free):
        raise UsageError(
            f"{call.name}: {(whole or ['loc'])[0]} is a whole number, which is not fitted",
            "give its value",
        )
    fixed = tuple((name, value) for name, value in given.items() if name not in free)
    return Open(call.name, fixed, free, discrete)


def fit(family: Open, values: Floats, counts: Floats) -> Known:
    """Fit the open parameters by maximum likelihood.

    Parameters
    ----------
    family : Open
        What is to be fitted.
    values, counts : ndarray of float, shape (values,)
        Distinct values, increasing, and their rows.

    Raises
    ------
    InputError
        If these rows do not determine the parameters.
    """
    rows = float(counts.sum())
    text = f"{family.family}({', '.join(f'{name}=?' for name in family.free)})"
    if len(values) <= len(family.free):
        raise InputError(
            f"{text} cannot be fitted to {len(values)} different values", "give its parameters"
        )
    if not family.discrete and np.ptp(values) == 0:
        raise InputError(f"{text} cannot be fitted to a constant", "give its parameters")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = _fit(family, values, counts, rows)
        return known(Call(family.family, (), tuple((dict(family.fixed) | found).items())))
    except (KlcliError, ValueError, ArithmeticError, RuntimeError, TypeError) as error:
        why = getattr(error, "message", "") or str(error).partition("\n")[0][:120]
        raise InputError(
            f"{text} cannot be fitted to these rows: {why.rstrip('.')}",
            "give its parameters, or take a family that can have such values",
        ) from error


def _fit(family: Open, values: Floats, counts: Floats, rows: float) -> dict[str, float]:
    fixed: Mapping[str, Any] = dict(family.fixed)
    if family.family == "norm":
        mean = float(counts @ values) / rows if "loc" in family.free else fixed["loc"]
        scale = math.sqrt(float(counts @ (values - mean) ** 2) / rows)
        found = {"loc": mean, "scale": scale}
        return {name: found[name] for name in family.free}
    from scipy import stats

    points = _expanded(values, counts, rows)
    if family.discrete:
        if len(family.free) == 1 and (family.family, family.free[0]) in _BY_MEAN:
            return {family.free[0]: _by_mean(family.family, float(points.mean()), fixed)}
        return _search(family, points)
    if family.family == "vonmises":
        fixed = {**fixed, "scale": 1.0}
    fitter = vars(stats)[family.family]
    shapes = fitter.shapes.replace(" ", "").split(",") if fitter.shapes else []
    names = [*shapes, "loc", "scale"]
    keywords = {f"f{name}": fixed[name] for name in names if name not in family.free}
    found = dict(zip(names, map(float, fitter.fit(points, **keywords)), strict=True))
    if not np.isfinite(np.sum(fitter.logpdf(points, *[found[name] for name in names]))):
        raise ValueError("some of them have no probability under the best fit")
    return {name: found[name] for name in family.free}


def _by_mean(family: str, mean: float, fixed: Mapping[str, Any]) -> float:
    mean -= fixed.get("loc", 0.0)
    if family == "geom":
        return 1 / mean
    return mean / fixed["n"] if family == "binom" else mean


def _search(family: Open, points: Floats) -> dict[str, float]:
    """Minimise the negative log-likelihood of a discrete family, within its domains."""
    from scipy import optimize, stats

    fitter = vars(stats)[family.family]
    values, rows = np.unique(points, return_counts=True)
    probability = [_domain(family.family, name) in _SHARES for name in family.free]

    def parameters(raw: Floats) -> dict[str, float]:
        return {
            name: float(1 / (1 + np.exp(-x)) if share else np.exp(x))
            for name, x, share in zip(family.free, raw, probability, strict=True)
        }

    def loss(raw: Floats) -> float:
        log_mass = fitter.logpmf(values, **dict(family.fixed), **parameters(raw))
        total = -float(rows @ log_mass) / len(points)
        return total if math.isfinite(total) else 1e6

    start = np.array([0.0 if share else math.log(max(float(points.mean()), 0.5))
                      for share in probability])  # fmt: skip
    best = optimize.minimize(loss, start, method="Nelder-Mead",
                             options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4000})  # fmt: skip
    if not best.success or best.fun >= 1e6:
        raise ValueError("the likelihood has no maximum that was found")
    return parameters(best.x)


_SHARES: Final = {"probability", "positive probability", "inner probability"}


def _expanded(values: Floats, counts: Floats, rows: float) -> Floats:
    """Return as many values as there are rows, or evenly spaced ones of them."""
    if rows <= _MOST and np.all(counts == np.floor(counts)):
        return np.repeat(values, counts.astype(np.intp))
    size = int(min(max(round(rows), 2), _MOST))
    levels = (np.arange(size) + 0.5) / size * rows
    return values[np.minimum(np.searchsorted(np.cumsum(counts), levels), len(values) - 1)]


def _signature(call: Call) -> tuple[list[str], bool]:
    if call.name in FAMILIES:
        return list(FAMILIES[call.name].names), FAMILIES[call.name].discrete
    from scipy import stats

    family = vars(stats).get(call.name)
    if not isinstance(family, stats.rv_continuous | stats.rv_discrete):
        known(Call(call.name, (), ()))  # which says what is wrong with the name
        raise UsageError(
            f"the parameters of {call.name} cannot be fitted here",
            "families of single numbers can be, such as norm(?, ?)",
        )
    shapes = family.shapes.replace(" ", "").split(",") if family.shapes else []
    discrete = isinstance(family, stats.rv_discrete)
    return [*shapes, "loc", *([] if discrete else ["scale"])], discrete


def _domain(family: str, name: str) -> str:
    if family in FAMILIES:
        own = dict(zip(FAMILIES[family].names, FAMILIES[family].domains, strict=False))
        return own.get(name, "")
    return ""


def _stand_in(family: str, name: str) -> float:
    """Return a value that the domain of a parameter allows, whatever the others are."""
    if name == "loc":
        return 0.0
    domain = _domain(family, name)
    if domain in _SHARES:
        return 0.5
    return 1e6 if domain.startswith("above ") else 1.0
