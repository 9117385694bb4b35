"""What a settings file may hold, and how its values are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class ValueKind:
    """What a key may be set to: in words, and as a test."""

    words: str
    holds: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_edges(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


TEXT = ValueKind("a text in quotes", lambda value: isinstance(value, str))
_TEXTS = ValueKind('a list of texts, such as ["a", "b"]', _is_texts)
_TEXT_OR_TEXTS = ValueKind(
    "a text in quotes or a list of them", lambda value: isinstance(value, str) or _is_texts(value)
)
_NUMBER = ValueKind("a number", _is_number)
_WHOLE = ValueKind("a whole number", _is_whole)
_YES = ValueKind("true or false", lambda value: isinstance(value, bool))
_NAME_OR_NUMBER = ValueKind(
    "a name in quotes or a number", lambda value: isinstance(value, str) or _is_number(value)
)
_NAME_OR_WHOLE = ValueKind(
    "a name in quotes or a whole number", lambda value: isinstance(value, str) or _is_whole(value)
)
_BINS = ValueKind(
    "a name in quotes, a whole number or a list of edges",
    lambda value: isinstance(value, str) or _is_whole(value) or _is_edges(value),
)
METHOD_KEYS: Final = {
    "density": TEXT,
    "estimator": TEXT,
    "interval": TEXT,
    "smoothing": _NAME_OR_NUMBER,
    "bins": _BINS,
    "bandwidth": _NAME_OR_NUMBER,
    "neighbors": _NAME_OR_WHOLE,
}
#: Keys of ``[drift]`` that are settings of a comparison.
SETTING_KEYS: Final = {
    "tolerance": _NUMBER,
    "column": _TEXTS,
    "exclude": _TEXTS,
    "categorical": _TEXTS,
    "numeric": _TEXTS,
    "missing": TEXT,
    "weight": TEXT,
    "input-format": TEXT,
    **METHOD_KEYS,
    "confidence": _NUMBER,
    "base": _NAME_OR_NUMBER,
    "resamples": _WHOLE,
    "seed": _WHOLE,
    "joint": _YES,
    "max-rows": _WHOLE,
    "by": TEXT,
    "time": TEXT,
    "window": TEXT,
    "reference": TEXT,
    "compare-binnings": _YES,
}
#: Keys of ``[drift]`` that say what is compared, and what becomes of the report.
RUN_KEYS: Final = {
    "sources": _TEXTS,
    "fail-on": _TEXT_OR_TEXTS,
    "output": _TEXT_OR_TEXTS,
    "format": TEXT,
    "resume": TEXT,
    "baseline": TEXT,
}
DRIFT_KEYS: Final = {**SETTING_KEYS, **RUN_KEYS}
COLUMN_KEYS: Final = {"tolerance": _NUMBER, "kind": TEXT, "exclude": _YES, **METHOD_KEYS}
