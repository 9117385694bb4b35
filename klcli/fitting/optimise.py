"""Minimises a smooth function of a few coordinates from one start, and tells what it found."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.fitting.differences import derivatives, quick_curvature, quick_slope

if TYPE_CHECKING:
    from klcli.fitting.differences import Objective
    from klcli.typing import Floats

#: Gradients below this are zero: a coordinate moves a value of size 1.
CONVERGED: Final = 1e-5
_WANTED: Final = 1e-7
#: Curvature below this is that of a plain: a coordinate may move by a thousand for a tenth of a nat
#: a million rows.
FLAT: Final = 1e-7
#: Calls of the function that a search may make, for each coordinate.
_CALLS: Final = 500
#: A search that gains less in so many steps has ended.
_GAIN, _PATIENCE = 1e-8, 3
#: A start with less slope needs no simplex search.
_NEAR: Final = 1e-2
#: From here on a matrix of second derivatives costs more than what it saves.
_MOST_EXACT: Final = 6
_ITERATIONS: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where a search ended.

    Attributes
    ----------
    free : ndarray, shape (coordinates,)
    value : float
    gradient : float
        Largest component of the gradient; NaN at a wall.
    hessian : ndarray, shape (coordinates, coordinates)
        NaN at a wall.
    iterations : int
    wall : bool
        Whether the function ends here: a step away it is infinite.
    least : bool
        Whether no point near by is lower, as at kinks and walls, which have no derivatives.
    """

    free: Floats
    value: float
    gradient: float
    hessian: Floats
    iterations: int
    wall: bool
    least: bool

    @property
    def settled(self) -> bool:
        """Whether the search ended in a minimum, smooth or not."""
        return self.converged or self.least

    @property
    def converged(self) -> bool:
        """Whether this is a smooth minimum: no slope, and curved upwards."""
        if not (self.gradient < CONVERGED and np.isfinite(self.hessian).all()):
            return False
        return bool((self._curvatures() > -FLAT).all())

    def _curvatures(self) -> Floats:
        if not len(self.free):
            return np.zeros(0)
        return np.asarray(np.linalg.eigvalsh(self.hessian), dtype=float)

    @property
    def plain(self) -> bool:
        """Whether the function rises in no direction: no minimum, but the end of everything."""
        return self.converged and len(self.free) > 0 and bool((self._curvatures() < FLAT).all())

    @property
    def flat(self) -> bool:
        """Whether the function does not rise in some direction."""
        return self.converged and bool((self._curvatures() < FLAT).any())


class Deadline(Exception):  # noqa: N818 - it is no error
    """The time for one search is over."""


class Watched:
    """A function that is told when to stop, and remembers the best point.

    What is no number counts as infinite.
    """

    def __init__(self, function: Objective, calls: int, seconds: float) -> None:
        self._function = function
        self._left = calls
        self._end = time.process_time() + seconds
        self.best: Floats | None = None
        self.value = math.inf

    def __call__(self, free: Floats) -> float:
        """Evaluate, and remember."""
        self._left -= 1
        if self._left < 0 or time.process_time() > self._end:
            raise Deadline
        value = self._function(free)
        value = math.inf if math.isnan(value) else value
        if value < self.value:
            self.best, self.value = np.array(free), value
        return value


def minimise(
    function: Objective, start: Floats, *, rough: bool = False, seconds: float = 60.0
) -> Optimum | None:
    """Search for a local minimum.

    By Newton steps in a trust region, which leave saddle points, or by BFGS in many dimensions;
    after a simplex search if the start is `rough`. None if the function is infinite at the start.

    References
    ----------
    .. [1] J. Nocedal, S. Wright, "Numerical Optimization" (2006), chapters 4 and 6.
    """
    watched = Watched(function, _CALLS * max(len(start), 1), seconds)
    iterations = 0
    last: Optimum | None = None
    try:
        first = watched(start)
        if first == -math.inf:
            return _late(watched, 0)
        if not math.isfinite(first):
            return None
        if not len(start):
            nothing = np.zeros((0, 0))
            return Optimum(start, first, 0.0, nothing, 0, wall=False, least=True)
        if rough and not _slopes(watched, start) < _NEAR:
            iterations += _simplex(watched, start, 1e-3, 250)
        for _ in range(2):
            before = watched.value
            iterations += _smooth(watched)
            if watched.value == -math.inf:
                return _late(watched, iterations)
            last = _here(watched, watched.best, watched.value, iterations)
            if last.settled:
                return last
            if last.wall or (rough and last.gradient > CONVERGED):
                iterations += _simplex(watched, watched.best, 1e-10, 200)
            elif float(np.linalg.eigvalsh(last.hessian)[0]) < -1e-6:
                _leave_saddle(watched, last.free, last.hessian)
            if not watched.value < before - 1e-10:
                break
    except Deadline:
        return _late(watched, iterations)
    if last is None or watched.value < last.value:
        last = _here(function, watched.best, watched.value, iterations)
    return last


