"""Samples as counts beside a standard normal Q."""

from __future__ import annotations

import numpy as np

from klcli.known_counts import KnownCounts


def points(z):
    z = np.sort(np.asarray(z, dtype=float))
    return KnownCounts(np.ones(len(z)), z, z, z, (), np.empty(0))


def cells(z, edges):
    """Count values in contiguous cells between edges."""
    edges = np.asarray(edges, dtype=float)
    p = np.bincount(np.searchsorted(edges, z), minlength=len(edges) + 1).astype(float)
    lower, upper = np.append(-np.inf, edges), np.append(edges, np.inf)
    return KnownCounts(p, lower, upper, upper, (), np.empty(0))


def named(p, q):
    nothing = np.empty(0)
    names = tuple("abcdefghij"[: len(p)])
    return KnownCounts(np.asarray(p, float), nothing, nothing, nothing, names, np.log(q))
