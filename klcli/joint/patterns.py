"""Rows that lack numbers: estimators of finite numbers, applied within each pattern."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.errors import InputError
from klcli.joint.chain import chained
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.rows import JointPoint, RowPair
    from klcli.typing import Bools, Floats, Integers

#: What a number can be instead of finite, in the order of the states 1, 2, 3.
STATES = ("finite", "missing", "-inf", "+inf")


def state(numbers: Floats) -> Integers:
    """Return 0 where a number is finite, else the place in `STATES`; the same shape."""
    conditions = [np.isnan(numbers), np.isneginf(numbers), np.isposinf(numbers)]
    result: Integers = np.select(conditions, [1, 2, 3], 0).astype(np.int8)
    return result


def check(rows: RowPair, *, categorical: bool) -> None:
    """Refuse rows from which nothing can be estimated.

    Raises
    ------
    InputError
        Naming what is missing.
    """
    if not len(rows.p) or not len(rows.q):
        raise InputError("no rows are left on one side", "check the files")
    if not categorical and rows.code_names:
        raise InputError(
            f"this density models numbers, not categories: {', '.join(rows.code_names)}",
            "use --density ratio, or leave these columns out",
        )
    if not rows.number_names and not (categorical and rows.code_names):
        raise InputError("no columns are left to compare jointly", "choose others with --column")


def by_pattern(
    rows: RowPair,
    least: Callable[[int], int],
    finite: Callable[[Floats, Floats], tuple[JointPoint, JointPoint] | Finding],
) -> tuple[JointPoint, JointPoint]:
    """Apply an estimator of finite numbers within each pattern of missing and infinite values.

    Parameters
    ----------
    rows : RowPair
        Without categorical columns.
    least : callable
        Number of columns → fewest rows of each side that the estimator needs.
    finite : callable
        (numbers of P, numbers of Q) → both directions, or why nothing can be told.
    """
    check(rows, categorical=False)
    states_p, states_q = state(rows.p.numbers), state(rows.q.numbers)
    patterns, part = np.unique(np.vstack([states_p, states_q]), axis=0, return_inverse=True)
    part_p, part_q = np.split(part.ravel(), [len(states_p)])

    def within(in_p: Bools, in_q: Bools) -> tuple[JointPoint, JointPoint] | Finding | None:
        pattern = patterns[part_p[in_p][0]]
        p, q = rows.p.numbers[in_p][:, pattern == 0], rows.q.numbers[in_q][:, pattern == 0]
        varies = _varies(p, q)
        if not varies.any():
            return None
        p, q = p[:, varies], q[:, varies]
        few, needed = min(len(p), len(q)), least(p.shape[1])
        if few < needed:
            here = f"{p.shape[1]} dimension{'s' if p.shape[1] > 1 else ''}"
            noun, verb = ("row", "is") if few == 1 else ("rows", "are")
            text = f"{few} {noun} with {_named(pattern, rows.number_names)} {verb} too few"
            text = f"{text}: the method takes {needed} of each side in {here}"
            return Finding("few-rows", f"{text}; they count as alike")
        return finite(p, q)

    names = [_named(pattern, rows.number_names) for pattern in patterns]
    return chained(part_p, part_q, names, within)


def filled(numbers: Floats) -> Floats:
    """Put the median in the place of what is missing or infinite, and drop constant columns."""
    regular = state(numbers) == 0
    middle = np.array(
        [
            np.median(column[inside]) if inside.any() else 0.0
            for column, inside in zip(numbers.T, regular.T, strict=True)
        ]
    )
    whole = np.where(regular, numbers, middle)
    varying: Floats = whole[:, np.ptp(whole, axis=0) > 0]
    return varying


def ties(p: Floats, q: Floats) -> list[Finding]:
    """Warn where most rows repeat, which a density of continuous numbers cannot have."""
    pooled = np.vstack([p, q])
    distinct = len(np.unique(pooled, axis=0))
    if distinct > len(pooled) / 2:
        return []
    text = f"only {distinct:,} of {len(pooled):,} rows differ"
    return [Finding("ties", f"{text}: a density of continuous numbers does not fit them")]


def with_findings(
    forward: JointPoint, reverse: JointPoint, findings: tuple[Finding, ...]
) -> tuple[JointPoint, JointPoint]:
    """Add findings that concern both directions."""
    return (
        replace(forward, findings=(*forward.findings, *findings)),
        replace(reverse, findings=(*reverse.findings, *findings)),
    )


def _varies(p: Floats, q: Floats) -> Bools:
    """Return which columns hold more than one value."""
    if not len(p) or not len(q):
        return np.zeros(p.shape[1], dtype=bool)
    low = np.minimum(p.min(axis=0), q.min(axis=0))
    high = np.maximum(p.max(axis=0), q.max(axis=0))
    varies: Bools = low < high
    return varies


def _named(pattern: Integers, columns: tuple[str, ...]) -> str:
    parts = [
        f"{column} {STATES[code]}"
        for column, code in zip(columns, pattern, strict=True)
        if code and code < len(STATES)
    ]
    return " and ".join(parts) or "all numbers finite"
