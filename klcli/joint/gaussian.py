"""D between two normal distributions fitted to the rows, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from klcli.joint.labels import p_value, permuted_labels
from klcli.joint.patterns import by_pattern, check, filled
from klcli.joint.whitening import whitened
from klcli.results import Finding
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.rows import RowPair
    from klcli.typing import Floats

#: Mardia's kurtosis has to be off by this many standard errors, and by a tenth of its value,
#: before the rows are called not normal: no accident, and large enough to matter.
_SURPRISE, _RELEVANT = 5.0, 0.1
#: Ridge on covariances of whitened rows, far below what any estimate can show.
_REGULAR = 1e-9


@dataclass(frozen=True, slots=True)
class Gaussian:
    """The closed form with sample means and covariances, unbiased where the rows are normal.

    D = ½[tr(Σ_Q⁻¹Σ_P) + δᵀΣ_Q⁻¹δ − d + log det Σ_Q/det Σ_P] [1]_, equation 9.1.2; each term is
    replaced by its unbiased estimate: E S_Q⁻¹ = Σ_Q⁻¹(m−1)/(m−d−2), and E log det S follows from
    that of a Wishart matrix [2]_, theorems 3.2.12 and 3.2.15. The influence values are those of
    the closed form as a function of means and covariances, so that the standard error also holds
    where the rows are not normal; the estimate itself is then only that of the normal pair.

    When to use: a baseline; in high dimension often the only estimate that can be had.

    References
    ----------
    .. [1] S. Kullback, "Information Theory and Statistics", Wiley 1959, chapter 9.
    .. [2] R. J. Muirhead, "Aspects of Multivariate Statistical Theory", Wiley 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.joint.gaussian import Gaussian
    >>> from klcli.rows import RowPair, Rows
    >>> rng = np.random.default_rng(16180339887498948482)
    >>> none = np.empty((4000, 0), dtype=int)
    >>> p, q = Rows(rng.normal(0.7, 1, (4000, 2)), none), Rows(rng.normal(size=(4000, 2)), none)
    >>> rows = RowPair(p, q, ("x", "y"), (), (), 4000, 4000)
    >>> round(Gaussian()(rows, rng).value, 1)  # the truth is 0.49
    0.5
    """

    name: ClassVar[str] = "gaussian"
    categorical: ClassVar[bool] = False

    def __call__(self, rows: RowPair, rng: Generator) -> JointPoint:
        """Estimate D(P‖Q)."""
        return self.both(rows, rng)[0]

    def both(self, rows: RowPair, rng: Generator) -> tuple[JointPoint, JointPoint]:  # noqa: ARG002
        """Estimate D(P‖Q) and D(Q‖P)."""

        def finite(p: Floats, q: Floats) -> tuple[JointPoint, JointPoint] | Finding:
            p, q = np.split(whitened(np.vstack([p, q])), [len(p)])
            if any(np.linalg.matrix_rank(np.cov(side.T)) < p.shape[1] for side in (p, q)):
                text = "one sample lies in a plane of fewer dimensions than the other"
                return Finding("constant", f"{text}: no normal density has a ratio to that")
            return _point(p, q), _point(q, p)

        # One row more than makes the inverse of a sample covariance have a mean.
        return by_pattern(rows, lambda columns: columns + 4, finite)

    def null(self, rows: RowPair, resamples: int, rng: Generator) -> tuple[float, Floats]:
        """Permute the labels; missing and infinite numbers stand in the middle.

        Returns
        -------
        p_value : float
            Exact: means and covariances are computed anew for each permutation.
        values : ndarray, shape (resamples,)
            Estimates under permutation, in nats.
        """
        check(rows, categorical=False)
        numbers = filled(np.vstack([rows.p.numbers, rows.q.numbers]))
        if not numbers.shape[1] or min(len(rows.p), len(rows.q)) < numbers.shape[1] + 4:
            return float("nan"), np.empty(0)
        z = whitened(numbers)
        d = z.shape[1]
        products = (z[:, :, None] * z[:, None, :]).reshape(len(z), d * d)
        sums, squares = z.sum(axis=0), products.sum(axis=0)
        n, m = len(rows.p), len(rows.q)

        def values(labels: Floats) -> Floats:
            mean_p, mean_q = labels @ z / n, (sums - labels @ z) / m
            cov_p = (labels @ products).reshape(-1, d, d)
            cov_q = squares.reshape(d, d) - cov_p
            cov_p = (cov_p - n * mean_p[:, :, None] * mean_p[:, None, :]) / (n - 1)
            cov_q = (cov_q - m * mean_q[:, :, None] * mean_q[:, None, :]) / (m - 1)
            return _value(mean_p, cov_p, n, mean_q, cov_q, m)

        observed, permuted = permuted_labels(n, m, resamples, rng, values)
        return p_value(observed, permuted), permuted


def _value(mean_p: Floats, cov_p: Floats, n: int, mean_q: Floats, cov_q: Floats, m: int) -> Floats:
    """Return the unbiased closed form over leading axes."""
    from scipy.special import psi

    d = mean_p.shape[-1]
    # Of whitened rows: keeps a sample regular that does not vary in some direction.
    cov_p, cov_q = cov_p + _REGULAR * np.eye(d), cov_q + _REGULAR * np.eye(d)
    shrink = (m - d - 2) / (m - 1)
    inverse = np.linalg.inv(cov_q)
    trace = shrink * np.einsum("...ij,...ij->...", inverse, cov_p)
    delta = mean_p - mean_q
    distance = shrink * np.einsum("...i,...ij,...j->...", delta, inverse, delta)
    distance = distance - d / m - trace / n
    order = np.arange(1, d + 1)
    wishart = psi((m - order) / 2).sum() - psi((n - order) / 2).sum()
    wishart -= d * (np.log(m - 1) - np.log(n - 1))
    determinants = np.linalg.slogdet(cov_q)[1] - np.linalg.slogdet(cov_p)[1] - wishart
    result: Floats = 0.5 * (trace + distance - d + determinants)
    return result


def _point(p: Floats, q: Floats) -> JointPoint:
    n, d = p.shape
    m = len(q)
    mean_p, mean_q = p.mean(axis=0), q.mean(axis=0)
    cov_p, cov_q = np.cov(p.T).reshape(d, d), np.cov(q.T).reshape(d, d)
    value = float(_value(mean_p, cov_p, n, mean_q, cov_q, m))
    root = np.linalg.cholesky(cov_q)
    z_p, z_q = (np.linalg.solve(root, (x - c).T) for x, c in ((p, mean_p), (q, mean_q)))
    own = np.sum(np.linalg.solve(np.linalg.cholesky(cov_p), (p - mean_p).T) ** 2, axis=0)
    delta = np.linalg.solve(root, mean_p - mean_q)
    influence_p = 0.5 * (np.sum(z_p**2, axis=0) - own) + delta @ z_p
    inverse = np.linalg.inv(root)
    second = inverse @ cov_p @ inverse.T + np.outer(delta, delta)
    influence_q = 0.5 * (np.sum(z_q**2, axis=0) - np.sum(z_q * (second @ z_q), axis=0))
    influence_q -= delta @ z_q
    # At P = Q, 2nm/(n+m)·D is chi-squared with as many degrees as there are parameters.
    quadratic = d * (d + 3) / 4 * (1 / n + 1 / m) ** 2
    finding = _not_normal(own, "first") or _not_normal(np.sum(z_q**2, axis=0), "second")
    return JointPoint(
        value,
        influence_p - influence_p.mean(),
        influence_q - influence_q.mean(),
        quadratic,
        quadratic,
        (finding,) if finding else (),
    )


def _not_normal(squared: Floats, sample: str) -> Finding | None:
    """Look at the mean fourth power of the whitened rows, which is d(d+2) for a normal sample.

    Mardia, Biometrika 57 (1970), 519-530, equations 3.13 and 3.15.
    """
    n, d = len(squared), round(float(squared.mean()))
    expected = d * (d + 2)
    excess = float(np.mean(squared**2)) - expected
    if abs(excess) < max(_SURPRISE * (8 * expected / n) ** 0.5, _RELEVANT * expected):
        return None
    text = f"the fourth moment of the {sample} sample is {excess / expected:+.0%} off the normal"
    return Finding("not-normal", f"{text}: the estimate is that of the fitted normal pair")
