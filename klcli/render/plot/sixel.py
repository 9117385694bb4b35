"""Pixels as sixels: six of them in a column to a character, for terminals that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Integers

#: Steps of each of red, green and blue: 216 colours in all, of 256 that terminals have.
_STEPS: Final = 6
_START, _END = "\x1bP0;1q", "\x1b\\"


def encoded(pixels: Integers) -> str:
    r"""Return a picture as one escape sequence.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)

    Notes
    -----
    For each band of six lines and each colour in it: "#" and the number of the colour, then for
    each column 63 + the sum of 2^line over its pixels of that colour; "!" and a count repeats; "$"
    goes back to the start of the band and "-" to the next [1]_.

    References
    ----------
    .. [1] Digital Equipment Corporation, "VT330/VT340 Programmer Reference Manual", volume 2,
       chapter 14 (1988).

    Examples
    --------
    >>> import numpy as np
    >>> encoded(np.zeros((6, 5, 3), dtype=np.uint8))
    '\x1bP0;1q"1;1;5;6#0;2;0;0;0#0!5~-\x1b\\'
    """
    height, width, _ = pixels.shape
    levels = np.round(pixels.astype(float) / 255 * (_STEPS - 1)).astype(int)
    indices = (levels[..., 0] * _STEPS + levels[..., 1]) * _STEPS + levels[..., 2]
    used = np.unique(indices)
    parts = [_START, f'"1;1;{width};{height}']
    for number in used.tolist():
        red, rest = divmod(number, _STEPS * _STEPS)
        green, blue = divmod(rest, _STEPS)
        shares = ";".join(str(100 * level // (_STEPS - 1)) for level in (red, green, blue))
        parts.append(f"#{number};2;{shares}")
    powers = 1 << np.arange(6)
    for top in range(0, height, 6):
        band = indices[top : top + 6]
        rows = []
        for number in np.unique(band).tolist():
            bits = ((band == number) * powers[: len(band), None]).sum(axis=0)
            rows.append(f"#{number}{_repeated(bits)}")
        parts.append("$".join(rows) + "-")
    return "".join([*parts, _END])


def _repeated(bits: Integers) -> str:
    """Return the characters of one colour of a band; what repeats is counted."""
    starts = np.flatnonzero(np.diff(bits, prepend=-1))
    lengths = np.diff(np.append(starts, len(bits)))
    parts = []
    for value, length in zip(bits[starts].tolist(), lengths.tolist(), strict=True):
        character = chr(63 + value)
        parts.append(f"!{length}{character}" if length > 3 else character * length)
    return "".join(parts)
