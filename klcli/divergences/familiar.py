"""Formulas of well-known families in their own parameters, for equal loc.

They are what the general formulas say for these families; a test evaluates both.
"""

from __future__ import annotations

from typing import Final

from klcli.divergences.formula import BREGMAN, GIL, KULLBACK

_GAMMA: Final = (
    "(a1 − a2)·ψ(a1) − log Γ(a1) + log Γ(a2) + a2·log(scale2/scale1) + a1·(scale1/scale2 − 1)"
)

#: Family → formula and source.
FAMILIAR: Final[dict[str, tuple[str, str]]] = {
    "erlang": (_GAMMA, f"{GIL}, table 2"),
    "expon": ("log(scale2/scale1) + scale1/scale2 − 1", f"{GIL}, table 2"),
    "gamma": (_GAMMA, f"{GIL}, table 2"),
    "halfnorm": ("log(scale2/scale1) + ((scale1/scale2)² − 1)/2", f"{GIL}, table 2"),
    "invgamma": (
        "(a1 − a2)·ψ(a1) − log Γ(a1) + log Γ(a2) + a2·log(scale1/scale2) + a1·(scale2/scale1 − 1)",
        BREGMAN,
    ),
    "lognorm": (
        "log(s2/s1) + (s1² + log(scale1/scale2)²)/(2·s2²) − 1/2",
        f"{KULLBACK}, chapter 9, on the log scale",
    ),
    "maxwell": ("3·log(scale2/scale1) + 3/2·((scale1/scale2)² − 1)", BREGMAN),
    "pareto": ("log(b1/b2) + b2/b1 − 1 + b2·log(scale1/scale2)", f"{GIL}, table 2"),
    "rayleigh": ("2·log(scale2/scale1) + (scale1/scale2)² − 1", f"{GIL}, table 2"),
    "weibull_min": (
        "log(c1/c2) + c2·log(scale2/scale1) − (1 − c2/c1)·γ + (scale1/scale2)^c2·Γ(1 + c2/c1) − 1",
        f"{GIL}, table 2",
    ),
}
