"""``kl compare P Q``: parse, call, render."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from klcli.cli import options
from klcli.cli.options import suggestion
from klcli.errors import UsageError

if TYPE_CHECKING:
    from klcli.estimation.comparison import Comparison

EXAMPLES = """Examples:

\b
  kl compare jan.csv jul.csv -c air_time     all divergences and advice
  kl compare jan.csv jul.csv -c air_time -v  and where that is from
  kl compare a.npy b.npy -o compare.json -o compare.md
"""


def compare(
    p: Annotated[str, typer.Argument(metavar="P", help="The first dataset; - is standard input.")],
    q: Annotated[str, typer.Argument(metavar="Q", help="The dataset to compare P with.")],
    column: options.Columns = None,
    exclude: options.Exclude = None,
    divergence: Annotated[
        list[str] | None,
        suggestion(
            "--divergence",
            options.DIVERGENCE_NAMES,
            "Only these divergences; repeatable: "
            f"{', '.join(options.DIVERGENCE_NAMES)}. renyi takes any order, psi bins: psi:20.",
            "NAME",
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="NUMBER", help="Confidence of the intervals.")
    ] = 0.95,
    base: options.Base = "e",
    missing: options.Missing = "category",
    categorical: options.Categorical = None,
    numeric: options.Numeric = None,
    weight: options.Weight = None,
    resamples: Annotated[
        int, typer.Option(metavar="NUMBER", help="Resamples for p-values.")
    ] = 999,
    seed: options.Seed = 0,
    input_format: options.InputFormat = None,
    format_name: options.Format = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to a file instead, as .json, .jsonl, .csv, .tsv, .md or .txt; repeatable. "
            "Standard output then stays empty unless --format is given.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Show all divergences of each column side by side, and which to use on these data.

    JSON, tables and Markdown hold the advice; JSON lines, CSV and TSV the estimates alone, as
    those of kl estimate.
    """
    from klcli.cli import progress
    from klcli.cli.output import (
        check_files,
        default_format,
        on_terminal,
        write_error,
        write_out,
        written,
    )

    if divergence is not None and len(set(divergence)) == 1 and divergence[0] != "all":
        raise UsageError(
            f"there is nothing to compare {divergence[0]} with",
            "name another --divergence, or leave it out",
        )
    files = check_files(output or [], [p, q])

    from klcli.estimation.comparison import compare as run

    with progress.ProgressBar() if progress.wanted(quiet=quiet) else nullcontext() as bar:
        comparison = run(
            p,
            q,
            column=column or (),
            exclude=exclude or (),
            divergence=divergence or ("all",),
            confidence=confidence,
            base=base,
            missing=missing,
            categorical=categorical or (),
            numeric=numeric or (),
            weight=weight,
            resamples=resamples,
            seed=seed,
            input_format=input_format,
            progress=bar,
        )
    with written(files, lambda _, form: _render(comparison, form, verbose=verbose)):
        if format_name or not files:
            chosen = format_name or default_format()
            write_out(_render(comparison, chosen, verbose=verbose, screen=on_terminal()))
        if not quiet:
            for finding in comparison.report.findings:
                write_error(f"note: {finding.message}")


def _render(
    comparison: Comparison, format_name: str, *, verbose: bool, screen: bool = False
) -> str:
    from klcli.cli.output import terminal_style, terminal_width
    from klcli.render import comparison as words
    from klcli.render import records
    from klcli.render.table import PLAIN

    width, style = (terminal_width(), terminal_style()) if screen else (None, PLAIN)
    renderers = {
        "table": lambda: words.table(comparison, width=width, style=style, verbose=verbose),
        "markdown": lambda: words.markdown(comparison),
        "json": lambda: words.as_json(comparison),
        "jsonl": lambda: records.as_jsonl(comparison.report),
        "csv": lambda: records.as_csv(comparison.report),
        "tsv": lambda: records.as_tsv(comparison.report),
    }
    return renderers[format_name]()
