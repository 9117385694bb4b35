"""Where the cells of a profile are too coarse for what the other side shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role
from klcli.data.bounds import is_new
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Floats

#: Share of the other side in one cell of the profile that matters: all of it in a few cells, or
#: one value that repeats and that may be rarer in the profile than its cell. Anything spread more
#: smoothly meets some hundred cells, which are then merged anyway.
_CROWDED: Final = 0.05
_REPEATED: Final = 0.005
#: Times the profile's share from which on one cell hides a difference worth telling.
_RATIO: Final = 20


def too_coarse(name: str, table: CountTable, which: str, values: Floats) -> Finding | None:
    """Tell if one cell of the profile holds what should have been told apart.

    Parameters
    ----------
    name : str
        The column.
    table : CountTable
        Its numbers; the profile is the side called `which`.
    which : {'P', 'Q'}
        Which side is the profile.
    values : ndarray of float, shape (rows,)
        Sorted numbers of the other side, or a sample of them.
    """
    held, other = (table.p, table.q) if which == "P" else (table.q, table.p)
    if not len(values) or not held.sum() or not other.sum():
        return None
    held, other = held / held.sum(), other / other.sum()
    crowded = (
        (table.roles == Role.INTERVAL)
        & (held > 0)
        & (other >= np.maximum(_REPEATED, _RATIO * held))
    )
    for cell in np.flatnonzero(crowded)[np.argsort(-other[crowded], kind="stable")]:
        first, last = np.searchsorted(values, [table.lower[cell], table.upper[cell]])
        inside = values[first:last]
        if not len(inside):
            continue
        starts = np.flatnonzero(is_new(inside))
        runs = np.diff(starts, append=len(inside))
        repeated = float(runs.max()) / len(values)
        if other[cell] < _CROWDED and repeated < _REPEATED:
            continue
        what = f"{100 * other[cell]:.2g} % of {'Q' if which == 'P' else 'P'}"
        if repeated >= _REPEATED:
            what += f", most of all the value {inside[starts[runs.argmax()]]:.6g},"
        return Finding(
            "coarse-profile",
            f"{name!r}: {what} lies in one cell of the profile {which}, from "
            f"{table.lower[cell]:.6g} to {table.upper[cell]:.6g} with {100 * held[cell]:.2g} % of "
            "its rows: the divergence is at least what is shown",
        )
    return None
