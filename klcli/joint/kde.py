"""D(P‖Q) by Gaussian kernel densities of both samples, each row left out of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.densities.bandwidth import CRITERION
from klcli.errors import UsageError
from klcli.joint.labels import p_value, permuted_labels
from klcli.joint.patterns import by_pattern, check, filled, ties, with_findings
from klcli.joint.whitening import whitened, whitening
from klcli.results import Finding, Tuning
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from numpy.random import Generator

    from klcli.rows import RowPair
    from klcli.typing import Floats

    #: Log density of the own sample, and of the other one, with distances to the nearest row.
    _AtRows: TypeAlias = tuple[tuple[Floats, Floats], tuple[Floats, Floats]]

_RULES = ("cv", "scott", "silverman")
#: Bandwidths tried by cross-validation, as multiples of Scott's: a factor of √2 apart, down to
#: where each row is alone and up to where nothing is left of structure.
_MULTIPLES = 2.0 ** (np.arange(-6, 3) / 2)
#: Rows by which the bandwidth is chosen: its relative error is far below the step between two.
_CHOSEN_BY = 1500
#: Distances looked at together, 64 MB.
_BLOCK = 8_000_000
#: A row of P farther than this many bandwidths from every row of Q has a density that only the
#: shape of the kernel determines (a normal kernel is down to 1/90 of its height there).
_FAR = 3.0
#: Share of the estimate that may come from such rows before it says nothing.
_EXTRAPOLATED = 0.1
#: Above this many dimensions kernel estimates need more rows than one has (Silverman 1986, table
#: 4.2: 10 000 rows in five dimensions are worth 67 in one).
_MOST_DIMENSIONS = 4
#: Rows of either sample that a permutation test looks at; all their distances are kept.
_TESTED = 3000


@dataclass(frozen=True, slots=True)
class Kde:
    """Leave-one-out resubstitution of two kernel densities.

    Each sample has a normal kernel of the shape of its own scatter [1]_, section 4.2, and its own
    bandwidth. The estimate is the mean over the rows of P of log p̂ − log q̂, where p̂ leaves the
    row itself out [2]_.

    When to use: two or three dimensions, smooth densities without heavy tails.

    Parameters
    ----------
    bandwidth : str or float
        ``cv`` (leave-one-out likelihood), ``scott`` n^(−1/(d+4)), ``silverman``
        (4/(n(d+2)))^(1/(d+4)), or a number: in units of the scatter of each sample.

    References
    ----------
    .. [1] B. W. Silverman, "Density Estimation for Statistics and Data Analysis", Chapman & Hall
       1986, equations 4.7 and 4.14.
    .. [2] H. Joe, "Estimation of entropy and other functionals of a multivariate density", Ann.
       Inst. Statist. Math. 41 (1989), 683-697.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.joint.kde import Kde
    >>> from klcli.rows import RowPair, Rows
    >>> rng = np.random.default_rng(16180339887498948482)
    >>> none = np.empty((2000, 0), dtype=int)
    >>> p, q = Rows(rng.normal(0.7, 1, (2000, 2)), none), Rows(rng.normal(size=(2000, 2)), none)
    >>> rows = RowPair(p, q, ("x", "y"), (), (), 2000, 2000)
    >>> round(Kde()(rows, rng).value, 1)  # the truth is 0.49
    0.5
    """

    bandwidth: str | float = "cv"
    name: ClassVar[str] = "kde"
    categorical: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.bandwidth, str):
            if self.bandwidth not in _RULES:
                raise UsageError.unknown_choice(
                    "bandwidth", self.bandwidth, [*_RULES, "a positive number"]
                )
        elif not (math.isfinite(self.bandwidth) and self.bandwidth > 0):
            raise UsageError(
                f"bandwidth {self.bandwidth:g} is out of range", "give a positive number"
            )

    def __call__(self, rows: RowPair, rng: Generator) -> JointPoint:
        """Estimate D(P‖Q)."""
        return self.both(rows, rng)[0]

    def both(self, rows: RowPair, rng: Generator) -> tuple[JointPoint, JointPoint]:
        """Estimate D(P‖Q) and D(Q‖P)."""

        def finite(p: Floats, q: Floats) -> tuple[JointPoint, JointPoint]:
            p, q = np.split(whitened(np.vstack([p, q])), [len(p)])
            chosen = [self._kernel(side, rng, name) for side, name in ((p, "P"), (q, "Q"))]
            kernels = [kernel for kernel, _ in chosen]
            tuning = tuple(tried for _, tried in chosen if tried)
            at_p, at_q = _both_densities(p, q, kernels)
            narrow = _both_densities(p, q, [kernel * 2**0.5 for kernel in kernels])
            # Bias is of order h²: half of it goes with h/√2.
            bias = [
                float(_log_ratio(at).mean() - _log_ratio(thin).mean())
                for at, thin in zip((at_p, at_q), narrow, strict=True)
            ]
            d, tied = p.shape[1], tuple(ties(p, q))
            forward = replace(_point(at_p, at_q, bias[0], d, ("P", "Q")), tuning=tuning)
            return with_findings(forward, _point(at_q, at_p, bias[1], d, ("Q", "P")), tied)

        return by_pattern(rows, lambda columns: columns + 10, finite)

    def _kernel(self, rows: Floats, rng: Generator, side: str) -> tuple[Floats, Tuning | None]:
        """Return the matrix that turns differences of rows into units of the kernel.

        And what was tried for that, if anything.
        """
        n, d = rows.shape
        varies = np.ptp(rows, axis=0) > 0
        shape = np.eye(d)
        if varies.all():
            matrix = whitening(rows)[1]
            if matrix.shape[1] == d:
                shape = matrix
        scott = float(n ** (-1 / (d + 4)))
        if not isinstance(self.bandwidth, str):
            return shape / self.bandwidth, None
        if self.bandwidth == "scott":
            return shape / scott, None
        if self.bandwidth == "silverman":
            return shape / (scott * float((4 / (d + 2)) ** (1 / (d + 4)))), None
        some = rows[rng.choice(n, min(n, _CHOSEN_BY), replace=False)]
        # The best bandwidth of all rows is smaller than that of some.
        shrink = (len(some) / n) ** (1 / (d + 4))
        tried = [
            (
                scott * float(multiple),
                float(_log_density(some, some, shape / (scott / shrink * multiple))[0].mean()),
            )
            for multiple in _MULTIPLES
        ]
        tuning = Tuning.best("bandwidth", side, CRITERION, tuple(tried))
        return shape / tuning.chosen, tuning

    def null(self, rows: RowPair, resamples: int, rng: Generator) -> tuple[float, Floats]:
        """Permute the labels with all distances kept, and one kernel for both samples.

        Of more than 3000 rows of a side, that many are drawn. Missing and infinite numbers stand
        in the middle of their column.

        Returns
        -------
        p_value : float
            Exact.
        values : ndarray, shape (resamples,)
            Estimates under permutation, in nats.
        """
        check(rows, categorical=False)
        numbers = filled(np.vstack([rows.p.numbers, rows.q.numbers]))
        n, m = len(rows.p), len(rows.q)
        if not numbers.shape[1] or min(n, m) < numbers.shape[1] + 10:
            return float("nan"), np.empty(0)
        kept = [rng.choice(size, min(size, _TESTED), replace=False) for size in (n, m)]
        numbers = filled(np.concatenate([numbers[kept[0]], numbers[n + kept[1]]]))
        n, m = (len(each) for each in kept)
        z = whitened(numbers)
        z = z @ self._kernel(z, rng, "both")[0]
        weights = np.vstack([np.exp(-0.5 * block) for block in _squared(z, z)])
        np.fill_diagonal(weights, 0.0)
        tiny = float(np.finfo(float).tiny)

        def values(labels: Floats) -> Floats:
            from_p = labels @ weights
            from_q = weights.sum(axis=0) - from_p
            ratio = np.log(np.maximum(from_p, tiny) / (n - 1)) - np.log(
                np.maximum(from_q, tiny) / m
            )
            result: Floats = np.sum(labels * ratio, axis=1) / n
            return result

        observed, permuted = permuted_labels(n, m, resamples, rng, values)
        return p_value(abs(observed), np.abs(permuted)), permuted


def _squared(points: Floats, at: Floats) -> Iterator[Floats]:
    from scipy.spatial.distance import cdist

    for block in np.array_split(at, len(at) * len(points) // _BLOCK + 1):
        yield cdist(block, points, "sqeuclidean")


def _log_density(points: Floats, at: Floats, kernel: Floats) -> tuple[Floats, Floats]:
    """Return the log density at rows, and the distance to the nearest point in bandwidths.

    Where `at` is `points` itself, each row is left out of its own density.
    """
    own = points is at
    count = len(points) - own
    constant = np.linalg.slogdet(kernel)[1] - 0.5 * kernel.shape[1] * math.log(2 * math.pi)
    logs, near = [], []
    start = 0
    for squared in _squared(points @ kernel, at @ kernel):
        if own:
            inside = np.arange(len(squared))
            squared[inside, start + inside] = np.inf
            start += len(squared)
        least = squared.min(axis=1)
        sums = np.exp(-0.5 * (squared - least[:, None])).sum(axis=1)
        logs.append(np.log(sums / count) - 0.5 * least)
        near.append(np.sqrt(least))
    return np.concatenate(logs) + constant, np.concatenate(near)


def _both_densities(p: Floats, q: Floats, kernels: list[Floats]) -> tuple[_AtRows, _AtRows]:
    """Return the densities of the own and of the other sample at the rows of P, and of Q."""
    return (
        (_log_density(p, p, kernels[0]), _log_density(q, p, kernels[1])),
        (_log_density(q, q, kernels[1]), _log_density(p, q, kernels[0])),
    )


def _log_ratio(at: _AtRows) -> Floats:
    return at[0][0] - at[1][0]


def _point(
    at_p: _AtRows, at_q: _AtRows, bias: float, dimension: int, names: tuple[str, str]
) -> JointPoint:
    log_ratio, reverse = _log_ratio(at_p), _log_ratio(at_q)
    value = float(log_ratio.mean())
    # Truncated as in `klcli.joint.functional.normaliser`.
    ratio = np.exp(np.minimum(-reverse, 0.5 * math.log(len(reverse))))
    influence_p, influence_q = log_ratio - value, 1 - ratio / ratio.mean()
    noise = float(log_ratio.var() / len(log_ratio) + influence_q.var() / len(reverse))
    findings = []
    if dimension > _MOST_DIMENSIONS:
        text = f"kernel densities in {dimension} dimensions need more rows than any file has"
        findings.append(Finding("high-dimension", f"{text}; use --density ratio"))
    far = at_p[1][1] > _FAR
    beyond = float(np.sum(log_ratio * far) / len(log_ratio))
    if beyond > max(_EXTRAPOLATED * abs(value), 2 * noise**0.5):
        text = f"{beyond:.3g} nats of the estimate come from where {names[1]} has no rows"
        findings.append(Finding("extrapolated", f"{text}; --density ratio does not guess there"))
        value = math.nan
    # At P = Q the influence function vanishes, and what varies is the noise of both densities.
    return JointPoint(value, influence_p, influence_q, bias**2, noise + bias**2, tuple(findings))
