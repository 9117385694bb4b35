"""Options that several commands share, defined once so that a flag means the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from klcli.cli.output import FORMATS
from klcli.errors import UsageError
from klcli.registry import (
    DENSITIES,
    DIVERGENCES,
    ESTIMATORS,
    INTERVALS,
    JOINT,
    JOINT_INTERVALS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DIRECTIONS: Final = ("forward", "reverse", "both")
DENSITY_NAMES: Final = ("auto", *dict.fromkeys((*DENSITIES, *JOINT)))
ESTIMATOR_NAMES: Final = ("auto", *dict.fromkeys(name for _, name in ESTIMATORS))
INTERVAL_NAMES: Final = ("auto", *dict.fromkeys((*INTERVALS, *JOINT_INTERVALS)))
#: Renyi takes an order behind it; psi may take bins.
DIVERGENCE_NAMES: Final = (
    "all", *("renyi:0.5" if name == "renyi" else name for name in DIVERGENCES),
)  # fmt: skip
BASES: Final = ("e", "2", "10")
MISSING: Final = ("category", "drop")
SMOOTHINGS: Final = ("none", "laplace", "jeffreys", "krichevsky-trofimov")
BINS: Final = (
    "auto", "fd", "scott", "sturges", "doane", "sqrt", "rice", "stone", "knuth", "blocks", "quantile",
    "cv",
)  # fmt: skip
BANDWIDTHS: Final = ("isj", "scott", "silverman", "cv")
NEIGHBORS: Final = ("cv",)
INPUT_FORMATS: Final = (
    "csv", "tsv", "ndjson", "json", "parquet", "arrow", "npy", "npz", "xlsx",
)  # fmt: skip


def choice(flag: str, names: Sequence[str], about: str) -> Any:
    """Return an option that takes one of `names`, completes them and refuses others."""

    def check(value: str | None) -> str | None:
        if value is not None and value not in names:
            raise UsageError.unknown_choice(flag, value, list(names))
        return value

    return typer.Option(
        flag,
        metavar="NAME",
        help=f"{about}: {', '.join(names)}.",
        autocompletion=_completer(names),
        callback=check,
    )


def suggestion(flag: str, names: Sequence[str], about: str, metavar: str) -> Any:
    """Return an option that completes `names` but takes other values, such as numbers, too."""
    return typer.Option(flag, metavar=metavar, help=about, autocompletion=_completer(names))


def _completer(names: Sequence[str]) -> Any:
    def complete(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return complete


def is_given(context: typer.Context, name: str) -> bool:
    """Tell whether a parameter stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def number_or_name(text: str) -> float | str:
    """Return the number that `text` spells, or else `text` itself."""
    try:
        return float(text)
    except ValueError:
        return text


def count_or_name(text: str) -> int | str:
    """Return the whole number that `text` spells, or else `text` itself."""
    try:
        return int(text)
    except ValueError:
        return text


def edges_count_or_name(text: str) -> list[float] | int | str:
    """Return edges from numbers with commas between, a count from a whole number, or a name."""
    if "," in text:
        try:
            return [float(edge) for edge in text.split(",")]
        except ValueError as error:
            message = f"--bins {text!r} is not a list of numbers"
            raise UsageError(message, "write edges as --bins 0,10,20.5") from error
    return count_or_name(text)


Format = Annotated[
    str | None,
    choice("--format", FORMATS, "How to print (default: table on a terminal, tsv in a pipe)"),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No notes and no progress on standard error.")
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Tables also show methods, reasons and every warning."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", "-c", metavar="NAME", help="Only this column; repeatable."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="NAME", help="All but this column; repeatable."),
]
Base = Annotated[str, choice("--base", BASES, "Base of the logarithm; the unit follows")]
Missing = Annotated[str, choice("--missing", MISSING, "Missing values as a category, or dropped")]
Categorical = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Treat this column as categories; repeatable."),
]
Numeric = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Treat this column as numbers; repeatable."),
]
Weight = Annotated[
    str | None, typer.Option(metavar="NAME", help="Column with the weight of each row.")
]
Resamples = Annotated[
    int,
    typer.Option(metavar="NUMBER", help="Resamples for intervals and p-values."),
]
Seed = Annotated[int, typer.Option(metavar="NUMBER", help="The same seed gives the same numbers.")]
InputFormat = Annotated[
    str | None,
    suggestion(
        "--input-format",
        INPUT_FORMATS,
        f"Format of the inputs, whatever their names: {', '.join(INPUT_FORMATS)}.",
        "NAME",
    ),
]
Density = Annotated[str, choice("--density", DENSITY_NAMES, "How P and Q are modelled")]
Estimator = Annotated[
    str, choice("--estimator", ESTIMATOR_NAMES, "How the divergence is computed")
]
Interval = Annotated[str, choice("--interval", INTERVAL_NAMES, "How the interval is found")]
Smoothing = Annotated[
    str | None,
    suggestion(
        "--smoothing",
        SMOOTHINGS,
        f"Added to each count of frequency and histogram: {', '.join(SMOOTHINGS)}, or a number.",
        "NAME|NUMBER",
    ),
]
Bins = Annotated[
    str | None,
    suggestion(
        "--bins",
        BINS,
        f"Histogram with these bins: {', '.join(BINS)}, a number, or edges 0,10,20.",
        "NAME|NUMBER|EDGES",
    ),
]
Bandwidth = Annotated[
    str | None,
    suggestion(
        "--bandwidth",
        BANDWIDTHS,
        f"Kernel density with this bandwidth: {', '.join(BANDWIDTHS)}, or a number.",
        "NAME|NUMBER",
    ),
]
Neighbors = Annotated[
    str | None,
    suggestion(
        "--neighbors",
        NEIGHBORS,
        "Nearest neighbours of the density knn: cv, or a number.",
        "NAME|NUMBER",
    ),
]
MaxRows = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="Rows of each side that --joint looks at, drawn at random (default: 20000).",
    ),
]
Direction = Annotated[
    str,
    choice("--direction", DIRECTIONS, "D(P‖Q) is forward, D(Q‖P) reverse"),
]
