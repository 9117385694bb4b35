"""The values of a column of numbers, placed among the probabilities of a known distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.data.grain import rounding_step
from klcli.known_counts import KnownCounts, no_counts
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.divergences.cumulative import Cumulative
    from klcli.typing import Bools, Floats

#: Integers, or rounded values, that each get a cell; of more, those at quantiles of Q and those
#: that P shows.
_EACH: Final = 4000
#: Rows from which a value repeats beyond what coincidence or a few copied rows explain.
_REPEATS: Final = 5
#: How many times the rows of its neighbours a rounded value has that is a category of its own.
_SPIKE: Final = 10.0
#: Distinct values from which neighbours tell what is usual; one spike among so many.
_ENOUGH: Final = 20
#: Share of rows on repeated values from which rounding is worth a word.
_WORTH_A_WORD: Final = 0.05
#: Beyond this normal score, probabilities are too small for floating-point numbers.
_FARTHEST: Final = 37.5
_NAMED: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Rows of P on the scale of Q's normal scores.

    Attributes
    ----------
    table : KnownCounts
        Rows whose values Q can take.
    outside : float
        Rows whose values have probability zero.
    infinite : Finding or None
        Names those values.
    findings : tuple of Finding
        What was noticed.
    """

    table: KnownCounts
    outside: float
    infinite: Finding | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The values of a column of numbers.

    Attributes
    ----------
    values : ndarray of float, shape (values,)
        Increasing; infinite ones stand at the ends.
    rows : ndarray of float, shape (values,)
        Rows of each, or of a narrow cell around it.
    repeats : ndarray of float, shape (values,)
        Rows that are known to hold the very value.
    """

    values: Floats
    rows: Floats
    repeats: Floats


def place(column: Values, known: Cumulative, letters: tuple[str, str]) -> Placed:
    """Count the rows of P in cells whose probability under Q is known.

    A value of a continuous distribution is a point. Values that are rounded are not: they stand
    for all that is rounded to them, and so for Q's probability of that interval. Values that
    repeat without a common step have a probability that no density has.

    Parameters
    ----------
    column : Values
        Its values and their rows.
    known : Cumulative
        Q.
    letters : tuple of str
        What messages call the rows and the distribution.
    """
    values, counts, repeats = column.values, column.rows, column.repeats
    if known.circular:
        values, counts, repeats = _turned(column, known)
    finite = np.isfinite(values)
    never, repeated = ~finite, np.zeros(len(values), dtype=bool)
    step, half = 1.0, 0.0
    if not known.discrete:
        step = common_step(values[finite], repeats[finite])
        half = step / 2
    findings: list[Finding] = []
    if step:
        with np.errstate(invalid="ignore"):
            low = known.scores(values - (half or 1.0))
            high = known.scores(values + half)
        # An interval of no probability beyond an end of the support, not far out in a tail.
        never |= ~(low < high) & known.impossible(values)
        if half:
            repeated = finite & ~never & _spikes(values, repeats, step)
            findings += _rounded(repeats[finite], step, letters)
        else:
            never[finite] = known.impossible(values[finite])
    else:
        never[finite] = known.impossible(values[finite])
        repeated = finite & ~never & (repeats >= _REPEATS)
        findings += _copied(repeats[finite & ~never & ~repeated], letters[0])
    gone = never | repeated
    table = (
        _cells(values[~gone], counts[~gone], known, step, half)
        if step
        else _points(values[~gone], counts[~gone], known)
    )
    findings += _out_of_reach(values[~gone], counts[~gone], known, letters)
    outside = float(counts[gone].sum())
    infinite = _named(values, counts, never, repeated, letters) if outside else None
    return Placed(table, outside, infinite, tuple(findings))


def _turned(column: Values, known: Cumulative) -> tuple[Floats, Floats, Floats]:
    """Return angles within one turn, in order."""
    finite = np.isfinite(column.values)
    turned = known.turned(np.where(finite, column.values, 0.0))
    turned = np.where(finite, turned, column.values)
    order = np.argsort(turned, kind="stable")
    return turned[order], column.rows[order], column.repeats[order]


def common_step(values: Floats, counts: Floats) -> float:
    """Return the step that values are rounded to, if any repeats because of that; else 0."""
    if len(values) < 2 or not (counts > 1).any():
        return 0.0
    looked_at = values[np.linspace(0, len(values) - 1, min(len(values), 1000)).astype(np.intp)]
    return rounding_step(looked_at, float(np.finfo(float).eps), times=False)


def _spikes(values: Floats, counts: Floats, step: float) -> Bools:
    """Tell which rounded values are far more frequent than those beside them."""
    result = np.zeros(len(values), dtype=bool)
    if len(values) < _ENOUGH:
        return result
    beside = np.abs(np.diff(values)) < 1.5 * step
    left = np.concatenate([[0.0], np.where(beside, counts[:-1], 0.0)])
    right = np.concatenate([np.where(beside, counts[1:], 0.0), [0.0]])
    result = counts > _REPEATS + _SPIKE * np.maximum(left, right)
    # A lattice that is mostly gaps is no evidence against any of its values.
    return result if result.sum() <= len(values) / _ENOUGH else np.zeros_like(result)


def _rounded(counts: Floats, step: float, letters: tuple[str, str]) -> list[Finding]:
    if counts[counts > 1].sum() < _WORTH_A_WORD * counts.sum():
        return []
    data, known = letters
    text = f"the values of {data} are multiples of {step:.3g}, and no density gives a "
    text += "single value a probability: taken literally, the divergence is infinite. Here each "
    text += f"stands for all that is rounded to it, of which {known}'s probability is known"
    return [Finding("rounded", text)]


def _copied(counts: Floats, data: str) -> list[Finding]:
    share = float(counts[counts > 1].sum() / max(counts.sum(), 1.0))
    if share < _WORTH_A_WORD:
        return []
    text = f"{100 * share:.3g} % of the rows of {data} repeat a value, which draws from a "
    return [
        Finding("ties", text + "density never do; if rows were copied, the interval is too short")
    ]


def _named(
    values: Floats, counts: Floats, never: Bools, repeated: Bools, letters: tuple[str, str]
) -> Finding:
    parts = []
    total = float(counts.sum())
    data, known = letters
    for mask, one, many in (
        (never, f"that {known} never takes", f"that {known} never takes"),
        (repeated, "that repeats, as no density has it", "that repeat, as no density has them"),
    ):
        if not mask.any():
            continue
        order = np.flatnonzero(mask)[np.argsort(-counts[mask], kind="stable")]
        shown = ", ".join(f"{values[place]:.10g}" for place in order[:_NAMED])
        more = f" and {len(order) - _NAMED:,} more" if len(order) > _NAMED else ""
        share = percent(float(counts[mask].sum()) / total)
        noun, what = ("value", one) if len(order) == 1 else ("values", many)
        parts.append(f"{noun} of {data} {what}: {shown}{more}; {share} of its rows")
    return Finding("unseen-categories", "; ".join(parts))


def percent(share: float) -> str:
    """Return a share of the rows in per cent, with two digits."""
    return "100 %" if share >= 0.995 else f"{100 * share:.2g} %"


def _points(values: Floats, counts: Floats, known: Cumulative) -> KnownCounts:
    z = known.scores(values)
    inside = z[np.isfinite(z)]
    if not known.circular and len(inside):
        # The very end of the support: a little before the next value.
        low, high = known.support()
        z = np.where((values == low) & ~np.isfinite(z), inside[0] - 0.5, z)
        z = np.where((values == high) & ~np.isfinite(z), inside[-1] + 0.5, z)
    z = np.clip(z, -_FARTHEST, _FARTHEST) if not np.isfinite(z).all() else z
    order = np.argsort(z, kind="stable")
    z, values, counts = z[order], values[order], counts[order]
    return KnownCounts(counts, z, z, values, (), np.empty(0))


def _cells(
    values: Floats, counts: Floats, known: Cumulative, step: float, half: float
) -> KnownCounts:
    """Return contiguous cells; bounds are the upper ends of values of the lattice."""
    if not len(values):
        return no_counts()
    low, high = known.range(float(values[0]), float(values[-1]))
    first, last = np.floor(low / step) - 1, np.ceil(high / step) + 1
    if last - first <= _EACH:
        lattice = np.arange(first, last + 1)
    else:
        own = np.round(values / step)
        # Evenly, and closer and closer towards the smaller end, where long tails begin.
        even = np.linspace(first, last, _EACH // 8)
        some = np.round([*even, *(first + np.geomspace(1, last - first, _EACH // 8))])
        lattice = np.unique(np.concatenate([some, own - 1, own, [first, last]]))
    ends = lattice * step + half
    z = known.scores(ends)
    # An open cell beyond either end holds the rest.
    z, ends = z[np.isfinite(z)], ends[np.isfinite(z)]
    keep = np.diff(z, prepend=-np.inf) > 0
    z, ends = z[keep], ends[keep]
    cell = np.searchsorted(ends, values - 0.25 * step * (half > 0), side="left")
    p = np.bincount(cell, counts, len(z) + 1).astype(float)
    shown = np.append(ends, ends[-1] + step if len(ends) else 0.0)
    return KnownCounts(p, np.append(-np.inf, z), np.append(z, np.inf), shown, (), np.empty(0))


def _out_of_reach(
    values: Floats, counts: Floats, known: Cumulative, letters: tuple[str, str]
) -> list[Finding]:
    """Say how many rows lie where probabilities under Q underflow."""
    if known.circular or not len(values):
        return []
    low, high = known.support()
    far = np.isinf(known.scores(values)) & (values > low) & (values < high)
    if not far.any():
        return []
    text = f"{percent(float(counts[far].sum() / counts.sum()))} of the rows lie so far "
    text += f"out that {letters[1]}'s probability beyond them is below 1e-300: the estimate is a lower bound"
    return [Finding("saturated", text)]
