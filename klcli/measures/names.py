"""From what `--divergence` says to divergences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klcli.errors import UsageError
from klcli.registry import ALL_DIVERGENCES, DIVERGENCES, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.measures.contract import Measure


def measures(names: Sequence[str]) -> tuple[Measure, ...]:
    """Return the divergences with these names, each once, in the order given.

    Parameters
    ----------
    names : sequence of str
        ``NAME`` or ``NAME:ARGUMENT``; ``all`` stands for one of each kind.

    Raises
    ------
    UsageError
        If a name is unknown, or its argument means nothing.
    """
    spelled = [each for name in names for each in (ALL_DIVERGENCES if name == "all" else (name,))]
    found: list[Measure] = []
    for each in spelled:
        name, _, argument = each.partition(":")
        if name not in DIVERGENCES:
            raise UsageError.unknown_choice("divergence", each, ["all", *DIVERGENCES])
        measure: Measure = load(DIVERGENCES[name]).parse(argument)
        if measure not in found:
            found.append(measure)
    return tuple(found)
