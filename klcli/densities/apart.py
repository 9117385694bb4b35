"""Cells that differ from their neighbours, and count by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from klcli.counts import CountTable, Role
from klcli.densities.groups import ROWS_PER_CELL, added_up, discrete
from klcli.variances import of_squares

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers

#: Standard deviations by which cells within groups differ more than chance makes them, so that
#: they surely do: sums of hundreds of terms are near normal, and some ten in a million are larger.
_SURELY = 4.5
#: The same where most rows lie on values that repeat, which need not be like their neighbours. To
#: count such cells by themselves adds as much noise as one standard deviation and takes away what
#: is hidden; an observed s stands for a hidden s² − 1, so that it pays from √2 on.
_WORTH_A_CELL = 2**0.5
#: Counts that are worked on at once.
_AT_ONCE: Final = 1 << 18


class Apart(NamedTuple):
    """Cells that differ within groups of neighbours.

    Attributes
    ----------
    group : ndarray of int, shape (cells,)
        Which group each cell is in.
    surely : bool
        Whether they do beyond doubt.
    """

    group: Integers
    surely: bool


def apart(numbers: CountTable, group: Integers) -> Apart | None:
    """Tell whether cells within groups count by themselves; None where they do not.

    They do if they differ by more than chance, and there are enough rows to tell by how much:
    ten of each side for every cell. Where most rows lie on values that repeat, more than
    chance is what makes the error smaller; where they do not, what leaves no doubt.

    Parameters
    ----------
    numbers : CountTable
        Cells of finite numbers.
    group : ndarray of int, shape (cells,)
        Which group of neighbours each cell is in.
    """
    pooled = numbers.p + numbers.q
    # A heavy row in a cell of its own differs, too.
    weighted = bool(np.any(pooled != np.floor(pooled)))
    if weighted or min(numbers.n_p, numbers.n_q) < ROWS_PER_CELL * len(pooled):
        return None
    excess = float(uneven(numbers.p[None], numbers.q[None], group)[0])
    if excess <= (_WORTH_A_CELL if discrete(numbers) else _SURELY):
        return None
    return Apart(group, excess > _SURELY)


def uneven(p: Floats, q: Floats, group: Integers) -> Floats:
    """Return how much more cells differ within their groups than chance allows.

    Given the rows of each side in a group, those of P in one of its cells are hypergeometric. The
    excess of their squared deviations over its expectation is divided by its standard deviation.

    Parameters
    ----------
    p, q : ndarray, shape (tables, cells)
        Whole counts, of pooled counts that are the same in every table.
    group : ndarray of int, shape (cells,)
        Which group of neighbours each cell is in, numbered from 0.

    Returns
    -------
    ndarray, shape (tables,)
        In standard deviations.
    """
    pooled = p[0] + q[0]
    rows = np.bincount(group, pooled)[group]
    apart = pooled * (rows - pooled) / np.maximum(rows - 1, 1.0)
    # Where one cell has more rows of P, the others have fewer: products of the cells of a group.
    squares, fourths = (np.bincount(group, pooled**power)[group] for power in (2, 4))
    products = (squares**2 - fourths) / np.maximum(rows - 1, 1.0) ** 2
    products /= np.bincount(group)[group]
    result = []
    at_once = max(1, _AT_ONCE // len(group))
    for first in range(0, len(p), at_once):
        some = p[first : first + at_once]
        share = added_up(some, group)[:, group] / np.maximum(rows, 1.0)
        unit = share * (1 - share)
        variance = apart * unit
        rest = (some - pooled * share) ** 2 - variance
        noise = (of_squares(variance, pooled) + 2 * products * unit**2).sum(axis=1)
        result.append(rest.sum(axis=1) / np.sqrt(np.where(noise > 0, noise, np.inf)))
    return np.concatenate(result)


def joined(table: CountTable, merged: Integers) -> CountTable:
    """Merge cells of finite numbers; `merged`, shape (such cells,), says with which."""
    special = table.special
    numbers = np.flatnonzero(~special)
    group = np.empty(len(table.p), dtype=int)
    # −inf comes before the numbers and +inf and missing after them.
    before = int(np.sum(np.flatnonzero(special) < numbers[0]))
    group[numbers] = before + merged
    group[special] = np.concatenate(
        [np.arange(before), before + merged[-1] + 1 + np.arange(special.sum() - before)]
    )
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:], len(group)) - 1
    roles = np.where(first == last, table.roles[first], np.int8(Role.INTERVAL))
    return CountTable(
        np.add.reduceat(table.p, first),
        np.add.reduceat(table.q, first),
        roles,
        (),
        table.lower[first],
        table.upper[last],
    )
