"""Whether whole numbers are codes, which say nothing of their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.tallies import EXACT_INTEGERS
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers

#: A value stands out that has so many rows, and more than so many times those of the whole numbers
#: beside it: where these are as many on average, one in ten thousand does.
_ROWS: Final = 10
_TIMES: Final = 3
#: Fewest values that stand out, and least share of the rows on them, as of codes.
_FEWEST: Final = 10
_SHARE: Final = 0.05
#: Least share of the rows on values that have fewer than `_ROWS`: frequent ones need no neighbours.
_SPARSE: Final = 0.1
#: Values that are looked at first.
_GLANCE: Final = 1000
#: Steps of which values that stand out may be multiples, or one less: these are heaps of amounts.
_STEPS: Final = np.arange(2, 13)


def codes(name: str, p: Floats, q: Floats, rows: float) -> Finding | None:
    """Warn where single whole numbers hold many rows, and those beside them hardly any.

    So it is with numbers of words, places or products. Nothing that is smooth over the values
    can know how such samples differ. Amounts heap at round numbers, too, or at one less.

    Parameters
    ----------
    name : str
        The column.
    p, q : ndarray of float, shape (rows,)
        Sorted finite numbers of both sides.
    rows : float
        How many rows each of them stands for.
    """
    for side in (p, q):
        some = side[:: len(side) // _GLANCE + 1]
        if np.any(some != np.floor(some)):
            return None
    values, counts = np.unique(np.concatenate([p, q]), return_counts=True)
    # Beyond 2^53 all numbers are whole.
    if len(values) < _FEWEST or max(-values[0], values[-1]) >= EXACT_INTEGERS:
        return None
    out = (counts >= _ROWS) & (counts > _TIMES * _beside(values, counts))
    held, total = int(counts[out].sum()), int(counts.sum())
    if np.count_nonzero(out) < _FEWEST or held < _SHARE * total:
        return None
    if counts[counts * rows < _ROWS].sum() < _SPARSE * total:
        return None
    if np.any(values != np.floor(values)) or _on_grid(values[out]):
        return None
    return Finding(
        "codes",
        f"{name!r}: {np.count_nonzero(out):,} whole numbers hold {100 * held / total:.2g} % of the "
        "rows, and those beside each of them hardly any, as of codes: where single ones differ is "
        f"smoothed away; --categorical {name} compares them as they are, --numeric {name} takes "
        "them for amounts",
    )


def _beside(values: Floats, counts: Integers) -> Integers:
    """Return the rows of the next whole number above or below, whichever are more."""
    next_one = np.diff(values) == 1
    beside = np.zeros_like(counts)
    beside[:-1] = np.where(next_one, counts[1:], 0)
    beside[1:] = np.maximum(beside[1:], np.where(next_one, counts[:-1], 0))
    return beside


def _on_grid(values: Floats) -> bool:
    """Tell whether more values are on a grid than halfway between what chance puts there and all."""
    on = (values[:, None, None] + np.array([[0], [1]])) % _STEPS == 0
    return bool(np.any(on.mean(axis=0) > (1 + 1 / _STEPS) / 2))
