"""One column: point estimates both ways, interval, p-value, status, warnings."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from klcli.densities.frequency import Frequency
from klcli.diagnostics.sampling import constant, few_rows, undersampled
from klcli.diagnostics.support import no_number, outside_support, unseen_categories
from klcli.diagnostics.tails import heavy_tail
from klcli.errors import InputError
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.parts import ByParts
from klcli.intervals.permutation import permutation
from klcli.results import Direction, Estimate, Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.random import Generator

    from klcli.counts import ColumnTable, CountTable
    from klcli.diagnostics.support import Escape
    from klcli.estimation.choice import Choice, Method
    from klcli.typing import Estimator, Point


@dataclass(frozen=True, slots=True)
class Request:
    """What to estimate for every column.

    Attributes
    ----------
    method : Method
        Density, estimator, interval and their options.
    directions : tuple of Direction
        Which divergences, in the order of the results.
    confidence : float
        Of the intervals and of the noise floor.
    resamples : int
        Permutations, and bootstrap resamples; 0 leaves the p-value out.
    seed : int
        Each column draws from its own stream, so that results do not depend on which other
        columns are estimated.
    """

    method: Method
    directions: tuple[Direction, ...]
    confidence: float
    resamples: int
    seed: int


def estimate_column(column: ColumnTable, request: Request) -> list[Estimate]:
    """Estimate the divergence of one column, in nats, one result for each direction.

    What cannot be estimated becomes a result with status undefined and the reason as a warning.
    """
    if column.undefined is not None:
        return _undefined(column, request, column.undefined)
    choice = request.method.for_kind(column.kind)
    if isinstance(choice, Finding):
        return _undefined(column, request, choice)
    reduce = getattr(choice.density, "reduce", None)
    table = column.table if reduce is None else reduce(column.table)
    if table.n_p == 0 or table.n_q == 0:
        empty = "no rows are left on one side once missing values are dropped"
        return _undefined(column, request, Finding("all-missing", empty), choice)
    rng = np.random.default_rng([request.seed, crc32(column.name.encode())])
    discrete = choice.density_name == "frequency"
    estimator: Estimator = choice.estimator if discrete else ByParts(choice.estimator)
    try:
        return _estimates(column, table, estimator, choice, request, rng)
    except InputError as error:
        # What one column cannot have must not take the others down.
        reason = Finding("not-applicable", f"{error.message}; {error.hint}")
        return _undefined(column, request, reason, choice)


def _estimates(
    column: ColumnTable,
    table: CountTable,
    estimator: Estimator,
    choice: Choice,
    request: Request,
    rng: Generator,
) -> list[Estimate]:
    both = getattr(estimator, "both", None)
    points = both(table) if both else (estimator(table), estimator(table.swapped()))
    # A test of its own is the same in both directions; so is the null distribution near zero.
    symmetric = hasattr(choice.estimator, "null")
    shared = permutation(estimator, table, request.resamples, rng) if symmetric else None
    results = []
    for direction in request.directions:
        forward = direction is Direction.FORWARD
        turned, point = (table, points[0]) if forward else (table.swapped(), points[1])
        null = shared or permutation(estimator, turned, request.resamples, rng)
        finite = point
        if not math.isfinite(point.value):
            finite = FrequencyPlugIn(Frequency())(turned)
        interval = choice.interval(
            estimator, turned, finite, confidence=request.confidence,
            resamples=request.resamples, null_values=null.values, rng=rng,
        )  # fmt: skip
        names = ("P", "Q") if forward else ("Q", "P")
        escape = _escape(turned, choice, names)
        status, warnings = _judge(turned, point, escape, choice, names)
        value = math.inf if status is Status.INFINITE else point.value
        open_above = status in (Status.INFINITE, Status.LOWER_BOUND)
        floor = math.nan
        if null.values.size:
            floor = float(np.quantile(null.values, request.confidence, method="higher"))
        results.append(
            replace(
                _blank(column, direction, request, choice),
                estimate=value,
                finite_estimate=finite.value,
                standard_error=interval.standard_error,
                ci_low=max(interval.low, 0.0),
                ci_high=math.inf if open_above else max(interval.high, 0.0),
                p_value=null.p_value,
                noise_floor=floor,
                status=status,
                escaped_mass=escape.mass,
                monte_carlo_error=point.monte_carlo_error,
                warnings=(*column.findings, *warnings),
            )
        )
    return results


def _escape(table: CountTable, choice: Choice, names: tuple[str, str]) -> Escape:
    """Find what of P lies where Q has nothing: categories first, then stretches of numbers."""
    if choice.density_name == "frequency":
        return unseen_categories(table, names[0])
    categories = unseen_categories(table, names[0], only=no_number(table))
    if categories.mass > 0:
        return categories
    escape = outside_support(table.subset(~no_number(table)), *names)
    share = table.p[~no_number(table)].sum() / table.n_p
    return replace(escape, mass=escape.mass * float(share))


def _judge(
    table: CountTable, point: Point, escape: Escape, choice: Choice, names: tuple[str, str]
) -> tuple[Status, list[Finding]]:
    """Decide how far the estimate can be trusted, and say why."""
    warnings = [few_rows(table), constant(table)]
    status = Status.OK
    category = escape.finding is not None and escape.finding.code == "unseen-categories"
    smoothed = bool(getattr(choice.density, "pseudocount", None))
    if choice.density_name == "frequency":
        warnings.append(undersampled(table))
    if category:
        warnings.append(escape.finding)
        status = Status.OK if smoothed and math.isfinite(point.value) else Status.INFINITE
    elif not math.isfinite(point.value):
        warnings.append(unseen_categories(table, names[0]).finding)
        status = Status.INFINITE
    elif escape.mass > 2 * (1 / table.n_p + 1 / table.n_q) ** 0.5:
        # Where Q has no rows, its mass is known to no better than a factor of e or so, which is
        # one nat for each row of P there. It matters once it exceeds the noise of an estimate
        # whose log ratio varies by one nat.
        warnings.append(escape.finding)
        status = Status.LOWER_BOUND
    if choice.density_name != "frequency":
        numbers = table.subset(~no_number(table))
        tail = heavy_tail(numbers, *names)
        warnings.append(tail)
        if tail is not None and status is Status.OK:
            status = Status.LOWER_BOUND
        examine = getattr(choice.density, "examine", None)
        if examine is not None and numbers.n_p and numbers.n_q:
            examined = examine(numbers)
            warnings += examined
            if status is Status.OK and any(each.code == "coarse-bins" for each in examined):
                status = Status.LOWER_BOUND
    return status, [warning for warning in warnings if warning is not None]


def _undefined(
    column: ColumnTable, request: Request, reason: Finding, choice: Choice | None = None
) -> list[Estimate]:
    return [
        replace(
            _blank(column, direction, request, choice),
            warnings=(*column.findings, reason),
        )
        for direction in request.directions
    ]


def _blank(
    column: ColumnTable, direction: Direction, request: Request, choice: Choice | None
) -> Estimate:
    """Return a result that says nothing yet but what it is about."""
    nan = math.nan
    names: Iterable[str] = ("", "", "", "")
    if choice is not None:
        names = choice.density_name, choice.estimator_name, choice.interval_name, choice.reason
    density, estimator, interval, reason = names
    return Estimate(
        column=column.name,
        kind=column.kind,
        divergence="kl",
        direction=direction,
        estimate=nan,
        standard_error=nan,
        ci_low=nan,
        ci_high=nan,
        confidence=request.confidence,
        p_value=nan,
        noise_floor=nan,
        status=Status.UNDEFINED,
        density=density,
        estimator=estimator,
        interval=interval,
        n_p=column.p.rows,
        n_q=column.q.rows,
        missing_p=column.p.missing,
        missing_q=column.q.missing,
        finite_estimate=nan,
        escaped_mass=nan,
        monte_carlo_error=0.0,
        reason=reason,
    )
