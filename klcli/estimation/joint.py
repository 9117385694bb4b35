"""Estimates from rows: several columns together and how they split, or one column on its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from klcli.data.wording import listed
from klcli.errors import InputError
from klcli.estimation.choice import Method
from klcli.estimation.column import estimate_column
from klcli.estimation.joint_choice import joint_choice
from klcli.estimation.rows import ExaminedRows, Subject, blank_rows, examine_rows
from klcli.results import Estimate, Finding, Kind
from klcli.workers import elsewhere, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.counts import ColumnTable
    from klcli.data.row_samples import RowSamples
    from klcli.estimation.request import Request
    from klcli.rows import RowPair

#: The name of a result about several columns together.
TOGETHER: Final = "*"


def estimate_joint(
    columns: Sequence[ColumnTable], sample: RowSamples, request: Request
) -> list[Estimate]:
    """Estimate the divergence of several columns together, one result for each direction.

    Raises
    ------
    InputError
        If there are no two columns, or too few rows.
    """
    return [each.estimate for each in examine_joint(columns, sample, request)]


def examine_joint(
    columns: Sequence[ColumnTable], sample: RowSamples, request: Request
) -> list[ExaminedRows]:
    """Do what `estimate_joint` does, and show what is behind the results.

    Parameters
    ----------
    columns : sequence of ColumnTable
        All columns that were counted. Each one's own divergence, by the default method, is told
        apart from what shows in all of them together only.
    sample : RowSamples
        Rows of those columns that can be taken together.
    request : Request
        What to estimate.

    Raises
    ------
    InputError
        If there are no two columns, or too few rows.
    """
    choice = joint_choice(request.method)
    used = [column for column in columns if column.name in sample.names]
    left_out = [column for column in columns if column.name not in sample.names]
    rows = sample.together()
    _refuse_too_little(used, left_out, rows)
    noticed = [finding for column in used for finding in column.findings] + list(rows.findings)
    if left_out:
        message = f"not among the columns taken together: {_reasons(left_out)}"
        noticed.append(Finding("left-out", message))
    subject = Subject(
        TOGETHER,
        Kind.JOINT,
        (used[0].p.rows, used[0].q.rows),
        (sample.p.incomplete, sample.q.incomplete),
        tuple(noticed),
    )
    singles = _singles(used, request)
    return [
        replace(each, estimate=_split(each.estimate, [own[direction] for own in singles.values()]))
        for each in examine_rows(rows, subject, choice, request, singles)
        for direction in (each.estimate.direction,)
    ]


def estimate_alone(
    column: ColumnTable, sample: RowSamples, request: Request, *, drop: bool
) -> list[Estimate]:
    """Estimate one column of numbers from its rows, one result for each direction.

    What cannot be estimated becomes a result with status undefined and the reason as a warning.
    """
    choice = joint_choice(request.method)
    rows = sample.alone(column.name, drop=drop)
    subject = Subject(
        column.name,
        column.kind,
        (column.p.rows, column.q.rows),
        (column.p.missing, column.q.missing),
        (*column.findings, *rows.findings),
    )
    try:
        examined = examine_rows(rows, subject, choice, request, _singles([column], request))
    except InputError as error:
        # What one column cannot have must not take the others down.
        reason = Finding("not-applicable", f"{error.message}; {error.hint}")
        return [
            replace(
                blank_rows(subject, direction, choice, request),
                warnings=(*subject.findings, reason),
            )
            for direction in request.directions
        ]
    return [each.estimate for each in examined]


def _singles(columns: Sequence[ColumnTable], request: Request) -> dict[str, dict[str, Estimate]]:
    """Estimate each column on its own by the default method; no resampling is needed for that."""
    own = replace(request, method=Method(seed=request.seed, resamples=0), resamples=0)
    found = side_by_side(lambda column: elsewhere(estimate_column, column, own), columns)
    return {
        column.name: {result.direction: result for result in results}
        for column, results in zip(columns, found, strict=True)
    }


def _split(result: Estimate, own: Sequence[Estimate]) -> Estimate:
    marginals = {each.column: float(each.finite_estimate) for each in own}
    return replace(
        result,
        columns=tuple(marginals),
        marginals=marginals,
        dependence=result.finite_estimate - sum(marginals.values()),
    )


def _refuse_too_little(
    used: Sequence[ColumnTable], left_out: Sequence[ColumnTable], rows: RowPair
) -> None:
    if len(used) < 2:
        there = f"there is only {used[0].name!r}" if used else "there is none"
        hint = f"left out: {_reasons(left_out)}" if left_out else "leave --joint out"
        raise InputError(f"--joint takes two columns or more together; {there}", hint)
    fewest = min(len(rows.p), len(rows.q))
    if fewest > max(len(used), 1):
        return
    side = "P" if len(rows.p) == fewest else "Q"
    before = rows.total_p if side == "P" else rows.total_q
    raise InputError(
        f"{len(used):,} columns together need more rows than {len(used):,}; {side} has {fewest:,}",
        "choose columns with --column" if before == fewest else "raise --max-rows",
    )


def _reasons(columns: Sequence[ColumnTable]) -> str:
    """Name columns with the reason why they cannot be taken together with others."""
    by_reason: dict[str, list[str]] = {}
    for column in columns:
        reason = column.undefined.code if column.undefined else f"{column.kind}, which needs ratio"
        by_reason.setdefault(reason, []).append(column.name)
    return "; ".join(f"{listed(names)} ({reason})" for reason, names in by_reason.items())
