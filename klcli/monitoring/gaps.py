"""A single hour of one day that is missing, or counts twice: what daylight saving does to a log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.profiles.side import ProfileSide
from klcli.monitoring.samples import whole_units
from klcli.monitoring.surprise import bar
from klcli.quantiles import median
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.monitoring.changes import Column
    from klcli.typing import Bools, Floats

_DAY, _HOUR = 24, 3600
#: Days that a batch spans: so many, at least, that one of them does not move the median, and at most
#: so many that a single wrong date does not make a table of centuries.
_DAYS: Final = (3, 1000)
#: Rows that an hour must be expected to have.
_WORTH: Final = 5.0
#: Ratio to what is expected within which an hour counts twice.
_TWICE: Final = (1.7, 2.3)


def single_hour(column: Column) -> Iterator[Finding]:
    """Tell of the one hour of a batch of times that has no rows, or twice as many as on other days.

    What is expected of an hour is what its day has, times the share that this hour of the day has on
    the other days. Counts are taken for Poisson's, with their variance multiplied by what all
    other hours show of it. If several hours stand out so, there is another reason.
    """
    if isinstance(column.p, ProfileSide) or column.p.weighted:
        return
    p, _ = column.finite
    if not len(p):
        return
    # Where times are a sample of the rows, so are the counts of each hour.
    scale = (column.table.p.rows - column.table.p.missing) / len(p)
    hours = whole_units(p, _HOUR)
    start = int(hours[0]) // _DAY * _DAY
    hours -= start
    days = int(hours[-1]) // _DAY + 1
    if not _DAYS[0] <= days <= _DAYS[1]:
        return
    counts = np.bincount(hours, minlength=days * _DAY).astype(float).reshape(days, _DAY)
    # The first and last hours may be cut off.
    each = np.arange(days * _DAY).reshape(days, _DAY)
    inside = (each > hours[0]) & (each < hours[-1])
    expected = _expected(counts, inside)
    worth = inside & (expected >= _WORTH)
    places = int(np.count_nonzero(worth))
    if places < 2 * _DAY:
        return
    ratio = np.where(worth, counts / np.maximum(expected, 1e-9), 1.0)
    # The median of the squared residuals knows nothing of the hour in question.
    residuals = (counts[worth] - expected[worth]) ** 2 / expected[worth]
    spread = max(1.0, median(residuals) / 0.455)
    limit = bar(column.tests, places)
    for what, like in (
        ("has no rows", ratio == 0),
        ("has twice as many rows as on other days", (ratio > _TWICE[0]) & (ratio < _TWICE[1])),
    ):
        found = np.argwhere(worth & like & (_surprise(counts, expected) / spread < limit))
        if len(found) != 1:
            continue
        day, hour = (int(place) for place in found[0])
        moment = datetime.fromtimestamp((start + day * _DAY + hour) * _HOUR, tz=UTC)
        yield Finding(
            "clock-change",
            f"the hour from {moment:%Y-%m-%d %H:%M} {what}, {scale * counts[day, hour]:,.0f} "
            f"where {scale * expected[day, hour]:,.0f} are expected: daylight-saving time, or an outage?",
        )


def _expected(counts: Floats, inside: Bools) -> Floats:
    """Return what each hour of each day should have by its day and by its hour on other days."""
    usual = np.array([
        median(each[shown]) if shown.any() else 0.0
        for each, shown in zip(counts.T, inside.T, strict=True)
    ])  # fmt: skip
    level = np.empty(len(counts))
    for day, row in enumerate(counts):
        shown = inside[day] & (usual > 0)
        level[day] = median(row[shown] / usual[shown]) if shown.any() else 0.0
    expected: Floats = level[:, None] * usual[None, :]
    return expected


def _surprise(counts: Floats, expected: Floats) -> Floats:
    """Return the log of Chernoff's bound on a Poisson variable so far from its mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(counts > 0, counts * np.log(counts / np.maximum(expected, 1e-9)), 0.0)
    surprise: Floats = counts - expected - ratio
    return surprise
