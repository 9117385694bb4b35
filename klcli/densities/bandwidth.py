"""Bandwidths of a Gaussian kernel, from counts on a regular grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.densities.kde_kernel import smooth
from klcli.errors import InputError, UsageError
from klcli.results import Tuning

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Floats


#: The score of a bandwidth.
CRITERION: Final = "mean log density of left-out rows"


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A bandwidth and how it came about.

    Attributes
    ----------
    width : float
        Standard deviation of the kernel, in the unit of the data.
    rule : str
        The rule that gave it: ``silverman`` where ``isj`` was asked for and found none;
        ``given`` for a number.
    """

    width: float
    rule: str


def check_bandwidth(bandwidth: str | float) -> None:
    """Refuse what is no rule and no positive number.

    Raises
    ------
    UsageError
        With the rules that there are.
    """
    if isinstance(bandwidth, str):
        if bandwidth not in RULES:
            raise UsageError.unknown_choice("bandwidth", bandwidth, [*RULES, "a number"])
    elif not (math.isfinite(bandwidth) and bandwidth > 0):
        raise UsageError(f"bandwidth {bandwidth} is of no use", "give a number above 0")


def choose_bandwidth(rule: str | float, counts: Floats, step: float) -> Bandwidth:
    """Return the bandwidth of one side.

    Parameters
    ----------
    rule : str or float
        A name in `RULES`, or the bandwidth itself.
    counts : ndarray of float, shape (cells,)
        Rows in each cell of a regular grid.
    step : float
        Width of a cell, in the unit of the data.

    Raises
    ------
    InputError
        If a rule is to judge rows that all fall into one cell.
    """
    if not isinstance(rule, str):
        return Bandwidth(float(rule), "given")
    if np.count_nonzero(counts) < 2:
        raise InputError(
            "the values of one side are all alike, measured by the range of both",
            "use --density ratio, which needs no bandwidth",
        )
    # The range of the other side is of no account.
    counts = np.trim_zeros(counts)
    width = RULES[rule](counts)
    if math.isnan(width):
        return Bandwidth(silverman(counts) * step, "silverman")
    return Bandwidth(width * step, rule)


def scott(counts: Floats) -> float:
    """Return σ·n^(−1/5), as SciPy does.

    References
    ----------
    .. [1] D. Scott, "Multivariate Density Estimation" (1992), section 6.3.
    """
    return _deviation(counts) * math.pow(counts.sum(), -0.2)


def silverman(counts: Floats) -> float:
    """Return 0.9·min(σ, IQR/1.34)·n^(−1/5); the quartiles do not count where they coincide.

    References
    ----------
    .. [1] B. Silverman, "Density Estimation for Statistics and Data Analysis" (1986), eq. 3.31.
    """
    shares = np.cumsum(counts) / counts.sum()
    low, high = np.searchsorted(shares, [0.25, 0.75])
    spread = _deviation(counts)
    if high > low:
        spread = min(spread, float(high - low) / 1.34)
    return 0.9 * spread * math.pow(counts.sum(), -0.2)


def isj(counts: Floats) -> float:
    """Return the improved Sheather-Jones bandwidth, NaN if there is none.

    The smallest root of t = ξγ(t) [1]_, by bisection, with t the squared bandwidth in units
    of the range. None exists for some small samples; and where the root is narrower than the
    usual gap between neighbouring values, it has found the rounding of the data, not their
    density.

    References
    ----------
    .. [1] Z. Botev, J. Grotowski, D. Kroese, "Kernel density estimation via diffusion", Annals of
       Statistics 38 (2010) 2916, algorithm 1, doi:10.1214/10-AOS799. Their program pads the
       range by a tenth on either side, and so does this.
    """
    margin = len(counts) // 10 + 1
    padded = np.pad(counts, margin)
    cells = len(padded)
    frequency = np.arange(1.0, cells) ** 2
    power = (_cosine_transform(padded / counts.sum())[1:]) ** 2
    rows = float(counts.sum())

    def excess(log_t: float) -> float:
        return math.exp(log_t) - _diffusion_time(math.exp(log_t), rows, frequency, power)

    trials = np.linspace(2 * math.log(0.5 / cells), math.log(0.1), 40)
    above = [excess(trial) > 0 for trial in trials]
    if not any(above):
        return math.nan
    first = above.index(True)
    low, high = trials[max(first - 1, 0)], trials[first]
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    width = math.exp(high / 2) * cells
    gap = _usual_gap(counts)
    # Cells too coarse for the root leave no gaps; a finer grid will tell.
    return math.nan if gap > 1 and width < gap else width


