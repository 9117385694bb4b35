"""Continuous families with closed forms: parameters as in scipy.stats, and their forms."""

from __future__ import annotations

import math
from math import log
from typing import TYPE_CHECKING, Final

from klcli.divergences.forms import REAL, Family, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Values = Mapping[str, float]


def _line(group: str) -> Callable[[Values], tuple[Form, ...]]:
    """Return the form of a family of location and scale."""
    return lambda v: (Form(REAL, group, (v["loc"], v["scale"])),)


def _gamma(a: float, c: float, scale: float, loc: float, chart: str = "log") -> Form:
    """Return the form of scale·G^(1/c) with G a gamma variable of shape a.

    On the log scale: w = c·(y − log scale) is the log of G.
    """
    return Form((chart, (loc,)), "loggamma", (a, c, log(scale)))


def _gammas(
    a: Callable[[Values], float], c: Callable[[Values], float], factor: float = 1.0
) -> Callable[[Values], tuple[Form, ...]]:
    return lambda v: (_gamma(a(v), c(v), v["scale"] * factor, v["loc"]),)


def _constant(value: float) -> Callable[[Values], float]:
    return lambda _: value


def _named(name: str, factor: float = 1.0) -> Callable[[Values], float]:
    return lambda v: factor * v[name]


def _expon(v: Values) -> tuple[Form, ...]:
    rate = 1 / v["scale"]
    return (
        Form(REAL, "exponential", (v["loc"], rate)),
        _gamma(1.0, 1.0, v["scale"], v["loc"]),
    )


def _uniform(v: Values) -> tuple[Form, ...]:
    loc, scale = v["loc"], v["scale"]
    return (
        Form(REAL, "uniform", (loc, loc + scale)),
        Form(("unit", (loc, scale)), "beta", (1.0, 1.0)),
    )


def _loguniform(v: Values) -> tuple[Form, ...]:
    ends = (log(v["a"] * v["scale"]), log(v["b"] * v["scale"]))
    return (Form(("log", (v["loc"],)), "uniform", ends),)


def _beta(v: Values) -> tuple[Form, ...]:
    return (Form(("unit", (v["loc"], v["scale"])), "beta", (v["a"], v["b"])),)


def _powerlaw(v: Values) -> tuple[Form, ...]:
    loc, scale = v["loc"], v["scale"]
    return (
        Form(("unit", (loc, scale)), "beta", (v["a"], 1.0)),
        Form(("minus-log", (loc,)), "exponential", (-log(scale), v["a"])),
    )


def _invgauss(mu: float, v: Values, chart: str = "shift") -> tuple[Form, ...]:
    scale = v["scale"] if chart == "shift" else 1 / v["scale"]
    return (Form((chart, (v["loc"],)), "invgauss", (mu * scale, scale)),)


def _betaprime(a: float, b: float, scale: float, loc: float) -> tuple[Form, ...]:
    return (Form(("odds", (loc, scale)), "beta", (a, b)),)


_POSITIVE: Final = "positive"

