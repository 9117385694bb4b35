"""What happened to a column, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klcli.counts import ColumnTable
    from klcli.results import Finding


def column_changes(column: ColumnTable, tests: int) -> list[Finding]:
    """Return what happened to a column."""
    return []