def cv(counts: Floats) -> float:
    """Return the bandwidth that gives left-out rows the highest likelihood, see `likelihoods`."""
    widths, scores = likelihoods(counts)
    return float(widths[np.argmax(scores)])


def likelihoods(counts: Floats) -> tuple[Floats, Floats]:
    """Return 60 bandwidths in cells, and the mean log density of left-out rows by each.

    Between the usual gap between neighbouring values, but at least two cells, and twice Scott's
    bandwidth. A row far from all others is judged by its two neighbours. Densities are per cell.

    References
    ----------
    .. [1] P. Hall, "On Kullback-Leibler loss and density estimation", Annals of Statistics 15
       (1987) 1491, eq. 1.2, doi:10.1214/aos/1176350606.
    """
    most = 2 * scott(counts)
    least = min(max(2.0, _usual_gap(counts)), most)
    trials = np.geomspace(least, most, 60)
    occupied = np.flatnonzero(counts)
    rows = counts[occupied]
    own = np.minimum(rows, 1.0)
    gaps = np.diff(occupied, prepend=-np.inf, append=np.inf)
    before = np.concatenate([[1.0], rows[:-1]])
    behind = np.concatenate([rows[1:], [1.0]])
    total = float(rows.sum())
    others_of_each = total - float(rows @ own) / total

    def log_density(width: float) -> float:
        sums, noise = smooth(counts, width)
        others = sums[occupied] - own
        neighbours = np.logaddexp(
            np.log(before) - 0.5 * (gaps[:-1] / width) ** 2,
            np.log(behind) - 0.5 * (gaps[1:] / width) ** 2,
        )
        clear = others > 1e6 * noise
        logs = np.where(clear, np.log(np.where(clear, others, 1.0)), neighbours)
        area = others_of_each * width * math.sqrt(2 * math.pi)
        return float(rows @ logs) / total - math.log(area)

    return trials, np.array([log_density(width) for width in trials])


def tuning(side: str, counts: Floats, step: float) -> Tuning:
    """Return what `cv` tries for one side, whose counts are on a regular grid."""
    widths, scores = likelihoods(np.trim_zeros(counts))
    tried = zip((widths * step).tolist(), (scores - math.log(step)).tolist(), strict=True)
    return Tuning.best("bandwidth", side, CRITERION, tuple(tried))


def _diffusion_time(t: float, rows: float, frequency: Floats, power: Floats) -> float:
    """Return ξγ(t): from ‖f⁽⁷⁾‖² at t down to ‖f″‖², each giving the time for the next."""
    norm = _derivative_norm(7, t, frequency, power)
    for order in range(6, 1, -1):
        moment = math.prod(range(1, 2 * order, 2)) / math.sqrt(2 * math.pi)
        factor = (1 + 0.5 ** (order + 0.5)) / 3
        time = math.pow(2 * factor * moment / (rows * norm), 2 / (3 + 2 * order))
        norm = _derivative_norm(order, time, frequency, power)
    return math.pow(2 * rows * math.sqrt(math.pi) * norm, -0.4)


def _derivative_norm(order: int, t: float, frequency: Floats, power: Floats) -> float:
    # Terms are largest where the exponent is the order; at 100 nothing is left of them.
    few = math.ceil(math.sqrt(100 / t) / math.pi)
    terms = frequency[:few] ** order * power[:few] * np.exp(-(math.pi**2) * t * frequency[:few])
    return max(2 * math.pi ** (2 * order) * float(terms.sum()), np.finfo(float).tiny)


def _cosine_transform(values: Floats) -> Floats:
    """Return Σ_j values_j cos(πk(j + ½)/cells) for each k (DCT-II), by FFT."""
    cells = len(values)
    folded = np.concatenate([values[::2], values[1::2][::-1]])
    turn = np.exp(-0.5j * np.pi * np.arange(cells) / cells)
    result: Floats = np.real(turn * np.fft.fft(folded))
    return result


def _deviation(counts: Floats) -> float:
    cells = np.arange(len(counts))
    total = counts.sum()
    mean = counts @ cells / total
    return math.sqrt(float(counts @ (cells - mean) ** 2) / max(float(total) - 1, 1.0))


def _usual_gap(counts: Floats) -> float:
    """Return the median distance between neighbouring occupied cells."""
    return float(np.median(np.diff(np.flatnonzero(counts))))


#: Rules that give the bandwidth in cells from counts on a regular grid.
RULES: Final[dict[str, Callable[[Floats], float]]] = {
    "isj": isj,
    "scott": scott,
    "silverman": silverman,
    "cv": cv,
}
