"""What the data cannot tell beside a known distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.diagnostics.tails import heavy_shape
from klcli.onesample import normal
from klcli.onesample.bases import too_narrow
from klcli.results import Finding, Status

if TYPE_CHECKING:
    from klcli.known_counts import KnownCounts
    from klcli.typing import Floats

#: Below this number of rows a 95 % interval rests on the shape of the model more than on data.
_FEW: Final = 20
#: A tail is heavy where a one-sided 95 % bound of its shape lies above 1/2.
_INFINITE_VARIANCE: Final = 0.5
_ONE_SIDED: Final = 1.645
_FEWEST_ROWS: Final = 25
#: Rows that Q expects where P has none are no accident from here on: exp(−8) at either end, and
#: at one of n places between rows.
_SURE: Final = 8.0
#: The same for names of categories that P never shows, all of them together: 3 in 1,000.
_SURE_OF_NAMES: Final = 5.8
#: P's share of a stretch without rows is less than 3/n with 95 % confidence.
_AT_MOST: Final = 3.0
_MANY: Final = 1e9


@dataclass(frozen=True, slots=True)
class Doubt:
    """What stands against taking an estimate as it is.

    Attributes
    ----------
    status : Status
        OK if nothing does.
    findings : tuple of Finding
        Why.
    mass : float
        Probability where the other side has nothing.
    bound : float
        What the divergence is at least, in nats.
    """

    status: Status = Status.OK
    findings: tuple[Finding, ...] = ()
    mass: float = 0.0
    bound: float = 0.0


def few_rows(rows: float) -> list[Finding]:
    """Warn where an interval rests on more than the rows."""
    if rows >= _FEW:
        return []
    noun = "row" if rows < 1.5 else "rows"
    text = f"only {rows:,.0f} {noun} to estimate from; intervals are rough below {_FEW}"
    return [Finding("few-rows", text)]


def doubt_forward(table: KnownCounts, data: str, known: str) -> Doubt:
    """Look at D(data‖known), for which only the mean of log p/q over rows has to exist.

    The log ratio grows as half the square of the normal score of Q, whose tail over the rows is
    generalised Pareto: from shape 1/2 on, the variance of the mean is infinite.
    """
    if table.labels:
        return Doubt()
    if table.points and len(np.flatnonzero(table.p)) > 1 and too_narrow(table):
        text = f"the values of {data} lie so close together that no digits are left to tell their "
        text += f"density under {known}"
        return Doubt(Status.LOWER_BOUND, (Finding("saturated", f"{text}; a lower bound"),))
    if table.n_p < _FEWEST_ROWS:
        return Doubt()
    z = table.lower if table.points else normal.middle(table.lower, table.upper)
    shape, error = pareto_shape(z * z, table.p)
    if not shape - _ONE_SIDED * error > _INFINITE_VARIANCE:
        return Doubt()
    text = (
        f"the tail of {data} is too heavy for {known}: log p/q has Pareto shape {shape:.2f}, so "
    )
    text += "its variance is infinite"
    text += ", if not its mean" if shape > 1 else ""
    return Doubt(Status.LOWER_BOUND, (Finding("heavy-tail", f"{text}; a lower bound"),))


def pareto_shape(values: Floats, counts: Floats) -> tuple[float, float]:
    """Fit a generalised Pareto distribution to the largest rows; return shape and its error.

    The estimator of Zhang & Stephens [1]_ on the min(n/5, 3√n) largest rows, as for importance
    ratios [2]_.

    References
    ----------
    .. [1] J. Zhang, M. A. Stephens, "A new and efficient estimation method for the generalized
       Pareto distribution", Technometrics 51 (2009), 316-325, doi:10.1198/tech.2009.08017.
    .. [2] A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance
       sampling", J. Machine Learning Research 25 (2024), 1-58.
    """
    rows = counts.sum()
    size = int(min(rows / 5, 3 * math.sqrt(rows)))
    order = np.argsort(-values, kind="stable")
    from_top = np.cumsum(counts[order])
    places = np.searchsorted(from_top, np.arange(size + 1) + 0.5)
    largest = values[order][np.minimum(places, len(values) - 1)]
    excess = (largest[:-1] - largest[-1])[::-1]
    excess = excess[excess > 0]
    m = len(excess)
    if m < 5:
        return math.nan, math.nan
    grid = np.arange(1, 30 + int(math.sqrt(m)) + 1)
    quartile = excess[int(m / 4 + 0.5) - 1]
    theta = 1 / excess[-1] + (1 - np.sqrt(len(grid) / (grid - 0.5))) / (3 * quartile)
    shapes = np.log1p(-theta[:, None] * excess).mean(axis=1)
    likelihood = m * (np.log(-theta / shapes) - shapes - 1)
    weight = np.exp(likelihood - likelihood.max())
    mean = float(weight @ theta / weight.sum())
    shape = float(np.log1p(-mean * excess).mean())
    return shape, (1 + max(shape, 0.0)) / math.sqrt(m)


def doubt_reverse(table: KnownCounts, data: str, known: str) -> Doubt:
    """Look at D(known‖data), for which the rows must tell P's density wherever Q is."""
    if table.labels:
        return _unseen_names(table, data, known)
    n = table.n_p
    shown = np.flatnonzero(table.p)
    low, high = table.lower[shown], table.upper[shown]
    starts = np.concatenate([[-np.inf], high])
    ends = np.concatenate([low, [np.inf]])
    masses = np.exp(normal.log_mass(starts, ends))
    sure = np.full(len(masses), _SURE + math.log(max(n, 1.0)))
    sure[[0, -1]] = _SURE
    worst = int(np.argmax(n * masses - sure))
    findings, status, mass, bound = [], Status.OK, 0.0, 0.0
    if n * masses[worst] > sure[worst]:
        mass = float(masses[worst])
        where = (
            f"between two of its neighbouring values, near {table.values[shown[worst - 1]]:.6g}"
        )
        if worst == 0:
            where = f"below its smallest value {_shown(table, shown[0]):.6g}"
        elif worst == len(masses) - 1:
            where = f"above its largest value {_shown(table, shown[-1]):.6g}"
        text = f"{100 * mass:.2g} % of {known} lies where {data} has no rows, {where}"
        findings.append(Finding("outside-range", text))
        status, bound = Status.LOWER_BOUND, _two_cells(mass, _AT_MOST / n)
    middle = 0.5 * (high[:-1] + low[1:])
    cell = np.concatenate([[-np.inf], middle]), np.concatenate([middle, [np.inf]])
    expected = np.exp(normal.log_mass(*cell)) * _MANY
    for name, tail in (
        ("upper", heavy_shape(expected, table.p[shown])),
        ("lower", heavy_shape(expected[::-1], table.p[shown][::-1])),
    ):
        if tail > _INFINITE_VARIANCE:
            text = f"the {name} tail of {known} is too heavy for {data}: the density ratio has "
            text += f"Pareto shape {tail:.2f}, so its variance is infinite and the estimate a "
            findings.append(Finding("heavy-tail", f"{text}lower bound"))
            status = Status.LOWER_BOUND
            break
    return Doubt(status, tuple(findings), mass, bound)


def _shown(table: KnownCounts, place: int) -> float:
    return float(table.values[place])


def _unseen_names(table: KnownCounts, data: str, known: str) -> Doubt:
    unseen = np.flatnonzero(table.p == 0)
    if not len(unseen):
        return Doubt()
    q = np.exp(table.log_mass)
    mass = float(q[unseen].sum())
    order = unseen[np.argsort(-q[unseen], kind="stable")]
    named = ", ".join(repr(table.labels[place]) for place in order[:5])
    more = f" and {len(order) - 5:,} more" if len(order) > 5 else ""
    text = f"{data} never shows {named}{more}, which {known} has with {100 * mass:.2g} %"
    if table.n_p * mass > _SURE_OF_NAMES:
        return Doubt(Status.INFINITE, (Finding("unseen-categories", text),), mass)
    text += "; with so few rows, that may be chance"
    finding = Finding("unseen-categories", text)
    return Doubt(Status.LOWER_BOUND, (finding,), mass)


def _two_cells(q: float, p: float) -> float:
    """Return the divergence of two cells, to which merging can only lower that of all."""
    if q <= p or q >= 1:
        return 0.0
    return q * math.log(q / p) + (1 - q) * math.log((1 - q) / (1 - p))
