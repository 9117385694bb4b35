"""How the probabilities of cells change with the parameters of a distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.cumulative import Cumulative
from klcli.onesample import normal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.divergences.known import Known
    from klcli.known_counts import KnownCounts
    from klcli.typing import Floats

#: Relative change of a parameter: central differences are then exact to about as many digits as
#: probabilities themselves.
_CHANGE: Final = 1e-5


def tangent_of(
    table: KnownCounts, known: Known, names: Sequence[str]
) -> Callable[[Floats], Floats]:
    """Return what gives the derivatives of log probabilities in parameters that were fitted.

    The result takes bounds between cells, as normal scores of Q, shape (cells − 1,), and returns
    derivatives of shape (cells, parameters).

    Parameters
    ----------
    table : KnownCounts
        Rows, and the cells that they allow.
    known : Known
        Q with fitted parameters.
    names : sequence of str
        Which were fitted.
    """

    def directions(edges: Floats) -> Floats:
        if table.points:
            at = Cumulative(known).at(edges)
        else:
            at = np.interp(edges, table.upper[:-1], table.values[:-1])
        columns = []
        for name in names:
            change = _CHANGE * _unit(known, name)
            logs = [_log_masses(_moved(known, name, by), at) for by in (change, -change)]
            with np.errstate(invalid="ignore"):
                slope = (logs[0] - logs[1]) / (2 * change)
            columns.append(np.where(np.isfinite(slope), slope, 0.0))
        return np.array(columns).T

    return directions


def _unit(known: Known, name: str) -> float:
    """Return how large a change of a parameter is a large one."""
    values = dict(known.values)
    size = values.get("scale", 1.0) if name == "loc" else values[name]
    return max(abs(float(size)), 1e-300)


def _moved(known: Known, name: str, change: float) -> Known:
    values = dict(known.values)
    values[name] += change
    return replace(known, values=tuple(values.items()))


def _log_masses(known: Known, at: Floats) -> Floats:
    z = np.concatenate([[-np.inf], Cumulative(known).scores(at), [np.inf]])
    return normal.log_mass(z[:-1], np.maximum(z[1:], z[:-1]))
