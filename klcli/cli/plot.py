"""``kl plot P Q``: where the divergence comes from, as a picture."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from klcli.cli import options
from klcli.cli import output as output_names
from klcli.cli.options import choice
from klcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from klcli.plotting.report import PlotReport

EXAMPLES = """Examples:

\b
  kl plot jan.csv jul.csv                      the three most different columns
  kl plot jan.csv jul.csv -c dep_delay         one column
  kl plot jan.csv jul.csv -c dep_delay -o delay.png
  kl plot jan.csv jul.csv --joint -c dep_delay -c arr_delay
  kl plot "norm(0, 1)" "t(3)" --direction both
  kl plot a.npy b.npy -c x0 --format csv       the numbers, to draw your own

PNG, SVG and PDF need the extra plot: pip install 'klcli[plot]'
"""

FORMATS = ("picture", "json", "jsonl", "csv", "tsv", "markdown")
EXTENSIONS = {**output_names.EXTENSIONS, **output_names.DRAWN, ".txt": "picture"}
SCALES = ("auto", "linear", "log")


def plot(
    p: Annotated[
        str,
        typer.Argument(
            metavar="P", help="The first dataset, - is standard input; or a distribution."
        ),
    ],
    q: Annotated[
        str, typer.Argument(metavar="Q", help="The dataset or distribution to compare P with.")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            "-c",
            metavar="NAME",
            help="Only this column; repeatable. With --joint, the first two are the axes.",
        ),
    ] = None,
    exclude: options.Exclude = None,
    most: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", help="Columns to draw, the most different ones (default: 3)."
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(metavar="NUMBER", help="Categories to draw one by one.")
    ] = 10,
    direction: options.Direction = "forward",
    scale: Annotated[str, choice("--scale", SCALES, "Axis of numbers")] = "auto",
    width: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Columns of the picture in characters, 40 to 400 (default: those of the "
            "terminal; 80 in a pipe).",
        ),
    ] = None,
    height: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Lines of each chart, 3 to 100 (default: 8)."),
    ] = None,
    sixel: Annotated[
        bool | None,
        typer.Option(
            "--sixel/--no-sixel",
            help="Send pixels to the terminal (default: where it is known to show them).",
        ),
    ] = None,
    density: options.Density = "auto",
    estimator: options.Estimator = "auto",
    interval: options.Interval = "auto",
    confidence: Annotated[
        float,
        typer.Option("--confidence", metavar="NUMBER", help="Confidence of interval and band."),
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
        typer.Option("--joint", help="All columns together, seen along two of them."),
    ] = False,
    max_rows: options.MaxRows = None,
    resamples: Annotated[
        int, typer.Option(metavar="NUMBER", help="Resamples for intervals.")
    ] = 999,
    seed: options.Seed = 0,
    input_format: options.InputFormat = None,
    format_name: Annotated[
        str | None, choice("--format", FORMATS, "How to print (default: picture)")
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw to a file instead, as .png, .svg, .pdf or .txt, or write the numbers, as "
            ".json, .jsonl, .csv or .tsv; repeatable.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Show where the divergence comes from: densities, log ratio, contributions.

    P is drawn as a line, Q as an area. Below stands log p/q with a band for each point by
    itself, which may be too narrow where few rows lie, and what adds up to D(P‖Q) from left to
    right. Categories are pairs of bars. The numbers are those of kl estimate, or of kl exact for two
    distributions.
    """
    from klcli.cli import progress
    from klcli.cli.output import (
        check_drawing,
        check_files,
        write_error,
        write_out,
        written,
    )

    for name, value, low, high in (("width", width, 40, 400), ("height", height, 3, 100)):
        if value is not None and not low <= value <= high:
            raise UsageError(f"--{name} {value} is out of range", f"give {low} to {high}")
    if sixel and format_name not in (None, "picture"):
        raise UsageError("--sixel draws, --format prints numbers", "leave one of them out")
    files = check_files(output or [], [p, q], EXTENSIONS)
    check_drawing([*files.values(), *(["png"] if sixel else [])])

    from klcli.plotting import plot as run

    with progress.ProgressBar() if progress.wanted(quiet=quiet) else nullcontext() as bar:
        report = run(
            p,
            q,
            column=column or (),
            exclude=exclude or (),
            direction=direction,
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
            scale=scale,
            most=most,
            top=top,
            progress=bar,
        )
    look = {"width": width, "height": height, "verbose": verbose}
    with written(files, lambda path, form: _file(report, path, form, look)):
        if format_name or sixel or not files:
            write_out(_screen(report, format_name or "picture", sixel, look))
        if not quiet:
            for finding in report.findings:
                write_error(f"note: {finding.message}")


def _file(
    report: PlotReport, path: Path, written_as: str, look: dict[str, int | None]
) -> str | bytes:
    if written_as in output_names.DRAWN.values():
        from klcli.render.plot.figure import drawn

        return drawn(report, written_as, title=path.stem)
    return _text(report, written_as, look, screen=False)


def _screen(
    report: PlotReport, format_name: str, sixel: bool | None, look: dict[str, int | None]
) -> str:
    """Return what goes to standard output."""
    from klcli.cli.output import on_terminal

    if format_name == "picture":
        from klcli.cli.sixels import shows_sixels

        if sixel or (sixel is None and shows_sixels()):
            from klcli.render.plot.figure import pixels
            from klcli.render.plot.sixel import encoded

            return encoded(pixels(report)) + "\n"
    return _text(report, format_name, look, screen=on_terminal())


def _text(
    report: PlotReport, format_name: str, look: dict[str, int | None], *, screen: bool
) -> str:
    from klcli.render.plot import records

    def picture() -> str:
        from klcli.cli.output import terminal_style, terminal_width
        from klcli.render.plot.palette import Paint
        from klcli.render.plot.terminal import HEIGHT, NARROWEST, WIDEST, WIDTH
        from klcli.render.plot.terminal import picture as drawn
        from klcli.render.table import PLAIN

        width = look["width"]
        if width is None:
            width = min(max(terminal_width(), NARROWEST), WIDEST) if screen else WIDTH
        paint = Paint(screen and terminal_style() != PLAIN)
        height = look["height"] or HEIGHT
        return drawn(
            report, width=width, height=height, paint=paint, verbose=bool(look["verbose"])
        )

    writers: dict[str, Callable[[], str]] = {
        "picture": picture,
        "markdown": lambda: f"```text\n{picture()}```\n",
        "json": lambda: records.as_json(report),
        "jsonl": lambda: records.as_jsonl(report),
        "csv": lambda: records.as_csv(report),
        "tsv": lambda: records.as_tsv(report),
    }
    return writers[format_name]()
