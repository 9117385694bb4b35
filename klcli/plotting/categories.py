"""Categories, and numbers of which there are few, as bars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import Role as TableRole
from klcli.densities.bands import of_counts
from klcli.plotting.report import Cell, Role
from klcli.results import Direction

if TYPE_CHECKING:
    from klcli.plotting.subject import Subject
    from klcli.typing import Floats, Integers

#: Categories that only one side shows and that are drawn even if others contribute more: they are
#: why a divergence is infinite.
_UNSEEN: Final = 3


def bars(subject: Subject, top: int) -> list[Cell]:
    """Return a cell for each category that matters most, for all others, and for missing rows.

    Those that contribute most come first, whatever the sign; numbers stay in their order.

    Parameters
    ----------
    subject : Subject
        The column as it was estimated; no cells were merged.
    top : int
        Categories that are drawn one by one.
    """
    table = subject.table
    ordinary = (table.roles == TableRole.ATOM) & ~np.isinf(table.lower)
    chosen, others = _chosen(subject, np.flatnonzero(ordinary), top)
    ratio = of_counts(table.p, table.q, subject.pseudocount)
    parts = {name: each for name, (_, each) in subject.contributions.items()}

    def cell(place: int, role: Role) -> Cell:
        lower, upper = float(table.lower[place]), float(table.upper[place])
        return Cell(
            role, table.name(place), lower, upper,
            float(table.p[place] / table.n_p), float(table.q[place] / table.n_q),
            log_ratio=float(ratio.value[place]),
            standard_error=float(ratio.standard_error[place]),
            **{name: float(each[place]) for name, each in parts.items()},
        )  # fmt: skip

    cells = [cell(place, Role.VALUE) for place in chosen.tolist()]
    if len(others):
        cells.append(_together(subject, others, parts))
    rest = np.flatnonzero(~ordinary).tolist()
    infinite = [place for place in rest if table.roles[place] != TableRole.MISSING]
    missing = [place for place in rest if table.roles[place] == TableRole.MISSING]
    cells += [cell(place, Role.INFINITE) for place in infinite]
    return cells + [cell(place, Role.MISSING) for place in missing]


def _chosen(subject: Subject, ordinary: Integers, top: int) -> tuple[Integers, Integers]:
    """Return the categories that are drawn one by one, in order, and all others."""
    table = subject.table
    if len(ordinary) <= top + 1:
        # A cell for "others" that holds a single category would hide its name for nothing.
        top = len(ordinary)
    sizes = np.max([np.abs(each) for _, each in subject.contributions.values()], axis=0)
    shares = table.p / table.n_p + table.q / table.n_q
    order = ordinary[np.lexsort((-shares[ordinary], -sizes[ordinary]))]
    kept = order[:top]
    unseen = np.zeros(len(table.p), dtype=bool)
    for direction in subject.contributions:
        forward = direction == Direction.FORWARD
        inner, outer = (table.p, table.q) if forward else (table.q, table.p)
        unseen |= (inner > 0) & (outer == 0)
    late = order[top:][unseen[order[top:]]]
    late = late[np.argsort(-shares[late], kind="stable")][:_UNSEEN]
    kept = np.concatenate([kept[: len(kept)], late])
    if table.ordered:
        kept = np.sort(kept)
    return kept, np.setdiff1d(ordinary, kept)


def _together(subject: Subject, others: Integers, parts: dict[str, Floats]) -> Cell:
    table = subject.table
    inside = np.isin(np.arange(len(table.p)), others)
    p, q = ([side[inside].sum(), side[~inside].sum()] for side in (table.p, table.q))
    ratio = of_counts(np.array(p), np.array(q), 0.0)
    return Cell(
        Role.OTHERS, f"({len(others):,} others)", math.nan, math.nan,
        float(p[0] / table.n_p), float(q[0] / table.n_q),
        log_ratio=float(ratio.value[0]), standard_error=float(ratio.standard_error[0]),
        **{name: float(each[inside].sum()) for name, each in parts.items()},
    )  # fmt: skip
