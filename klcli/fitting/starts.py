"""Where searches start: what scipy.stats would begin with, for all of the target or a stretch of it."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.fitting.coordinates import placed
from klcli.fitting.em import fit_mixture
from klcli.fitting.normal_mixture import NormalMixture
from klcli.fitting.objectives import CrossEntropy
from klcli.fitting.optimise import simplex
from klcli.quantiles import middle_ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from klcli.fitting.points import Points, Shape
    from klcli.fitting.scipy_family import ScipyFamily
    from klcli.typing import Floats

#: Values that a rough fit looks at.
ROUGH: Final = 200
#: Scipy's own search takes minutes for these.
_ENDLESS: Final = frozenset({"levy_stable", "studentized_range", "gausshyper"})
_TRIED: Final = (1.0, 0.5, 2.0, 5.0, 0.1, 20.0, -0.5)


def start(family: ScipyFamily, values: Floats, *, full: bool) -> Floats | None:
    """Return parameters near those of the maximum likelihood of `values`.

    With `full` by scipy's own search, else by what it starts from; the best of those and of a
    few round numbers. None if nothing has a likelihood above 0.
    """
    candidates = list(_scipy(family, values, full=full))
    if not candidates or not any(math.isfinite(_loss(family, values, c)) for c in candidates):
        candidates += list(_round(family, values))
    losses = [(_loss(family, values, candidate), tuple(candidate)) for candidate in candidates]
    # Only if nothing else is there, one whose density is infinite at a value.
    possible = [one for one in losses if math.isfinite(one[0])] or [
        one for one in losses if one[0] == -math.inf
    ]
    return np.array(min(possible)[1]) if possible else None


def _loss(family: ScipyFamily, values: Floats, candidate: Floats) -> float:
    if math.isnan(family.support(candidate)[0]):
        return math.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = -float(family.log(values, candidate).mean())
    return loss if loss == loss else math.inf  # noqa: PLR0124 - NaN


def _scipy(family: ScipyFamily, values: Floats, *, full: bool) -> Iterator[Floats]:
    """Yield what scipy.stats fits."""
    if family.discrete:
        return
    full = full and family.name not in _ENDLESS
    fixed = {f"f{name}": value for name, value in family.fixed.items()}

    def first(function: Any, x0: Any, args: Any = (), disp: Any = 0) -> Any:  # noqa: ARG001
        return x0

    options: dict[str, Any]
    for options in ({"optimizer": first}, {}):
        if not options and not full:
            return
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = family.dist.fit(values, **fixed, **options)
        except Exception:  # noqa: BLE001, S112 - scipy raises what its families please
            continue
        yield np.array(found, dtype=float)
        yield _moved(family, np.array(found, dtype=float), values)


def _moved(family: ScipyFamily, found: Floats, values: Floats) -> Floats:
    """Return the same shapes where the values are: some families start at 0, whatever the data."""
    moved = np.array(found)
    for position in family.fitted:
        if family.names[position] == "loc":
            moved[position] = float(np.median(values))
        elif family.names[position] == "scale":
            moved[position] = float(values.std()) or 1.0
    return moved


def _round(family: ScipyFamily, values: Floats) -> Iterator[Floats]:
    """Yield round numbers for shapes, with a place and size that suit the values."""
    spread = float(values.std()) or 1.0
    low = float(values.min())
    places = (low - 0.1 * spread, float(values.mean()), float(np.median(values)))
    choices: list[tuple[float, ...]] = []
    for name in family.names:
        if name in family.fixed:
            choices.append((family.fixed[name],))
        elif name == "loc":
            choices.append(places)
        elif name == "scale":
            choices.append((spread, 2 * spread, 10 * spread))
        else:
            choices.append(_shapes(values))
    for chosen in itertools.islice(itertools.product(*choices), 4000):
        yield np.array(chosen)


def _shapes(values: Floats) -> tuple[float, ...]:
    """Return values that a shape may have; means, rates and probabilities of counts among them."""
    mean, variance = float(values.mean()), float(values.var())
    moments = [mean, 1 / mean if mean else 1.0, mean / variance if variance else 0.5]
    if variance > mean > 0:
        moments.append(mean * mean / (variance - mean))
    return tuple(dict.fromkeys([m for m in moments if math.isfinite(m)] + list(_TRIED)))


def supports(family: ScipyFamily | NormalMixture, points: Points) -> Iterator[tuple[float, float]]:
    """Yield supports that the family can have: of some, the sign of a shape decides."""
    if isinstance(family, NormalMixture):
        yield -math.inf, math.inf
        return
    found = near(family, points, (0.0, 1.0), np.random.default_rng(0))
    if found is None:
        return
    shapes = [i for i in family.fitted if family.names[i] not in {"loc", "scale"}]
    for signs in itertools.product((1.0, -1.0), repeat=min(len(shapes), 3)):
        tried = np.array(found)
        tried[shapes[: len(signs)]] *= signs
        yield family.support(tried)


def stretches(
    points: Points, shape: Shape, extra: int, rng: Generator, *, whole: bool
) -> Iterator[tuple[float, float]]:
    """Yield stretches of the target, by their probabilities: each mode, halves, random ones."""
    if whole:
        yield 0.0, 1.0
    yield from _modes(points, shape)
    yield 0.0, 0.5
    yield 0.5, 1.0
    for _ in range(extra):
        low, high = sorted(rng.uniform(0, 1, 2))
        middle, half = (low + high) / 2, max((high - low) / 2, 0.05)
        yield max(middle - half, 0.0), min(middle + half, 1.0)


#: Modes to start from, the largest ones, with at least such a share of the mass.
_MODES, _SHARE = 6, 0.02


def _modes(points: Points, shape: Shape) -> list[tuple[float, float]]:
    """Return the stretch around each mode, from one minimum of the density to the next."""
    x = np.unique(points.at(np.linspace(0.001, 0.999, 400)))
    x = np.unique(np.round(x)) if shape.discrete else np.unique(
        np.concatenate([x, np.linspace(x[0], x[-1], 400)])
    )  # fmt: skip
    if len(x) < 5:
        return []
    log = shape.log(x)
    dips = np.flatnonzero((log[1:-1] < log[:-2]) & (log[1:-1] <= log[2:])) + 1
    middle = middle_ranks(points.weights)
    edges = [0.0, *np.interp(x[dips], points.values, middle), 1.0]
    found = [pair for pair in itertools.pairwise(edges) if pair[1] - pair[0] >= _SHARE]
    if len(found) < 2:
        return []
    return sorted(found, key=lambda pair: pair[0] - pair[1])[:_MODES]


def near(
    family: ScipyFamily | NormalMixture,
    points: Points,
    stretch: tuple[float, float],
    rng: Generator,
) -> Floats | None:
    """Return a rough fit to a stretch of the target."""
    values = points.sample(ROUGH, *stretch)
    if family.discrete:
        values = np.round(values)
    if isinstance(family, NormalMixture):
        mixed = fit_mixture(family.parts, type(points).of_rows(values), rng, most=30)
        return None if mixed is None else mixed.values
    found = start(family, values, full=False)
    if found is None:
        return None
    suited = placed(family, found, float(values.mean()), float(values.std()) or 1.0)
    loss = CrossEntropy(suited, type(points).of_rows(values))
    return suited.values(simplex(loss, suited.free(found)))
