"""D(P‖Q) from the distances to nearest neighbours, corrected for bias."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.errors import UsageError
from klcli.joint.knn_tuning import tune
from klcli.joint.labels import p_value, permuted_labels
from klcli.joint.neighbour_ratio import extrapolated, log_ratios, pooled_values
from klcli.joint.neighbours import nearest
from klcli.joint.patterns import by_pattern, check, filled
from klcli.joint.whitening import whitened
from klcli.results import Finding
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.rows import RowPair
    from klcli.typing import Floats

#: Neighbours without other wish.
_USUAL = 5
#: Beyond this many permutations the p-value would only be finer than 1/200.
_MOST_RESAMPLES = 199
#: Neighbours behind the ratio at each row of Q, which only the standard error needs: its
#: relative error is 1/√20.
_SMOOTH = 20
#: The curse of dimension: where n·2^−d of the rows share an orthant with a row, so that fewer
#: than one does, neighbours are not near.
_ROWS_PER_ORTHANT = 1.0


@dataclass(frozen=True, slots=True)
class Knn:
    """Nearest-neighbour estimate of Wang, Kulkarni and Verdú, bias-reduced, on whitened rows.

    Around each row of P the ball reaches to the `neighbors`-th neighbour in both samples; with l
    rows of P and k of Q in it, at distances ρ and ν at most, the log ratio is
    d log(ν/ρ) + ψ(l) − ψ(k) + log(m/(n−1)) [1]_, equation 25. Its bias is of order (k/n)^(2/d) in
    smooth regions, so the estimates with `neighbors` and four times as many are extrapolated to
    none. Over nineteen pairs of 2 to 10 dimensions with 3000 rows each that lowered the mean
    absolute error from 0.21 to 0.12.

    Rows that repeat do no harm: where the ball is a point, the counts alone are the ratio of
    their frequencies [2]_. Distances are taken after whitening by a robust pooled scatter, so that
    the estimate does not change under affine maps.

    When to use: two to five dimensions, and to check the default by another road.

    Parameters
    ----------
    neighbors : int or str
        Fewer have less bias, more have less variance. ``cv`` takes the number whose ratio tells
        best which sample a left-out row is from, see `klcli.joint.knn_tuning.tune`. The p-value and
        the noise floor are then those of 5 neighbours: a number that was chosen by the labels
        cannot be tested by exchanging them.
    extrapolate : bool
        Whether to correct the bias by extrapolation.

    References
    ----------
    .. [1] Q. Wang, S. R. Kulkarni, S. Verdú, "Divergence estimation for multidimensional densities
       via k-nearest-neighbor distances", IEEE Trans. Inf. Theory 55 (2009), 2392-2405,
       doi:10.1109/TIT.2009.2016060.
    .. [2] O. C. Mesner, C. R. Shalizi, "Conditional mutual information estimation for mixed,
       discrete and continuous data", IEEE Trans. Inf. Theory 67 (2021), 464-484.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.joint.knn import Knn
    >>> from klcli.rows import RowPair, Rows
    >>> rng = np.random.default_rng(16180339887498948482)
    >>> none = np.empty((4000, 0), dtype=int)
    >>> p, q = Rows(rng.normal(0.7, 1, (4000, 2)), none), Rows(rng.normal(size=(4000, 2)), none)
    >>> rows = RowPair(p, q, ("x", "y"), (), (), 4000, 4000)
    >>> round(Knn()(rows, rng).value, 1)  # the truth is 0.49
    0.5
    """

    neighbors: int | str = _USUAL
    extrapolate: bool = True
    name: ClassVar[str] = "knn"
    categorical: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.neighbors, str):
            if self.neighbors != "cv":
                raise UsageError.unknown_choice("neighbors", self.neighbors, ["cv", "a number"])
        elif self.neighbors < 1:
            raise UsageError("the number of neighbours is below 1", "give 1 or more")

    def __call__(self, rows: RowPair, rng: Generator) -> JointPoint:
        """Estimate D(P‖Q)."""
        return self.both(rows, rng)[0]

    def both(self, rows: RowPair, rng: Generator) -> tuple[JointPoint, JointPoint]:  # noqa: ARG002
        """Estimate D(P‖Q) and D(Q‖P)."""

        def finite(p: Floats, q: Floats) -> tuple[JointPoint, JointPoint]:
            p, q = np.split(whitened(np.vstack([p, q])), [len(p)])
            if self.neighbors != "cv":
                return self._point(p, q, self._usual), self._point(q, p, self._usual)
            tuning = tune(p, q)
            k = int(tuning.chosen)
            return replace(self._point(p, q, k), tuning=(tuning,)), self._point(q, p, k)

        return by_pattern(rows, lambda columns: columns + self._usual + 1, finite)

    @property
    def _usual(self) -> int:
        """The number of neighbours before any is chosen."""
        return _USUAL if isinstance(self.neighbors, str) else self.neighbors

    def _scales(self, neighbors: int, least: int) -> list[int]:
        """Return the numbers of neighbours to extrapolate from, as far as there are rows."""
        scales = [min(neighbors, least)]
        if self.extrapolate and min(4 * neighbors, least) > scales[0]:
            scales.append(min(4 * neighbors, least))
        return scales

    def _point(self, p: Floats, q: Floats, neighbors: int) -> JointPoint:
        n, d = p.shape
        m = len(q)
        scales = self._scales(neighbors, min(n - 1, m))
        log_ratio = log_ratios(p, q, scales)
        values = log_ratio.mean(axis=1)
        value = float(extrapolated(values, scales, d))
        # The ratio at the rows of Q, from as many neighbours of both kinds.
        smooth = min(_SMOOTH, m - 1, n)
        reverse = np.exp(-log_ratios(q, p, [smooth])[0])
        influence_p = extrapolated(log_ratio, scales, d)
        bias = value - float(values[0]) if self.extrapolate else 0.0
        return JointPoint(
            value,
            influence_p - influence_p.mean(),
            1 - reverse / reverse.mean(),
            # A correction that follows from the order of the bias alone is uncertain by as much.
            bias**2,
            bias**2,
            tuple(_few(min(n, m), d)),
        )

    def null(self, rows: RowPair, resamples: int, rng: Generator) -> tuple[float, Floats]:
        """Permute the labels with the neighbours of all rows together kept.

        Missing and infinite numbers stand in the middle of their column.

        Returns
        -------
        p_value : float
            Exact, not below 1/200.
        values : ndarray, shape (min(resamples, 199),)
            Estimates under permutation, in nats.
        """
        check(rows, categorical=False)
        n, m = len(rows.p), len(rows.q)
        numbers = filled(np.vstack([rows.p.numbers, rows.q.numbers]))
        if not numbers.shape[1] or min(n, m) <= self._usual + 1:
            return float("nan"), np.empty(0)
        points = whitened(numbers)
        scales = self._scales(self._usual, min(n - 1, m))
        # Twice as many neighbours as hold `scales[-1]` of the smaller sample on average.
        reach = min(n + m - 1, int(2 * scales[-1] * (n + m) / min(n, m)) + 10)
        distances, places = nearest(points, points, reach + 1)
        distances, places = distances[:, 1:], places[:, 1:]

        def values(labels: Floats) -> Floats:
            return np.array(
                [
                    pooled_values(distances, places, label > 0, scales, points.shape[1])
                    for label in labels
                ]
            )

        resamples = min(resamples, _MOST_RESAMPLES)
        observed, permuted = permuted_labels(n, m, resamples, rng, values)
        # In many dimensions the bias can make estimates of differing samples negative.
        return p_value(abs(observed), np.abs(permuted)), permuted


def _few(rows: int, dimension: int) -> list[Finding]:
    if rows >= _ROWS_PER_ORTHANT * 2.0**dimension:
        return []
    text = f"{rows:,} rows in {dimension} dimensions have no near neighbours"
    return [Finding("high-dimension", f"{text}: the estimate is too low where P and Q differ")]
