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
