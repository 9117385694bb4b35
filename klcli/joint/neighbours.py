"""Exact nearest neighbours: a tree in few dimensions, blocks of all distances in many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Floats, Integers

#: Above this dimension a k-d tree visits nearly all leaves and costs more than all distances.
_TREE_DIMENSIONS = 8
#: Distances looked at together, 64 MB.
_BLOCK = 8_000_000
#: Whitened coordinates closer than this are one point: rounding error of the whitening.
SAME = 1e-9


def nearest(points: Floats, at: Floats, count: int) -> tuple[Floats, Integers]:
    """Return distances to, and places of, the `count` nearest `points`, nearest first.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least `count` of them.
    at : ndarray, shape (k, d)
    count : int

    Returns
    -------
    distances, places : ndarray, shape (k, count)
        Distances below `SAME` are 0.
    """
    if points.shape[1] <= _TREE_DIMENSIONS:
        from scipy.spatial import cKDTree

        distances, places = cKDTree(points).query(at, np.arange(1, count + 1))
        return np.where(distances < SAME, 0.0, distances), places
    from scipy.spatial.distance import cdist

    found = []
    for block in np.array_split(at, len(at) * len(points) // _BLOCK + 1):
        squared = cdist(block, points, "sqeuclidean")
        places = np.argpartition(squared, count - 1, axis=1)[:, :count]
        chosen = np.take_along_axis(squared, places, axis=1)
        order = np.argsort(chosen, axis=1, kind="stable")
        found.append(
            (
                np.take_along_axis(chosen, order, axis=1) ** 0.5,
                np.take_along_axis(places, order, axis=1),
            )
        )
    distances = np.vstack([each[0] for each in found])
    return np.where(distances < SAME, 0.0, distances), np.vstack([each[1] for each in found])


def within(points: Floats, at: Floats, radius: Floats) -> Integers:
    """Return how many `points` lie no farther than `radius`, shape (k,), from each of `at`."""
    reach = radius * (1 + SAME) + SAME
    if points.shape[1] <= _TREE_DIMENSIONS:
        from scipy.spatial import cKDTree

        counted: Integers = cKDTree(points).query_ball_point(at, reach, return_length=True)
        return counted
    from scipy.spatial.distance import cdist

    parts = len(at) * len(points) // _BLOCK + 1
    return np.concatenate(
        [
            np.sum(cdist(block, points) <= limit[:, None], axis=1)
            for block, limit in zip(
                np.array_split(at, parts), np.array_split(reach, parts), strict=True
            )
        ]
    )
