"""Families of vectors and matrices, and categories: their parameters, checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.divergences.known import Known
from klcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klcli.divergences.known import Value

#: Family → names of its parameters, in scipy's order.
VECTORS: Final[dict[str, tuple[str, ...]]] = {
    "dirichlet": ("alpha",),
    "invwishart": ("df", "scale"),
    "multinomial": ("n", "p"),
    "multivariate_normal": ("mean", "cov"),
    "multivariate_t": ("loc", "shape", "df"),
    "wishart": ("df", "scale"),
}
CATEGORICAL: Final = "categorical"
#: Sums of probabilities are off by so much through rounding of the parts to six digits.
_SUM = 1e-5


def vector(family: str, given: Mapping[str, Value]) -> Known:
    """Return a distribution of `VECTORS` from parameters by name."""
    if family == "dirichlet":
        alpha = _vector(family, "alpha", given["alpha"])
        if len(alpha) < 2 or min(alpha) <= 0:
            raise UsageError(
                "dirichlet: alpha must be two or more positive numbers", _EXAMPLE[family]
            )
        return Known(family, (("alpha", alpha),), "vector", len(alpha))
    if family == "multinomial":
        number, chances = _number(family, "n", given["n"]), _vector(family, "p", given["p"])
        if number < 0 or not number.is_integer():
            raise UsageError("multinomial: n must be a whole number from 0 up", _EXAMPLE[family])
        counted = (("n", number), ("p", probabilities(family, chances)))
        return Known(family, counted, "counts", len(chances))
    if family in {"wishart", "invwishart"}:
        scale = _matrix(family, "scale", given["scale"])
        df = _number(family, "df", given["df"])
        if df <= len(scale) - 1:
            text = f"{family}: df must exceed the number of rows less one, {len(scale) - 1}"
            raise UsageError(text, _EXAMPLE[family])
        return Known(family, (("df", df), ("scale", scale)), "matrix", len(scale))
    centre, spread = VECTORS[family][:2]
    at = _vector(family, centre, given[centre])
    around = _matrix(family, spread, given[spread])
    if len(at) != len(around):
        text = f"{family}: {centre} has {len(at)} numbers, but {spread} {len(around)} rows"
        raise UsageError(text, _EXAMPLE[family])
    pairs: list[tuple[str, Value]] = [(centre, at), (spread, around)]
    if family == "multivariate_t":
        freedom = _number(family, "df", given["df"])
        if freedom <= 0:
            raise UsageError(f"{family}: df must be positive, not {freedom:g}", _EXAMPLE[family])
        pairs.append(("df", freedom))
    return Known(family, tuple(pairs), "vector", len(at))


_EXAMPLE: Final = {
    "dirichlet": "write dirichlet([1, 2, 3])",
    "invwishart": "write invwishart(4, [[1, 0], [0, 1]])",
    "multinomial": "write multinomial(10, [0.2, 0.3, 0.5])",
    "multivariate_normal": "write multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])",
    "multivariate_t": "write multivariate_t([0, 0], [[1, 0.5], [0.5, 1]], 5)",
    "wishart": "write wishart(4, [[1, 0], [0, 1]])",
}


def categorical(values: tuple[float, ...], labels: tuple[str, ...] = ()) -> Known:
    """Return categories with these probabilities; without labels they are called 0, 1, 2, ….

    Without labels they are also the integers 0, 1, 2, …, which compare with other integers.
    """
    chances = probabilities(CATEGORICAL, values)
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise UsageError(f"categorical: {twice!r} is named twice", "give each category once")
    return Known(CATEGORICAL, (("p", chances),), "categories" if labels else "discrete", 1, labels)


def probabilities(family: str, values: tuple[float, ...]) -> tuple[float, ...]:
    """Return probabilities that sum to 1, or say what is wrong with them."""
    if not values:
        raise UsageError(
            f"{family}: there are no probabilities", "write categorical(0.2, 0.3, 0.5)"
        )
    wrong = next((value for value in values if not 0 <= value <= 1), None)
    if wrong is not None:
        raise UsageError(
            f"{family}: {wrong:g} is not a probability", "give numbers from 0 to 1 that sum to 1"
        )
    total = math.fsum(values)
    if abs(total - 1) > _SUM:
        raise UsageError(
            f"{family}: the probabilities sum to {total:.8g}, not 1",
            f"divide them by {total:.8g}, or add what is missing",
        )
    return tuple(value / total for value in values)


def _number(family: str, name: str, value: Value) -> float:
    if isinstance(value, tuple):
        raise UsageError(f"{family}: {name} must be a number, not a list", _EXAMPLE[family])
    return float(value)


def _vector(family: str, name: str, value: Value) -> tuple[float, ...]:
    row = value if isinstance(value, tuple) else (value,)
    if any(isinstance(item, tuple) for item in row) or not row:
        raise UsageError(f"{family}: {name} must be a list of numbers", _EXAMPLE[family])
    return tuple(map(float, row))


def _matrix(family: str, name: str, value: Value) -> tuple[tuple[float, ...], ...]:
    import numpy as np

    rows = value if isinstance(value, tuple) else ((value,),)
    square = all(isinstance(row, tuple) and len(row) == len(rows) for row in rows)
    if not square or any(isinstance(item, tuple) for row in rows for item in row):
        raise UsageError(f"{family}: {name} must be a square matrix", _EXAMPLE[family])
    matrix = np.array(rows, dtype=float)
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0):
        raise UsageError(f"{family}: {name} must be symmetric", _EXAMPLE[family])
    # A correlation of 1 − 1e-15 is one of 1 to the precision of its digits.
    if np.linalg.eigvalsh(matrix)[0] <= 1e-15 * np.abs(matrix).max():
        raise UsageError(f"{family}: {name} must be positive definite", _EXAMPLE[family])
    return tuple(tuple(map(float, row)) for row in rows)
