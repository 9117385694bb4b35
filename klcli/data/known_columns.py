"""One column beside a known distribution: counts of its values, and exact probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from klcli.counts import PooledSample, Summary
from klcli.data.bounds import is_atom, quantile_bounds
from klcli.data.score_cells import Values, common_step, percent, place
from klcli.data.side import Side
from klcli.data.wording import counted, listed
from klcli.divergences.cumulative import Cumulative
from klcli.divergences.known import category_masses
from klcli.errors import InputError
from klcli.known_counts import Against, KnownColumn, KnownCounts, no_counts
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.data.kinds import Decision
    from klcli.data.pairing import Pair
    from klcli.data.profiles.side import ProfileSide
    from klcli.typing import Floats

_NAMED: Final = 5


def known_column(
    pair: Pair,
    decision: Decision,
    side: Side | ProfileSide,
    named: bool,
    against: Callable[[Floats, Floats], Against],
    letters: tuple[str, str],
) -> tuple[KnownColumn, Against | None]:
    """Count a column beside a distribution, or say why it cannot be compared."""
    summary, kind = side.summary(pair.p), decision.kind
    if named is False and decision.problem is None and side.views[pair.p].kind is Kind.BOOLEAN:
        kind = Kind.BOOLEAN
    empty = no_counts()
    undefined = decision.problem
    if undefined is None and not side.gaps[pair.p].present:
        undefined = Finding("all-missing", f"{pair.name!r} has no values")
    if undefined is None and decision.p.numeric and not side.numbers[pair.p].gaps.present:
        undefined = Finding("all-missing", f"{pair.name!r} has no numbers, only words")
    if undefined is not None:
        return KnownColumn(pair.name, kind, empty, summary, undefined=undefined), None
    findings = _noticed(pair, side, summary, letters[0])
    if named:
        with_names = against(np.empty(0), np.empty(0))
        return _labels(pair, kind, side, summary, with_names, findings, letters), with_names
    values = _numbers(pair, side)
    if not values.rows.sum() > 0:
        undefined = Finding("all-missing", f"{pair.name!r} has no value with a weight")
        return KnownColumn(pair.name, kind, empty, summary, undefined=undefined), None
    finite = np.isfinite(values.values)
    try:
        known = against(values.values[finite], values.rows[finite])
        placed = place(values, Cumulative(known.known), letters)
    except InputError as error:
        # What cannot be fitted to one column must not take the others down.
        undefined = Finding("not-applicable", f"{error.message}; {error.hint}")
        return KnownColumn(pair.name, kind, empty, summary, undefined=undefined), None
    findings += [*placed.findings, *known.findings]
    return KnownColumn(
        pair.name, kind, placed.table, summary, placed.outside, tuple(findings), placed.infinite,
        fitted=len(known.fitted),
    ), known  # fmt: skip


def _numbers(pair: Pair, side: Side | ProfileSide) -> Values:
    """Return the values of a column, and their rows, scaled to effective ones."""
    name = pair.p
    finite = side.finite(name)
    tally = side.numbers[name]
    if isinstance(side, Side) and side.complete and not side.weighted:
        values, repeats = np.unique(finite, return_counts=True)
        counts = repeats.astype(float)
        return _with_ends(values, counts, counts, float(tally.below), float(tally.above))
    own = side.cells(name)
    step = 0.0
    if own is not None:
        bounds = own
    else:
        distinct, repeats = np.unique(finite, return_counts=True)
        step = common_step(distinct, repeats.astype(float))
        bounds = np.unique(np.concatenate([distinct - step / 2, distinct + step / 2]))
        if not step:
            known = side.summary(name)
            bounds = quantile_bounds(PooledSample(finite, np.empty(0), False, known, known))
    inside = side.count({name: bounds})[name] * side.scale(name, drop=True)
    counts = inside[1:-2]
    lower, upper = np.concatenate([[-np.inf], bounds]), np.concatenate([bounds, [np.inf]])
    values = _typical(lower, upper, finite, side.whole(name))
    if step:
        values = np.round(values / step) * step
    # Of other cells it is not known whether their rows share one value.
    single = is_atom(lower, upper) if own is None else np.zeros(len(values), dtype=bool)
    shown = counts > 0
    sure = np.where(single | (step > 0), counts, np.minimum(counts, 1.0))
    return _with_ends(values[shown], counts[shown], sure[shown], inside[0], inside[-2])


def _with_ends(
    values: Floats, counts: Floats, repeats: Floats, below: float, above: float
) -> Values:
    """Add rows of −inf and inf, if there are any."""
    ends = np.array([below, above])
    keep = np.concatenate([ends[:1] > 0, np.ones(len(values), dtype=bool), ends[1:] > 0])
    both = [np.concatenate([ends[:1], each, ends[1:]])[keep] for each in (counts, repeats)]
    return Values(np.concatenate([[-np.inf], values, [np.inf]])[keep], *both)


def _typical(lower: Floats, upper: Floats, finite: Floats, complete: bool) -> Floats:
    """Return the mean of the values in each cell, or its middle where too few were sampled."""
    cell = np.searchsorted(lower, finite, side="right") - 1
    rows = np.bincount(cell, minlength=len(lower))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        mean = np.bincount(cell, finite, len(lower)) / rows
        middle = 0.5 * lower + 0.5 * upper
    middle = np.where(np.isfinite(middle), middle, np.where(np.isfinite(lower), lower, upper))
    enough = rows > (0 if complete else 1)
    result: Floats = np.where(enough, np.clip(mean, lower, upper), middle)
    return np.where(is_atom(lower, upper), lower, result)


def _labels(
    pair: Pair,
    kind: Kind,
    side: Side | ProfileSide,
    summary: Summary,
    against: Against,
    findings: list[Finding],
    letters: tuple[str, str],
) -> KnownColumn:
    masses = category_masses(against.known)
    frame = side.labels[pair.p].counts()
    rows = dict(zip(frame["label"].to_list(), frame["weight"].to_list(), strict=True))
    scale = side.scale(pair.p, drop=True)
    rest = side.rest(pair.p)
    if rest:
        rows["(all others)"] = rest
    rows = {label: weight * scale for label, weight in rows.items() if weight > 0}
    never = {label: count for label, count in rows.items() if masses.get(label, 0.0) == 0}
    infinite = None
    outside = sum(never.values())
    if never:
        names = sorted(never, key=lambda label: -never[label])
        share = percent(outside / sum(rows.values()))
        noun = "value" if len(names) == 1 else "values"
        text = f"{noun} of {letters[0]} that {letters[1]} never takes: {listed(names, _NAMED)}; {share} of its rows"
        infinite = Finding("unseen-categories", text)
    names = [label for label, mass in masses.items() if mass > 0]
    table = KnownCounts(
        np.array([rows.get(label, 0.0) for label in names]),
        np.empty(0), np.empty(0), np.empty(0),
        tuple(names),
        np.log(np.array([masses[label] for label in names])),
    )  # fmt: skip
    return KnownColumn(pair.name, kind, table, summary, outside, tuple(findings), infinite)


def _noticed(pair: Pair, side: Side | ProfileSide, summary: Summary, letter: str) -> list[Finding]:
    found = []
    words = side.numbers[pair.p].words if pair.p in side.numbers else 0
    if summary.missing:
        share = percent(summary.missing / max(summary.rows, 1))
        text = f"{counted(summary.missing, 'missing value')} ({share}) left out: "
        found.append(Finding("missing-left-out", text + "a known distribution has none"))
    if words:
        some = listed(list(side.numbers[pair.p].examples), 3)
        text = f"not numbers, so counted as missing: {counted(words, 'value')}"
        found.append(Finding("not-a-number", f"{text}, such as {some}"))
    if pair.p in side.numbers and (beyond := side.numbers[pair.p].beyond):
        text = "beyond 2^53, where neighbouring integers fall together: "
        found.append(Finding("precision", text + counted(beyond, "value")))
    remark = side.remark(pair.p, letter)
    return found if remark is None else [*found, remark]


def weighting(weight: str | None, side: Side | ProfileSide) -> Finding:
    """Say what the rows are weighted by."""
    own = weight if isinstance(side, Side) else side.profile.weight
    text = f"rows are weighted by {own!r}; effective sample size: {side.effective_rows:,.1f} of "
    return Finding("weighted", f"{text}{side.rows:,}")
