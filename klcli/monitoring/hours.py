"""Clocks that were changed: hours of the day shifted by one, missing, or counted twice."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.estimators.dirichlet import log_evidence, log_sum
from klcli.monitoring.gaps import single_hour
from klcli.monitoring.samples import are_whole, whole_units
from klcli.monitoring.surprise import (
    bar,
    likelihood_ratio,
    log_alone,
    log_shares,
    noise,
    within_noise,
)
from klcli.monitoring.wording import percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

_DAY, _HOUR = 24, 3600
#: Hours of the day that the reference must show for it to be a clock.
_SHOWN: Final = 16
#: Share of the difference that a shift leaves at most: one that only resembles leaves more.
_LEFT: Final = 0.1
#: By how many hours a clock is put forward or back; the nearest first.
_STEPS: Final = tuple(step for hours in range(1, 13) for step in (hours, -hours))[:-1]
#: Standard errors within which an hour has twice its rows.
_ERRORS: Final = 3.0
#: How hours are written where they are labels.
_HOUR_LABEL: Final = re.compile(r"(\d{1,2})(?::00){0,2} ?[hH]?")
#: Share of the reference's rows that an hour must have to be missed.
_WORTH: Final = 0.001


def hour_changes(column: Column) -> Iterator[Finding]:
    """Tell whether the hours of the day look like a clock that was put forward or back."""
    counted = _hours(column)
    if counted is None:
        return
    found = list(_compared(*counted, column.tests))
    yield from found
    if not found and column.table.kind == Kind.DATETIME:
        yield from single_hour(column)


def hour_labels(names: Sequence[str], p: Floats, q: Floats, tests: int) -> Iterator[Finding]:
    """Tell the same of labels that are hours, such as 07:00; nothing of any others."""
    if not _SHOWN <= len(names) <= _DAY:
        return
    hours = [_HOUR_LABEL.fullmatch(name) for name in names]
    if not all(hours):
        return
    numbers = [int(found[1]) for found in hours if found]
    if max(numbers) >= _DAY or len({*numbers}) < len(numbers):
        return
    counts = np.zeros((2, _DAY))
    counts[:, numbers] = p, q
    yield from _compared(counts[0], counts[1], tests)


def _compared(p: Floats, q: Floats, tests: int) -> Iterator[Finding]:
    """Compare rows by hour of the day."""
    n, m = float(p.sum()), float(q.sum())
    if n < 1 or m < 1 or np.count_nonzero(q) < _SHOWN:
        return
    now = likelihood_ratio(p, q)
    shifts = {step: likelihood_ratio(p, np.roll(q, step)) for step in _STEPS}
    step = min(shifts, key=shifts.__getitem__)
    most = noise(_DAY - 1)
    plain = now > 2 * most and shifts[step] < max(most, _LEFT * now)
    # Of few rows, noise explains nearly as much as the shift does, and where hours are alike any
    # shift fits by chance. A shift that is not there has a Bayes factor above x with probability
    # 1/x at most, on average over what shares of hours are believed before any rows are seen.
    likelier = _log_evidence(p + q) - _log_evidence(p + np.roll(q, step)) < bar(tests, len(_STEPS))
    if plain or (likelier and shifts[step] < most):
        how = "are" if plain else "look like"
        yield Finding(
            "clock-change",
            f"the hours of the day {how} those of the reference {_shift(step)}",
        )
        return
    yield from _single_hours(p, q, tests)


def _log_evidence(counts: Floats) -> float:
    """Return the log-likelihood of hours, averaged over how uneven their shares may be."""
    return float(log_sum(log_evidence(counts, np.ones(_DAY))))


def _shift(step: int) -> str:
    """Return by how many hours a clock was moved, and what may have moved it.

    >>> _shift(1), _shift(-5)
    ('one hour later: daylight-saving time, or another time zone?', '5 hours earlier: another time zone?')
    """
    what = "later" if step > 0 else "earlier"
    if abs(step) == 1:
        return f"one hour {what}: daylight-saving time, or another time zone?"
    return f"{abs(step)} hours {what}: another time zone?"


def _single_hours(p: Floats, q: Floats, tests: int) -> Iterator[Finding]:
    """Tell of an hour that is missing every day, or counts twice."""
    n, m = float(p.sum()), float(q.sum())
    for hour in range(_DAY):
        if q[hour] < _WORTH * m:
            continue
        shares = f"{percent(p[hour] / n)} of the rows, {percent(q[hour] / m)} in the reference"
        gone = p[hour] == 0 and log_alone(float(q[hour]), m, n) < bar(tests, _DAY)
        if gone and np.count_nonzero((p == 0) & (q >= _WORTH * m)) == 1:
            yield Finding("clock-change", f"the hour {hour} is missing: {shares}")
        elif _doubled(p, q, hour) and log_shares(float(p[hour]), n, float(q[hour]), m) < bar(
            tests, _DAY
        ):
            yield Finding("clock-change", f"the hour {hour} counts twice: {shares}")


def _hours(column: Column) -> tuple[Floats, Floats] | None:
    """Return rows by hour of the day, of a column of times or of hours; None of any other."""
    if column.table.kind == Kind.DATETIME:
        return _hours_of_times(column)
    if not all(len(x) and x[0] >= 0 and x[-1] < _DAY and are_whole(x) for x in column.finite):
        return None
    table = column.table.table
    table = table.subset((table.p + table.q > 0) & (table.roles != Role.MISSING))
    # A value that occurs once has no cell of its own, but mostly no other hour in it.
    hours = np.ceil(np.clip(table.lower, 0, _DAY))
    if np.any(hours >= _DAY) or np.any(np.minimum(table.upper, _DAY) > hours + 1):
        return None
    p, q = np.zeros(_DAY), np.zeros(_DAY)
    np.add.at(p, hours.astype(int), table.p)
    np.add.at(q, hours.astype(int), table.q)
    return p, q


def _hours_of_times(column: Column) -> tuple[Floats, Floats] | None:
    # A time that stands for a missing one has no hour.
    apart = [each.value for each in column.repeated]
    totals = column.table.table.n_p, column.table.table.n_q
    sides = []
    for seconds, total in zip(column.finite, totals, strict=True):
        hour = whole_units(seconds[~np.isin(seconds, apart)], _HOUR) % _DAY
        if not len(hour):
            return None
        counts = np.bincount(hour, minlength=_DAY).astype(float)
        sides.append(counts * min(1.0, total / counts.sum()))
    return sides[0], sides[1]


def _doubled(p: Floats, q: Floats, hour: int) -> bool:
    """Tell whether one hour has twice its rows, the others being as they were."""
    if not (p[hour] and q[hour]):
        return False
    others = np.arange(_DAY) != hour
    rest = likelihood_ratio(p[others], q[others])
    odds = (p[hour] / p[others].sum()) / (q[hour] / q[others].sum())
    error = math.sqrt(1 / p[hour] + 1 / q[hour])
    twice = abs(math.log(odds / 2)) <= min(_ERRORS * error, math.log(1.4))
    return twice and within_noise(rest, _DAY - 2)
