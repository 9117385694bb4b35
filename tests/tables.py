"""Count tables straight from raw rows, without the data layer."""

from __future__ import annotations

import numpy as np

from klcli.counts import CountTable, PooledSample, Role, Summary


def summary(values) -> Summary:
    values = np.asarray(values, float)
    with np.errstate(over="ignore"):
        mean, deviation = float(values.mean()), float(values.std())
    return Summary(
        rows=len(values),
        missing=0,
        effective_rows=float(len(values)),
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=mean,
        standard_deviation=deviation,
        distinct=len(np.unique(values)),
    )


def pooled_sample(p, q, keep: int | None = None) -> PooledSample:
    """Sample `keep` rows of each side, or take all of them."""
    p, q = np.asarray(p, float), np.asarray(q, float)
    rng = np.random.default_rng(92837465019283746)
    kept = [side if keep is None else rng.choice(side, keep, replace=False) for side in (p, q)]
    return PooledSample(np.sort(kept[0]), np.sort(kept[1]), keep is None, summary(p), summary(q))


def number_table(p, q, bounds) -> CountTable:
    """Count numbers between bounds, with open cells at both ends; empty cells are dropped."""
    edges = np.concatenate([[-np.inf], bounds, [np.inf]])
    lower, upper = edges[:-1], edges[1:]
    counts = [
        np.bincount(np.searchsorted(bounds, side, side="right"), minlength=len(lower)) * 1.0
        for side in (p, q)
    ]
    with np.errstate(over="ignore"):
        roles = np.where(upper == np.nextafter(lower, np.inf), Role.ATOM, Role.INTERVAL)
    table = CountTable(*counts, roles.astype(np.int8), (), lower, upper)
    return table.subset(counts[0] + counts[1] > 0)


def ranks(p, q) -> CountTable:
    """Count numbers in a cell for each that there is."""
    values, counts = np.unique(np.concatenate([p, q]), return_counts=True)
    return number_table(p, q, np.union1d(values, np.nextafter(values[counts > 1], np.inf)))


def table_for(density, p, q, keep: int | None = None) -> CountTable:
    """Count numbers in the cells that a density asks for."""
    return number_table(p, q, density.layout(pooled_sample(p, q, keep)))


def category_table(p, q) -> CountTable:
    """Count category numbers."""
    values = np.union1d(p, q)
    counts = [(np.asarray(side)[:, None] == values).sum(axis=0) * 1.0 for side in (p, q)]
    return CountTable.categorical(tuple(f"{value:g}" for value in values), *counts)
