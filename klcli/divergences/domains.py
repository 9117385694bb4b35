"""What parameters must be, in words and as tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TESTS: Final[dict[str, Callable[[float], bool]]] = {
    "positive": lambda x: x > 0,
    "above 1": lambda x: x > 1,
    "nonnegative": lambda x: x >= 0,
    "nonzero": lambda x: x != 0,
    "probability": lambda x: 0 <= x <= 1,
    "positive probability": lambda x: 0 < x <= 1,
    "inner probability": lambda x: 0 < x < 1,
    "whole": float.is_integer,
    "count": lambda x: x >= 0 and x.is_integer(),
    "number": lambda _: True,
}
_WORDS: Final = {
    "positive": "must be positive",
    "above 1": "must be larger than 1",
    "nonnegative": "must not be negative",
    "nonzero": "must not be 0",
    "probability": "must lie between 0 and 1",
    "positive probability": "must lie above 0 and be at most 1",
    "inner probability": "must lie between 0 and 1, both excluded",
    "whole": "must be a whole number",
    "count": "must be a whole number from 0 up",
    "number": "must be a number",
}


def check(
    family: str, names: Sequence[str], domains: Sequence[str], values: Mapping[str, float]
) -> None:
    """Raise `UsageError` for the first parameter that is not what it must be."""
    for name, domain in zip(names, domains, strict=True):
        value = values[name]
        if domain.startswith("above ") and domain not in _TESTS:
            other = domain.removeprefix("above ")
            good, words = value > values[other], f"must be larger than {other}={values[other]:g}"
        else:
            good, words = _TESTS[domain](value), _WORDS[domain]
        if not (math.isfinite(value) and good):
            raise UsageError(f"{family}: {name} {words}, not {value:g}", signature(family, names))


def signature(family: str, names: Sequence[str]) -> str:
    """Return a hint with all parameters in order."""
    return f"write {family}({', '.join(names)}), as in scipy.stats"
