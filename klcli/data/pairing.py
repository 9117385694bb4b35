"""Which column of P is compared with which of Q."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from klcli.data.wording import listed, written_otherwise
from klcli.errors import InputError, nearest
from klcli.results import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from klcli.data.selection import Selection


@dataclass(frozen=True, slots=True)
class Pair:
    """A column to compare: what to call it, and its name on each side."""

    name: str
    p: str
    q: str

    @property
    def names(self) -> set[str]:
        """All the names that a user may mean it by."""
        return {self.name, self.p, self.q}


def pair_columns(
    p: Sequence[str], q: Sequence[str], selection: Selection, findings: list[Finding]
) -> tuple[Pair, ...]:
    """Pair the columns of both sides by name, in the order of P.

    Where each side has a single column, they are compared whatever their names are. The column of
    weights is not compared.

    Parameters
    ----------
    p, q : sequence of str
        Columns of each side.
    selection : Selection
        What the user asked for.
    findings : list of Finding
        Gains the columns that have no counterpart.

    Raises
    ------
    InputError
        If a name is unknown, or nothing is left to compare.
    """
    known = dict.fromkeys([*p, *q])
    weight = () if selection.weight is None else (selection.weight,)
    for option, names in (
        ("--column", selection.columns),
        ("--exclude", selection.exclude),
        ("--categorical", selection.categorical),
        ("--numeric", selection.numeric),
        ("--weight", weight),
    ):
        for name in names:
            if name not in known:
                raise _unknown(option, name, known)
    for name in selection.categorical:
        if name in selection.numeric:
            raise InputError(
                f"column {name!r} cannot be both categorical and numeric",
                "name it in one of --categorical and --numeric",
            )
    left_out = {*selection.exclude, *weight}
    left = [name for name in p if name not in left_out]
    right = [name for name in q if name not in left_out]
    if len(left) == len(right) == 1 and left != right:
        pairs = [_lone_pair(left[0], right[0], findings)]
    else:
        common = set(left) & set(right)
        pairs = [Pair(name, name, name) for name in left if name in common]
    if not pairs:
        alike = written_otherwise(left, right)
        raise InputError(
            f"no column is in both: P has {listed(left)}; Q has {listed(right)}",
            f"rename the columns of one{f' ({alike})' if alike else ''}, "
            "or check --exclude and --weight",
        )
    if selection.columns:
        for name in selection.columns:
            if not any(name in pair.names for pair in pairs):
                raise _not_common(name, left, right)
        pairs = [pair for pair in pairs if pair.names & set(selection.columns)]
    compared = {name for pair in pairs for name in pair.names}
    kinds = [*selection.categorical, *selection.numeric]
    idle = list(dict.fromkeys(name for name in kinds if name not in compared))
    if idle:
        findings.append(Finding("unmatched-pattern", idle_kinds(idle)))
    if selection.columns:
        return tuple(pairs)
    alone_p, alone_q = ([name for name in own if name not in compared] for own in (left, right))
    for side, alone, others in (("P", alone_p, alone_q), ("Q", alone_q, alone_p)):
        if alone:
            alike = written_otherwise(alone, others)
            findings.append(
                Finding(
                    f"only-in-{side.lower()}",
                    f"not compared, only in {side}: {listed(alone)}"
                    + (f"; {alike} of {'Q' if side == 'P' else 'P'}" if alike else ""),
                )
            )
    return tuple(pairs)


def idle_kinds(names: Sequence[str]) -> str:
    """Say that --numeric or --categorical is given for columns that are not compared."""
    which = "which is" if len(names) == 1 else "which are"
    return f"a kind is given for {listed(names)}, {which} not compared"


def _lone_pair(p: str, q: str, findings: list[Finding]) -> Pair:
    # A column of an array has no name of its own; the other side's says more.
    name = q if p == "x0" else p
    findings.append(
        Finding(
            "paired-by-position",
            f"each side has one column: {p!r} of P is compared with {q!r} of Q",
        )
    )
    return Pair(name, p, q)


def _unknown(option: str, name: str, known: Collection[str]) -> InputError:
    near = nearest(name, known, 3)
    if near:
        hint = f"did you mean {' or '.join(repr(match) for match in near)}?"
    else:
        hint = f"there are {listed(list(known))}"
    return InputError(f"{option}: no column {name!r} on either side", hint)


def _not_common(name: str, left: Sequence[str], right: Sequence[str]) -> InputError:
    if name in left or name in right:
        side = "P" if name in left else "Q"
        return InputError(
            f"--column: {name!r} is only in {side}", "a column is compared if both sides have it"
        )
    return InputError(
        f"--column: {name!r} is left out", "it is excluded, or holds the weights of the rows"
    )
