"""``kl estimate P Q``: parse, call, render."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from klcli.cli import options
from klcli.cli.options import suggestion
from klcli.data.ahead import read_ahead
from klcli.errors import UsageError
from klcli.estimation.request import prepare
from klcli.workers import workers

if TYPE_CHECKING:
    from klcli.results import Estimate, Report

#: Bytes of a file. Smaller ones take no longer than processes take to start.
_LARGE: Final = 1 << 19

EXAMPLES = """Examples:

\b
  kl estimate jan.csv jul.csv                  every common column, both ways
  kl estimate jan.csv jul.csv -c dep_delay -v  one column, and why this method
  kl estimate jan.csv jul.csv --joint          all columns together
  kl estimate a.npy b.npy -c x0 --value        the bare number
  kl estimate a.npy b.npy --divergence js      another divergence, or all
  kl estimate jan.csv "norm(0, 30)" -c dep_delay  a known distribution
  kl estimate old.parquet new.parquet -o drift.json --fail-above 0.1
"""


def estimate(
    p: Annotated[str, typer.Argument(metavar="P", help="The first dataset; - is standard input.")],
    q: Annotated[
        str,
        typer.Argument(
            metavar="Q",
            help="The dataset to compare P with; or a distribution such as norm(0, 1), as P may be, too.",
        ),
    ],
    column: options.Columns = None,
    exclude: options.Exclude = None,
    divergence: Annotated[
        list[str] | None,
        suggestion(
            "--divergence",
            options.DIVERGENCE_NAMES,
            "Which divergence; repeatable (default: kl): "
            f"{', '.join(options.DIVERGENCE_NAMES)}. renyi takes any order, psi bins: psi:20.",
            "NAME",
        ),
    ] = None,
    direction: options.Direction = "both",
    density: options.Density = "auto",
    estimator: options.Estimator = "auto",
    interval: options.Interval = "auto",
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="NUMBER", help="Confidence of the interval.")
    ] = 0.95,
    base: options.Base = "e",
    missing: options.Missing = "category",
    categorical: options.Categorical = None,
    numeric: options.Numeric = None,
    weight: options.Weight = None,
    smoothing: options.Smoothing = None,
    bins: options.Bins = None,
    bandwidth: options.Bandwidth = None,
    neighbors: options.Neighbors = None,
    joint: Annotated[
        bool,
        typer.Option("--joint", help="All columns together, and what each has alone."),
    ] = False,
    max_rows: options.MaxRows = None,
    resamples: options.Resamples = 999,
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
            "Standard output then stays empty unless --format or --value is given.",
        ),
    ] = None,
    value: Annotated[
        bool,
        typer.Option(
            "--value", help="Print only the number, in full; one column or --joint, forward."
        ),
    ] = False,
    fail_above: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="Exit with 1 if an interval lies above this, in the unit shown."
        ),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Estimate how different two datasets are, by column or jointly, with intervals.

    D(P‖Q) is the mean of log p/q over rows of P: 0 if nothing differs. Each common column gets
    a row, the largest difference first. One side may be a known distribution, as kl exact takes
    them; parameters written as ? are fitted: norm(?, ?). A file of that very name is read instead.
    """
    from klcli.cli import gate, progress
    from klcli.cli.output import (
        check_files,
        default_format,
        on_terminal,
        render,
        write_error,
        write_out,
        written,
    )

    if value and format_name is not None:
        raise UsageError("--value and --format exclude each other", "leave one of them out")
    if fail_above is not None and not fail_above >= 0:
        raise UsageError(
            f"--fail-above {fail_above:g} is no threshold for a divergence",
            "give a number from 0 up",
        )
    several = len(set(divergence or ())) > 1 or "all" in (divergence or ())
    if several and (value or fail_above is not None):
        flag = "--value" if value else "--fail-above"
        raise UsageError(
            f"{flag} needs one divergence: their values do not compare",
            "name one with --divergence",
        )
    from klcli.divergences.written import is_distribution

    shown = progress.wanted(quiet=quiet)
    with (
        workers(prepare) if _large(p) or _large(q) else nullcontext(),
        read_ahead(() if column or exclude else (p, q)),
        progress.ProgressBar() if shown else nullcontext() as bar,
    ):
        # Of folders, this imports what has to come after the workers.
        files = check_files(output or [], [side for side in (p, q) if not is_distribution(side)])
        from klcli.estimation.estimate import estimate as run

        report = run(
            p,
            q,
            column=column or (),
            exclude=exclude or (),
            divergence=divergence or ("kl",),
            direction=_direction(direction, divergence, value=value),
            density=density,
            estimator=estimator,
            interval=interval,
            confidence=confidence,
            base=base,
            missing=missing,
            categorical=categorical or (),
            numeric=numeric or (),
            weight=weight,
            smoothing=None if smoothing is None else options.number_or_name(smoothing),
            bins=None if bins is None else options.edges_count_or_name(bins),
            bandwidth=None if bandwidth is None else options.number_or_name(bandwidth),
            neighbors=None if neighbors is None else options.count_or_name(neighbors),
            joint=joint,
            max_rows=max_rows,
            resamples=resamples,
            seed=seed,
            input_format=input_format,
            progress=bar,
        )
    only = _only(report) if value else None
    with written(files, lambda _, form: render(report, form, verbose=verbose)):
        if only is not None:
            write_out(f"{float(only.estimate)!r}\n")
        elif format_name or not files:
            screen = on_terminal()
            chosen = format_name or default_format()
            write_out(render(report, chosen, verbose=verbose, screen=screen))
        if not quiet:
            for finding in (*report.findings, *(only.warnings if only else ())):
                write_error(f"note: {finding.message}")
        if fail_above is not None:
            for sentence in () if quiet else gate.undecided(report, fail_above):
                write_error(f"undecided: {sentence}")
            above = gate.tripped(report, fail_above)
            for sentence in above:
                write_error(f"above: {sentence}")
            if above:
                raise typer.Exit(1)


def _large(source: str) -> bool:
    """Tell whether there may be so much to do that it is worth several processes."""
    try:
        path = Path(source)
        return path.is_dir() or path.stat().st_size >= _LARGE
    except (OSError, ValueError):
        return "*" in source or "://" in source


def _direction(direction: str, divergence: list[str] | None, *, value: bool) -> str:
    """Return the direction: a bare number is forward, unless only the reverse is meant."""
    if value and direction == "both" and divergence != ["reverse"]:
        return "forward"
    return direction


def _only(report: Report) -> Estimate:
    if len(report.results) == 1:
        return report.results[0]
    names = ", ".join(dict.fromkeys(result.column for result in report.results))
    raise UsageError(
        f"--value needs exactly one column, not {len(report.results)}",
        f"choose one with --column: {names}",
    )
