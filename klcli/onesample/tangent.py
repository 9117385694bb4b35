"""How the probabilities of cells change with the parameters of a distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.cumulative import Cumulative
from klcli.onesample import normal
from klcli.onesample.null import cell_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.divergences.known import Known
    from klcli.known_counts import KnownCounts
    from klcli.typing import Floats

#: Relative change of a parameter: central differences are then exact to about as many digits as
#: probabilities themselves.
_CHANGE: Final = 1e-5


def directions_of(table: KnownCounts, known: Known, names: Sequence[str]) -> Floats:
    """Return derivatives of log probabilities of the test's cells, shape (cells, parameters).

    Parameters
    ----------
    table : KnownCounts
        Rows, and the cells that they allow.
    known : Known
        Q with fitted parameters.
    names : sequence of str
        Which were fitted.
    """
    edges = cell_edges(table)
    if table.points:
        at = Cumulative(known).at(edges)
    else:
        at = np.interp(edges, table.upper[:-1], table.values[:-1])
    columns = []
    for name in names:
        logs = [_log_masses(_moved(known, name, sign * _CHANGE), at) for sign in (1, -1)]
        with np.errstate(invalid="ignore"):
            slope = (logs[0] - logs[1]) / 2
        columns.append(np.where(np.isfinite(slope), slope / _CHANGE, 0.0))
    return np.array(columns).T


def _moved(known: Known, name: str, change: float) -> Known:
    values = dict(known.values)
    unit = abs(values[name])
    if name == "loc":
        unit = max(abs(values.get("scale", 1.0)), 1e-300)
    values[name] += change * unit
    return replace(known, values=tuple(values.items()))


def _log_masses(known: Known, at: Floats) -> Floats:
    z = np.concatenate([[-np.inf], Cumulative(known).scores(at), [np.inf]])
    return normal.log_mass(z[:-1], np.maximum(z[1:], z[:-1]))
