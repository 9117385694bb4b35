"""Counts of numbers in cells, and the count tables made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import CountTable, Role
from klcli.data.bounds import is_atom

if TYPE_CHECKING:
    import polars as pl

    from klcli.typing import Floats

#: The category of all labels that a profile does not hold by name.
OTHER: Final = "(all others)"


def cell_counts(values: Floats, bounds: Floats, weights: Floats | None = None) -> Floats:
    """Count values in the cells between bounds.

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
        NaN where missing.
    bounds : ndarray of float, shape (bounds,)
        Strictly increasing and finite.
    weights : ndarray of float, shape (rows,), optional
        What each row counts.

    Returns
    -------
    ndarray of float, shape (bounds + 4,)
        −inf; [−inf, b₀), [b₀, b₁), …, [b_last, inf); +inf; missing.
    """
    if weights is None:
        # Sorting and searching the bounds in the values beats searching each value in the bounds
        # five times over.
        return sorted_cell_counts(np.sort(values), bounds)
    cells = np.searchsorted(bounds, values, side="right") + 1
    cells[values == -np.inf] = 0
    cells[values == np.inf] = len(bounds) + 2
    cells[np.isnan(values)] = len(bounds) + 3
    return np.bincount(cells, weights=weights, minlength=len(bounds) + 4).astype(float)


def in_order(values: Floats) -> Floats:
    """Sort numbers, NaN last; in their own place, unless others share that memory."""
    if not values.flags.writeable:
        return np.sort(values)
    values.sort()
    return values


def sorted_cell_counts(values: Floats, bounds: Floats) -> Floats:
    """Count sorted values in the cells between bounds; NaN stands last, as `np.sort` puts it."""
    first_finite = np.searchsorted(values, -np.inf, side="right")
    inside = np.searchsorted(values, bounds, side="left")
    last = np.searchsorted(values, [np.inf, np.nan], side="left")
    ends = np.concatenate([[0, first_finite], inside, last, [len(values)]])
    return np.diff(ends).astype(float)


def number_table(p: Floats, q: Floats, bounds: Floats) -> CountTable:
    """Build the table of two count vectors as `cell_counts` returns them; empty cells go."""
    lower = np.concatenate([[-np.inf, -np.inf], bounds, [np.inf, np.nan]])
    upper = np.concatenate([[-np.inf], bounds, [np.inf, np.inf, np.nan]])
    roles = np.where(is_atom(lower, upper), Role.ATOM, Role.INTERVAL).astype(np.int8)
    roles[[0, -2]] = Role.ATOM
    roles[-1] = Role.MISSING
    return CountTable(p, q, roles, (), lower, upper).subset((p > 0) | (q > 0))


def label_table(
    p: pl.DataFrame, q: pl.DataFrame, missing: tuple[float, float], scales: tuple[float, float]
) -> CountTable:
    """Build the table of the labels of both sides, in the order of the alphabet.

    Parameters
    ----------
    p, q : DataFrame
        Columns `label` and `weight`.
    missing : tuple of float
        Weight of the missing rows of each side.
    scales : tuple of float
        What a unit of weight counts on each side.
    """
    both = (
        p.select("label", "weight")
        .join(q.select("label", "weight"), on="label", how="full", coalesce=True)
        .fill_null(0)
        .sort("label")
    )
    names = [printable(name) for name in both["label"].to_list()]
    weights = both.select("weight", "weight_right").to_numpy().T
    if any(missing):
        names.append("(missing)")
        weights = np.column_stack([weights, missing])
    of_p, of_q = weights * np.array(scales)[:, None]
    table = CountTable.categorical(tuple(names), of_p, of_q, missing=any(missing))
    return table.subset((table.p > 0) | (table.q > 0))


def folded(
    counts: tuple[pl.DataFrame, pl.DataFrame], rests: tuple[float | None, float | None]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put labels together on both sides that one of them does not hold by name.

    Parameters
    ----------
    counts : tuple of DataFrame
        Columns `label` and `weight` of each side.
    rests : tuple of float or None
        What the labels of each side weigh whose names are not held; None if all are.
    """
    import polars as pl

    held = [
        frame.select("label")
        for frame, rest in zip(counts, rests, strict=True)
        if rest is not None
    ]
    both = []
    for frame, rest in zip(counts, rests, strict=True):
        kept = frame.select("label", "weight")
        for names in held:
            kept = kept.join(names, on="label", how="semi")
        other = float(frame["weight"].sum()) - float(kept["weight"].sum()) + (rest or 0.0)
        if held:
            kept = kept.vstack(pl.DataFrame({"label": [OTHER], "weight": [other]}))
        both.append(kept)
    return both[0], both[1]


def printable(label: str) -> str:
    """Return a label with control characters and the like escaped."""
    if label.isprintable():
        return label
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in label
    )


def no_table() -> CountTable:
    """Return the table without cells, of a column that has nothing to estimate from."""
    return CountTable.categorical((), np.empty(0), np.empty(0))
