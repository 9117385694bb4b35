"""Whether the tails of a column are so heavy that a mean distance cannot be estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.typing import Bools, Floats

#: From this shape of a Pareto tail on, the variance of the values is infinite.
_INFINITE_VARIANCE: Final = 0.5
_ONE_SIDED: Final = 1.645
#: Fewest rows beyond the part of the line that a lower bound is taken from.
_BEYOND: Final = 10.0
_FEWEST: Final = 20


def heavy_values(numbers: CountTable, names: tuple[str, str]) -> tuple[Finding, Bools] | None:
    """Warn where the variance of the values is infinite on either side.

    ∫ |F − G| dx then depends on rows so far out that the samples need not hold any of them. What
    lies between values with √n rows beyond them, and at least ten, is a lower bound.

    Parameters
    ----------
    numbers : CountTable
        Ordered cells of finite numbers.
    names : tuple of str
        What to call both samples.

    Returns
    -------
    finding : Finding
        Which tail, and its shape.
    inner : ndarray of bool, shape (cells,)
        Between which values the bound is taken.

    References
    ----------
    .. [1] B. M. Hill, "A simple general approach to inference about the tail of a distribution",
       Annals of Statistics 3 (1975) 1163, doi:10.1214/aos/1176343247.
    .. [2] E. del Barrio, E. Giné, C. Matrán, "Central limit theorems for the Wasserstein distance
       between the empirical and the true distributions", Annals of Probability 27 (1999) 1009,
       theorem 1.1, doi:10.1214/aop/1022677394: the variance has to be finite.
    """
    centre = _median(numbers)
    shapes = {}
    for counts, name in zip((numbers.p, numbers.q), names, strict=True):
        for side, distance, part in (
            ("upper", numbers.lower - centre, counts),
            ("lower", centre - numbers.lower[::-1], counts[::-1]),
        ):
            shape, error = _hill(distance, part)
            if shape - _ONE_SIDED * error > _INFINITE_VARIANCE:
                shapes[name, side] = shape
    if not shapes:
        return None
    (name, side), shape = max(shapes.items(), key=lambda item: item[1])
    pooled = numbers.p + numbers.q
    rank, beyond = np.cumsum(pooled), max(_BEYOND, float(pooled.sum()) ** 0.5)
    inner = (rank >= beyond) & (rank <= pooled.sum() - beyond)
    return Finding(
        "heavy-values",
        f"the {side} tail of {name} is that of a Pareto distribution of shape {shape:.2f}, whose "
        f"variance is infinite: the outermost {beyond:.0f} rows at both ends are left out, and "
        "the distance is a lower bound",
    ), inner


def _median(numbers: CountTable) -> float:
    pooled = numbers.p + numbers.q
    middle = int(np.searchsorted(np.cumsum(pooled), pooled.sum() / 2))
    place = numbers.lower[min(middle, len(pooled) - 1)]
    return float(place) if np.isfinite(place) else float(numbers.upper[0])


def _hill(distance: Floats, counts: Floats) -> tuple[float, float]:
    """Estimate the Pareto shape of the outermost rows, min(0.2 n, 3 √n) of them."""
    n = float(counts.sum())
    beyond = np.cumsum(counts[::-1])[::-1]
    tail = (beyond <= min(0.1 * n, 3 * n**0.5)) & (counts > 0)
    rows = float(counts[tail].sum())
    first = int(np.argmax(tail)) if tail.any() else 0
    if rows < _FEWEST or first == 0:
        return 0.0, 0.0
    threshold = float(distance[first - 1])
    if not (threshold > 0 and np.isfinite(distance[tail]).all()):
        return 0.0, 0.0
    shape = float(counts[tail] @ np.log(distance[tail] / threshold)) / rows
    return shape, shape / rows**0.5
