"""An estimate from rows: point, interval, p-value, status and warnings of each direction."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.estimation.row_judgement import judge_rows
from klcli.intervals.permutation import noise_floor
from klcli.intervals.rows import finite_value
from klcli.results import Direction, Estimate, Finding, Status
from klcli.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klcli.estimation.joint_choice import JointChoice
    from klcli.estimation.request import Request
    from klcli.rows import JointPoint, RowPair


@dataclass(frozen=True, slots=True)
class Subject:
    """What rows are looked at for.

    Attributes
    ----------
    column, kind : str
        As results name them.
    rows, missing : tuple of int
        Of P and of Q: rows before any is left out, and those that miss a value.
    findings : tuple of Finding
        What the reader noticed.
    """

    column: str
    kind: str
    rows: tuple[int, int]
    missing: tuple[int, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedRows:
    """One direction of several columns together: what is reported, and the rows behind it.

    Attributes
    ----------
    estimate : Estimate
        In nats.
    rows : RowPair
        The first sample of the direction as P.
    point : JointPoint
        The estimate from them, with the influence of each row.
    """

    estimate: Estimate
    rows: RowPair
    point: JointPoint


def examine_rows(
    rows: RowPair,
    subject: Subject,
    choice: JointChoice,
    request: Request,
    singles: Mapping[str, Mapping[str, Estimate]],
) -> list[ExaminedRows]:
    """Estimate from rows, in nats, one result for each direction.

    Parameters
    ----------
    rows : RowPair
        The rows.
    subject : Subject
        What they are looked at for.
    choice : JointChoice
        The method.
    request : Request
        Directions, confidence, resamples and seed.
    singles : dict of dict of Estimate
        Column → direction → what its count table says. These hold all rows, and diagnose single
        columns better than rows can.

    Raises
    ------
    InputError
        If the method cannot do with these rows.
    """
    points = choice.estimator.both(rows, stream(request.seed, "rows", subject.column))
    # The labels are exchangeable or not, whatever the direction.
    p_value, null_values = math.nan, np.empty(0)
    if request.resamples:
        p_value, null_values = choice.estimator.null(
            rows, request.resamples, stream(request.seed, "exchanged rows", subject.column)
        )
    results = []
    for direction in request.directions:
        forward = direction is Direction.FORWARD
        point, turned = (points[0], rows) if forward else (points[1], rows.swapped())
        interval = choice.interval(
            choice.estimator, turned, point, confidence=request.confidence,
            resamples=request.resamples, null_values=null_values,
            rng=stream(request.seed, direction, subject.column),
        )  # fmt: skip
        finite = finite_value(point)
        own = [each[direction] for each in singles.values()]
        names = "PQ" if forward else "QP"
        verdict = judge_rows(turned, point, interval, own, names, subject.findings)
        blank = replace(
            blank_rows(subject, direction, choice, request),
            warnings=(*verdict.warnings, *subject.findings),
            tuning=points[0].tuning,
        )
        if verdict.status is Status.UNDEFINED:
            results.append(ExaminedRows(blank, turned, point))
            continue
        floor = math.nan
        if null_values.size:
            floor, bar = noise_floor(null_values, request.confidence)
            # As for counts: an interval above zero needs an estimate above the noise.
            if not finite > bar:
                interval = replace(interval, low=0.0)
        estimate = verdict.report(blank, finite, interval)
        estimate = replace(estimate, p_value=p_value, noise_floor=floor)
        results.append(ExaminedRows(estimate, turned, point))
    return results


def blank_rows(
    subject: Subject, direction: Direction, choice: JointChoice, request: Request
) -> Estimate:
    """Return a result that says nothing yet but what it is about."""
    return Estimate.blank(
        subject.column,
        subject.kind,
        direction,
        confidence=request.confidence,
        method=(choice.density_name, choice.estimator_name, choice.interval_name, choice.reason),
        rows=subject.rows,
        missing=subject.missing,
    )
