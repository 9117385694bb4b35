"""Text as a terminal shows it: what is safe to print, how wide it is, where to cut and wrap."""

from __future__ import annotations

import unicodedata

_INVISIBLE = {"Mn", "Me", "Cf"}
_JOINERS = "\u200c\u200d"  # shape letters and emoji; unlike other format characters they are safe


def printable(text: str) -> str:
    r"""Return `text` with control characters written as escapes.

    A name that comes from a file must not move the cursor, change colours or reverse the line.

    >>> printable("a\nb")
    'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in _JOINERS else _escape(char) for char in text
    )


def visible(text: str, width: int | None = None) -> str:
    """Return a name from the data so that it can be seen and does no harm.

    >>> visible(""), visible(" a"), visible("a_long_name", 6)
    ('(empty name)', '" a"', 'a_lon…')
    """
    shown = printable(text)
    if not shown:
        return "(empty name)"
    if shown != shown.strip():
        shown = f'"{shown}"'
    return shown if width is None else cut(shown, width)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def cell_width(text: str) -> int:
    """Return how many terminal columns `text` takes: 2 for wide characters, 0 for marks."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Return `text` cut at the end to `width` columns, with … where something is missing."""
    if cell_width(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _char_width(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept) + "…"


def cut_start(text: str, width: int) -> str:
    """Return `text` cut at the start: of a path, the end tells more."""
    return cut(text[::-1], width)[::-1]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` filled up with spaces to `width` columns; with `right`, spaces come first."""
    space = " " * (width - cell_width(text))
    return space + text if right else text + space


def wrap(text: str, width: int | None, indent: str = "", first: str = "") -> list[str]:
    """Break `text` at spaces into lines of at most `width` columns.

    The first line begins with `first`, later ones with `indent`. A word longer than a line
    stands on a line of its own. Without `width` there is one line.
    """
    if width is None:
        return [first + text]
    lines: list[str] = []
    line, empty = first, True
    for word in text.split():
        longer = f"{line}{word}" if empty else f"{line} {word}"
        if cell_width(longer) > width and not empty:
            lines.append(line)
            longer = indent + word
        line, empty = longer, False
    return [*lines, line]
