"""Which columns of two sources are compared, and how their values are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.results import Kind

if TYPE_CHECKING:
    from klcli.data.pairing import Pair


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns are compared, and how their values are taken.

    Attributes
    ----------
    columns, exclude : tuple of str
        Only these; not these.
    categorical, numeric : tuple of str
        Columns whose values are taken as categories, or as numbers, whatever they look like.
    missing : str
        "category" gives missing values a cell of their own; "drop" leaves their rows out.
    weight : str or None
        Column of row weights. A side without this column has weights 1.
    input_format : str or None
        Format of the files, where their names do not tell.
    """

    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    missing: str = "category"
    weight: str | None = None
    input_format: str | None = None

    def forced(self, pair: Pair) -> Kind | None:
        """Return the kind that the user asks for a column, if any."""
        if pair.names & set(self.categorical):
            return Kind.CATEGORICAL
        return Kind.NUMERIC if pair.names & set(self.numeric) else None


#: Every common column, as its values look.
EVERYTHING: Final = Selection()
