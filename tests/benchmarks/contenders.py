"""Estimators that `accuracy.py` compares: klcli's, textbook formulas, and other packages.

Other packages are called with their own defaults and never tuned. One that is not installed is
left out. infomeasure is under the AGPL: it is called here, where it is installed, and not part of
klcli.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.replications import klcli_estimate
from klcli.errors import KlcliError
from klcli.registry import DENSITIES, ESTIMATORS, JOINT, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.replications import Setting

NUMBERS = frozenset({"continuous", "mixed"})
DISCRETE = frozenset({"discrete", "categorical"})
ORDERED = NUMBERS | {"discrete"}
EVERY = NUMBERS | DISCRETE
#: Models with a fixed number of parameters: good where they hold, wrong elsewhere.
PARAMETRIC = ("gaussian", "mixture")


@dataclass(frozen=True)
class Contender:
    """One way to estimate D(P‖Q).

    Attributes
    ----------
    name : str
        In the tables.
    group : str
        ``default``, ``ours``, ``parametric``, ``reference`` (a formula) or ``peer`` (a package).
    kinds : frozenset of str
        Kinds of pairs that it can do.
    call : callable
        (setting, p, q) → nats; NaN where it refuses.
    package : str
        What has to be installed.
    most_rows, every : int
        Beyond so many rows, and in all but one of so many replications, it is left out unless
        ``--slow`` is given.
    """

    name: str
    group: str
    kinds: frozenset[str]
    call: Callable[[Setting, np.ndarray, np.ndarray], float]
    package: str = ""
    most_rows: int = 10**9
    every: int = 1

    @property
    def installed(self) -> bool:
        """Whether the package is there."""
        return not self.package or importlib.util.find_spec(self.package) is not None


def klcli(**options: Any) -> Callable[[Setting, np.ndarray, np.ndarray], float]:
    """Return klcli with options; where it reports ∞, its finite estimate."""

    def call(setting: Setting, p: np.ndarray, q: np.ndarray) -> float:
        try:
            result = klcli_estimate(setting, p, q, resamples=0, **options)
        except KlcliError:
            return math.nan
        return result.estimate if math.isfinite(result.estimate) else result.finite_estimate

    return call


def counts(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each value occurs on either side."""
    values, inverse = np.unique(np.concatenate([p, q]), return_inverse=True)
    size = len(values)
    return np.bincount(inverse[: len(p)], minlength=size), np.bincount(
        inverse[len(p) :], minlength=size
    )


def zhang_grabchak(x: np.ndarray, y: np.ndarray) -> float:
    """Σ x/n [ψ(m+1) − ψ(y+1) − ψ(n) + ψ(x)] (Zhang & Grabchak 2014, by harmonic numbers)."""
    from scipy.special import digamma

    n, m = x.sum(), y.sum()
    shown = x > 0
    x, y = x[shown], y[shown]
    return float(x / n @ (digamma(m + 1) - digamma(y + 1) - digamma(n) + digamma(x)))


