"""The number of nearest neighbours, by cross-validation of the density ratio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.joint.neighbour_ratio import log_ratios
from klcli.results import Tuning

if TYPE_CHECKING:
    from klcli.typing import Floats

#: Numbers of neighbours tried: about a factor of 1.6 apart.
_TRIED: Final = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800)


def tune(p: Floats, q: Floats) -> Tuning:
    """Return the numbers of neighbours that were tried, and the best.

    The ratio p/q at a row, estimated without it, gives the probability that the row is of P if
    both samples are as likely. The score is the mean log of the probability of the sample that
    rows are from, both samples weighing the same; a proper score [1]_, so that in expectation
    the true ratio has the highest, and log ½ is that of a ratio that knows nothing. This is
    cross-validation of density ratios by classification [2]_, section 4.3. It
    finds the best ratio at a row; the divergence, a mean over rows, needs a little less smoothing.

    Parameters
    ----------
    p, q : ndarray, shape (n, d) and (m, d)
        Whitened rows, at least two of each. Numbers up to √min(n, m) are tried.

    References
    ----------
    .. [1] T. Gneiting, A. Raftery, "Strictly proper scoring rules, prediction, and estimation",
       Journal of the American Statistical Association 102 (2007) 359,
       doi:10.1198/016214506000001437.
    .. [2] M. Sugiyama, T. Suzuki, T. Kanamori, "Density Ratio Estimation in Machine Learning",
       Cambridge University Press 2012, doi:10.1017/CBO9781139035613.
    """
    most = math.isqrt(min(len(p), len(q)))
    tried = [k for k in _TRIED if k <= most]
    logs = [
        -np.logaddexp(0.0, -log_ratios(own, other, tried)).mean(axis=1)
        for own, other in ((p, q), (q, p))
    ]
    scores = np.mean(logs, axis=0).tolist()
    curve = tuple((float(k), score) for k, score in zip(tried, scores, strict=True))
    return Tuning.best(
        "neighbors", "both", "mean log probability of the true side of left-out rows", curve
    )
