"""Colours that the colour-blind tell apart, and that differ in greyscale.

P is vermilion and Q blue, of the palette of Okabe and Ito [1]_; as greys they are about alike, so
nothing rests on colour: P is always a line or a full bar, Q an area or a shaded bar.

.. [1] M. Okabe, K. Ito, "Color universal design: how to make figures and presentations that are
   friendly to colorblind people" (2008), https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Names of colours → the nearest of the 256 of a terminal; readable on dark and on light ones.
_TERMINAL: Final = {"p": "38;5;166", "q": "38;5;32", "faint": "2", "strong": "1"}
#: The same on paper.
PAPER: Final = {"p": "#D55E00", "q": "#0072B2", "up": "#D55E00", "down": "#0072B2"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Puts escape sequences around text, if `coloured`."""

    coloured: bool = False

    def __call__(self, text: str, colour: str) -> str:
        """Return text in a colour; "" is that of the terminal."""
        if not (self.coloured and colour and text):
            return text
        return f"\x1b[{_TERMINAL[colour]}m{text}\x1b[0m"

    def runs(self, characters: Iterable[tuple[str, str]]) -> str:
        """Return characters, those of one colour together, without spaces at the end."""
        runs: list[tuple[str, str]] = []
        for character, colour in characters:
            if runs and runs[-1][1] == colour:
                runs[-1] = (runs[-1][0] + character, colour)
            else:
                runs.append((character, colour))
        while runs and not runs[-1][0].rstrip():
            runs.pop()
        if runs:
            runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
        return "".join(self(text, colour) for text, colour in runs)


PLAIN = Paint()
