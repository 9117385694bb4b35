"""Clocks that were changed: hours of the day shifted by one, missing, or counted twice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.monitoring.surprise import bar, log_alone, log_shares
from klcli.monitoring.wording import percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.monitoring.changes import Column
    from klcli.typing import Floats

_DAY, _HOUR = 24, 3600
#: Hours of the day that the reference must show for it to be a clock.
_SHOWN: Final = 16
#: Standard deviations of a χ² variable within which the rest is noise.
_NOISE: Final = 4.0
#: Share of the difference that a shift leaves at most: one that only resembles leaves more.
_LEFT: Final = 0.1
#: Rows of the reference in an hour before it can be missed.
_WORTH: Final = 0.001


def hour_changes(column: Column) -> Iterator[Finding]:
    """Tell whether the hours of the day look like a clock that was put forward or back."""
    counted = _hours(column)
    if counted is None:
        return
    p, q = counted
    n, m = float(p.sum()), float(q.sum())
    if n < 1 or m < 1 or np.count_nonzero(q) < _SHOWN:
        return
    now = _likelihood_ratio(p, q)
    shifts = {step: _likelihood_ratio(p, np.roll(q, step)) for step in (1, -1)}
    step = min(shifts, key=shifts.__getitem__)
    free = _DAY - 1
    noise = free + _NOISE * math.sqrt(2 * free)
    if now > 2 * noise and shifts[step] < max(noise, _LEFT * now):
        what = "later" if step == 1 else "earlier"
        yield Finding(
            "clock-change",
            f"the hours of the day are those of the reference one hour {what}: daylight-saving "
            "time, or another time zone?",
        )
        return
    for hour in range(_DAY):
        if q[hour] < _WORTH * m:
            continue
        shares = f"{percent(p[hour] / n)} of the rows, {percent(q[hour] / m)} in the reference"
        gone = p[hour] == 0 and log_alone(float(q[hour]), m, n) < bar(column.tests, _DAY)
        if gone and np.count_nonzero((p == 0) & (q >= _WORTH * m)) == 1:
            yield Finding("clock-change", f"the hour {hour} is missing: {shares}")
        elif _doubled(p, q, hour) and log_shares(float(p[hour]), n, float(q[hour]), m) < bar(
            column.tests, _DAY
        ):
            yield Finding("clock-change", f"the hour {hour} counts twice: {shares}")


def _hours(column: Column) -> tuple[Floats, Floats] | None:
    """Return rows by hour of the day, of a column of times or of hours; None of any other."""
    table = column.table.table
    if column.table.kind == Kind.DATETIME:
        sides = []
        for seconds, total in zip(column.finite(), (table.n_p, table.n_q), strict=True):
            if not len(seconds):
                return None
            hour = ((seconds // _HOUR) % _DAY).astype(int)
            counts = np.bincount(hour, minlength=_DAY).astype(float)
            sides.append(counts * min(1.0, total / counts.sum()))
        return sides[0], sides[1]
    inside = (table.roles == Role.ATOM) & np.isfinite(table.lower)
    values = table.lower[inside]
    if not len(values) or len(values) < np.count_nonzero(table.roles != Role.MISSING):
        return None
    if values.min() < 0 or values.max() > _DAY - 1 or np.any(values != np.floor(values)):
        return None
    if len(values) < _SHOWN:
        return None
    p, q = np.zeros(_DAY), np.zeros(_DAY)
    p[values.astype(int)] = table.p[inside]
    q[values.astype(int)] = table.q[inside]
    return p, q


def _doubled(p: Floats, q: Floats, hour: int) -> bool:
    """Tell whether one hour has twice its rows, the others being as they were."""
    others = np.arange(_DAY) != hour
    rest = _likelihood_ratio(p[others], q[others])
    odds = (p[hour] / p[others].sum()) / (q[hour] / q[others].sum())
    free = _DAY - 2
    return bool(1.7 < odds < 2.3 and rest < free + _NOISE * math.sqrt(2 * free))


def _likelihood_ratio(p: Floats, q: Floats) -> float:
    """Return G of a 2 × cells contingency table."""
    pooled = (p + q) / (p.sum() + q.sum())

    def part(counts: Floats) -> float:
        shown = counts > 0
        return float(counts[shown] @ np.log(counts[shown] / counts.sum() / pooled[shown]))

    return 2 * (part(p) + part(q))
