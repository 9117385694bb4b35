"""Several divergences of two known distributions, each in its directions."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.divergences.build import described
from klcli.divergences.further import EVERY, ORDERED, Named, named
from klcli.divergences.outcome import Outcome
from klcli.divergences.report import LOGARITHMIC, Exact
from klcli.errors import UsageError
from klcli.results import SYMMETRIC, Direction, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.divergences.known import Distribution

_KINDS: Final = ("continuous", "discrete", "categories")
#: What is computed; Σ for integers and categories.
_FORMULAS: Final = {
    "jeffreys": "D(1‖2) + D(2‖1)",
    "js": "½·D(1‖M) + ½·D(2‖M), M = (1 + 2)/2",
    "hellinger": "√(½·∫ (√p − √q)² dx)",
    "tv": "½·∫ |p − q| dx",
    "chi2": "∫ (p − q)²/q dx",
    "renyi": "log(∫ p^{a:g}·q^({b:g}) dx)/({c:g})",
    "wasserstein": "∫ |F − G| dx",
    "energy": "√(2·∫ (F − G)² dx)",
    "ks": "max |F − G|",
}


def several(
    p: Distribution,
    q: Distribution,
    names: Sequence[str],
    directions: Sequence[Direction],
    kullback: Callable[[Direction], Exact],
    factor: float,
) -> tuple[Exact, ...]:
    """Return every divergence that was named, in the order of the names.

    Parameters
    ----------
    names : sequence of str
        "all" stands for one of each kind that the distributions have.
    directions : sequence of Direction
        Of those that are not symmetric.
    kullback : callable
        D(P‖Q) or D(Q‖P) in nats.
    factor : float
        Size of a nat in the unit of the report.

    Raises
    ------
    UsageError
        If a divergence is not of such distributions.
    """
    wanted: list[tuple[Named, Direction | str]] = []
    for text in names:
        every = EVERY if text == "all" else (text,)
        for one in map(named, every):
            if text == "all" and p.kind == "categories" and one.kind in ORDERED:
                continue
            _check(p, one)
            ways: Sequence[Direction | str] = (SYMMETRIC,) if one.symmetric else directions
            if one.kind == "reverse":
                one, ways = Named("kl"), (Direction.REVERSE,)  # noqa: PLW2901
            wanted += [(one, way) for way in ways if (one, way) not in wanted]
    found = []
    for one, way in wanted:
        if one.kind == "kl":
            result = kullback(Direction(way))
        elif one.kind == "jeffreys":
            result = _jeffreys(*map(kullback, Direction))
        else:
            sides = (q, p) if way == Direction.REVERSE else (p, q)
            result = _told(one, way, *_outcome(*sides, one))
        found.append(result.scaled(factor) if one.kind in LOGARITHMIC else result)
    return tuple(found)


def _check(p: Distribution, one: Named) -> None:
    if one.kind in {"kl", "reverse", "jeffreys"}:
        return
    if p.kind not in _KINDS:
        raise UsageError(
            f"{one.name} is computed of numbers and of categories, and these distributions are "
            f"{described(p)}",
            "--divergence kl or jeffreys",
        )
    if p.kind == "categories" and one.kind in ORDERED:
        raise UsageError(
            f"{one.name} needs numbers: categories have no order and no distances",
            "--divergence tv or js",
        )


def _jeffreys(there: Exact, back: Exact) -> Exact:
    value = there.value + back.value
    worst = next((each for each in (there, back) if each.status != Status.OK), there)
    if math.isinf(value):
        worst = next(each for each in (there, back) if math.isinf(each.value))
    method = there.method if there.method == back.method else worst.method
    return replace(
        there, divergence="jeffreys", direction=SYMMETRIC, value=value, entropy=math.nan,
        cross_entropy=math.nan, entropy_error=math.nan, status=worst.status, reason=worst.reason,
        error_bound=there.error_bound + back.error_bound, method=method,
        standard_error=math.hypot(there.standard_error, back.standard_error),
        formula=_FORMULAS["jeffreys"], source="",
    )  # fmt: skip


def _outcome(p: Distribution, q: Distribution, one: Named) -> tuple[str, Outcome]:
    """Return the method and what it gives."""
    from klcli.divergences.distances import between, of_categories, summed
    from klcli.divergences.known import category_masses
    from klcli.divergences.models import model
    from klcli.divergences.trapezoid import SLOW

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy's, about densities far out
        if p.kind == "categories":
            first, second = category_masses(p), category_masses(q)
            labels = dict.fromkeys((*first, *second))
            vectors = [np.array([side.get(label, 0.0) for label in labels])
                       for side in (first, second)]  # fmt: skip
            return "summation", of_categories(vectors[0], vectors[1], one)
        if p.kind == "discrete":
            return "summation", summed(model(p), model(q), one)
        plain = model(p)
        dear = {part.dist.name for side in (plain, model(q)) for part in side.parts} & SLOW
        if dear:
            text = f"densities of {', '.join(sorted(dear))} take too long for any but kl"
            return "quadrature", Outcome(math.nan, 0.0, text)
        low, high = plain.support
        # Floats are densest around 0.
        shift = low if math.isfinite(low) else high if math.isfinite(high) else plain.middle
        return "quadrature", between(model(p, shift), model(q, shift), one)


def _told(one: Named, way: str, method: str, found: Outcome) -> Exact:
    status, value = Status.OK, found.value
    if math.isnan(value):
        status = Status.UNDEFINED
    elif math.isinf(value):
        status = Status.INFINITE
    elif found.lower_bound:
        status = Status.LOWER_BOUND
    formula = _FORMULAS[one.kind].format(a=one.alpha, b=1 - one.alpha, c=one.alpha - 1)
    if method == "summation":
        formula = formula.replace("∫", "Σ").replace(" dx", "")
    return Exact(
        one.name, str(way), value, math.nan, math.nan, str(status), found.error, 0.0, math.nan,
        method, formula, "", found.reason or found.lower_bound,
    )  # fmt: skip
