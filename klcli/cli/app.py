"""The application ``kl``: its commands and what holds for all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from klcli import __version__
from klcli.cli.compare import EXAMPLES as COMPARE_EXAMPLES
from klcli.cli.compare import compare
from klcli.cli.drift import EXAMPLES as DRIFT_EXAMPLES
from klcli.cli.drift import drift
from klcli.cli.estimate import EXAMPLES, estimate
from klcli.cli.exact import EXAMPLES as EXACT_EXAMPLES
from klcli.cli.exact import exact
from klcli.cli.fit import EXAMPLES as FIT_EXAMPLES
from klcli.cli.fit import fit
from klcli.cli.light import LightGroup
from klcli.cli.methods import methods
from klcli.cli.plot import EXAMPLES as PLOT_EXAMPLES
from klcli.cli.plot import plot
from klcli.cli.profile import profile
from klcli.cli.schema import schema

app = typer.Typer(
    name="kl",
    cls=LightGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=EXAMPLES, short_help="Tell how different two datasets are.")(estimate)
app.command(epilog=COMPARE_EXAMPLES, short_help="Show all divergences, and which to use.")(compare)
app.add_typer(profile, name="profile")
app.command(epilog=DRIFT_EXAMPLES, short_help="Compare many batches with one reference.")(drift)
app.command(epilog=EXACT_EXAMPLES, short_help="Compare two known distributions.")(exact)
app.command(epilog=FIT_EXAMPLES, short_help="Fit families of distributions.")(fit)
app.command(epilog=PLOT_EXAMPLES, short_help="Draw where the divergence comes from.")(plot)
app.command(short_help="List methods and warnings.")(methods)
app.command(short_help="Print the JSON Schema of the output.")(schema)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"kl {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
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
