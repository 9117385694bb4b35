"""From one source and a known distribution to counts of each column beside exact probabilities."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.counts import PooledSample, Summary
from klcli.data.bounds import is_atom, quantile_bounds
from klcli.data.groups import Progress
from klcli.data.kinds import decide
from klcli.data.opening import name_of, open_data
from klcli.data.pairing import pair_columns
from klcli.data.score_cells import Values, common_step, percent, place
from klcli.data.selection import EVERYTHING, Selection
from klcli.data.side import Side
from klcli.data.table import Table
from klcli.data.tabulate import silent
from klcli.data.wording import counted, listed
from klcli.divergences.cumulative import Cumulative
from klcli.divergences.known import Mixture
from klcli.errors import InputError
from klcli.known_counts import KnownColumn, KnownCounts, no_counts
from klcli.results import Finding, Kind, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.data.kinds import Decision
    from klcli.data.pairing import Pair
    from klcli.data.profiles.side import ProfileSide
    from klcli.divergences.known import Distribution
    from klcli.typing import Floats

_GROUP_COLUMNS: Final = 128
_NAMED: Final = 5
_HELD: Final = {
    Kind.DATETIME: "dates or times",
    Kind.CATEGORICAL: "words",
    Kind.BOOLEAN: "true and false",
    Kind.NUMERIC: "numbers",
}


@dataclass(frozen=True, slots=True)
class Against:
    """What a column is compared with: the distribution, and what was fitted of it."""

    known: Distribution
    fitted: tuple[tuple[str, float], ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownTabulation:
    """A source as counts beside a known distribution.

    Attributes
    ----------
    source : SourceInfo
        What was read.
    columns : tuple of KnownColumn
        One for each column, with what it is compared with.
    findings : tuple of Finding
        What concerns the whole source.
    """

    source: SourceInfo
    columns: tuple[tuple[KnownColumn, Against | None], ...]
    findings: tuple[Finding, ...]


def tabulate_known(
    given: Any,
    named: bool,
    against: Callable[[Floats, Floats], Against],
    selection: Selection = EVERYTHING,
    *,
    letters: tuple[str, str] = ("P", "Q"),
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> KnownTabulation:
    """Count the values of one source beside a known distribution.

    Parameters
    ----------
    given : path, NumPy array, data frame or profile
        As `klcli.data.tabulate.tabulate` takes them.
    named : bool
        Whether the distribution is one of named categories, not of numbers.
    against : callable
        Values and their rows → the distribution to compare them with.
    selection : Selection
        Columns, their kinds, weights. Missing values are left out in any case.
    letters : tuple of str
        What messages call the source and the distribution.
    seed : int
        Of the sample of rows, if there are more than 131,072.
    progress : callable, optional
        Told what is being done and how much of it is.

    Raises
    ------
    InputError
        If the source cannot be read, or none of its columns can be compared.
    """
    tell = progress or silent
    findings: list[Finding] = []
    with ExitStack() as cleanup:
        tell(f"opening {name_of(given)}", 0.0)
        opened = open_data(given, selection, findings, cleanup)
        pairs = pair_columns(list(opened.schema), list(opened.schema), selection, findings)
        steps = Progress(tell)
        side: Side | ProfileSide
        if isinstance(opened, Table):
            weight = selection.weight if selection.weight in opened.schema else None
            own = [pair.p for pair in pairs]
            opened.needed = opened.needed or tuple(own if weight is None else [*own, weight])
            side = Side(opened, (seed, 0), weight, steps.within(opened.source))
        else:
            side = opened
        columns = []
        for start in range(0, len(pairs), _GROUP_COLUMNS):
            group = pairs[start : start + _GROUP_COLUMNS]
            columns += _group(group, side, named, selection, against, letters)
    if side.weighted:
        findings.append(_weighting(selection.weight, side))
    if columns and all(column.undefined is not None for column, _ in columns):
        reasons = dict.fromkeys(
            column.undefined.message for column, _ in columns if column.undefined is not None
        )
        wrong, _, remedy = "; ".join(list(reasons)[:3]).partition("; ")
        raise InputError(wrong, remedy or "choose other columns with --column")
    tell("done", 1.0)
    return KnownTabulation(
        SourceInfo(name_of(given), side.rows), tuple(columns), tuple(dict.fromkeys(findings))
    )


def _group(
    pairs: Sequence[Pair],
    side: Side | ProfileSide,
    named: bool,
    selection: Selection,
    against: Callable[[Floats, Floats], Against],
    letters: tuple[str, str],
) -> list[tuple[KnownColumn, Against | None]]:
    side.start([pair.p for pair in pairs])
    decisions: dict[Pair, Decision] = {}
    while True:
        before, decisions = (
            decisions,
            {pair: _decide(pair, side, named, selection) for pair in pairs},
        )
        if decisions == before:
            break
        side.summarize({pair.p: decision.p for pair, decision in decisions.items()})
    return [_column(pair, decisions[pair], side, named, against, letters) for pair in pairs]


def _decide(pair: Pair, side: Side | ProfileSide, named: bool, selection: Selection) -> Decision:
    """Decide how to read a column, and whether it can be compared."""
    forced = selection.forced(pair) or side.forced(pair.p)
    view = side.views[pair.p]
    if named and forced is None:
        forced = Kind.CATEGORICAL
    if not named and forced is None and view.kind is Kind.BOOLEAN:
        forced = Kind.NUMERIC
    decision = decide(pair.name, view, view, forced)
    if decision.problem is None:
        problem = side.lacks(pair.p, decision.p) or _mismatch(pair, decision.kind, named)
        decision = replace(decision, problem=problem)
    return decision


def _mismatch(pair: Pair, kind: Kind, named: bool) -> Finding | None:
    if kind is (Kind.CATEGORICAL if named else Kind.NUMERIC):
        return None
    wanted = "named categories" if named else "numbers"
    text = (
        f"{pair.name!r} holds {_HELD.get(kind, kind)}, and the known distribution is of {wanted}"
    )
    remedy = f"--numeric {pair.name} reads what is a number in it"
    if kind is Kind.DATETIME:
        remedy = "subtract a start from it and compare the seconds"
    elif named:
        remedy = f"--categorical {pair.name} takes its values as names"
    return Finding("kind-mismatch", f"{text}; {remedy}")


def _column(
    pair: Pair,
    decision: Decision,
    side: Side | ProfileSide,
    named: bool,
    against: Callable[[Floats, Floats], Against],
    letters: tuple[str, str],
) -> tuple[KnownColumn, Against | None]:
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


def category_masses(known: Distribution) -> dict[str, float]:
    """Return the probability of each named category."""
    parts = known.parts if isinstance(known, Mixture) else (known,)
    weights = known.weights if isinstance(known, Mixture) else (1.0,)
    masses: dict[str, float] = {}
    for weight, part in zip(weights, parts, strict=True):
        for label, chance in zip(part.labels, dict(part.values)["p"], strict=True):
            masses[label] = masses.get(label, 0.0) + weight * chance
    return masses


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


def _weighting(weight: str | None, side: Side | ProfileSide) -> Finding:
    own = weight if isinstance(side, Side) else side.profile.weight
    text = f"rows are weighted by {own!r}; effective sample size: {side.effective_rows:,.1f} of "
    return Finding("weighted", f"{text}{side.rows:,}")
