"""Discrete families with closed forms: parameters as in scipy.stats, and their forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.divergences.forms import Family, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Values = Mapping[str, float]


def _count(group: str, *values: Callable[[Values], float]) -> Callable[[Values], tuple[Form, ...]]:
    return lambda v: (
        Form(("count", (v["loc"],)), group, tuple(float(value(v)) for value in values)),
    )


def _named(name: str) -> Callable[[Values], float]:
    return lambda v: v[name]


def _randint(v: Values) -> tuple[Form, ...]:
    loc = v["loc"]
    return (Form(("count", (0.0,)), "randint", (v["low"] + loc, v["high"] + loc)),)


DISCRETE: Final[dict[str, Family]] = {
    "bernoulli": Family(
        ("p",), ("probability",), _count("binom", lambda _: 1.0, _named("p")), discrete=True
    ),
    "binom": Family(
        ("n", "p"),
        ("count", "probability"),
        _count("binom", _named("n"), _named("p")),
        discrete=True,
    ),
    "dlaplace": Family(("a",), ("positive",), _count("dlaplace", _named("a")), discrete=True),
    "geom": Family(("p",), ("positive probability",), _count("geom", _named("p")), discrete=True),
    "logser": Family(("p",), ("inner probability",), _count("logser", _named("p")), discrete=True),
    "nbinom": Family(
        ("n", "p"),
        ("positive", "positive probability"),
        _count("nbinom", _named("n"), _named("p")),
        discrete=True,
    ),
    # planck counts from 0, geom from 1.
    "planck": Family(
        ("lambda_",),
        ("positive",),
        lambda v: (Form(("count", (v["loc"] - 1,)), "geom", (-math.expm1(-v["lambda_"]),)),),
        discrete=True,
    ),
    "poisson": Family(("mu",), ("nonnegative",), _count("poisson", _named("mu")), discrete=True),
    "randint": Family(("low", "high"), ("whole", "above low"), _randint, discrete=True),
    "zipf": Family(("a",), ("above 1",), _count("zipf", _named("a")), discrete=True),
}
