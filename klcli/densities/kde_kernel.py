"""Sums of Gaussian kernels on a regular grid, right in the far tails too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from klcli.typing import Bools, Floats

#: Kernels are cut off at this many bandwidths: e^(−81/2) is below the rounding error of an FFT.
REACH: Final = 9.0
#: Terms that are e^40 times smaller than the largest are left out of exact sums.
NEGLIGIBLE: Final = 40.0
#: Terms of exact sums that are worked on at once.
BLOCK: Final = 1 << 20


def smooth(counts: Floats, width: float) -> tuple[Floats, float]:
    """Return Σ_j counts_j exp(−(i − j)²/(2·width²)) for each cell i, by FFT.

    Parameters
    ----------
    counts : ndarray of float, shape (cells,)
        What lies in each cell of a regular grid.
    width : float
        The bandwidth in cells.

    Returns
    -------
    sums : ndarray of float, shape (cells,)
        Not negative.
    noise : float
        Bound on the rounding error of the sums.
    """
    cells = len(counts)
    reach = min(cells, math.ceil(REACH * width))
    kernel = np.exp(-0.5 * (np.arange(reach + 1) / width) ** 2)
    # Room for the kernel beyond the last cell, so that nothing wraps around to the first.
    length = 1024 * math.ceil((cells + reach + 1) / 1024)
    circular = np.zeros(length)
    circular[: reach + 1] = kernel
    circular[length - reach :] = kernel[:0:-1]
    product = np.fft.rfft(counts, length) * np.fft.rfft(circular)
    sums = np.fft.irfft(product, length)[:cells]
    size = float(np.sqrt((counts @ counts) * (circular @ circular)))
    noise = np.finfo(float).eps * math.log2(length) * size
    return np.maximum(sums, 0.0), noise


def log_smooth(counts: Floats, width: float, wanted: Bools | None = None) -> Floats:
    """Return the log of `smooth`, with the sums worked out one by one where FFT is all noise.

    Parameters
    ----------
    counts : ndarray of float, shape (cells,)
        What lies in each cell of a regular grid; not all zero.
    width : float
        The bandwidth in cells.
    wanted : ndarray of bool, shape (cells,), optional
        Where an exact value is needed; elsewhere the noise may remain. Everywhere if left out.

    Returns
    -------
    ndarray of float, shape (cells,)
        Finite, with a relative error of the sums below 1e-6 where wanted.
    """
    sums, noise = smooth(counts, width)
    faint = sums < 1e6 * noise
    result: Floats = np.log(np.maximum(sums, noise))
    if wanted is not None:
        faint &= wanted
    nodes = np.flatnonzero(faint)
    if len(nodes):
        result[nodes] = _log_sums(nodes.astype(float), counts, width)
    return result


def _log_sums(nodes: Floats, counts: Floats, width: float) -> Floats:
    """Return log Σ_j counts_j exp(−(node − j)²/(2·width²)) at each node, term by term.

    Only terms that matter beside that of the nearest occupied cell are taken. They are
    scaled by that one, so that nothing underflows.
    """
    occupied = np.flatnonzero(counts)
    sources = occupied.astype(float)
    after = np.searchsorted(sources, nodes)
    left = np.abs(nodes - sources[np.maximum(after - 1, 0)])
    right = np.abs(nodes - sources[np.minimum(after, len(sources) - 1)])
    nearest = np.minimum(left, right)
    radius = np.sqrt(nearest**2 + 2 * NEGLIGIBLE * width**2)
    first = np.searchsorted(sources, nodes - radius, side="left")
    lengths = np.searchsorted(sources, nodes + radius, side="right") - first
    result: Floats = np.empty(len(nodes))
    block_of = np.cumsum(lengths) // BLOCK
    for block in np.unique(block_of):
        inside = np.flatnonzero(block_of == block)
        starts = np.cumsum(lengths[inside]) - lengths[inside]
        owner = np.repeat(inside, lengths[inside])
        term = np.arange(len(owner)) + np.repeat(first[inside] - starts, lengths[inside])
        distance = nodes[owner] - sources[term]
        scaled = np.exp((nearest[owner] ** 2 - distance**2) / (2 * width**2))
        result[inside] = np.log(np.add.reduceat(counts[occupied[term]] * scaled, starts))
    result -= nearest**2 / (2 * width**2)
    return result
