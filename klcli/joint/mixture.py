"""D between two Gaussian mixtures, fitted by maximum likelihood and chosen by BIC."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from klcli.errors import MissingExtraError, UsageError
from klcli.joint.folds import Folds, cross_fitted
from klcli.joint.functional import evaluated, point
from klcli.joint.labels import p_value, permuted_labels
from klcli.joint.patterns import by_pattern, check, filled, ties, with_findings
from klcli.joint.threads import one_thread_each
from klcli.joint.whitening import whitened

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.rows import JointPoint, RowPair
    from klcli.typing import Bools, Floats

#: Ridge on the covariances of whitened rows: components narrower than 1/100 of the scatter are
#: taken for repeated values.
_RIDGE = 1e-4
#: BIC is taken to have passed its minimum after it rose this often in a row.
_PATIENCE = 2
#: Rows per component and column below which a covariance is not worth fitting.
_ROWS_PER_PARAMETER = 2
#: Rows of a side by which the number of components is chosen and a start found: what structure
#: BIC does not see in so many matters little, and the fits themselves see all rows.
_CHOSEN_BY = 3000
#: Refits under permuted labels: their largest value marks the 95 % level.
_REFITS = 20


@dataclass(frozen=True, slots=True)
class Mixture:
    """Gaussian mixtures of both samples, their number of components chosen by BIC [1]_.

    The log ratio of the two is taken at rows that were not fitted to (five folds), normalised,
    averaged over P, and extrapolated along the learning curve, see `klcli.joint.functional`.

    When to use: clusters, or smooth rows of 5 to 20 dimensions without heavy tails.

    Parameters
    ----------
    components : int
        Most components of a mixture.

    References
    ----------
    .. [1] C. Fraley, A. E. Raftery, "Model-based clustering, discriminant analysis, and density
       estimation", J. Am. Stat. Assoc. 97 (2002), 611-631.

    Examples
    --------
    >>> import numpy as np
    >>> from klcli.joint.mixture import Mixture
    >>> from klcli.rows import RowPair, Rows
    >>> rng = np.random.default_rng(16180339887498948482)
    >>> none = np.empty((4000, 0), dtype=int)
    >>> p, q = Rows(rng.normal(0.7, 1, (4000, 2)), none), Rows(rng.normal(size=(4000, 2)), none)
    >>> rows = RowPair(p, q, ("x", "y"), (), (), 4000, 4000)
    >>> round(Mixture()(rows, rng).value, 1)  # the truth is 0.49
    0.5
    """

    components: int = 8
    name: ClassVar[str] = "mixture"
    categorical: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.components < 1:
            raise UsageError("the number of components is below 1", "give 1 or more")

    def __call__(self, rows: RowPair, rng: Generator) -> JointPoint:
        """Estimate D(P‖Q)."""
        return self.both(rows, rng)[0]

    @one_thread_each()
    def both(self, rows: RowPair, rng: Generator) -> tuple[JointPoint, JointPoint]:
        """Estimate D(P‖Q) and D(Q‖P) from the same fits.

        Raises
        ------
        MissingExtraError
            Without scikit-learn.
        """

        def finite(p: Floats, q: Floats) -> tuple[JointPoint, JointPoint]:
            n = len(p)
            z = whitened(np.vstack([p, q]))
            label = np.arange(len(z)) < n
            starts = [chosen(z[side], self.components, rng) for side in (label, ~label)]
            whole, half = cross_fitted(
                Folds.draw(n, len(q), rng),
                partial(log_ratio, z, label, starts),
            )
            return with_findings(
                point(whole[:n], whole[n:], half[:n], half[n:]),
                point(-whole[n:], -whole[:n], -half[n:], -half[:n], ("Q", "P")),
                tuple(ties(p, q)),
            )

        # A fold leaves out a fifth, and half of the rest has to determine a covariance.
        return by_pattern(rows, lambda columns: 5 * (columns + 2), finite)

    @one_thread_each()
    def null(self, rows: RowPair, resamples: int, rng: Generator) -> tuple[float, Floats]:
        """Test on one half of the rows what was fitted to the other.

        Given the fits, labels in the half that they have not seen are exchangeable where P = Q,
        so the test is exact.

        Returns
        -------
        p_value : float
        values : ndarray, shape (min(resamples, 20),)
            Estimates from mixtures that were fitted anew to permuted labels, in nats.
        """
        check(rows, categorical=False)
        n, m = len(rows.p), len(rows.q)
        numbers = filled(np.vstack([rows.p.numbers, rows.q.numbers]))
        if not numbers.shape[1] or min(n, m) < 5 * (numbers.shape[1] + 2) or not resamples:
            return float("nan"), np.empty(0)
        z = whitened(numbers)
        label = np.arange(n + m) < n
        train = Folds.draw(n, m, rng).half
        starts = [chosen(z[side & train], self.components, rng) for side in (label, ~label)]
        score = log_ratio(z, label, starts, train, ~train)
        tested = label[~train]

        def statistic(labels: Floats) -> Floats:
            return np.array([evaluated(score[row > 0], score[row == 0])[0] for row in labels])

        observed, permuted = permuted_labels(
            int(tested.sum()), int((~tested).sum()), resamples, rng, statistic
        )

        values = np.empty(min(resamples, _REFITS))
        for i in range(len(values)):
            exchanged = z[rng.permutation(n + m)]
            folds, refitted = Folds.draw(n, m, rng), np.empty(n + m)
            for fitted, tried, is_half in folds.splits():
                if not is_half:
                    refitted[tried] = log_ratio(exchanged, label, starts, fitted, tried)
            values[i] = evaluated(refitted[:n], refitted[n:])[0]
        return p_value(observed, permuted), values


def chosen(rows: Floats, most: int, rng: Generator) -> Any:
    """Return a mixture of some of the rows with the number of components that BIC chooses.

    Raises
    ------
    MissingExtraError
        Without scikit-learn.
    """
    if len(rows) > _CHOSEN_BY:
        rows = rows[rng.choice(len(rows), _CHOSEN_BY, replace=False)]
    best, model, worse = np.inf, None, 0
    for count in range(1, most + 1):
        if model is not None and len(rows) < _ROWS_PER_PARAMETER * count * (rows.shape[1] + 1):
            break
        tried = _mixture(count, init_params="k-means++")
        _fit(tried, rows)
        bic = float(tried.bic(rows))
        if bic < best:
            best, model, worse = bic, tried, 0
        else:
            worse += 1
            if worse == _PATIENCE:
                break
    return model


def log_ratio(z: Floats, label: Bools, starts: list[Any], train: Bools, test: Bools) -> Floats:
    """Return log p/q at the rows `test` by mixtures fitted to the rows `train`.

    `starts` are mixtures of P and of Q from which the fit sets out.
    """
    scores = []
    for side, start in zip((label, ~label), starts, strict=True):
        model = _mixture(
            start.n_components,
            weights_init=start.weights_,
            means_init=start.means_,
            precisions_init=start.precisions_,
        )
        _fit(model, z[side & train])
        scores.append(model.score_samples(z[test]))
    result: Floats = scores[0] - scores[1]
    return result


def _mixture(count: int, **start: Any) -> Any:
    try:
        from sklearn.mixture import GaussianMixture
    except ImportError as error:
        raise MissingExtraError.for_extra("a mixture density", "joint") from error
    # A fixed seed, so that equal rows give equal fits.
    return GaussianMixture(count, reg_covar=_RIDGE, max_iter=200, random_state=0, **start)


def _fit(model: Any, rows: Floats) -> None:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # A fit that still creeps after 200 iterations is good enough to be compared by BIC.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows)
