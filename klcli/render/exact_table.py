"""How `kl exact` computes: each way with the families it is for, from the tables of families."""

from __future__ import annotations

from typing import Final

from klcli.divergences.build import FAMILIES
from klcli.divergences.closed_vector import VECTOR
from klcli.divergences.names import NUMERIC


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


_CLOSED: Final = sorted({*FAMILIES, *(p for p, q in VECTOR if p == q)})

#: (name, summary, use, source).
ROWS: Final = (
    (
        "closed-form",
        "A formula, right to some units in the last place; -v prints it.",
        (
            f"P and Q of one of {len(_CLOSED)} families: {_listed(_CLOSED)}. Parameters that a formula "
            "needs to be equal, such as n of binom or loc of gamma, must be. Also for many pairs of two "
            "families: those that are one on the log scale, and any with known moments against norm "
            "or expon."
        ),
        (
            "Gil, Alajaji & Linder, Information Sciences 249 (2013) 124; Banerjee et al., J. Mach. "
            "Learn. Res. 6 (2005) 1705; each formula names its own"
        ),
    ),
    (
        "support",
        "Infinite, because P has mass where Q has none.",
        "Whatever the families.",
        "",
    ),
    (
        "summation",
        "The sum over all integers that matter, with a bound on what is left out.",
        (
            "Integers without a formula, and their mixtures. Sums that fall like a power of k are "
            "extrapolated; one that falls too slowly or takes millions of terms is refused."
        ),
        "Wynn, Math. Tables Aids Comput. 10 (1956) 91, doi:10.2307/2002183",
    ),
    (
        "quadrature",
        "Adaptive integration with an error estimated from its own refinement.",
        (
            "Numbers without a formula, and all mixtures of numbers. Every family of scipy.stats is "
            f"taken, besides those above: {_listed(list(NUMERIC))}."
        ),
        "Takahasi & Mori, Publ. RIMS 9 (1974) 721, doi:10.2977/prims/1195192451",
    ),
    (
        "monte-carlo",
        "The mean of log p/q over draws from P, with its standard error; --draws and --seed.",
        "Vectors, matrices and their mixtures without a formula.",
        "Hershey & Olsen, ICASSP 2007, doi:10.1109/ICASSP.2007.366913",
    ),
)
