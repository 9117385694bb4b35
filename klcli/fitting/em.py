"""Mixtures of normal distributions by expectation and maximisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.fitting.normal_mixture import NormalMixture

if TYPE_CHECKING:
    from numpy.random import Generator

    from klcli.fitting.points import Points
    from klcli.typing import Floats

#: The narrowest component may have this share of the scale of the widest. Without such a bound the
#: likelihood has no maximum: a component on one row alone has as much as one likes.
NARROWEST: Final = 1e-3
_GAIN: Final = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """A mixture, after so many steps.

    Attributes
    ----------
    values : ndarray, shape (3·parts,)
        Weight, loc and scale of each component, in order of loc.
    narrow : bool
        Whether a component was held at the least scale.
    """

    values: Floats
    loss: float
    iterations: int
    narrow: bool


def fit_mixture(parts: int, points: Points, rng: Generator, *, most: int = 500) -> Mixed | None:
    """Return a local maximum of the likelihood from one random start; None if it collapses.

    References
    ----------
    .. [1] A. Dempster, N. Laird, D. Rubin, "Maximum likelihood from incomplete data via the EM
       algorithm", J. R. Statist. Soc. B 39 (1977) 1-38.
    .. [2] R. Hathaway, "A constrained formulation of maximum-likelihood estimation for normal
       mixture distributions", Annals of Statistics 13 (1985) 795, doi:10.1214/aos/1176349557.
    """
    family = NormalMixture(parts)
    x, w = points.values, points.weights
    values = _seeded(parts, points, rng)
    loss, narrow, step = math.inf, False, 0
    for step in range(1, most + 1):
        logs = family.part_logs(x, values)
        top = logs.max(axis=0)
        chances = np.exp(logs - top)
        total = chances.sum(axis=0)
        new = -float(w @ (top + np.log(total)))
        if not math.isfinite(new):
            return None
        if loss - new < _GAIN and step > 1:
            break
        loss = new
        shares = chances / total * w
        weights = shares.sum(axis=1)
        if weights.min() < 1e-12:
            return None
        locs = shares @ x / weights
        scales = np.sqrt((shares * (x - locs[:, None]) ** 2).sum(axis=1) / weights)
        least = NARROWEST * float(scales.max())
        narrow = bool((scales < least).any())
        scales = np.maximum(scales, least)
        values = np.column_stack([weights / weights.sum(), locs, scales]).ravel()
    return Mixed(in_order(values), loss, step, narrow)


def in_order(values: Floats) -> Floats:
    """Return the components in order of loc: they have no order of their own."""
    rows = values.reshape(-1, 3)
    return np.asarray(rows[np.argsort(rows[:, 1], kind="stable")].ravel())


def _seeded(parts: int, points: Points, rng: Generator) -> Floats:
    """Return a start: rows far from each other as centres (k-means++).

    References
    ----------
    .. [1] D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
    """
    x, w = points.values, points.weights
    centres = [float(rng.choice(x, p=w))]
    while len(centres) < parts:
        distance = np.min(np.abs(x[:, None] - np.array(centres)), axis=1) ** 2 * w
        if not distance.sum() > 0:
            centres.append(centres[0])
            continue
        centres.append(float(rng.choice(x, p=distance / distance.sum())))
    own = np.argmin(np.abs(x[:, None] - np.array(centres)), axis=1)
    spread = points.deviation
    rows = []
    for k, centre in enumerate(centres):
        share = float(w[own == k].sum())
        loc = float(w[own == k] @ x[own == k] / share) if share else centre
        scale = math.sqrt(float(w[own == k] @ (x[own == k] - loc) ** 2 / share)) if share else 0
        rows.append((max(share, 0.01), loc, max(scale, 0.1 * spread)))
    values = np.array(rows)
    values[:, 0] /= values[:, 0].sum()
    return np.asarray(values.ravel())
