"""The chain rule over parts: which part a row is in, then what differs within each part."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.results import Finding
from klcli.rows import JointPoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from klcli.typing import Bools, Floats, Integers


def digamma_at(counts: Floats) -> Floats:
    """Return ψ at positive whole numbers; 0 is read as 1, for terms that have no weight."""
    from scipy.special import psi

    result: Floats = psi(np.maximum(counts, 1.0))
    return result


def chained(
    part_p: Integers,
    part_q: Integers,
    names: list[str],
    within: Callable[[Bools, Bools], tuple[JointPoint, JointPoint] | Finding | None],
) -> tuple[JointPoint, JointPoint]:
    """Return D and its reverse by D(part) + Σ P(part)·D(within part).

    Parameters
    ----------
    part_p, part_q : ndarray of int, shape (n,) and (m,)
        The part of each row.
    names : list of str
        What to call each part.
    within : callable
        (rows of P, rows of Q as masks) → both directions within a part in which both have rows;
        or None where nothing can differ, or a finding where nothing can be told. What cannot be
        told is at least 0, so that the sum is a lower bound.

    Notes
    -----
    D(part) is Zhang and Grabchak's estimate [1]_, equation 3, which is finite without rows of Q.

    References
    ----------
    .. [1] Z. Zhang, M. Grabchak, "Nonparametric estimation of Kullback-Leibler divergence", Neural
       Computation 26 (2014), 2570-2593.
    """
    size = len(names)
    p, q = (np.bincount(part, minlength=size).astype(float) for part in (part_p, part_q))
    found: list[tuple[JointPoint, JointPoint] | None] = []
    findings: list[Finding] = []
    for part in range(size):
        inside = None
        if p[part] and q[part]:
            result = within(part_p == part, part_q == part)
            if isinstance(result, Finding):
                findings.append(result)
            else:
                inside = result
        found.append(inside)
    forward = _combined(part_p, part_q, p, q, [each and each[0] for each in found])
    reverse = _combined(part_q, part_p, q, p, [each and each[1] for each in found])
    largest = [found[part] for part in np.argsort(-(p + q), kind="stable")]
    tuning = next((each[0].tuning for each in largest if each), ())
    return (
        replace(_judged(forward, p, q, names, findings, "P"), tuning=tuning),
        replace(_judged(reverse, q, p, names, findings, "Q"), tuning=tuning),
    )


def _combined(
    part_p: Integers, part_q: Integers, p: Floats, q: Floats, inside: list[JointPoint | None]
) -> JointPoint:
    n, m = p.sum(), q.sum()
    share = p / n
    terms = digamma_at(np.full(1, m + 1)) - digamma_at(q + 1) - digamma_at(np.full(1, n))
    terms = np.where(p > 0, terms + digamma_at(p), 0.0)
    values = np.array([0.0 if point is None else point.value for point in inside])
    total = terms + values
    ratio = np.where(q > 0, share / np.maximum(q / m, 1e-300), 0.0)
    influence_p = (total - share @ total)[part_p]
    influence_q = (share.sum() - ratio)[part_q]
    influence_q -= influence_q.mean()
    excess = at_null = 0.0
    findings: list[Finding] = []
    for part, point in enumerate(inside):
        if point is None:
            continue
        influence_p[part_p == part] += point.influence_p
        influence_q[part_q == part] += ratio[part] * point.influence_q
        excess += float(share[part] ** 2) * point.excess_variance
        at_null += float(share[part] ** 2) * point.null_variance
        findings += [finding for finding in point.findings if finding not in findings]
    lowered = any(point is not None and point.lower_bound for point in inside)
    return JointPoint(
        float(share @ total), influence_p, influence_q, excess, at_null, tuple(findings), lowered
    )


def _judged(
    point: JointPoint,
    p: Floats,
    q: Floats,
    names: list[str],
    findings: list[Finding],
    sample: str,
) -> JointPoint:
    """Mark what escapes, and what could not be told within a part."""
    escaped = (p > 0) & (q == 0)
    mass = float(p[escaped].sum() / p.sum())
    value, finite = point.value, math.nan
    all_findings = [*findings, *point.findings]
    if escaped.any():
        value, finite = math.inf, point.value
        shown = [names[part] for part in np.flatnonzero(escaped)[np.argsort(-p[escaped])]]
        more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
        text = f"rows that only {sample} shows: {', '.join(shown[:5])}{more}"
        all_findings.insert(0, Finding("unseen-categories", f"{text}; {100 * mass:.2g} % of them"))
    return JointPoint(
        value, point.influence_p, point.influence_q, point.excess_variance, point.null_variance,
        tuple(all_findings), point.lower_bound or bool(findings), finite, mass,
    )  # fmt: skip
