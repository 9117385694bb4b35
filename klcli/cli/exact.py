"""``kl exact P Q``: two known distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from klcli.cli import options
from klcli.cli.options import suggestion
from klcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.divergences.report import Exact, ExactReport

EXAMPLES = """Examples:

\b
  kl exact "norm(0, 1)" "norm(1, 2)" -v        both ways, with the formula
  kl exact "binom(10, 0.3)" "binom(10, 0.5)" --base 2
  kl exact "norm(0, 1)" "t(3)" --divergence all
  kl exact "0.3*norm(-2, 1) + 0.7*norm(2, 0.5)" "norm(0, 2)"
  kl exact "multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])"
           "multivariate_normal([0, 1], [[1, 0], [0, 1]])"
  kl exact "categorical(a=0.2, b=0.8)" probabilities.csv --value

Names, arguments and their order are those of scipy.stats. A closed form is used where there is
one (norm, gamma, beta, binom, poisson, dirichlet and some fifty more: kl methods closed-form), else
a sum, quadrature, or for vectors Monte Carlo; which it was is said. A file of probabilities is CSV,
TSV, JSON, Parquet, Arrow or NPY.
"""


def _families(incomplete: str) -> list[str]:
    """Complete the name of a family; a shell offers files where there is none."""
    from klcli.divergences.build import every_family

    return [f"{name}(" for name in every_family() if incomplete and name.startswith(incomplete)]


def exact(
    p: Annotated[
        str,
        typer.Argument(
            metavar="P",
            help="A distribution, or a file of probabilities.",
            autocompletion=_families,
        ),
    ],
    q: Annotated[
        str,
        typer.Argument(
            metavar="Q", help="The distribution to compare P with.", autocompletion=_families
        ),
    ],
    divergence: Annotated[
        list[str] | None,
        suggestion(
            "--divergence",
            [name for name in options.DIVERGENCE_NAMES if not name.startswith("psi")],
            "Which divergence; repeatable (default: kl): all, "
            f"{', '.join(n for n in options.DIVERGENCE_NAMES if n not in ('all', 'psi'))}. "
            "renyi takes any order.",
            "NAME",
        ),
    ] = None,
    direction: options.Direction = "both",
    base: options.Base = "e",
    draws: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", help="Draws of Monte Carlo, which mixtures of vectors need."
        ),
    ] = 200_000,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The same seed gives the same draws.")
    ] = 0,
    format_name: options.Format = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to a file instead, as .json, .jsonl, .csv, .tsv, .md or .txt; repeatable. "
            "Standard output then stays empty unless --format or --value is given.",
        ),
    ] = None,
    value: Annotated[
        bool, typer.Option("--value", help="Print only the divergence, in full; forward.")
    ] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Compute the divergence of two known distributions, with entropy and cross-entropy.

    D(P‖Q) is the cross-entropy of P and Q less the entropy of P.
    """
    from klcli.cli.output import (
        check_files,
        default_format,
        on_terminal,
        write_error,
        write_out,
        written,
    )
    from klcli.divergences.probabilities import is_file

    if value and format_name is not None:
        raise UsageError("--value and --format exclude each other", "leave one of them out")
    files = check_files(output or [], [side for side in (p, q) if is_file(side)])

    from klcli.divergences.exact import exact as run

    direction = "forward" if value and direction == "both" else direction
    names = list(dict.fromkeys(divergence or ["kl"]))
    if value and (len(names) > 1 or names == ["all"]):
        raise UsageError("--value needs one divergence", "name one with --divergence")
    report = run(p, q, divergence=names, direction=direction, base=base, draws=draws, seed=seed)
    with written(files, lambda _, form: _render(report, form, verbose=verbose)):
        if value:
            write_out(f"{report.results[0].value!r}\n")
            if not quiet:
                _note(report.results[0], report.unit, write_error)
        elif format_name or not files:
            chosen = format_name or default_format()
            write_out(_render(report, chosen, verbose=verbose, screen=on_terminal()))


def _render(report: ExactReport, format_name: str, *, verbose: bool, screen: bool = False) -> str:
    from klcli.cli.output import terminal_style, terminal_width
    from klcli.render import exact as words
    from klcli.render import exact_records as records
    from klcli.render.table import PLAIN

    width, style = (terminal_width(), terminal_style()) if screen else (None, PLAIN)
    renderers = {
        "table": lambda: words.table(report, width=width, style=style, verbose=verbose),
        "markdown": lambda: words.markdown(report, verbose=verbose),
        "json": lambda: records.as_json(report),
        "jsonl": lambda: records.as_jsonl(report),
        "csv": lambda: records.as_csv(report),
        "tsv": lambda: records.as_tsv(report),
    }
    return renderers[format_name]()


def _note(result: Exact, unit: str, write_error: Callable[[str], None]) -> None:
    """Say what the bare number does not."""
    if result.standard_error:
        write_error(f"note: Monte Carlo, standard error {result.standard_error:.2g} {unit}")
    if result.reason:
        write_error(f"note: {result.status}: {result.reason}")