def _late(watched: Watched, iterations: int) -> Optimum | None:
    if watched.best is None:
        return None
    unknown = np.full((len(watched.best),) * 2, math.nan)
    return Optimum(
        watched.best, watched.value, math.nan, unknown, iterations, wall=False, least=False
    )


def _here(function: Objective, at: Floats | None, value: float, iterations: int) -> Optimum:
    """Return a point with its derivatives."""
    assert at is not None
    gradient, hessian = derivatives(function, at)
    norm = math.nan if gradient is None else float(np.abs(gradient).max(initial=0.0))
    wall = gradient is None or not np.isfinite(hessian).all()
    least = math.isfinite(value) and not norm < CONVERGED and _least(function, at, value, hessian)
    return Optimum(at, value, norm, hessian, iterations, wall, least)


def _least(function: Objective, at: Floats, value: float, hessian: Floats) -> bool:
    """Whether no point near by is lower, along the coordinates and where the function curves."""
    directions = list(np.eye(len(at)))
    if np.isfinite(hessian).all():
        directions += list(np.linalg.eigh(hessian)[1].T)
    return not any(
        function(at + sign * step * way) < value - 1e-11
        for way in directions
        for step in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
        for sign in (1, -1)
    )


def _slopes(function: Objective, at: Floats) -> float:
    found = quick_slope(function, at)
    return float(np.abs(found).max()) if np.isfinite(found).all() else math.inf


def _smooth(watched: Watched) -> int:
    """Follow derivatives from the best point; return the number of iterations."""
    from scipy import optimize

    def jacobian(free: Floats) -> Floats:
        found = quick_slope(watched, free)
        if not np.isfinite(found).all():
            raise _Wall
        return found

    def hessian(free: Floats) -> Floats:
        return quick_curvature(watched, free)

    start = np.array(watched.best)
    method = "trust-exact" if len(start) <= _MOST_EXACT else "BFGS"
    options = {"gtol": _WANTED, "maxiter": _ITERATIONS}
    exact = {"hess": hessian} if method == "trust-exact" else {}
    try:
        with np.errstate(all="ignore"):
            found = optimize.minimize(
                watched, start, jac=jacobian, method=method, options=options,
                callback=_Patience(), **exact,
            )  # fmt: skip
    except (_Wall, np.linalg.LinAlgError, ValueError, OverflowError):
        return 0
    return int(found.nit)


class _Wall(Exception):  # noqa: N818
    """A difference reaches where the function is infinite."""


class _Patience:
    """Ends a search that no longer gains anything."""

    def __init__(self) -> None:
        self._values: list[float] = []

    def __call__(self, intermediate_result: Any) -> None:
        self._values.append(float(intermediate_result.fun))
        recent = self._values[-_PATIENCE - 1 :]
        if len(recent) > _PATIENCE and recent[0] - min(recent) < _GAIN:
            raise StopIteration


def _simplex(watched: Watched, at: Floats | None, close: float, calls: int) -> int:
    from scipy import optimize

    assert at is not None
    found = optimize.minimize(
        watched, at, method="Nelder-Mead",
        options={
            "xatol": close, "fatol": close * 1e-3, "maxfev": calls * len(at),
            "initial_simplex": _corners(at, min(0.4, close * 1e3)),
        },
    )  # fmt: skip
    return int(found.nit)


def _corners(at: Floats, step: float) -> Floats:
    """Return a simplex: scipy's own has hardly any size where a coordinate is 0."""
    return np.vstack([at, at + step * np.eye(len(at))])


def simplex(function: Objective, start: Floats) -> Floats:
    """Return a point better than `start`, roughly; the start where nothing is."""
    from scipy import optimize

    watched = Watched(function, _CALLS, 60.0)
    options = {
        "xatol": 1e-2, "fatol": 1e-4, "maxfev": 80 * len(start),
        "initial_simplex": _corners(start, 0.4),
    }  # fmt: skip
    try:
        if math.isfinite(watched(start)) and not _slopes(watched, start) < _NEAR:
            optimize.minimize(watched, start, method="Nelder-Mead", options=options)
    except Deadline:
        pass
    return start if watched.best is None else watched.best


def _leave_saddle(watched: Watched, at: Floats, hessian: Floats) -> None:
    _, vectors = np.linalg.eigh(hessian)
    for sign in (0.3, -0.3, 0.05, -0.05):
        watched(at + sign * vectors[:, 0])
