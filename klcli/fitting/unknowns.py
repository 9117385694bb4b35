"""Reads a family with unknowns, `gamma(?, 0, ?)`: what is given is fixed."""

from __future__ import annotations

import math
from typing import Final

from klcli.divergences.expressions import parse
from klcli.errors import UsageError
from klcli.fitting.named import names_of

_LONGEST: Final = 1000


def unknowns(text: str) -> tuple[str, dict[str, float]]:
    """Return the family's name and the parameters that are given.

    Raises
    ------
    UsageError
        If it is neither a name nor a single call.
    """
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return text.strip(), {}
    name = name.strip()
    hint = "write gamma(?, 0, ?), with ? for what is to be fitted"
    if len(text) > _LONGEST or not rest.endswith(")") or "(" in rest:
        raise UsageError(f"{text[:60]!r} is no family with unknowns", hint)
    names = names_of(name)
    given: dict[str, float] = {}
    seen = set()
    inside = rest[:-1].strip()
    for position, part in enumerate(inside.split(",") if inside else []):
        label, equals, value = part.partition("=")
        if not equals:
            if position >= len(names):
                raise UsageError(f"{name} takes at most {len(names)} parameters", hint)
            label, value = names[position], part
        label, value = label.strip(), value.strip()
        if label not in names or label in seen:
            raise UsageError(
                f"{name} has no parameter {label[:60]!r}, or it is given twice",
                f"its parameters are {', '.join(names)}",
            )
        seen.add(label)
        if value != "?":
            given[label] = _number(value)
    # As in a distribution that is written out, loc is 0 and scale 1 where they are left out.
    standard = {"loc": 0.0, "scale": 1.0}
    left_out = {label: standard[label] for label in names if label in standard.keys() - seen}
    return name, given | left_out


def _number(text: str) -> float:
    """Return a number as distributions have them: 1/3, 2*pi."""
    ((_, call),) = parse(f"x({text})")
    value = call.positional[0] if len(call.positional) == 1 and not call.named else math.nan
    if not isinstance(value, float) or not math.isfinite(value):
        raise UsageError(f"{text[:60]!r} is not a number", "write gamma(?, 0, ?)")
    return value
