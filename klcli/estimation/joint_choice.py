"""Which method rows get: several columns together, or one by a density that needs rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from klcli.errors import UsageError
from klcli.registry import JOINT, JOINT_INTERVALS, load

if TYPE_CHECKING:
    from klcli.estimation.choice import Method
    from klcli.rows import JointEstimator

#: What `auto` takes for several columns together, and why.
AUTO_JOINT: Final = ("ratio", "together: classifiers that tell P from Q, stacked, need no density")
#: An option that only one density of rows understands; it chooses it where `auto` decides.
_IMPLIED: Final = {"neighbors": "knn", "bandwidth": "kde"}
#: Densities that are refitted quickly enough for resampling.
_SUBSAMPLED: Final = ("gaussian", "knn")


@dataclass(frozen=True, slots=True)
class JointChoice:
    """A method for rows: the names that a result shows, and the objects behind them."""

    density_name: str
    estimator_name: str
    interval_name: str
    reason: str
    estimator: JointEstimator
    interval: Any


def joint_choice(method: Method) -> JointChoice:
    """Choose for rows.

    Raises
    ------
    UsageError
        If what was asked makes no sense for rows.
    """
    name, reason = AUTO_JOINT
    if method.density != "auto":
        name, reason = method.density, "as asked"
    else:
        for option, implied in _IMPLIED.items():
            if getattr(method, option) is not None:
                name, reason = implied, f"--{option} was given"
    if name not in JOINT:
        raise UsageError(
            f"the density {name!r} models one column at a time",
            f"with --joint, choose one of: auto, {', '.join(JOINT)}",
        )
    for option in ("bins", "smoothing"):
        if getattr(method, option) is not None:
            raise UsageError(
                f"--{option} means nothing to the density {name!r} of rows",
                f"leave --{option} out, or --joint",
            )
    if method.estimator not in ("auto", "plug-in"):
        raise UsageError(
            f"--estimator {method.estimator} is for counts of single columns",
            f"the density {name!r} is evaluated at the rows themselves: leave --estimator out",
        )
    interval = "influence" if method.interval == "auto" else method.interval
    _check_interval(interval, name, method.resamples)
    options = {
        option: getattr(method, option)
        for option, density in _IMPLIED.items()
        if density == name and getattr(method, option) is not None
    }
    return JointChoice(
        name, "plug-in", interval, reason, load(JOINT[name])(**options),
        load(JOINT_INTERVALS[interval]),
    )  # fmt: skip


def _check_interval(interval: str, density: str, resamples: int) -> None:
    if interval not in JOINT_INTERVALS:
        raise UsageError(
            f"--interval {interval} resamples counts of single columns; repeated rows would be "
            "neighbours at no distance",
            f"with rows, choose one of: {', '.join(JOINT_INTERVALS)}",
        )
    if interval != "subsampling":
        return
    if density not in _SUBSAMPLED:
        raise UsageError(
            f"--interval subsampling would fit the density {density!r} anew for each subsample",
            f"it is for --density {' or '.join(_SUBSAMPLED)}; leave --interval out",
        )
    if resamples < 2:
        raise UsageError(
            "--interval subsampling needs resamples", "leave --resamples out, or the interval"
        )
