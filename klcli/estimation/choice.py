"""Which method a column gets: the `auto` rule, and what the user asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from klcli.errors import UsageError
from klcli.registry import DENSITIES, ESTIMATORS, INTERVALS, JOINT, JOINT_INTERVALS, load
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.typing import Density, Estimator, IntervalMethod

#: What `auto` takes for each kind of column, and why.
AUTO: Final[dict[str, tuple[str, str]]] = {
    Kind.NUMERIC: ("ratio", "numbers: the ratio of smooth densities needs no bins or bandwidth"),
    Kind.DATETIME: ("ratio", "times: the ratio of smooth densities needs no bins or bandwidth"),
    Kind.CATEGORICAL: ("frequency", "categories: frequencies, of rare ones by empirical Bayes"),
    Kind.BOOLEAN: ("frequency", "two categories: corrected frequencies (Zhang-Grabchak)"),
}
#: An option that only one density understands chooses it for the columns that `auto` decides.
_IMPLIED: Final = {"bins": "histogram", "bandwidth": "kde"}
#: The densities that an option is for.
NEEDS: Final = {
    "bins": ("histogram",),
    "bandwidth": ("kde",),
    "smoothing": ("frequency", "histogram"),
    "neighbors": ("knn",),
}
#: Intervals that draw resamples.
RESAMPLED: Final = ("basic", "percentile", "bca")
_ORDERED: Final = (Kind.NUMERIC, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Method:
    """What was asked for, checked; `auto` is still open.

    Attributes
    ----------
    density, estimator, interval : str
        Names from the registry, or ``auto``.
    smoothing : str, float or None
        For the densities ``frequency`` and ``histogram``.
    bins : str, int, sequence of float or None
        For ``histogram``.
    bandwidth : str, float or None
        For ``kde``.
    seed : int
        For estimators that draw.
    resamples : int
        0 rules out intervals that resample.
    neighbors : int, str or None
        For ``knn``; the only name is ``cv``.
    joint : bool
        Whether the columns are taken together.
    """

    density: str = "auto"
    estimator: str = "auto"
    interval: str = "auto"
    smoothing: str | float | None = None
    bins: str | int | Sequence[float] | None = None
    bandwidth: str | float | None = None
    seed: int = 0
    resamples: int = 999
    neighbors: int | str | None = None
    joint: bool = False

    def __post_init__(self) -> None:
        estimators = sorted({estimator for _, estimator in ESTIMATORS})
        for what, given, known in (
            ("density", self.density, [*dict.fromkeys((*DENSITIES, *JOINT))]),
            ("estimator", self.estimator, estimators),
            ("interval", self.interval, [*dict.fromkeys((*INTERVALS, *JOINT_INTERVALS))]),
        ):
            if given != "auto" and given not in known:
                raise UsageError.unknown_choice(what, given, ["auto", *known])
        for option, needs in NEEDS.items():
            if getattr(self, option) is not None and self.density not in ("auto", *needs):
                raise UsageError(
                    f"--{option} means nothing to the density {self.density!r}",
                    f"use --density {' or '.join(needs)}, or leave --{option} out",
                )
        if self.bins is not None and self.bandwidth is not None:
            raise UsageError("--bins and --bandwidth exclude each other", "give one of them")
        if self.neighbors is not None:
            if not isinstance(self.neighbors, str):
                check_number("neighbors", self.neighbors, 0, 1001, "from 1 to 1000")
            elif self.neighbors != "cv":
                raise UsageError.unknown_choice("neighbors", self.neighbors, ["cv", "a number"])
            for option in ("bins", "bandwidth"):
                if getattr(self, option) is not None:
                    raise UsageError(
                        f"--{option} and --neighbors exclude each other", "give one of them"
                    )
        if self.joint or self.of_rows(Kind.NUMERIC):
            from klcli.estimation.joint_choice import joint_choice

            joint_choice(self)
        elif self.interval not in ("auto", *INTERVALS):
            raise UsageError(
                f"--interval {self.interval} is for estimates from rows",
                "use it with --joint or --density knn, or leave it out",
            )
        # Wrong values fail here, before any file is read.
        for option, name in (*_IMPLIED.items(), ("smoothing", "frequency")):
            if getattr(self, option) is not None:
                self._build(name)

    def of_rows(self, kind: Kind) -> bool:
        """Whether a column of this kind, on its own, is estimated from rows, not from counts."""
        if self.density == "auto":
            return kind in _ORDERED and self.neighbors is not None
        return self.density not in DENSITIES

    def for_kind(self, kind: Kind) -> Choice | Finding:
        """Choose for a column of this kind, or say why what was asked makes no sense for it."""
        name, reason = AUTO[kind]
        if self.density != "auto":
            name, reason = self.density, "as asked"
        elif kind in _ORDERED:
            for option, implied in _IMPLIED.items():
                if getattr(self, option) is not None:
                    name, reason = implied, f"--{option} was given"
        elif self.smoothing is not None:
            reason = "--smoothing was given"
        elif self.estimator != "auto":
            reason = "--estimator was given"
        if name not in DENSITIES:
            return _refusal(name, kind)
        density = self._build(name)
        if kind in _ORDERED and not (density.numeric or name == "frequency"):
            return _refusal(name, kind)
        if kind not in _ORDERED and not density.categorical:
            return _refusal(name, kind)
        estimator = self.estimator
        if estimator == "auto":
            corrected = name == "frequency" and self.smoothing is None
            estimator = "empirical-bayes" if corrected else "plug-in"
        if (name, estimator) not in ESTIMATORS:
            return Finding(
                "not-applicable",
                f"the estimator {estimator!r} does not go with the density {name!r}; "
                "--estimator plug-in does",
            )
        # What is for rows was asked for other columns; categories keep their default.
        interval = self.interval if self.interval in INTERVALS else "influence"
        if self.resamples == 0 and interval in RESAMPLED:
            raise UsageError(
                f"--interval {interval} needs resamples",
                "leave --resamples 0 out, or the interval",
            )
        built = load(ESTIMATORS[name, estimator])
        arguments = {"seed": self.seed} if estimator == "monte-carlo" else {}
        # Draws change how the sum is taken, not what is tested: permutations use the sum itself.
        own = "plug-in" if estimator == "monte-carlo" else estimator
        tested = load(ESTIMATORS[name, own])(density)
        return Choice(
            name, estimator, interval, reason, density, built(density, **arguments), tested,
            load(INTERVALS[interval]),
        )  # fmt: skip

    def _build(self, name: str) -> Density:
        options: dict[str, Any] = {}
        if name == "histogram" and self.bins is not None:
            options["bins"] = self.bins
        if name == "kde" and self.bandwidth is not None:
            options["bandwidth"] = self.bandwidth
        if name in ("frequency", "histogram") and self.smoothing is not None:
            options["smoothing"] = self.smoothing
        density: Density = load(DENSITIES[name])(**options)
        return density


@dataclass(frozen=True, slots=True)
class Choice:
    """A method for one column: the names that a result shows, and the objects behind them."""

    density_name: str
    estimator_name: str
    interval_name: str
    reason: str
    density: Density
    estimator: Estimator
    tested: Estimator
    interval: IntervalMethod


def _refusal(name: str, kind: Kind) -> Finding:
    better = AUTO[kind][0]
    return Finding(
        "not-applicable",
        f"the density {name!r} does not model {kind} columns; --density {better} does",
    )


def check_number(name: str, value: float, low: float, high: float, allowed: str) -> None:
    """Refuse a number outside (low, high), which is `allowed` in words.

    Raises
    ------
    UsageError
        Naming the option and the range.
    """
    if not (math.isfinite(value) and low < value < high):
        raise UsageError(f"--{name} {value:g} is out of range", f"give a number {allowed}")
