"""``kl profile``: a summary to compare with later; its merging and its inspection."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from klcli.cli import options  # noqa: TC001 - Typer looks at it at run time
from klcli.cli.light import LightGroup
from klcli.errors import UsageError

if TYPE_CHECKING:
    from klcli.data.profiles.profile import Profile

EXAMPLES = """Examples:

\b
  kl profile jan.parquet -o jan.klp            make one
  kl profile 'days/*.csv' -o all.klp           of many files
  kl estimate jul.parquet jan.klp              compare with it
  kl profile merge mon.klp tue.klp -o both.klp
  kl profile show jan.klp                      look into it

Files of these names are ./make, ./merge and ./show.
"""
_MAKE = "make"


class _MakesByDefault(LightGroup):
    """Takes ``kl profile DATA`` for ``kl profile make DATA``."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the default command first where none is named."""
        # A shell that completes the first word is offered the commands.
        completing = ctx.resilient_parsing and not args
        named = args and args[0] in {*self.commands, *ctx.help_option_names}
        if not (completing or named):
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


profile = typer.Typer(
    cls=_MakesByDefault,
    rich_markup_mode=None,
    short_help="Keep counts of a dataset to compare with later.",
    help="Keep counts of a dataset, without its rows, to compare with later.\n\n"
    "kl profile DATA... -o FILE.klp makes a profile; kl estimate and kl drift take it in the "
    "place of the data.",
    epilog=EXAMPLES,
    subcommand_metavar="DATA... | merge FILE... | show FILE",
)

Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE.klp", help="Where to write the profile."),
]


@profile.command(_MAKE, short_help="Make a profile (the default: the word may be left out).")
def make(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA...", help="The dataset; several sources make one."),
    ],
    output: Output = None,
    column: options.Columns = None,
    exclude: options.Exclude = None,
    categorical: options.Categorical = None,
    numeric: options.Numeric = None,
    weight: options.Weight = None,
    min_count: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", help="Hold no value or range of values that fewer rows share."
        ),
    ] = 1,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The same seed gives the same profile.")
    ] = 0,
    input_format: options.InputFormat = None,
    quiet: options.Quiet = False,
) -> None:
    """Make a profile: counts of each column that can stand for the data in a comparison.

    It holds no rows: of numbers, counts in some thousand cells and of values that repeat; of
    categories their names and counts; of free text nothing.
    """
    from klcli.cli import progress

    path = _target(output)
    if data.count("-") > 1:
        raise UsageError("standard input can be read once", "name - once")
    from klcli.profiling.make import profile as run

    with progress.ProgressBar() if progress.wanted(quiet=quiet) else nullcontext() as bar:
        made = run(
            *data,
            column=column or (),
            exclude=exclude or (),
            categorical=categorical or (),
            numeric=numeric or (),
            weight=weight,
            min_count=min_count,
            seed=seed,
            input_format=input_format,
            progress=bar,
        )
    _finish(made, path, quiet=quiet)


@profile.command(short_help="Merge profiles of parts into the profile of the whole.")
def merge(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Profiles to merge.")],
    output: Output = None,
    quiet: options.Quiet = False,
) -> None:
    """Merge profiles of parts of a dataset into the profile of the whole.

    All at once gives smaller errors than one after the other.
    """
    path = _target(output)
    from klcli.data.profiles.reading import read_profile
    from klcli.profiling.merge import merge_profiles

    _finish(merge_profiles([read_profile(file) for file in files]), path, quiet=quiet)


@profile.command(short_help="Show what a profile holds.")
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile.")],
    format_name: options.Format = None,
) -> None:
    """Show what a profile holds: where it came from, and a line for each column."""
    from klcli.cli.output import default_format, on_terminal, terminal_width, write_out
    from klcli.data.profiles.reading import read_profile
    from klcli.render.profile import shown

    told = read_profile(file).to_dict()
    width = terminal_width() if on_terminal() else None
    write_out(shown(told, format_name or default_format(), width=width))


def _target(output: str | None) -> Path:
    if output is None:
        raise UsageError("no place to write the profile to", "name it: --output FILE.klp")
    path = Path(output)
    if path.suffix.lower() != ".klp":
        raise UsageError(
            f"--output {output}: profiles are .klp files", f"--output {path.stem}.klp"
        )
    if not path.parent.is_dir():
        message = f"--output {output}: the folder {path.parent} does not exist"
        raise UsageError(message, f"create it first: mkdir -p {path.parent}")
    if path.is_dir():
        raise UsageError(f"--output {output} is a folder", "name a file in it")
    return path


def _finish(made: Profile, path: Path, *, quiet: bool) -> None:
    from klcli.cli.output import write_error
    from klcli.data.wording import counted

    made.save(path)
    if quiet:
        return
    for finding in made.findings:
        write_error(f"note: {finding.message}")
    size = path.stat().st_size
    withheld = [column for column in made.columns if column.withheld]
    more = f", {len(withheld):,} without values" if withheld else ""
    write_error(
        f"{path}: {counted(made.rows, 'row')}, {counted(len(made.columns), 'column')}{more}, "
        f"{size / 1000:,.0f} kB"
    )