def quantile_cells(_: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Zhang and Grabchak's estimate on 2(n + m)^⅓ cells with equal shares of the pooled rows."""
    pooled = np.sort(np.concatenate([p, q]))
    cells = round(2 * len(pooled) ** (1 / 3))
    edges = np.unique(pooled[len(pooled) * np.arange(1, cells) // cells])
    x, y = (
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(edges) + 1)
        for side in (p, q)
    )
    return zhang_grabchak(x, y)


def values(_: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Zhang and Grabchak's estimate on the values themselves."""
    return zhang_grabchak(*counts(p, q))


def jeffreys(_: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Plug-in estimate from counts to which ½ was added, in all cells that either side shows."""
    x, y = (side + 0.5 for side in counts(p, q))
    return float(x / x.sum() @ np.log(x / x.sum() / (y / y.sum())))


def augmented(_: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Augmented plug-in: Σ x/n log[(x/n) / ((y + c)/m)] with c = 1.

    Y. Bu, S. Zou, Y. Liang, V. V. Veeravalli, "Estimation of KL divergence: optimal minimax
    rate", IEEE Trans. Inf. Theory 64 (2018) 2648, section III: a constant is added to counts of Q
    only, and the sum is not normalised again.
    """
    x, y = counts(p, q)
    n, m = len(p), len(q)
    shown = x > 0
    x, y = x[shown], y[shown]
    return float(x / n @ np.log((x / n) / ((y + 1) / m)))


def infomeasure(setting: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """infomeasure with its defaults: nearest neighbours of numbers, frequencies of categories."""
    import infomeasure as im

    if setting.law.kind in NUMBERS:
        return float(im.kullback_leiber_divergence(p, q, approach="metric"))
    return float(im.kullback_leiber_divergence(*_codes(p, q), approach="discrete"))


def _codes(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the values, for packages that want integers."""
    _, inverse = np.unique(np.concatenate([p, q]), return_inverse=True)
    return inverse[: len(p)], inverse[len(p) :]


def universal_divergence(_: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """universal-divergence with its defaults: nearest neighbours, their number chosen by it."""
    import universal_divergence as package

    return float(package.estimate(p[:, None], q[:, None]))


def scipy_kde(_: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Mean over P's rows of the log ratio of two `scipy.stats.gaussian_kde`, as in tutorials."""
    from scipy.stats import gaussian_kde

    return float(np.mean(gaussian_kde(p).logpdf(p) - gaussian_kde(q).logpdf(p)))


def scipy_histogram(setting: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """`scipy.stats.entropy` of two `numpy.histogram` on edges that NumPy chooses for all rows."""
    from scipy.stats import entropy

    if setting.law.kind == "categorical":
        return float(entropy(*counts(p, q)))
    edges = np.histogram_bin_edges(np.concatenate([p, q]), bins="auto")
    if len(edges) > 10**6:  # a wild value among many: nobody's memory holds these bins
        return math.nan
    return float(entropy(np.histogram(p, edges)[0], np.histogram(q, edges)[0]))


def evidently(setting: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Evidently's KL drift score with P as its reference: D(reference‖current)."""
    import pandas as pd
    from evidently.legacy.calculations.stattests.kl_div import kl_div_stat_test
    from evidently.legacy.core import ColumnType

    kind = ColumnType.Categorical if setting.law.kind == "categorical" else ColumnType.Numerical
    threshold = 0.1  # of its verdict, which is not looked at
    return float(kl_div_stat_test.func(pd.Series(p), pd.Series(q), kind, threshold)[0])


@cache
def contenders() -> dict[str, Contender]:
    """Return all of them by name; the default first.

    Slow ones take part in some of the samples only: kernels and mixtures take ten times as long
    as the default. What they are compared on is what both saw.
    """
    found = [
        Contender("klcli", "default", EVERY, klcli()),
        Contender("klcli histogram", "ours", ORDERED, klcli(density="histogram"), every=4),
        Contender("klcli kde", "ours", ORDERED, klcli(density="kde"), every=10),
    ]
    ready = ("frequency", "histogram", "kde", "ratio")
    for name in [*DENSITIES, *(name for name in JOINT if name not in DENSITIES)]:
        if name in ready:
            continue
        model = load(DENSITIES[name]) if name in DENSITIES else None
        categorical = model is not None and model.categorical
        kinds = DISCRETE if categorical else ORDERED
        group, every = ("parametric", 20) if name in PARAMETRIC else ("ours", 4)
        found.append(Contender(f"klcli {name}", group, kinds, klcli(density=name), every=every))
    for density, name in ESTIMATORS:
        if density == "frequency" and name not in ("plug-in", "monte-carlo"):
            call = klcli(density=density, estimator=name)
            found.append(Contender(f"klcli {name}", "ours", DISCRETE, call))
    found += [
        Contender("Zhang-Grabchak", "reference", DISCRETE, values),
        Contender("Zhang-Grabchak on quantiles", "reference", NUMBERS, quantile_cells),
        Contender("Jeffreys plug-in", "reference", DISCRETE, jeffreys),
        Contender("augmented plug-in", "reference", DISCRETE, augmented),
        # n² kernels.
        Contender("SciPy KDE", "peer", NUMBERS, scipy_kde, every=4),
        Contender("SciPy histogram", "peer", EVERY, scipy_histogram),
        Contender("Evidently", "peer", EVERY, evidently, "evidently"),
        Contender("infomeasure", "peer", EVERY, infomeasure, "infomeasure"),
        # An estimate takes half a second at 200 rows and ten at 1,000.
        Contender("universal-divergence", "peer", NUMBERS, universal_divergence,
                  "universal_divergence", most_rows=200, every=10),
    ]  # fmt: skip
    return {each.name: each for each in found}
