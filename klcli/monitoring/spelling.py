"""Labels that are other spellings of known ones: case, space, accents, zeros, broken encodings."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Encodings in which UTF-8 is read by mistake, the most frequent first.
_ENCODINGS: Final = ("cp1252", "latin-1", "cp437", "cp850", "mac-roman")
#: What stands where a character was lost.
_LOST: Final = re.compile("[?\N{REPLACEMENT CHARACTER}]+")
#: Characters that a label must have beside lost ones to be recognised.
_KEPT: Final = 2
#: Letters that are not composed of another and an accent, and how they are written without.
_LETTERS: Final = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe"})
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
#: Control characters, which labels show escaped.
_ESCAPED: Final = re.compile(r"\\x([0-9a-f]{2})|\\[rnt]")
_QUOTES: Final = "\"'`“”‘’«»"


def respelled(new: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return for new labels the known one that they are but another spelling of.

    Where several known labels could be meant, none is.

    Parameters
    ----------
    new, known : iterable of str
        Labels of the batch alone, and of the reference.

    Examples
    --------
    >>> respelled(["KÖLN", "Koeln ", "KÃ¶ln", "K?ln", "2134"], ["Köln", "Kiel", "02134"])
    {'KÖLN': 'Köln', 'Koeln ': 'Köln', 'KÃ¶ln': 'Köln', 'K?ln': 'Köln', '2134': '02134'}
    >>> respelled(["1"], ["01", "001"])
    {}
    """
    new, known = list(new), list(known)
    if not new:
        return {}
    found: dict[str, str] = {}
    for forms, again in ((_alike, _meant), (_bare, _bare)):
        by_form = _by_form(known, forms)
        for label in new:
            meant = {one for form in again(label) for one in by_form.get(form, ())}
            if label not in found and len(meant) == 1:
                found[label] = meant.pop()
    for label in new:
        if label not in found and (pattern := _with_gaps(label)) is not None:
            meant = {one for one in known if pattern.fullmatch(one.lower())}
            if len(meant) == 1:
                found[label] = meant.pop()
    return {label: found[label] for label in new if label in found}


def _by_form(
    known: Iterable[str], forms: Callable[[str], Iterator[str]]
) -> dict[str, dict[str, None]]:
    by_form: dict[str, dict[str, None]] = defaultdict(dict)
    for label in known:
        for form in forms(label):
            by_form[form][label] = None
    return by_form


def _plain(label: str) -> str:
    """Return a label without case, accents of composition, and more space than needed."""
    label = _ESCAPED.sub(lambda escape: escape[0] if escape[1] else " ", label)
    return " ".join(unicodedata.normalize("NFKC", label).casefold().replace("_", " ").split())


def _alike(label: str) -> Iterator[str]:
    yield _plain(label)


def _meant(label: str) -> Iterator[str]:
    """Yield what a label may have been before it was read or written in a wrong way."""
    yield _plain(label)
    yield _plain(html.unescape(label))
    yield _plain(unquote(label))
    if label.isascii():
        return
    raw = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", label)
    for encoding in _ENCODINGS:
        once = _decoded(raw, encoding)
        if once != raw:
            yield _plain(once)
            yield _plain(_decoded(once, encoding))


def _decoded(text: str, encoding: str) -> str:
    """Return text that was read in the wrong encoding as it was meant."""
    try:
        # The five bytes that mean nothing in cp1252 are mostly read as if in Latin-1.
        coded = b"".join(
            one.encode("latin-1" if "\x80" <= one <= "\x9f" else encoding) for one in text
        )
        return coded.decode()
    except UnicodeError:
        return text


def _bare(label: str) -> Iterator[str]:
    """Yield a label without accents, quotes, and zeros that mean nothing to a number."""
    plain = _plain(label).strip(_QUOTES).strip()
    whole = re.fullmatch(r"0*(\d+)(\.0+)?", plain)
    if whole:
        yield whole[1]
        return
    for text in (plain, plain.translate(_UMLAUTS)):
        apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
        yield "".join(one for one in apart if not unicodedata.combining(one))


def _with_gaps(label: str) -> re.Pattern[str] | None:
    """Return a pattern of the labels that become this one as characters beyond ASCII are lost."""
    parts = _LOST.split(label.lower())
    if len(parts) < 2 or sum(map(len, parts)) < _KEPT:
        return None
    return re.compile("[^\x00-\x7f]+".join(map(re.escape, parts)))
