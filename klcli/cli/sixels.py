"""Whether the terminal shows sixels, told without asking it."""

from __future__ import annotations

import os
from typing import Final

from klcli.cli.output import on_terminal

#: Terminals that show them in every version of these years, by the name that they give themselves.
#: Asking the terminal would be surer, but one that does not answer leaves its question on screen.
_TERMS: Final = ("foot", "mlterm", "contour", "yaft")
_PROGRAMS: Final = ("WezTerm", "mintty", "contour")


def shows_sixels() -> bool:
    """Tell whether standard output is a terminal known to show sixels, and they can be drawn.

    Inside tmux and screen, and with NO_COLOR or TERM=dumb, they are never sent unasked.
    """
    from importlib.util import find_spec

    if not on_terminal() or os.environ.get("NO_COLOR"):
        return False
    if any(name in os.environ for name in ("TMUX", "STY")):
        return False
    term, program = os.environ.get("TERM", ""), os.environ.get("TERM_PROGRAM", "")
    known = term.partition("-")[0] in _TERMS or "sixel" in term or program in _PROGRAMS
    return known and find_spec("matplotlib") is not None
