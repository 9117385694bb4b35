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
from klcli.fitting.families import NormalMixture
from klcli.fitting.objectives import CrossEntropy, Reverse
from klcli.fitting.report import Fit, Parameter
from klcli.fitting.search import forward, reverse
from klcli.results import Direction, Finding

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.fitting.errors import Errors
    from klcli.fitting.families import ScipyFamily
    from klcli.fitting.report import Divergence
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


def outcomes(aim: Aim, family: ScipyFamily | NormalMixture, job: Job) -> list[Fit]:
    """Return the forward fit and every distinct reverse fit of one family.

    Raises
    ------
    InputError
        If no distribution of the family is at a finite divergence of the target.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy's, about densities far out
        return _outcomes(aim, family, job)


def _outcomes(aim: Aim, family: ScipyFamily | NormalMixture, job: Job) -> list[Fit]:
    found = forward(
        family, aim.points, starts=job.starts, rng=job.rng, seconds=job.seconds
    )
    fits = []
    if Direction.FORWARD in job.objectives:
        if not found and aim.column is not None:
            raise _outside(aim, family)
        # Lesser maxima of the likelihood are no fits.
        fits += [_fit(aim, one, Direction.FORWARD, 1, len(found)) for one in found[:1]]
    if Direction.REVERSE in job.objectives and aim.shape is not None:
        ended = reverse(
            family, aim.points, aim.shape, still=aim.column is not None, starts=job.starts,
            rng=job.rng, seconds=job.seconds, forward_values=[one.values for one in found[:1]],
        )  # fmt: skip
        minima = [one for one in ended if one.optimum.converged] or ended[:1]
        fits += [
            _fit(aim, one, Direction.REVERSE, number, len(minima))
            for number, one in enumerate(minima, 1)
        ]
    if not fits:
        raise _outside(aim, family)
    return fits


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
        optima, tuple(_findings(aim, one, objective, number, optima, (to_fit, to_target))), (),
    )  # fmt: skip


def _settled(one: Found) -> bool:
    """Whether the search ended: in a minimum, or, as the likelihood of ends does, at a wall."""
    if one.optimum.converged:
        return True
    edge = errors.moving_end(one.family, one.optimum.free)
    return one.optimum.wall and edge is not None and edge[1] >= 0


def _errors(aim: Aim, one: Found) -> Errors:
    if aim.column is None:
        return errors.none(one.family, "the target is known: there is nothing to sample")
    if isinstance(one.loss, CrossEntropy):
        return errors.of_forward(one.loss, one.optimum)
    assert isinstance(one.loss, Reverse)  # noqa: S101 - there are two
    if aim.kernel is None:
        return errors.none(one.family, "not known for --density mixture; --density kde has them")
    return errors.of_reverse(one.loss, one.optimum, aim.kernel)


def _findings(
    aim: Aim,
    one: Found,
    objective: str,
    number: int,
    optima: int,
    divergences: tuple[Divergence, Divergence],
) -> list[Finding]:
    findings = []
    minimised = divergences[objective == Direction.REVERSE]
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
    if not math.isfinite(minimised.value):
        findings.append(
            Finding("no-optimum", f"the divergence that was to be minimised is {_words(minimised)}")
        )
    return findings


def _words(minimised: Divergence) -> str:
    what = "infinite" if math.isinf(minimised.value) else "not known"
    return f"{what}: {minimised.reason}" if minimised.reason else what


def _unsettled(one: Found) -> str:
    family, optimum = one.family, one.optimum
    edge = errors.moving_end(family, optimum.free)
    if optimum.wall and edge is not None and edge[1] < 0:
        return (
            f"the likelihood has no maximum: the density grows without bound at the end of the "
            f"support, {edge[0]:.6g}, which came to lie at an extreme value; fix that end, for "
            "example with --fix loc=0"
        )
    if optimum.wall:
        return "the search ended where the family ends"
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
        "falls like a normal density, whatever the data's tails",
    )
