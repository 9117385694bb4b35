"""Whether numbers repeat that a method takes for continuous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.counts import Role
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable

#: Rows from which a value is not repeated by chance or by fine rounding, which do no harm.
_REPEATS = 5
#: Share of all rows on such values that bends a kernel density.
_SHARE = 0.1


def ties(table: CountTable) -> Finding | None:
    """Warn where many rows lie on values that repeat.

    Parameters
    ----------
    table : CountTable
        Quantile cells of numbers, in which a value that repeats has a cell of its own.
    """
    repeated = (table.roles == Role.ATOM) & (table.p + table.q >= _REPEATS)
    share = float((table.p + table.q)[repeated].sum()) / (table.n_p + table.n_q)
    if share < _SHARE:
        return None
    count = int(repeated.sum())
    values = "one value that occurs" if count == 1 else f"{count:,} values that occur"
    return Finding(
        "ties",
        f"{100 * share:.3g} % of all rows lie on {values} again and again; kernels "
        "take them for continuous numbers",
    )
