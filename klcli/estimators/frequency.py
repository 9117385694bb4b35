"""D(P‖Q) of category frequencies: corrected for bias, or as a plain sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from klcli.densities.frequency import masses
from klcli.typing import Point

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.densities.frequency import Frequency
    from klcli.typing import Floats

#: Counts that are worked on at once; bounds the memory that resampling takes.
BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FrequencyPlugIn:
    r"""D(P‖Q) from the counts of categories.

    Without smoothing, the estimator of Zhang & Grabchak [1]_, whose bias vanishes
    exponentially fast as the samples grow:

    .. math:: \sum_k \frac{x_k}{n} [ψ(m + 1) − ψ(y_k + 1) − ψ(n) + ψ(x_k)]

    for counts x of n rows of P and y of m rows of Q. With smoothing, Σ p log(p/q) of the smoothed
    frequencies.

    Parameters
    ----------
    density : Frequency
        Holds the smoothing.

    Notes
    -----
    Where P shows a category that Q never does (y = 0 < x), the plain sum (smoothing ``none``) is
    infinite; the Zhang-Grabchak value stays finite and **understates** an infinite divergence: it
    grows with log m. Whether to call the result infinite is not decided here.

    Weighted counts need not be whole: ψ takes them as they are.

    References
    ----------
    .. [1] Z. Zhang, M. Grabchak, "Nonparametric estimation of Kullback-Leibler divergence", Neural
       Computation 26 (2014) 2570, doi:10.1162/NECO_a_00646. Their sums over products are
       differences of harmonic numbers, that is of ψ.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.counts import CountTable
    >>> from klcli.densities.frequency import Frequency
    >>> table = CountTable.categorical(("a", "b"), np.array([300, 700]), np.array([500, 500]))
    >>> round(FrequencyPlugIn(Frequency())(table).value, 4)  # truth: 0.0823
    0.0813
    """

    density: Frequency

    name: ClassVar[str] = "plug-in"

    @property
    def corrects_bias(self) -> bool:
        """Whether the value is that of Zhang & Grabchak, not a plain sum."""
        return self.density.pseudocount is None

    def __call__(self, table: CountTable) -> Point:
        """Estimate D(P‖Q) with its influence function."""
        return plug_in(table, self.density.pseudocount)

    def values(self, table: CountTable, p: Floats, q: Floats) -> Floats:
        """Estimate D for each row of `p` and `q`, shape (resamples, cells)."""
        del table
        return plug_in_values(p, q, self.density.pseudocount)


def plug_in(table: CountTable, added: float | None) -> Point:
    """Estimate D(P‖Q) from counts, smoothed by `added`, or corrected for bias if that is None.

    The influence of a row of P is log(p/q) − D and that of a row of Q is 1 − p/q, with the
    estimates in place of p and q, centred over the counts; smoothing damps them by
    total / (total + added·K), as it damps each row. In cells that a side never shows, its rows
    have the influence that a first one would have: those cells have no weight in a variance,
    which therefore misses what an unseen category may hold. Where the value is infinite there is
    no influence function, and NaN stands in its place.

    `excess_variance` corrects the variance for curvature and can be negative: where P = Q the
    influence function is 0, so that its estimate is all noise and shows twice the variance that
    the quadratic term of the estimate has; see `quadratic_variance`.
    """
    mass_p, mass_q, log_ratio = _terms(table.p, table.q, added)
    contributions = np.where(mass_p > 0, mass_p * log_ratio, 0.0)
    value = float(contributions.sum())
    if not np.isfinite(value):
        nowhere = np.full_like(contributions, np.nan)
        return Point(value, nowhere, nowhere, contributions)
    plain_p, plain_q = masses(table.p, table.q, 0.0)
    n, m = max(table.n_p, 1.0), max(table.n_q, 1.0)
    extra = (added or 0.0) * np.count_nonzero(table.p + table.q)
    ratio = mass_p / mass_q
    influence_p = n / (n + extra) * (log_ratio - plain_p @ log_ratio)
    influence_q = m / (m + extra) * (plain_q @ ratio - ratio)
    linear = plain_p @ influence_p**2 / n + plain_q @ influence_q**2 / m
    quadratic = quadratic_variance(table, plain_p, ratio)
    excess = max(-quadratic, quadratic - float(linear))
    return Point(
        value, influence_p, influence_q, contributions,
        excess_variance=excess, null_variance=quadratic,
    )  # fmt: skip


def quadratic_variance(table: CountTable, mass_p: Floats, ratio: Floats) -> float:
    """Return the variance of the second-order term of Σ p log(p/q), in nats².

    With Hessian A and multinomial covariance Σ it is tr(AΣAΣ)/2, here written out. Where P = Q
    it is (1/n + 1/m)²·(K − 1)/2, the variance of the limiting χ² distribution. The estimated
    variance of the linear term is too large by twice this on average.

    Parameters
    ----------
    table : CountTable
        The counts; only cells that P shows take part.
    mass_p, ratio : ndarray of float, shape (cells,)
        p and p/q of each cell.
    """
    shown = table.p > 0
    p, r = mass_p[shown], ratio[shown]
    n, m = max(table.n_p, 1.0), max(table.n_q, 1.0)
    constraint = 1 / n**2 + 2 * (p @ r) / (n * m) + (2 * (p @ r) - 1) / m**2
    return max(0.0, 0.5 * (float(np.sum((1 / n + r / m) ** 2)) - float(constraint)))


def plug_in_values(p: Floats, q: Floats, added: float | None) -> Floats:
    """Return the value of `plug_in` for each row of counts, shape (resamples, cells)."""
    values = np.empty(len(p))
    rows = max(1, BLOCK // max(1, p.shape[1]))
    for start in range(0, len(p), rows):
        block = slice(start, start + rows)
        mass_p, _, log_ratio = _terms(p[block], q[block], added)
        values[block] = np.where(mass_p > 0, mass_p * log_ratio, 0.0).sum(axis=1)
    return values


def _terms(p: Floats, q: Floats, added: float | None) -> tuple[Floats, Floats, Floats]:
    """Return the mass of P, the mass of Q, and the log ratio, for counts of shape (..., cells).

    A cell that a side never shows counts as shown once where a log or a denominator needs it.
    """
    mass_p, mass_q = masses(p, q, added or 0.0)
    n = np.maximum(p.sum(axis=-1, keepdims=True), 1.0)
    m = np.maximum(q.sum(axis=-1, keepdims=True), 1.0)
    divisor = np.where(mass_q > 0, mass_q, 1 / m)
    if added is None:
        log_ratio = digamma(m + 1) - digamma(q + 1) - digamma(n) + digamma(np.where(p > 0, p, 1.0))
    else:
        log_ratio = np.log(np.where(mass_p > 0, mass_p, 1 / n) / divisor)
        log_ratio[(mass_q == 0) & (mass_p > 0)] = np.inf
    return mass_p, divisor, log_ratio


def digamma(x: Floats) -> Floats:
    """Return ψ(x) for x > 0, to within 1e-14 of max(1, |ψ(x)|).

    Eight steps of ψ(x) = ψ(x + 1) − 1/x, then the asymptotic series [1]_. SciPy has it too, but
    importing that takes longer than the rest of an estimate.

    References
    ----------
    .. [1] M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 6.3.5 and 6.3.18.
    """
    largest = x.max(initial=0.0)
    if largest < x.size and np.all(x == np.floor(x)):
        # Counts repeat: work out each whole number once.
        return _digamma_series(np.arange(1.0, largest + 1))[x.astype(np.intp) - 1]
    return _digamma_series(x)


def _digamma_series(x: Floats) -> Floats:
    z = x + 8
    u = 1 / (z * z)
    tail = u * (691 / 32760 - u / 12)
    tail = u * (1 / 12 - u * (1 / 120 - u * (1 / 252 - u * (1 / 240 - u * (1 / 132 - tail)))))
    result: Floats = np.log(z) - 0.5 / z - tail
    for step in range(8):
        result -= 1 / (x + step)
    return result
