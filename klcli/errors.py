"""Every way to fail: what is wrong, what to do about it, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class KlcliError(Exception):
    """Base of all errors that klcli raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, in one line, without a full stop.
    hint : str
        What to do about it, naming the concrete flag or file.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def internal(error: Exception) -> str:
    """Return in one line what went wrong that is a bug."""
    return " ".join(f"internal: {type(error).__name__}: {error}".split())


class UsageError(KlcliError):
    """The request itself makes no sense, whatever the data."""

    @classmethod
    def unknown_choice(cls, what: str, given: object, choices: list[str]) -> UsageError:
        """Word the message for a name that is not in a table."""
        return cls(f"unknown {what} {given!r}", f"choose one of: {', '.join(choices)}")


class InputError(KlcliError):
    """A source cannot be read, or holds nothing that can be compared."""


class MissingExtraError(KlcliError):
    """A feature needs a package that is not installed."""

    @classmethod
    def for_extra(cls, feature: str, extra: str) -> MissingExtraError:
        """Word the message for an optional dependency."""
        return cls(
            f"{feature} needs a package that is not installed", f"pip install 'klcli[{extra}]'"
        )


class PartialError(KlcliError):
    """Some of the work was done and some failed for a reason of our own."""

    exit_code: ClassVar[int] = 3


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names that look most like another, whatever their case.

    >>> nearest("DEP_DELAY", ["carrier", "dep_delay", "arr_delay"])
    ['dep_delay']
    """
    from difflib import get_close_matches

    by_form: dict[str, list[str]] = {}
    for each in known:
        by_form.setdefault(each.casefold(), []).append(each)
    form = name.casefold()
    forms = [form] if form in by_form else get_close_matches(form, by_form, n=most)
    return [each for form in forms for each in by_form[form]][:most]
