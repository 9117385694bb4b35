"""What a profile leaves out so that it shows no value that only a few rows share."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from klcli.data.profiles.cells import Cells
from klcli.data.profiles.profile import Labels, Numbers

if TYPE_CHECKING:
    from klcli.data.profiles.profile import ColumnProfile, Profile


def coarsened(profile: Profile, least: int) -> Profile:
    """Return a profile without values that fewer than `least` rows share.

    Neighbouring cells of numbers are merged until each holds so many rows, and the outermost
    bounds rounded outwards to two digits of the range; rarer categories count as one. This guards
    against reading off single values; it is no proof of anonymity. Rows must not be weighted.
    """
    columns = tuple(_column(column, least) for column in profile.columns)
    return replace(profile, columns=columns)


def _column(column: ColumnProfile, least: int) -> ColumnProfile:
    held = column.values
    if isinstance(held, Labels):
        common = held.counts["rows"] >= least
        rare = held.counts.filter(~common)
        held = Labels(
            held.counts.filter(common),
            held.rest_rows + int(rare["rows"].sum()),
            held.rest_weight + float(rare["weight"].sum()),
        )
        return replace(column, values=held)
    if not isinstance(held, Numbers) or not held.finite:
        return column
    if held.finite < least:
        return replace(column, values=None, withheld=f"fewer than {least:,} rows have one")
    cells = held.cells.crowded(least)
    bounds = cells.bounds.copy()
    low, high = float(bounds[0]), float(bounds[-1])
    span = high / 2 - low / 2
    if len(bounds) > 2 or not cells.atoms.all():
        step = 10.0 ** (math.floor(math.log10(span)) - 1) if 0 < span < math.inf else 1.0
        low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        bounds[0], bounds[-1] = min(low, bounds[0]), max(high, bounds[-1])
    cells = Cells(bounds, cells.counts, cells.variance)
    return replace(
        column,
        values=replace(held, cells=cells, minimum=float(bounds[0]), maximum=float(bounds[-1])),
    )
