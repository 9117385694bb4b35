"""Dates whose day and month were read the wrong way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.bounds import is_new
from klcli.monitoring.samples import whole_units
from klcli.monitoring.wording import percent
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klcli.monitoring.changes import Column
    from klcli.typing import Integers

    _Days = NDArray[np.datetime64]

_DAY: Final = 86_400
_MONTHS: Final = 12
#: Months over which dates that were turned around must be spread, and share of the rows.
_SPREAD, _SHARE = 3, 0.05
#: Years that NumPy's calendar and people's have in common.
_YEARS: Final = (1600, 9999)


def day_for_month(column: Column) -> Finding | None:
    """Tell that dates lie in months where none is expected, and all would not if turned around.

    2 January becomes 1 February; 13 January stays, as there is no thirteenth month. So days beyond
    the twelfth tell which months are meant, or else the reference does. Dates that move on, or lie
    farther apart, fall on days beyond the twelfth, too.
    """
    if column.table.kind != Kind.DATETIME:
        return None
    p, q = column.finite
    if not (len(p) and len(q)):
        return None
    days, rows = np.unique(whole_units(p, _DAY), return_counts=True)
    known = whole_units(q, _DAY)
    dates = _calendar(days)
    reference = _calendar(known[is_new(known)])
    if dates is None or reference is None:
        return None
    strayed = _strayed(dates, reference[0], reference[-1])
    if strayed is None and _apart(reference) is None:
        strayed = _apart(dates)
    if strayed is None or rows[strayed].sum() < _SHARE * len(p):
        return None
    wrong = dates[strayed]
    example = f"{wrong[0]} for {_turned(wrong[:1])[0]}"
    share = percent(float(rows[strayed].sum() / len(p)))
    return Finding(
        "day-for-month",
        f"{share} of the dates would be in their place with day and month exchanged, such as "
        f"{example}: read the wrong way round?",
    )


def _apart(dates: _Days) -> NDArray[np.bool_] | None:
    """Compare dates with the months of those among them whose day can be no month."""
    sure = dates[_day(dates) > _MONTHS]
    if len(sure) < _SPREAD:
        return None
    months = sure[[0, -1]].astype("datetime64[M]")
    return _strayed(
        dates, months[0].astype("datetime64[D]"), (months[1] + 1).astype("datetime64[D]") - 1
    )


def _strayed(dates: _Days, first: np.datetime64, last: np.datetime64) -> NDArray[np.bool_] | None:
    """Return which dates lie outside a range, if all of these would not if turned around."""
    outside = (dates < first) | (dates > last)
    some = dates[outside]
    months = np.count_nonzero(is_new(some.astype("datetime64[M]")))
    if months < _SPREAD or np.any(_day(some) > _MONTHS):
        return None
    turned = _turned(some)
    return outside if np.all((turned >= first) & (turned <= last)) else None


def _calendar(days: Integers) -> _Days | None:
    """Return days since 1970 as dates; None where there are no such years."""
    low, high = (int(np.datetime64(f"{year}-01-01").astype(int)) for year in _YEARS)
    if days[0] < low or days[-1] > high:
        return None
    return days.astype("datetime64[D]")


def _day(dates: _Days) -> NDArray[np.int64]:
    days: NDArray[np.int64] = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    return days


def _turned(dates: _Days) -> _Days:
    """Exchange day and month of dates, none of which has a day beyond the twelfth."""
    years = dates.astype("datetime64[Y]")
    month = (dates.astype("datetime64[M]") - years).astype(int)
    turned: _Days = (years.astype("datetime64[M]") + _day(dates) - 1).astype(
        "datetime64[D]"
    ) + month
    return turned
