"""``kl methods``: what there is, when to use it, its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from klcli.cli.options import Format  # noqa: TC001 - Typer looks at it at run time
from klcli.cli.output import default_format, on_terminal, terminal_width, write_out
from klcli.errors import UsageError, nearest

if TYPE_CHECKING:
    from klcli.render.catalogue import Entry


def _names(incomplete: str) -> list[str]:
    from klcli.render.catalogue import ENTRIES

    return [entry.name for entry in ENTRIES if entry.name.startswith(incomplete)]


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A method, a warning, or a group such as density, interval, warning.",
            autocompletion=_names,
        ),
    ] = None,
    format_name: Format = None,
) -> None:
    """List methods and warnings; with NAME, tell when it matters and where it comes from."""
    from klcli.render.catalogue import ENTRIES
    from klcli.render.listing import listing

    chosen = ENTRIES if name is None else _find(ENTRIES, name)
    width = terminal_width() if on_terminal() else None
    text = listing(chosen, format_name or default_format(), width=width, full=name is not None)
    write_out(text)


def _find(entries: tuple[Entry, ...], name: str) -> tuple[Entry, ...]:
    found = tuple(entry for entry in entries if name in (entry.name, entry.group))
    if not found:
        groups = dict.fromkeys(entry.group for entry in entries)
        near = nearest(name, [*groups, *(entry.name for entry in entries)])
        hint = f"kl methods lists all; groups: {', '.join(groups)}"
        raise UsageError(
            f"nothing is called {name!r}", f"did you mean {near[0]!r}?" if near else hint
        )
    return found
