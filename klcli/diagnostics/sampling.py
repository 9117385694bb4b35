"""Whether there are enough rows for what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from klcli.diagnostics.support import percent
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable

#: Below this number of rows a 95 % interval rests on the shape of the model more than on data.
FEW_ROWS = 20
#: Warn where this share of a sample's probability is on categories that it never showed.
_UNSEEN = 0.05


def few_rows(table: CountTable) -> Finding | None:
    """Warn where one side has hardly any rows."""
    fewest = min(table.n_p, table.n_q)
    if fewest >= FEW_ROWS:
        return None
    return Finding(
        "few-rows",
        f"one side has only {fewest:.0f} row{'' if fewest == 1 else 's'}; intervals are rough "
        f"below {FEW_ROWS}",
    )


def constant(table: CountTable) -> Finding | None:
    """Warn where both sides hold one and the same value."""
    if np.count_nonzero(table.p + table.q) > 1:
        return None
    return Finding("constant", "both sides hold one single value, and it is the same")


def undersampled(table: CountTable, names: tuple[str, str] = ("P", "Q")) -> Finding | None:
    """Warn where many categories have not been seen yet.

    The probability of all unseen categories is about the share of rows whose category was seen
    once.

    Parameters
    ----------
    table : CountTable
        Cells of which each is a category.
    names : tuple of str
        What to call both samples.

    References
    ----------
    .. [1] I. J. Good, "The population frequencies of species and the estimation of population
       parameters", Biometrika 40 (1953), 237-264, equation 9.
    """
    unseen = [float(np.sum(side == 1) / max(side.sum(), 1.0)) for side in (table.p, table.q)]
    if max(unseen) <= _UNSEEN:
        return None
    first, second = (
        f"{percent(share)} of {name}" for share, name in zip(unseen, names, strict=True)
    )
    return Finding(
        "undersampled",
        f"categories not seen yet hold about {first} and {second} (Good-Turing): too few rows "
        "for this many categories; of rare ones, only what they have in common can be known",
    )
