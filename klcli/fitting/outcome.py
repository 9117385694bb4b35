"""From optima to what is reported of them."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import InputError
from klcli.fitting import errors
from klcli.fitting.divergence import both
from klcli.fitting.kernel import Tabulated
from klcli.fitting.objectives import CrossEntropy, Reverse
from klcli.fitting.report import Fit, Parameter
from klcli.fitting.search import forward, reverse
from klcli.fitting.starts import supports
from klcli.results import Direction, Finding

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.fitting.errors import Errors
    from klcli.fitting.normal_mixture import NormalMixture
    from klcli.fitting.scipy_family import ScipyFamily
    from klcli.fitting.search import Found
    from klcli.fitting.target import Aim


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of every family.

    Attributes
    ----------
    objectives : tuple of str
        "forward", "reverse".
    starts : int
        Random starts.
    seconds : float
        That one search may take.
    """

    objectives: tuple[str, ...]
    starts: int
    seconds: float
    rng: Generator


def outcomes(
    aim: Aim, family: ScipyFamily | NormalMixture, job: Job
) -> tuple[list[Fit], list[Finding]]:
    """Return the forward fit and every distinct reverse fit of one family, and what there is not.

    Raises
    ------
    InputError
        If no distribution of the family is at a finite divergence of the target.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy's, about densities far out
        return _outcomes(aim, family, job)


def _outcomes(
    aim: Aim, family: ScipyFamily | NormalMixture, job: Job
) -> tuple[list[Fit], list[Finding]]:
    fits: list[Fit] = []
    hopeless: list[str] = []
    covered = covers(aim, family)
    found: list[Found] = []
    if covered[0] or aim.column is not None:
        found = forward(family, aim.points, starts=job.starts, rng=job.rng, seconds=job.seconds)
    if Direction.FORWARD in job.objectives:
        if not found and aim.column is not None:
            raise _outside(aim, family)
        if found and aim.column is not None and _unbounded(aim, found[0]):
            raise InputError(
                f"the likelihood of {family.name} has no maximum: it grows without bound as the "
                f"density's end comes to {_extreme(aim, found[0]):g}, an extreme of "
                f"{aim.column.name!r}",
                "fix that end, for example with --fix loc=0",
            )
        # Lesser maxima of the likelihood are no fits.
        fits += [_fit(aim, one, Direction.FORWARD, 1, len(found)) for one in found[:1]]
        if not fits or math.isinf(fits[0].forward.value):
            hopeless.append(
                f"D(P‖Q) is infinite for every {family.name}: {_why(fits, covered[0])}"
            )
            fits = []
    if Direction.REVERSE in job.objectives and aim.shape is not None:
        back = _reverse(aim, family, job, found) if covered[1] else []
        if all(math.isinf(fit.reverse.value) for fit in back):
            hopeless.append(
                f"D(Q‖P) is infinite for every {family.name}: {_why(back, covered[1])}"
            )
        else:
            fits += back
    if not fits:
        if hopeless:
            raise InputError(hopeless[0], "take another --family, or the other --objective")
        raise _outside(aim, family)
    return fits, [Finding("no-optimum", text) for text in hopeless]


def _why(fits: list[Fit], possible: bool) -> str:
    if not possible:
        return "one reaches where the other has no density"
    reasons = [one.reason for fit in fits for one in (fit.minimised,) if one.reason]
    return reasons[0] if reasons else "no start has a finite one"


def _reverse(
    aim: Aim, family: ScipyFamily | NormalMixture, job: Job, found: list[Found]
) -> list[Fit]:
    assert aim.shape is not None
    shape = aim.shape if aim.kernel is None else Tabulated.of(aim.kernel)
    ended = reverse(
        family, aim.points, shape, still=aim.column is not None, starts=job.starts,
        rng=job.rng, seconds=job.seconds, forward_values=[one.values for one in found[:1]],
    )  # fmt: skip
    # Quadrature is rough where a density is infinite: what has no derivatives is no minimum.
    minima = [one for one in ended if one.optimum.converged and not one.optimum.plain] or ended[:1]
    return [
        _fit(aim, one, Direction.REVERSE, number, len(minima))
        for number, one in enumerate(minima, 1)
    ]


def covers(aim: Aim, family: ScipyFamily | NormalMixture) -> tuple[bool, bool]:
    """Tell whether some Q of a family reaches as far as P, and whether some reaches no farther.

    Looks at infinite ends only: finite ones may move.
    """
    if aim.shape is None:
        return True, False
    low = min(a for a, _ in aim.shape.supports)
    high = max(b for _, b in aim.shape.supports)
    every = [support for support in supports(family, aim.points) if not math.isnan(support[0])]
    far = any(
        (a == -math.inf or low > -math.inf) and (b == math.inf or high < math.inf)
        for a, b in every
    )
    near = any(
        (a > -math.inf or low == -math.inf) and (b < math.inf or high == math.inf)
        for a, b in every
    )
    return far or not every, near or not every


def _unbounded(aim: Aim, one: Found) -> bool:
    """Whether the density is infinite at an end of its support that came to lie at a value."""
    if one.optimum.value == -math.inf:
        return True
    edge = errors.moving_end(one.family, one.optimum.free)
    if edge is None or edge[1] > -1e-3:
        return False
    return abs(edge[0] - _extreme(aim, one)) < 1e-5 * aim.points.deviation


def _extreme(aim: Aim, one: Found) -> float:
    low, high = one.family.support(one.family.values(one.optimum.free))
    first, last = float(aim.points.values[0]), float(aim.points.values[-1])
    return last if abs(high - last) < abs(low - first) else first


def _outside(aim: Aim, family: ScipyFamily | NormalMixture) -> InputError:
    fixed = ", ".join(f"{name}={value:g}" for name, value in family.fixed.items())
    given = f" with {fixed}" if fixed else ""
    if aim.column is None:
        return InputError(
            f"no {family.name}{given} is at a finite divergence of {aim.known}",
            "take a family that can have mass where the target has",
        )
    low, high = aim.points.values[0], aim.points.values[-1]
    what = f"{aim.column.name!r} of {aim.column.source}"
    if aim.shape is None:
        return InputError(f"{what}: {aim.no_shape}", "use --objective forward")
    return InputError(
        f"no {family.name}{given} can have all values of {what}, from {low:g} to {high:g}",
        "take another --family, or other values with --fix",
    )


def _fit(aim: Aim, one: Found, objective: str, number: int, optima: int) -> Fit:
    family, values = one.family, one.values
    estimated = _errors(aim, one)
    parameters = tuple(
        Parameter(name, float(value), float(robust), float(information), name in family.fixed)
        for name, value, robust, information in zip(
            family.names, values, estimated.robust, estimated.information, strict=True
        )
    )
    to_fit, to_target = both(aim, family, values)
    cross = -float(aim.points.weights @ family.log(aim.points.values, values))
    rows = aim.points.rows
    likelihood = aic = bic = math.nan
    if rows and objective == Direction.FORWARD and math.isfinite(cross):
        likelihood = -rows * cross
        aic = 2 * family.size - 2 * likelihood
        bic = family.size * math.log(rows) - 2 * likelihood
    return Fit(
        family.name, str(objective), number, family.expression(values), parameters,
        estimated.method, estimated.reason, to_fit, to_target, cross, likelihood, aic, bic,
        _settled(one), one.optimum.gradient, one.optimum.iterations, one.starts, one.arrived,
        optima, tuple(_findings(aim, one, objective, number, optima)), (),
    )  # fmt: skip


def _settled(one: Found) -> bool:
    smooth = isinstance(one.loss, Reverse)
    return one.optimum.converged if smooth else one.optimum.settled


def _errors(aim: Aim, one: Found) -> Errors:
    if aim.column is None:
        return errors.none(one.family, "the target is known: there is nothing to sample")
    if isinstance(one.loss, CrossEntropy):
        return errors.of_forward(one.loss, one.optimum)
    assert isinstance(one.loss, Reverse)
    if aim.kernel is None:
        return errors.none(one.family, "not known for --density mixture; --density kde has them")
    return errors.of_reverse(one.loss, one.optimum, aim.kernel)


def _findings(
    aim: Aim,
    one: Found,
    objective: str,
    number: int,
    optima: int,
) -> list[Finding]:
    findings = []
    if not _settled(one):
        findings.append(Finding("not-converged", _unsettled(one)))
    if objective == Direction.REVERSE:
        if optima > 1 and number == 1:
            findings.append(
                Finding(
                    "several-optima",
                    f"{one.starts} starts ended in {optima} different optima: a reverse fit covers "
                    "one part of the target, and which one depends on where it starts",
                )
            )
        if aim.column is not None and number == 1:
            findings.append(_rests(aim))
    loose = errors.flat_parameters(one.family, one.optimum)
    if loose:
        findings.append(Finding("flat-optimum", _flat(one, loose)))
    return findings


def _flat(one: Found, loose: list[str]) -> str:
    values = dict(zip(one.family.names, one.values, strict=True))
    shown = ", ".join(f"{name} = {values[name]:.3g}" for name in loose)
    return (
        f"{shown}: other values do as well, so the family has more parameters than these data or "
        "this target show; without standard errors"
    )


def _unsettled(one: Found) -> str:
    optimum = one.optimum
    if optimum.wall:
        return "the search ended where the family ends"
    if math.isnan(optimum.gradient):
        return "the search took too long and was stopped"
    if optimum.gradient < 1e-3:
        return (
            "the objective is flat here: other parameters do as well, or a parameter goes to the "
            "end of its range"
        )
    return f"the search ended on a slope of {optimum.gradient:.2g} nats"


def _rests(aim: Aim) -> Finding:
    if aim.kernel is None:
        how = "the mixture of normal distributions that BIC chose for the rows"
    else:
        kind = "kernel density, rounded to whole numbers," if aim.shape and aim.shape.discrete else (
            "kernel density")  # fmt: skip
        how = f"a {kind} of bandwidth {aim.width:.3g}"
    return Finding(
        "estimated-density",
        f"rows have no density: reverse fits and D(Q‖P) rest on {how}; beyond the outermost rows it "
        "falls like a normal density, whatever the data's tails; standard errors hold the bandwidth "
        "fixed, and are too small for scales, by up to a third",
    )
