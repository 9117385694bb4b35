"""``kl fit DATA|DIST``: families fitted by forward or reverse KL."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from klcli.cli import options
from klcli.cli.options import choice, suggestion
from klcli.errors import UsageError

if TYPE_CHECKING:
    from klcli.fitting.report import FitReport

EXAMPLES = """Examples:

\b
  kl fit data.csv -c price --family gamma --fix loc=0
  kl fit data.csv -c price --family norm --family t --objective forward
  kl fit data.csv -c price --family mixture:2 --plot
  kl fit data.csv -c visits --family "nbinom(?, ?)"
  kl fit "0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)" --family norm --plot

The forward fit minimises D(P‖Q), which for data is maximum likelihood: Q covers all of P. The
reverse fit minimises D(Q‖P): Q seeks one mode of P. Names and parameters are those of scipy.stats.
"""
OBJECTIVES = options.DIRECTIONS
DENSITIES = ("kde", "mixture")


def fit(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA|DIST", help="P: a dataset, - for standard input, or a distribution."
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="DIST", help="P, if it is a distribution."),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(
            "--family",
            "-f",
            metavar="NAME",
            help="What to fit: a name from scipy.stats, mixture:K for K normals, or with unknowns, "
            '"gamma(?, 0, ?)"; repeatable.',
        ),
    ] = None,
    objective: Annotated[
        str,
        choice("--objective", OBJECTIVES, "Minimise D(P‖Q), forward, or D(Q‖P), reverse"),
    ] = "both",
    column: Annotated[
        str | None,
        typer.Option("--column", "-c", metavar="NAME", help="Column of the dataset."),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="Do not fit this parameter; repeatable."),
    ] = None,
    density: Annotated[
        str,
        choice("--density", DENSITIES, "How the density of data is estimated for reverse fits"),
    ] = "kde",
    bandwidth: Annotated[
        str | None,
        suggestion(
            "--bandwidth",
            options.BANDWIDTHS,
            f"Bandwidth of kde: {', '.join(options.BANDWIDTHS)}, or a number.",
            "NAME|NUMBER",
        ),
    ] = None,
    starts: Annotated[
        int,
        typer.Option(metavar="NUMBER", help="Random starts, beside those at the modes of P."),
    ] = 3,
    base: options.Base = "e",
    seed: options.Seed = 0,
    input_format: Annotated[
        str | None,
        suggestion(
            "--input-format",
            options.INPUT_FORMATS,
            f"Format of the input, whatever its name: {', '.join(options.INPUT_FORMATS)}.",
            "NAME",
        ),
    ] = None,
    plot: Annotated[
        bool,
        typer.Option("--plot", help="Draw P and the fits below the table, in text."),
    ] = False,
    format_name: options.Format = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to a file instead, as .json, .jsonl, .csv, .tsv, .md or .txt, or drawn as .png, "
            ".svg or .pdf; repeatable. "
            "Standard output then stays empty unless --format, --value or --expression is given.",
        ),
    ] = None,
    value: Annotated[
        bool,
        typer.Option(
            "--value",
            help="Print only the divergence that was minimised, in full; one family, forward "
            "unless --objective reverse.",
        ),
    ] = False,
    expression: Annotated[
        bool,
        typer.Option(
            "--expression",
            help="Print only the fitted distributions, a line each, as other commands take them.",
        ),
    ] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Fit families of distributions, by forward or reverse KL, to data or to a distribution.

    P is what is fitted, Q the fit. Shows parameters with standard errors, both divergences of
    each fit, and every optimum that different starts led to.
    """
    from klcli.cli import progress
    from klcli.cli.output import (
        DRAWN,
        EXTENSIONS,
        check_drawing,
        check_files,
        default_format,
        on_terminal,
        write_error,
        write_out,
        written,
    )

    bare = [name for name, on in (("--value", value), ("--expression", expression)) if on]
    if format_name is not None:
        bare.append("--format")
    if len(bare) > 1:
        raise UsageError(f"{bare[0]} and {bare[1]} exclude each other", "leave one of them out")
    given = _target(data, target)
    if not family:
        raise UsageError("which family?", "--family norm, gamma, t, poisson, mixture:2, …")
    files = check_files(output or [], [given], {**EXTENSIONS, **DRAWN})
    check_drawing(files.values())
    fixed = dict(_fixed(each) for each in fix or [])
    if len(fixed) < len(fix or []):
        raise UsageError("--fix names a parameter twice", "give each once")
    if value:
        _check_one(list(dict.fromkeys(family)))
        objective = "forward" if objective == "both" else objective

    from klcli.fitting.fit import fit as run

    with progress.ProgressBar() if progress.wanted(quiet=quiet) else nullcontext() as bar:
        report = run(
            given,
            family,
            objective=objective,
            column=column,
            fix=fixed,
            density=density,
            bandwidth="isj" if bandwidth is None else options.number_or_name(bandwidth),
            starts=starts,
            base=base,
            seed=seed,
            input_format=input_format,
            progress=bar,
        )
    with written(files, lambda _, form: _file(report, form, verbose=verbose, plot=plot)):
        if value:
            write_out(f"{float(report.fits[0].minimised.value)!r}\n")
        elif expression:
            write_out("".join(f"{each.expression}\n" for each in report.fits))
        elif format_name or not files:
            chosen = format_name or default_format()
            write_out(_render(report, chosen, verbose=verbose, plot=plot, screen=on_terminal()))
        if not quiet and (bare or files):
            for finding in report.findings:
                write_error(f"note: {finding.message}")
            for each in report.fits:
                for finding in each.warnings if bare != ["--format"] else ():
                    write_error(f"note: {each.objective} {each.family}: {finding.message}")


def _file(report: FitReport, form: str, *, verbose: bool, plot: bool) -> str | bytes:
    from klcli.cli.output import DRAWN

    if form in DRAWN.values():
        from klcli.render.plot.fits import drawn

        return drawn(report, form)
    return _render(report, form, verbose=verbose, plot=plot)


def _target(data: str | None, target: str | None) -> str:
    if data is None and target is None:
        raise UsageError("nothing to fit is named", "kl fit data.csv, or kl fit --target DIST")
    if data is not None and target is not None:
        raise UsageError("both a dataset and --target are given", "leave one of them out")
    if target is not None and "(" not in target:
        raise UsageError(
            f"--target {target[:60]!r} is no distribution",
            "write norm(0, 1) or 0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5); data need no --target",
        )
    return data if data is not None else str(target)


def _fixed(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError as error:
        raise UsageError(
            f"--fix {text[:60]!r} is no parameter with a number", "write it as --fix loc=0"
        ) from error


def _check_one(families: list[str]) -> None:
    if len(families) == 1:
        return
    raise UsageError(
        f"--value needs exactly one family, not {len(families)}", "choose one with --family"
    )


def _render(
    report: FitReport, format_name: str, *, verbose: bool, plot: bool, screen: bool = False
) -> str:
    from klcli.cli.output import terminal_style, terminal_width
    from klcli.render import fit as words
    from klcli.render import fit_records as records
    from klcli.render.table import PLAIN

    width, style = (terminal_width(), terminal_style()) if screen else (None, PLAIN)
    renderers = {
        "table": lambda: words.table(
            report, width=width, style=style, verbose=verbose, picture=plot
        ),
        "markdown": lambda: words.markdown(report, verbose=verbose, picture=plot),
        "json": lambda: records.as_json(report),
        "jsonl": lambda: records.as_jsonl(report),
        "csv": lambda: records.as_csv(report),
        "tsv": lambda: records.as_tsv(report),
    }
    return renderers[format_name]()
