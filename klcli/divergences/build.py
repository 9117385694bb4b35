"""From what a user wrote to a known distribution: names bound, domains checked, files read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from klcli.divergences import domains
from klcli.divergences.continuous import CONTINUOUS
from klcli.divergences.discrete import DISCRETE
from klcli.divergences.expressions import Call, parse
from klcli.divergences.known import Known, Mixture
from klcli.divergences.names import NUMERIC
from klcli.divergences.probabilities import is_file, read
from klcli.divergences.vectors import CATEGORICAL, VECTORS, categorical, vector
from klcli.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.divergences.known import Distribution, Value

#: Families with a formula, whose parameters are known without scipy.stats.
FAMILIES: Final = {**CONTINUOUS, **DISCRETE}


def distribution(written: Any) -> Distribution:
    """Return the distribution that an expression, a file, an array or a frozen object stands for.

    Parameters
    ----------
    written : str, array of float, or frozen distribution of scipy.stats
        An expression, the path of a file of probabilities, the probabilities themselves, or
        what ``scipy.stats.norm(0, 1)`` gives.
    """
    if isinstance(written, str):
        return _from_text(written)
    frozen = getattr(written, "dist", None)
    if frozen is not None and hasattr(written, "args") and hasattr(written, "kwds"):
        return known(Call(frozen.name, tuple(written.args), tuple(written.kwds.items())))
    try:
        return categorical(tuple(float(value) for value in written))
    except (TypeError, ValueError) as error:
        text = f"a {type(written).__name__} is not a distribution"
        hint = "give an expression such as 'norm(0, 1)', probabilities, or scipy.stats.norm(0, 1)"
        raise UsageError(text, hint) from error


def _from_text(text: str) -> Distribution:
    if is_file(text):
        return categorical(*read(text))
    weights: dict[Known, float] = {}  # equal parts are one
    for weight, call in parse(text):
        part = known(call)
        weights[part] = weights.get(part, 0.0) + weight
    first, *others = weights
    if not others:
        return first
    for part in others:
        if (part.kind, part.size) != (first.kind, first.size):
            raise UsageError(
                f"{first.family} is {described(first)}, {part.family} {described(part)}:"
                " no mixture has a density for both",
                "mix distributions of one kind",
            )
    return Mixture(tuple(weights.values()), tuple(weights))


def described(side: Distribution) -> str:
    """Return what kind of thing a distribution is of, in words."""
    words = {"categories": "of named categories", "matrix": f"of {side.size}×{side.size} matrices"}
    words |= {"vector": f"of {side.size} numbers", "counts": f"of {side.size} counts"}
    words["circular"] = "of angles"
    return words.get(side.kind, side.kind)


def known(call: Call) -> Known:
    """Return the distribution of a single call."""
    if call.name == CATEGORICAL:
        return _categorical(call)
    if call.name in VECTORS:
        return vector(call.name, _bind(call, VECTORS[call.name], {"mean": 0.0, "cov": 1.0}))
    if call.name in FAMILIES:
        family = FAMILIES[call.name]
        names, kind = family.names, "discrete" if family.discrete else "continuous"
        tests = [*family.domains, "whole" if family.discrete else "number"]
        if not family.discrete:
            tests.append("positive")
        values = _numbers(call, _bind(call, names, _DEFAULTS))
        domains.check(call.name, names, tests, values)
        if call.name == "vonmises":
            kind = "circular"
            if values["scale"] != 1:
                raise UsageError("vonmises: scale must be 1", "give angles in radians")
        return Known(call.name, tuple((name, values[name]) for name in names), kind)
    return _of_scipy(call)


def every_family() -> list[str]:
    """Return the names of all families, in order."""
    return sorted((*FAMILIES, *VECTORS, CATEGORICAL, *NUMERIC))


#: Squares of ratios of such numbers are still numbers of a computer.
_SMALLEST, _LARGEST = 1e-75, 1e75
_DEFAULTS: Final = {"loc": 0.0, "scale": 1.0}


def _of_scipy(call: Call) -> Known:
    """Look a family up in scipy.stats, which takes a second to import."""
    if call.name not in NUMERIC:
        near = nearest(call.name[:60], every_family())
        if near or not call.name.isidentifier() or call.name.startswith("_"):
            hint = f"did you mean {near[0]!r}?" if near else "take a name from scipy.stats"
            raise UsageError(f"no family is called {call.name[:60]!r}", hint)
    from scipy import stats

    family = vars(stats).get(call.name)
    if not isinstance(family, stats.rv_continuous | stats.rv_discrete):
        text = f"scipy.stats has no family of numbers called {call.name[:60]!r}"
        raise UsageError(
            text, "kl exact --help shows examples; scipy.stats documents the families"
        )
    discrete = isinstance(family, stats.rv_discrete)
    shapes = tuple(family.shapes.replace(" ", "").split(",")) if family.shapes else ()
    names = (*shapes, "loc") if discrete else (*shapes, "loc", "scale")
    given = _bind(call, names, {name: _DEFAULTS[name] for name in names if name in _DEFAULTS})
    if call.name != "poisson_binom":  # the only one with a list of parameters
        given = dict(_numbers(call, given))
    values = tuple((name, given[name]) for name in names)
    low, high = family(**dict(values)).support()
    if math.isnan(low) or math.isnan(high):
        shown = ", ".join(f"{name}={value:g}" for name, value in values)
        text = f"{call.name}: scipy.stats does not define it for {shown}"
        raise UsageError(text, domains.signature(call.name, names))
    return Known(call.name, values, "discrete" if discrete else "continuous")


def _bind(call: Call, names: Sequence[str], defaults: dict[str, float]) -> dict[str, Value]:
    """Return all parameters by name, as a call in Python would."""
    hint = domains.signature(call.name, names)
    if len(call.positional) > len(names):
        text = f"{call.name} takes at most {len(names)} parameters, not {len(call.positional)}"
        raise UsageError(text, hint)
    given = dict(zip(names, call.positional, strict=False))
    for name, value in call.named:
        if name not in names:
            raise UsageError(f"{call.name} has no parameter {name[:60]!r}", hint)
        if name in given:
            raise UsageError(f"{call.name}: {name} is given twice", hint)
        given[name] = value
    for name in names:
        if name not in given:
            if name not in defaults:
                raise UsageError(f"{call.name}: {name} is missing", hint)
            given[name] = defaults[name]
    wrong = next((value for value in given.values() if isinstance(value, str)), None)
    if wrong is not None:
        raise UsageError(f"{call.name}: {wrong[:60]!r} is not a number", hint)
    for name, value in given.items():
        for number in _flat(value):
            if abs(number) > _LARGEST or 0 < abs(number) < _SMALLEST:
                text = f"{call.name}: {name} = {number:g} is beyond what can be computed with"
                raise UsageError(text, f"give 0 or sizes between {_SMALLEST:g} and {_LARGEST:g}")
    return given


def _flat(value: Value) -> list[float]:
    if isinstance(value, tuple):
        return [number for item in value for number in _flat(item)]
    return [float(value)]


def _numbers(call: Call, given: dict[str, Value]) -> dict[str, float]:
    for name, value in given.items():
        if isinstance(value, tuple):
            raise UsageError(
                f"{call.name}: {name} must be a number, not a list", "give one number"
            )
    return {name: float(value) for name, value in given.items()}


def _categorical(call: Call) -> Known:
    values = call.positional
    if len(values) == 1 and isinstance(values[0], tuple):
        values = values[0]
    if len(values) == 1 and isinstance(values[0], str) and not call.named:
        return categorical(*read(values[0]))
    if call.named:
        if values:
            raise UsageError("categorical: some categories have a name and some not", "name all")
        values = tuple(value for _, value in call.named)
    if any(isinstance(value, str | tuple) for value in values):
        raise UsageError("categorical takes probabilities", "write categorical(0.2, 0.3, 0.5)")
    return categorical(tuple(map(float, values)), tuple(name for name, _ in call.named))
