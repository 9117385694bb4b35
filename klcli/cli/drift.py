"""``kl drift REFERENCE BATCH...``: parse, call, render, and the gate."""

from __future__ import annotations

from typing import Annotated

import typer

from klcli.cli import drift_run, options
from klcli.cli.drift_run import GATES
from klcli.cli.options import choice, suggestion
from klcli.cli.output import DRIFT_FORMATS
from klcli.monitoring.column import prepare
from klcli.workers import workers

EXAMPLES = """Examples:

\b
  kl drift ref.parquet incoming/*.parquet            every column of every file
  kl drift ref.csv new.csv --tolerance 0.05 --fail-on drift
  kl drift ref.csv all.csv --time day --window 1w    one table, week by week
  kl drift 'days/*.csv' --reference previous         each file against the one before
  kl drift ref.csv 'days/*.csv' --resume days.state -o report.html -o junit.xml
  kl drift --init ref.csv 'days/*.csv'               write kl.toml; then: kl drift
  kl drift ref.csv new.csv --write-baseline known.json
  kl drift ref.csv new.csv --baseline known.json --fail-on drift
"""


def drift(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="REFERENCE BATCH...",
            help="The reference, and files, patterns or folders whose files are batches; "
            "- is standard input. With --reference all are batches.",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="Divergence that counts as unchanged, in the unit shown. [0.01]"
        ),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="WHAT",
            help=f"Exit with 1 on this: {', '.join(GATES)}; repeatable.",
            autocompletion=lambda: list(GATES),
        ),
    ] = None,
    reference: Annotated[
        str,
        suggestion(
            "--reference",
            ("fixed", "first", "previous", "rolling:7"),
            "Compare with the first argument (fixed), the first batch, the previous one, or "
            "the seven before (rolling:7).",
            "WHICH",
        ),
    ] = "fixed",
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One table; each value of this column is a batch."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One table; batches by the times in this column."),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="Length of a batch with --time: 6h, 1d, 1w, 1mo."),
    ] = None,
    column: options.Columns = None,
    exclude: options.Exclude = None,
    density: options.Density = "auto",
    estimator: options.Estimator = "auto",
    interval: options.Interval = "auto",
    confidence: Annotated[
        float,
        typer.Option(
            "--confidence", metavar="NUMBER", help="Confidence of intervals and verdicts."
        ),
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
        typer.Option("--joint", help="Also all columns together, as a row of each batch."),
    ] = False,
    max_rows: options.MaxRows = None,
    resamples: options.Resamples = 999,
    seed: options.Seed = 0,
    input_format: options.InputFormat = None,
    compare_binnings: Annotated[
        bool,
        typer.Option(
            help="Also show what other tools print for the same data: Evidently's KL and PSI, PSI "
            "by deciles, fixed-width histograms.",
        ),
    ] = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Known drift, of --write-baseline: --fail-on trips on what is new or worse.",
        ),
    ] = None,
    write_baseline: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Accept what drifts now: write it to this file."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Settings (default: kl.toml, or [tool.klcli] in pyproject.toml, here or in a "
            "folder above, up to the repository's root). Flags beat the file.",
        ),
    ] = None,
    no_config: Annotated[
        bool, typer.Option("--no-config", help="Use no file of settings.")
    ] = False,
    init: Annotated[
        bool,
        typer.Option(
            "--init", help="Write a commented kl.toml with tolerances that fit these data."
        ),
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Keep finished batches in this file, and skip those it has."
        ),
    ] = None,
    format_name: Annotated[
        str | None,
        choice("--format", DRIFT_FORMATS, "How to print (default: table, tsv in a pipe)"),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to a file instead, as .html, .json, .jsonl, .csv, .tsv, .md, .txt, .xml "
            "(JUnit), .prom (Prometheus), or drawn as .png, .svg or .pdf; repeatable. Standard output then stays empty unless "
            "--format is given.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare many batches with one reference, column by column; a gate for CI and cron.

    P is the batch, Q the reference. A verdict is drift if a column differs by more than the
    tolerance beyond doubt, stable if it surely does not, else undecided; chance makes one drift
    or more in at most one of twenty runs, however many columns and batches there are.

    Exit codes: 0 done, whatever was found; 1 --fail-on tripped; 2 wrong usage or input; 3 a batch
    could not be read, or an internal failure; 130 interrupted.
    """
    asked = {
        "tolerance": tolerance,
        "column": tuple(column or ()),
        "exclude": tuple(exclude or ()),
        "categorical": tuple(categorical or ()),
        "numeric": tuple(numeric or ()),
        "missing": missing,
        "weight": weight,
        "input_format": input_format,
        "density": density,
        "estimator": estimator,
        "interval": interval,
        "smoothing": None if smoothing is None else options.number_or_name(smoothing),
        "bins": None if bins is None else options.edges_count_or_name(bins),
        "bandwidth": None if bandwidth is None else options.number_or_name(bandwidth),
        "neighbors": None if neighbors is None else options.count_or_name(neighbors),
        "joint": joint,
        "max_rows": max_rows,
        "confidence": confidence,
        "base": base,
        "resamples": resamples,
        "seed": seed,
        "by": by,
        "time": time,
        "window": window,
        "reference": reference,
        "compare_binnings": compare_binnings,
    }
    run = {
        "fail-on": fail_on,
        "output": output,
        "format": format_name,
        "resume": resume,
        "baseline": baseline,
    }
    # Flags beat the file of settings, and what no flag says is left to it.
    given = drift_run.Asked(
        sources or [],
        {name: value for name, value in asked.items() if options.is_given(context, name)},
        {name: value for name, value in run.items() if value},
        config,
        no_config,
        write_baseline,
        quiet,
        verbose,
    )
    with workers(prepare):
        if init:
            drift_run.init(given)
        else:
            drift_run.run(given)
