"""Closed forms between vectors, matrices and categories."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.divergences.closed_line import LEFT_OUT
from klcli.divergences.formula import BREGMAN, BY_PARTS, GIL, KULLBACK, Formula
from klcli.divergences.special import bernoulli, excess, lgamma_excess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.divergences.formula import Answer
    from klcli.divergences.known import Known


def same_labels(p: Known, q: Known) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the probabilities of both on the same categories, 0 where one lacks a category."""
    chances_p, chances_q = dict(p.values)["p"], dict(q.values)["p"]
    if p.labels:
        by_p = dict(zip(p.labels, chances_p, strict=True))
        by_q = dict(zip(q.labels, chances_q, strict=True))
        every = list(dict.fromkeys((*p.labels, *q.labels)))
        return tuple(by_p.get(x, 0.0) for x in every), tuple(by_q.get(x, 0.0) for x in every)
    size = max(len(chances_p), len(chances_q))
    return (
        (*chances_p, *[0.0] * (size - len(chances_p))),
        (*chances_q, *[0.0] * (size - len(chances_q))),
    )


def categorical(
    p: Sequence[float], q: Sequence[float], names: Sequence[str] = ()
) -> list[float] | str:
    """Return the terms Σ p·log(p/q) − p + q, none of which is negative."""
    if len(p) == 2:
        both = bernoulli(p[0], q[0])
        if math.isfinite(both):
            return [both]
    terms = []
    for one, other in zip(p, q, strict=True):
        if one > 0 and other == 0:
            return _missing(p, q, names)
        terms.append(one * excess(other, one) if one > 0 else other)
    return terms


def _missing(p: Sequence[float], q: Sequence[float], names: Sequence[str]) -> str:
    """Name what P has and Q lacks, the likeliest first."""
    lacking = [k for k, (one, other) in enumerate(zip(p, q, strict=True)) if one > 0 == other]
    lacking.sort(key=lambda k: -p[k])
    shown = ", ".join(repr(names[k]) if names else str(k) for k in lacking[:3])
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    share = math.fsum(p[k] for k in lacking)
    return f"{LEFT_OUT}: in {shown}{more}, which hold {share:.3g} of P"


def _categories(p: Known, q: Known) -> Answer:
    return categorical(*same_labels(p, q), tuple(dict.fromkeys((*p.labels, *q.labels))))


def _multinomial(p: Known, q: Known) -> Answer:
    (n1, p1), (n2, p2) = (tuple(dict(side.values).values()) for side in (p, q))
    if n1 != n2:
        return f"{LEFT_OUT}: the numbers of draws differ"
    terms = categorical(p1, p2)
    return terms if isinstance(terms, str) else [n1 * term for term in terms]


def _normal(p: Known, q: Known) -> Answer:
    import numpy as np

    (m1, c1), (m2, c2) = (tuple(np.array(value) for _, value in side.values) for side in (p, q))
    root = np.linalg.cholesky(c2)
    half = np.linalg.solve(root, c1)
    spread = np.linalg.eigvalsh(np.linalg.solve(root, half.T))
    moved = np.linalg.solve(root, m1 - m2)
    return [*(excess(float(r), 1.0) / 2 for r in spread), float(moved @ moved) / 2]


def _t_normal(p: Known, q: Known) -> Answer:
    """Take the cross-entropy by moments: P's covariance is df/(df − 2) times its shape."""
    import numpy as np

    from klcli.divergences.entropies import vector_entropy

    m1, shape, df = (np.array(value) for _, value in p.values)
    m2, cov = (np.array(value) for _, value in q.values)
    if df <= 2:
        return "the integral diverges: P's variance is infinite"
    root = np.linalg.cholesky(cov)
    half = np.linalg.solve(root, shape * (df / (df - 2)))
    spread = float(np.trace(np.linalg.solve(root, half.T)))
    moved = np.linalg.solve(root, m1 - m2)
    entropy = vector_entropy(p)
    logdet = 2 * float(np.log(np.diag(root)).sum())
    own = p.size * math.log(2 * math.pi) / 2 + logdet / 2
    return None if entropy is None else [own, spread / 2, float(moved @ moved) / 2, -entropy]


def _dirichlet(p: Known, q: Known) -> Answer:
    a1, a2 = dict(p.values)["alpha"], dict(q.values)["alpha"]
    each = [lgamma_excess(x, y) for x, y in zip(a1, a2, strict=True)]
    return [*each, -lgamma_excess(math.fsum(a1), math.fsum(a2))]


def _wishart(p: Known, q: Known) -> Answer:
    import numpy as np

    (n1, v1), (n2, v2) = (tuple(dict(side.values).values()) for side in (p, q))
    d = len(v1)
    root = np.linalg.cholesky(np.array(v2))
    spread = np.linalg.eigvalsh(np.linalg.solve(root, np.linalg.solve(root, np.array(v1)).T))
    # n2·log|V2|/|V1| is split so that equal degrees of freedom leave terms of one sign only.
    scales = [n1 / 2 * excess(float(r), 1.0) for r in spread]
    mixed = [(n1 - n2) / 2 * math.log(float(r)) for r in spread]
    shapes = [lgamma_excess((n1 - j) / 2, (n2 - j) / 2) for j in range(d)]
    return [*scales, *mixed, *shapes]


def _invwishart(p: Known, q: Known) -> Answer:
    """Compare the inverses, which have Wishart distributions with the inverse scales."""
    return _wishart(_inverse(p), _inverse(q))


def _inverse(side: Known) -> Known:
    import numpy as np

    from klcli.divergences.known import Known

    df, scale = dict(side.values).values()
    inverse = np.linalg.inv(np.array(scale))
    return Known("wishart", (("df", df), ("scale", inverse.tolist())), side.kind, side.size)


_WISHART = "½(n1·(tr(V2⁻¹V1) − d) − n2·log|V2⁻¹V1|) + log Γd(n2/2)/Γd(n1/2) + ½(n1−n2)·ψd(n1/2)"

#: Family → formula between two of it.
_SAME: Final[dict[str, Formula[Known]]] = {
    "categorical": Formula("Σ p·log(p/q)", f"{KULLBACK}, chapter 1", _categories),
    "multinomial": Formula("n·Σ p·log(p/q)", BREGMAN, _multinomial),
    "multivariate_normal": Formula(
        "½(tr(Σ2⁻¹Σ1) − d − log|Σ2⁻¹Σ1| + (μ1−μ2)ᵀΣ2⁻¹(μ1−μ2))", f"{KULLBACK}, chapter 9", _normal
    ),
    "dirichlet": Formula(
        "log(B(β)/B(α)) − Σ(βi − αi)·(ψ(αi) − ψ(α0)) for P of α and Q of β",
        f"{GIL}; {BREGMAN}",
        _dirichlet,
    ),
    "wishart": Formula(_WISHART, BREGMAN, _wishart),
    "invwishart": Formula(_WISHART + " of the inverses", BREGMAN, _invwishart),
}

#: Families of P and Q → formula, whose arguments are the distributions themselves.
VECTOR: Final[dict[tuple[str, str], Formula[Known]]] = {
    **{(name, name): formula for name, formula in _SAME.items()},
    ("multivariate_t", "multivariate_normal"): Formula(
        "½(d·log 2π + log|Σ2| + df/(df−2)·tr(Σ2⁻¹Σ1) + (μ1−μ2)ᵀΣ2⁻¹(μ1−μ2)) − h(P)",
        BY_PARTS,
        _t_normal,
    ),
}
