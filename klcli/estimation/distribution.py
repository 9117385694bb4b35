"""Which of two sides is a known distribution, and which distribution that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from klcli.divergences.written import is_distribution
from klcli.errors import UsageError
from klcli.known_counts import Against
from klcli.results import Finding

if TYPE_CHECKING:
    from klcli.divergences.fitted import Open
    from klcli.divergences.known import Distribution
    from klcli.typing import Floats


@dataclass(frozen=True, slots=True)
class KnownSide:
    """A distribution in the place of a dataset.

    Attributes
    ----------
    source : str
        What reports call it.
    known : Known, Mixture or None
        The distribution; None if some of its parameters are open.
    family : Open or None
        What is to be fitted.
    """

    source: str
    known: Distribution | None
    family: Open | None

    @property
    def named(self) -> bool:
        """Whether it is one of named categories."""
        return self.known is not None and self.known.kind == "categories"

    def against(self, values: Floats, counts: Floats) -> Against:
        """Return what to compare rows with: fitted to them where parameters are open."""
        if self.known is not None:
            return Against(self.known)
        from klcli.divergences.fitted import fit

        family = cast("Open", self.family)
        found = fit(family, values, counts)
        fitted = {name: float(dict(found.values)[name]) for name in family.free}
        told = ", ".join(f"{name} = {value:.6g}" for name, value in fitted.items())
        were = "was" if len(fitted) == 1 else "were"
        text = (
            f"{told} {were} fitted to these rows by maximum likelihood: the estimate is for the "
        )
        text += "nearest member of the family, and a lower bound for any other"
        return Against(found, tuple(fitted.items()), (Finding("fitted-parameters", text),))


def known_side(given: Any) -> KnownSide:
    """Return the distribution that something stands for.

    Raises
    ------
    UsageError
        If it cannot be read, or is not one of single values.
    """
    from klcli.divergences.build import described, distribution
    from klcli.divergences.fitted import opened

    if isinstance(given, str):
        family = opened(given)
        if family is not None:
            return KnownSide(given, None, family)
    known = distribution(given)
    if known.kind not in {"continuous", "discrete", "circular", "categories"}:
        raise UsageError(
            f"{given if isinstance(given, str) else known} is {described(known)}, and columns hold "
            "single values",
            "compare each column with its own distribution; two known distributions: kl exact",
        )
    return KnownSide(given if isinstance(given, str) else str(known), known, None)


def refuse_row_cap(max_rows: int | None) -> None:
    """Raise if rows are to be left out beside a known distribution."""
    if max_rows is not None:
        raise UsageError(
            "--max-rows means nothing against a known distribution: all rows count",
            "leave --max-rows out",
        )


def refuse_two(p: Any, q: Any) -> None:
    """Raise if both sides are distributions."""
    if is_distribution(p) and is_distribution(q):
        raise UsageError(
            "both sides are known distributions, so there is nothing to estimate",
            f'kl exact "{p}" "{q}"' if isinstance(p, str) and isinstance(q, str) else "kl exact",
        )
