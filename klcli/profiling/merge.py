"""The profile of several parts of a dataset, from their profiles."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from klcli import __version__
from klcli.data.kinds import Declared, Evidence, Reading, View
from klcli.data.profiles.cells import merged
from klcli.data.profiles.profile import Labels, Numbers, Profile, absent
from klcli.data.profiles.reread import reread
from klcli.data.tallies import Missing
from klcli.data.wording import listed
from klcli.errors import InputError, UsageError
from klcli.profiling.columns import held_labels
from klcli.profiling.make import now
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.data.profiles.profile import ColumnProfile


def merge_profiles(profiles: Sequence[Profile]) -> Profile:
    """Return the profile of all rows together.

    Counts add up. Where cells of parts differ, ranks in between are guesses, whose error the
    profile states. Columns that a part lacks are missing there. A column that is free text in one
    part, which therefore holds none of its values, is free text in the whole.

    Parameters
    ----------
    profiles : sequence of Profile
        At least one. All at once give smaller errors than one after the other.

    Raises
    ------
    UsageError
        If there are none.
    InputError
        If some are weighted and others are not, or by another column.
    """
    if not profiles:
        raise UsageError("there is nothing to merge", "name two profiles or more")
    weights = list(dict.fromkeys(profile.weight for profile in profiles))
    if len(weights) > 1:
        named = [f"by {weight!r}" if weight is not None else "not" for weight in weights]
        raise InputError(
            f"profiles of different weighting: {' and '.join(named)} weighted",
            "make them again with the same --weight",
        )
    names = list(dict.fromkeys(each.name for part in profiles for each in part.columns))
    own = [{each.name: each for each in part.columns} for part in profiles]
    findings = [finding for part in profiles for finding in part.findings]
    lacking = {name: sum(name not in columns for columns in own) for name in names}
    if some := [name for name, count in lacking.items() if count]:
        findings.append(
            Finding(
                "part-columns",
                f"up to {max(lacking.values()):,} of {len(profiles):,} profiles lack "
                f"{listed(some, 5)}, whose values count as missing there",
            )
        )
    columns = []
    for name in names:
        like = next(parts[name] for parts in own if name in parts)
        columns.append(
            _column(
                [
                    parts.get(name)
                    or absent(like, part.rows, part.weight_sum, part.weight_squares)
                    for part, parts in zip(profiles, own, strict=True)
                ]
            )
        )
    return Profile(
        tuple(columns),
        sum(part.rows for part in profiles),
        tuple(origin for part in profiles for origin in part.origins),
        __version__,
        now(),
        {"merged": len(profiles)},
        weights[0],
        math.fsum(part.weight_sum for part in profiles),
        math.fsum(part.weight_squares for part in profiles),
        tuple(dict.fromkeys(findings)),
    )


def _column(parts: Sequence[ColumnProfile]) -> ColumnProfile:
    gaps = Missing(
        sum(part.gaps.rows for part in parts),
        sum(part.gaps.missing for part in parts),
        math.fsum(part.gaps.weight for part in parts),
        math.fsum(part.gaps.squares for part in parts),
    )
    told = [part for part in parts if part.gaps.present] or parts[:1]
    view = reduce(_both, (part.view for part in told))
    kind = _kind(told, view)
    forced = any(part.forced for part in told)
    whole = replace(told[0], kind=kind, view=view, gaps=gaps, forced=forced)
    withheld = next((part.withheld for part in told if part.values is None and part.withheld), "")
    if withheld:
        return replace(whole, reading=Reading.NONE, values=None, withheld=withheld)
    reading = next((part.reading for part in told if part.kind is kind), view.reading(kind))
    read = [reread(part, reading) for part in told]
    fine = [part for part in read if not isinstance(part, Finding)]
    if len(fine) < len(read):
        kinds = listed(sorted({str(part.kind) for part in told}))
        why = f"the parts hold different kinds ({kinds})"
        return replace(whole, reading=Reading.NONE, values=None, withheld=why)
    more = sum(part.gaps.missing for part in fine) - sum(part.gaps.missing for part in told)
    if more:  # words among numbers
        gaps = replace(
            gaps,
            missing=gaps.missing + more,
            weight=gaps.weight
            + sum(p.gaps.weight for p in fine)
            - sum(p.gaps.weight for p in told),
            squares=gaps.squares
            + sum(p.gaps.squares for p in fine)
            - sum(p.gaps.squares for p in told),
        )
    whole = replace(whole, gaps=gaps, reading=reading)
    numbers = [part.values for part in fine if isinstance(part.values, Numbers)]
    labels = [part.values for part in fine if isinstance(part.values, Labels)]
    if numbers:
        return replace(whole, values=_numbers(numbers))
    if labels:
        return replace(whole, values=_labels(labels))
    return replace(whole, values=None)


def _kind(parts: Sequence[ColumnProfile], view: View) -> Kind:
    kinds = {part.kind for part in parts}
    if len(kinds) == 1:
        return kinds.pop()
    if kinds == {Kind.NUMERIC, Kind.BOOLEAN}:
        return Kind.NUMERIC
    if Kind.TEXT in kinds:
        return Kind.TEXT
    return view.kind or Kind.CATEGORICAL


def _both(one: View, other: View) -> View:
    """Return what two parts of a column look like together."""
    views = [view for view in (one, other) if view.evidence.present] or [one]
    if len(views) == 1:
        return views[0]
    declared = one.declared
    if one.declared is not other.declared:
        pair = {one.declared, other.declared}
        declared = (
            Declared.NUMBER if pair == {Declared.NUMBER, Declared.BOOLEAN} else Declared.TEXT
        )
    seen = [_as_text(view) if declared is Declared.TEXT else view.evidence for view in views]
    first, second = seen
    total = Evidence(
        first.present + second.present,
        first.numbers + second.numbers,
        first.booleans + second.booleans,
        first.dates + second.dates,
        final=True,
    )
    lexical = one.lexical or other.lexical or one.declared is not other.declared
    return View(declared, lexical, total)


def _as_text(view: View) -> Evidence:
    """Return what the values of a column would look like if they were text."""
    present = view.evidence.present
    if view.declared is Declared.TEXT:
        return view.evidence
    return Evidence(
        present,
        present if view.declared is Declared.NUMBER else 0,
        present if view.declared is Declared.BOOLEAN else 0,
        present if view.declared is Declared.TIME else 0,
        final=True,
    )


def _numbers(parts: Sequence[Numbers]) -> Numbers:
    """Return the counts and moments of several parts together."""
    filled = [part for part in parts if part.finite]
    finite = sum(part.finite for part in filled)
    mean = squares = lowest = highest = math.nan
    if filled:
        # Chan, Golub & LeVeque (1983), Am. Stat. 37, eq. 2.1, for any number of parts.
        mean = math.fsum(part.mean * (part.finite / finite) for part in filled)
        squares = math.fsum(
            part.squares + part.finite * (part.mean - mean) ** 2 for part in filled
        )
        lowest = min(part.minimum for part in filled)
        highest = max(part.maximum for part in filled)
    return Numbers(
        merged([part.cells for part in parts]),
        sum(part.below for part in parts),
        sum(part.above for part in parts),
        math.fsum(part.below_weight for part in parts),
        math.fsum(part.above_weight for part in parts),
        sum(part.words for part in parts),
        sum(part.beyond for part in parts),
        finite,
        lowest,
        highest,
        mean,
        squares,
    )


def _labels(parts: Sequence[Labels]) -> Labels:
    import polars as pl

    sums = pl.col("rows").sum(), pl.col("weight").sum()
    summed = pl.concat([part.counts for part in parts]).group_by("label").agg(sums)
    rows, weight = int(summed["rows"].sum()), float(summed["weight"].sum())
    for part in parts:
        if part.rest_rows:  # among which may be any label that it does not name
            summed = summed.join(part.counts, on="label", how="semi")
    whole = held_labels(summed)
    lost = weight - float(whole.counts["weight"].sum())
    return Labels(
        whole.counts,
        rows - int(whole.counts["rows"].sum()) + sum(part.rest_rows for part in parts),
        max(lost, 0.0) + math.fsum(part.rest_weight for part in parts),
    )
