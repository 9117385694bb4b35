"""Rules for histogram bins: widths of equal bins, and edges of unequal ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.results import Tuning

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats

#: The most bins that `knuth` tries.
KNUTH_MOST: Final = 2_000

#: The most cells between which `blocks` looks for changes; its time grows with the square.
BLOCKS_CELLS: Final = 4_096


def sqrt(values: Floats, rows: int, span: float) -> float:
    """Return the width of √n bins."""
    del values
    return span / math.sqrt(rows)


def sturges(values: Floats, rows: int, span: float) -> float:
    """Return the width of 1 + log₂ n bins.

    References
    ----------
    .. [1] H. Sturges, "The choice of a class interval", Journal of the American Statistical
       Association 21 (1926) 65, doi:10.1080/01621459.1926.10502161.
    """
    del values
    return span / (math.log2(rows) + 1)


def rice(values: Floats, rows: int, span: float) -> float:
    """Return the width of 2·n^⅓ bins.

    References
    ----------
    .. [1] D. Lane, "Online Statistics Education", chapter "Histograms", Rice University.
    """
    del values
    return span / (2 * math.pow(rows, 1 / 3))


def scott(values: Floats, rows: int, span: float) -> float:
    """Return (24√π/n)^⅓·σ, which is best for a normal density.

    References
    ----------
    .. [1] D. Scott, "On optimal and data-based histograms", Biometrika 66 (1979) 605,
       doi:10.1093/biomet/66.3.605.
    """
    del span
    return float((24 * math.sqrt(math.pi) / rows) ** (1 / 3) * np.std(values))


def fd(values: Floats, rows: int, span: float) -> float:
    """Return 2·(interquartile range)·n^(−⅓); 0 if that range is.

    References
    ----------
    .. [1] D. Freedman, P. Diaconis, "On the histogram as a density estimator", Zeitschrift für
       Wahrscheinlichkeitstheorie 57 (1981) 453, doi:10.1007/BF01025868.
    """
    del span
    low, high = np.quantile(values, [0.25, 0.75])
    return float(2 * (high - low) * rows ** (-1 / 3))


def auto(values: Floats, rows: int, span: float) -> float:
    """Return the finer of `fd`, kept to at most 2√n bins, and `sturges`, as NumPy 2 does."""
    relaxed = max(fd(values, rows, span), sqrt(values, rows, span) / 2)
    return min(relaxed, sturges(values, rows, span))


def doane(values: Floats, rows: int, span: float) -> float:
    """Return the width of Sturges' bins with more for skewed samples.

    References
    ----------
    .. [1] D. Doane, "Aesthetic frequency classifications", American Statistician 30 (1976) 181,
       doi:10.1080/00031305.1976.10479172.
    """
    if rows < 3:
        return 0.0
    skewness = np.mean(((values - np.mean(values)) / np.std(values)) ** 3)
    spread = math.sqrt(6 * (rows - 2) / ((rows + 1) * (rows + 3)))
    return span / (1 + math.log2(rows) + math.log2(1 + abs(float(skewness)) / spread))


def stone(values: Floats, rows: int, span: float) -> float:
    """Return the width with the least cross-validated squared error.

    As many bins as have the highest of `scores`, over up to max(100, √n) bins.
    """
    del rows
    numbers, found = scores(values)
    return span / numbers[int(np.argmax(found))]


def scores(values: Floats) -> tuple[range, Floats]:
    """Return numbers of equal bins up to max(100, √n), and the score of each.

    The score is M((n + 1) Σ p̂² − 2)/(n − 1) for M bins: Rudemo's [1]_ and Stone's [2]_
    leave-one-out estimate of the integrated squared error with its sign changed, up to a constant
    and times the range. It is 1 for a single bin.

    References
    ----------
    .. [1] M. Rudemo, "Empirical choice of histograms and kernel density estimators",
       Scandinavian Journal of Statistics 9 (1982) 65.
    .. [2] C. Stone, "An asymptotically optimal histogram selection rule", Proceedings of the
       Berkeley Conference in Honor of Jerzy Neyman and Jack Kiefer 2 (1984) 513.
    """
    size = len(values)
    numbers = range(1, max(100, math.isqrt(size)) + 1)

    def score(number: int) -> float:
        shares = _equal_counts(values, number) / size
        return float((size + 1) * shares @ shares - 2) * number / max(size - 1, 1)

    return numbers, np.array([score(number) for number in numbers])


def tuning(values: Floats) -> Tuning:
    """Return the numbers of bins that ``cv`` tries."""
    numbers, found = scores(values)
    tried = tuple(
        (float(each), score) for each, score in zip(numbers, found.tolist(), strict=True)
    )
    return Tuning.best("bins", "both", "least-squares score of left-out rows", tried)


def knuth(values: Floats, rows: int, span: float) -> float:
    """Return the width of the number of bins with the highest posterior probability.

    Up to 2,000 bins are tried. On rounded values the posterior prefers bins finer than the
    rounding, and the number ends there. Of an incomplete sample it is the number for that sample.

    References
    ----------
    .. [1] K. Knuth, "Optimal data-based binning for histograms and histogram-based probability
       density models", Digital Signal Processing 95 (2019) 102581, eq. 31 of arXiv:physics/0605197,
       doi:10.1016/j.dsp.2019.102581.
    """
    del rows
    size = len(values)
    # ln Γ(k + ½) − ln Γ(½) for k = 0 … n; the term −M ln Γ(½) of the posterior is in it.
    log_gamma = np.concatenate([[0.0], np.cumsum(np.log(np.arange(size) + 0.5))])

    def log_posterior(number: int) -> float:
        return (
            size * math.log(number)
            + math.lgamma(number / 2)
            - math.lgamma(size + number / 2)
            + float(log_gamma[_equal_counts(values, number)].sum())
        )

    return span / max(range(1, min(size, KNUTH_MOST) + 1), key=log_posterior)


def quantile(values: Floats, rows: int) -> Floats:
    """Return where each of 2·n^⅓ bins with equal counts starts.

    Bins start at values of the sample, so that the counts stay the same under any increasing
    transformation. A value that fills a bin alone gets one of its own.
    """
    number = math.ceil(2 * rows ** (1 / 3))
    cuts = values[np.arange(number) * len(values) // number]
    alone = cuts[1:][np.diff(cuts) == 0]
    return np.unique(np.concatenate([cuts, just_above(alone)]))


def blocks(values: Floats, rows: int) -> Floats:
    """Return where each piece of a piecewise constant density starts (Bayesian blocks).

    Maximises Σ N (ln N − ln T) − penalty over partitions into blocks of N values and length T
    by dynamic programming [1]_ (eq. 19), with the penalty of eq. 21 for a false-alarm
    probability of 5 %. Changes may lie midway between any two neighbouring values; with more than
    4,096 distinct ones, between groups of equally many of them.

    References
    ----------
    .. [1] J. Scargle, J. Norris, B. Jackson, J. Chiang, "Studies in astronomical time series
       analysis. VI. Bayesian block representations", Astrophysical Journal 764 (2013) 167,
       doi:10.1088/0004-637X/764/2/167.
    """
    del rows
    distinct, counts = np.unique(values, return_counts=True)
    midway = distinct[1:] / 2 + distinct[:-1] / 2
    edges = np.concatenate([distinct[:1], midway, distinct[-1:]])
    before = np.concatenate([[0], np.cumsum(counts)])
    if len(counts) > BLOCKS_CELLS:
        kept = np.linspace(0, len(counts), BLOCKS_CELLS + 1).astype(np.intp)
        edges, before = edges[kept], before[kept]
    penalty = 4 - math.log(73.53 * 0.05 * len(values) ** -0.478)
    cells = len(edges) - 1
    best = np.zeros(cells + 1)
    first = np.zeros(cells + 1, np.intp)
    for end in range(1, cells + 1):
        number = before[end] - before[:end]
        length = np.maximum(edges[end] - edges[:end], np.finfo(float).tiny)
        fitness = best[:end] + number * np.log(number / length) - penalty
        first[end] = np.argmax(fitness)
        best[end] = fitness[first[end]]
    starts = [int(first[cells])]
    while starts[-1] > 0:
        starts.append(int(first[starts[-1]]))
    return edges[starts[::-1]]


def just_above(values: Floats) -> Floats:
    """Return the next larger float of each value; inf after the largest."""
    with np.errstate(over="ignore"):
        return np.nextafter(values, np.inf)


def _equal_counts(values: Floats, number: int) -> Floats:
    """Count sorted values in `number` bins of equal width over their range."""
    inner = np.linspace(values[0], values[-1], number + 1)[1:-1]
    return np.diff(np.searchsorted(values, inner), prepend=0, append=len(values))


#: Rules that give the width of equal bins from the sorted pooled values, the number of rows
#: behind them, and the range.
WIDTHS: Final[dict[str, Callable[[Floats, int, float], float]]] = {
    "auto": auto,
    "fd": fd,
    "scott": scott,
    "sturges": sturges,
    "doane": doane,
    "sqrt": sqrt,
    "rice": rice,
    "stone": stone,
    "knuth": knuth,
}

#: Rules that give the start of each of unequal bins.
UNEQUAL: Final[dict[str, Callable[[Floats, int], Floats]]] = {
    "blocks": blocks,
    "quantile": quantile,
}
