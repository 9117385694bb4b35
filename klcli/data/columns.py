"""One column of two summarized sides made into its count table, with what there is to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.counts import ColumnTable, CountTable
from klcli.data.codes import codes
from klcli.data.count import folded, label_table, no_table, number_table
from klcli.data.grain import differently_rounded
from klcli.data.kinds import TEXT_ROWS, TEXT_SHARE, Reading
from klcli.data.profiles.resolution import too_coarse
from klcli.data.side import Side
from klcli.data.tallies import LABEL_CAP
from klcli.data.wording import counted, listed
from klcli.results import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.data.kinds import Decision
    from klcli.data.pairing import Pair
    from klcli.data.profiles.side import ProfileSide
    from klcli.typing import Floats


def column_table(
    pair: Pair,
    decision: Decision,
    p: Side | ProfileSide,
    q: Side | ProfileSide,
    counts: tuple[Floats, Floats, Floats] | None,
    *,
    drop: bool,
    forced: bool,
) -> ColumnTable:
    """Build the table of one column.

    Parameters
    ----------
    pair : Pair
        The column and its names.
    decision : Decision
        What it is taken for.
    p, q : Side
        Both sides, after `summarize`.
    counts : tuple of bounds, counts of P and counts of Q, or None
        For numeric columns, as `Side.count` has them.
    drop : bool
        Whether missing values are left out.
    forced : bool
        Whether the user asked for the kind: free text then counts as categories.
    """
    kind = decision.kind
    undefined = decision.problem or _nothing(pair, p, q, drop=drop)
    if undefined is None and counts is None and (undefined := _free_text(pair, p, q, forced)):
        kind = Kind.TEXT
    if undefined is not None:
        table = no_table()
    elif counts is not None:
        table = _numbers(pair, p, q, *counts, drop=drop)
    else:
        table = _labels(pair, p, q, drop=drop)
    if undefined is None and not (table.n_p and table.n_q):
        side = "Q" if table.n_p else "P"
        undefined = Finding("all-missing", f"{pair.name!r} has no value with a weight in {side}")
        table = no_table()
    findings = [*_noticed(pair, decision, p, q, forced)]
    if undefined is None and counts is not None:
        findings += _hidden(pair, table, p, q)
    return ColumnTable(
        pair.name,
        kind,
        table,
        p.summary(pair.p),
        q.summary(pair.q),
        tuple(findings),
        undefined,
    )


def _numbers(
    pair: Pair,
    p: Side | ProfileSide,
    q: Side | ProfileSide,
    bounds: Floats,
    of_p: Floats,
    of_q: Floats,
    *,
    drop: bool,
) -> CountTable:
    if drop:
        of_p[-1] = of_q[-1] = 0.0
    return number_table(
        of_p * p.scale(pair.p, drop=drop), of_q * q.scale(pair.q, drop=drop), bounds
    )


def _labels(pair: Pair, p: Side | ProfileSide, q: Side | ProfileSide, *, drop: bool) -> CountTable:
    return label_table(
        *folded(
            (p.labels[pair.p].counts(), q.labels[pair.q].counts()),
            (p.rest(pair.p), q.rest(pair.q)),
        ),
        (0.0, 0.0) if drop else (p.missing_weight(pair.p), q.missing_weight(pair.q)),
        (p.scale(pair.p, drop=drop), q.scale(pair.q, drop=drop)),
    )


def _nothing(
    pair: Pair, p: Side | ProfileSide, q: Side | ProfileSide, *, drop: bool
) -> Finding | None:
    """Say why there are no values to compare, if there are none."""
    present = p.gaps[pair.p].present, q.gaps[pair.q].present
    words = [
        side.numbers[name].words if name in side.numbers else 0
        for side, name in ((p, pair.p), (q, pair.q))
    ]
    for side, has, lacks in zip("PQ", present, words, strict=True):
        if lacks and not has:
            return Finding(
                "not-numeric",
                f"{pair.name!r} has no numbers in {side}, only words; "
                f"--categorical {pair.name} compares them as categories",
            )
    if not any(present):
        return Finding("all-missing", f"{pair.name!r} has no values on either side")
    if drop and not all(present):
        side = "Q" if present[0] else "P"
        return Finding("all-missing", f"{pair.name!r} has no values in {side}")
    return None


def _free_text(
    pair: Pair, p: Side | ProfileSide, q: Side | ProfileSide, forced: bool
) -> Finding | None:
    """Say why labels are not categories, if so many of them occur only once."""
    tallies = p.labels[pair.p], q.labels[pair.q]
    if any(tally.overflow for tally in tallies):
        return Finding(
            "text", f"{pair.name!r} has more than {LABEL_CAP:,} different values: not categories"
        )
    present = sum(tally.gaps.present for tally in tallies)
    once = sum(int((tally.counts()["rows"] == 1).sum()) for tally in tallies)
    if forced or present < TEXT_ROWS or once <= TEXT_SHARE * present:
        return None
    numbers = sum(side.views[name].evidence.numbers for side, name in ((p, pair.p), (q, pair.q)))
    hint = f"--categorical {pair.name} compares them as categories all the same"
    if numbers > 0:
        hint += f", --numeric {pair.name} the {numbers / present:.0%} that are numbers"
    return Finding(
        "text",
        f"{pair.name!r} looks like free text or identifiers: {once / present:.0%} of the values "
        f"occur only once; {hint}",
    )


def _hidden(
    pair: Pair, table: CountTable, p: Side | ProfileSide, q: Side | ProfileSide
) -> Iterator[Finding]:
    """Say what the cells of a profile do not tell apart."""
    for which, side, own, other, theirs in (
        ("P", p, pair.p, q, pair.q),
        ("Q", q, pair.q, p, pair.p),
    ):
        if side.cells(own) is not None:
            coarse = too_coarse(pair.name, table, which, other.finite(theirs))
            if coarse is not None:
                yield coarse


def _noticed(
    pair: Pair,
    decision: Decision,
    p: Side | ProfileSide,
    q: Side | ProfileSide,
    forced: bool,
) -> Iterator[Finding]:
    """Say what is odd about the values of a column, and what its sides cannot tell."""
    if decision.problem is None:
        for remark in (p.remark(pair.p, "P"), q.remark(pair.q, "Q")):
            if remark is not None:
                yield remark
    if pair.p not in p.numbers or pair.q not in q.numbers:
        return
    of_p, of_q = p.numbers[pair.p], q.numbers[pair.q]
    if of_p.words or of_q.words:
        code, what = "not-a-number", "not numbers"
        if Reading.TIME in {decision.p, decision.q}:
            code, what = "not-a-date", "not dates"
        some = sorted({*of_p.examples, *of_q.examples})[:3]
        yield Finding(
            code,
            f"{pair.name!r}: {what}, so counted as missing: {_each(of_p.words, of_q.words)}, "
            f"such as {listed(some)}",
        )
    infinite = of_p.below + of_p.above, of_q.below + of_q.above
    if any(infinite):
        yield Finding(
            "infinite-values",
            f"{pair.name!r}: infinite, with cells of their own: {_each(*infinite)}",
        )
    if isinstance(p, Side) and isinstance(q, Side):
        rounded = differently_rounded(
            pair.name, p.finite(pair.p), q.finite(pair.q),
            times=Reading.TIME in {decision.p, decision.q},
            single=(p.single(pair.p), q.single(pair.q)),
        )  # fmt: skip
        if rounded is not None:
            yield rounded
    if decision.kind is Kind.NUMERIC and not forced:
        sample = p.finite(pair.p), q.finite(pair.q)
        rows = (of_p.finite + of_q.finite) / max(sum(map(len, sample)), 1)
        coded = codes(pair.name, *sample, rows)
        if coded is not None:
            yield coded
    if of_p.beyond or of_q.beyond:
        yield Finding(
            "precision",
            f"{pair.name!r}: beyond 2^53, where neighbouring integers fall together: "
            f"{_each(of_p.beyond, of_q.beyond)}; --categorical {pair.name} tells them apart",
        )


def _each(of_p: int, of_q: int) -> str:
    parts = [
        f"{counted(count, 'value')} in {side}"
        for count, side in ((of_p, "P"), (of_q, "Q"))
        if count
    ]
    return " and ".join(parts)