CONTINUOUS: Final[dict[str, Family]] = {
    "arcsine": Family((), (), lambda v: _beta({**v, "a": 0.5, "b": 0.5})),
    "beta": Family(("a", "b"), (_POSITIVE, _POSITIVE), _beta),
    "betaprime": Family(
        ("a", "b"),
        (_POSITIVE, _POSITIVE),
        lambda v: _betaprime(v["a"], v["b"], v["scale"], v["loc"]),
    ),
    "cauchy": Family((), (), _line("cauchy")),
    "chi": Family(("df",), (_POSITIVE,), _gammas(_named("df", 0.5), _constant(2.0), math.sqrt(2))),
    "chi2": Family(("df",), (_POSITIVE,), _gammas(_named("df", 0.5), _constant(1.0), 2.0)),
    "erlang": Family(("a",), (_POSITIVE,), _gammas(_named("a"), _constant(1.0))),
    "expon": Family((), (), _expon),
    "f": Family(
        ("dfn", "dfd"),
        (_POSITIVE, _POSITIVE),
        lambda v: _betaprime(
            v["dfn"] / 2, v["dfd"] / 2, v["scale"] * v["dfd"] / v["dfn"], v["loc"]
        ),
    ),
    "fisk": Family(
        ("c",),
        (_POSITIVE,),
        lambda v: (Form(("log", (v["loc"],)), "logistic", (log(v["scale"]), 1 / v["c"])),),
    ),
    "gamma": Family(("a",), (_POSITIVE,), _gammas(_named("a"), _constant(1.0))),
    "gengamma": Family(("a", "c"), (_POSITIVE, "nonzero"), _gammas(_named("a"), _named("c"))),
    "gumbel_l": Family(
        (), (), lambda v: (Form(REAL, "loggamma", (1.0, 1 / v["scale"], v["loc"])),)
    ),
    "gumbel_r": Family(
        (), (), lambda v: (Form(REAL, "loggamma", (1.0, -1 / v["scale"], v["loc"])),)
    ),
    "gibrat": Family(
        (), (), lambda v: (Form(("log", (v["loc"],)), "normal", (log(v["scale"]), 1.0)),)
    ),
    "halfnorm": Family((), (), _gammas(_constant(0.5), _constant(2.0), math.sqrt(2))),
    "invgamma": Family(("a",), (_POSITIVE,), _gammas(_named("a"), _constant(-1.0))),
    "invgauss": Family(("mu",), (_POSITIVE,), lambda v: _invgauss(v["mu"], v)),
    "invweibull": Family(("c",), (_POSITIVE,), _gammas(_constant(1.0), _named("c", -1.0))),
    "laplace": Family((), (), _line("laplace")),
    "levy": Family((), (), _gammas(_constant(0.5), _constant(-1.0), 0.5)),
    "levy_l": Family(
        (), (), lambda v: (_gamma(0.5, -1.0, v["scale"] / 2, v["loc"], "mirrored-log"),)
    ),
    "loggamma": Family(
        ("c",),
        (_POSITIVE,),
        lambda v: (Form(REAL, "loggamma", (v["c"], 1 / v["scale"], v["loc"])),),
    ),
    "logistic": Family((), (), _line("logistic")),
    "loglaplace": Family(
        ("c",),
        (_POSITIVE,),
        lambda v: (Form(("log", (v["loc"],)), "laplace", (log(v["scale"]), 1 / v["c"])),),
    ),
    "lognorm": Family(
        ("s",),
        (_POSITIVE,),
        lambda v: (Form(("log", (v["loc"],)), "normal", (log(v["scale"]), v["s"])),),
    ),
    "loguniform": Family(("a", "b"), (_POSITIVE, "above a"), _loguniform),
    "lomax": Family(
        ("c",),
        (_POSITIVE,),
        lambda v: (
            Form(("log", (v["loc"] - v["scale"],)), "exponential", (log(v["scale"]), v["c"])),
        ),
    ),
    "maxwell": Family((), (), _gammas(_constant(1.5), _constant(2.0), math.sqrt(2))),
    "nakagami": Family(
        ("nu",),
        ("positive",),
        lambda v: (_gamma(v["nu"], 2.0, v["scale"] / math.sqrt(v["nu"]), v["loc"]),),
    ),
    "norm": Family((), (), _line("normal")),
    "pareto": Family(
        ("b",),
        (_POSITIVE,),
        lambda v: (Form(("log", (v["loc"],)), "exponential", (log(v["scale"]), v["b"])),),
    ),
    "powerlaw": Family(("a",), (_POSITIVE,), _powerlaw),
    "rayleigh": Family((), (), _gammas(_constant(1.0), _constant(2.0), math.sqrt(2))),
    "recipinvgauss": Family(("mu",), (_POSITIVE,), lambda v: _invgauss(v["mu"], v, "reciprocal")),
    "reciprocal": Family(("a", "b"), (_POSITIVE, "above a"), _loguniform),
    "uniform": Family((), (), _uniform),
    # The scale is 1: it would be another period.
    "vonmises": Family(
        ("kappa",),
        ("nonnegative",),
        lambda v: (Form(("circle", ()), "vonmises", (v["kappa"], v["loc"])),),
    ),
    "wald": Family((), (), lambda v: _invgauss(1.0, v)),
    "weibull_max": Family(
        ("c",),
        (_POSITIVE,),
        lambda v: (_gamma(1.0, v["c"], v["scale"], v["loc"], "mirrored-log"),),
    ),
    "weibull_min": Family(("c",), (_POSITIVE,), _gammas(_constant(1.0), _named("c"))),
}
