"""Where in the order of batches a column changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.monitoring.report import ChangePoint, DriftResult


def change_points(results: Sequence[DriftResult], confidence: float) -> tuple[ChangePoint, ...]:
    """Return at most one change point for each column."""
    return ()
