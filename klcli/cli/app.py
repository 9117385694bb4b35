"""The application ``kl``: its commands and what holds for all of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

import typer

from klcli import __version__
from klcli.cli.light import LightGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Commands in the order of the help, each the function of its module that is called as they are,
#: and what it does.
COMMANDS: Final = {
    "estimate": "Tell how different two datasets are.",
    "compare": "Show all divergences, and which to use.",
    "drift": "Compare many batches with one reference.",
    "exact": "Compare two known distributions.",
    "fit": "Fit families of distributions.",
    "plot": "Draw where the divergence comes from.",
    "methods": "List methods and warnings.",
    "schema": "Print the JSON Schema of the output.",
}
#: Commands that have commands of their own.
GROUPS: Final = ("profile",)


def application(words: Sequence[str] = ()) -> typer.Typer:
    """Return the application, with all commands or only the one that is called.

    Typer looks at the options of every command it has, which takes longer than reading a small
    file.

    Parameters
    ----------
    words : sequence of str
        The words of the command line after ``kl``, as far as they are known.
    """
    every = [*GROUPS, *COMMANDS]
    return _application(words[:1] if words and words[0] in every else every)


def _application(names: Iterable[str]) -> typer.Typer:
    made = typer.Typer(
        name="kl",
        cls=LightGroup,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback(invoke_without_command=True)(kl)
    for name in names:
        module = import_module(f"klcli.cli.{name}")
        function = getattr(module, name)
        if name in GROUPS:
            made.add_typer(function, name=name)
        else:
            examples = getattr(module, "EXAMPLES", None)
            made.command(epilog=examples, short_help=COMMANDS[name])(function)
    return made


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"kl {__version__}")
        raise typer.Exit


def kl(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Tell how different two datasets are, and how sure that is.

    The Kullback-Leibler divergence between samples, with an honest confidence interval, a
    reason, and a warning where the data cannot tell.

    Exit codes: 0 done; 1 a gate tripped (--fail-above, --fail-on); 2 wrong usage or input; 3 internal
    failure; 130 interrupted.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
