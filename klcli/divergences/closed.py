"""The closed form for a pair of known distributions, if there is one. Without scipy.stats."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from klcli.divergences.build import FAMILIES
from klcli.divergences.closed_counts import COUNTS
from klcli.divergences.closed_line import LEFT_OUT, LINE
from klcli.divergences.closed_shape import SHAPE
from klcli.divergences.closed_vector import VECTOR
from klcli.divergences.familiar import FAMILIAR
from klcli.divergences.formula import BY_PARTS
from klcli.divergences.moments import entropy, entropy_error, real_moments, support

if TYPE_CHECKING:
    from klcli.divergences.forms import Form
    from klcli.divergences.formula import Answer, Formula
    from klcli.divergences.known import Known

#: Each term is right to a few units in the last place, and so is its part of the sum.
ROUNDING: Final = 4 * 2.0**-52

PAIRS: Final = {**LINE, **SHAPE, **COUNTS}


@dataclass(frozen=True, slots=True)
class Closed:
    """A divergence by a formula.

    Attributes
    ----------
    value : float
        In nats; may be inf.
    error : float
        What rounding can have done, in nats.
    formula, source : str
        What was computed, and where that is from.
    reason : str
        Why it is infinite.
    """

    value: float
    error: float
    formula: str
    source: str
    reason: str = ""


def closed_form(p: Known, q: Known) -> Closed | None:
    """Return D(P‖Q) by a formula, or None where there is none for this pair."""
    if (p.family, q.family) in VECTOR and p.size == q.size:
        formula = VECTOR[p.family, q.family]
        return _summed(formula.compute(p, q), formula.text, formula.source)
    forms_p, forms_q = forms(p), forms(q)
    for one in forms_p:
        for other in forms_q:
            if one.chart == other.chart and (one.group, other.group) in PAIRS:
                pair = PAIRS[one.group, other.group]
                answer = pair.compute(one.values, other.values)
                if answer is not None:
                    return _summed(answer, *_told(p, q, pair))
    if not forms_p or not forms_q or "count" in {forms_p[0].chart[0], forms_q[0].chart[0]}:
        return None
    low, high = support(forms_p[0])
    bottom, top = support(forms_q[0])
    if low < bottom or high > top:
        where = f"P lies on {_interval(low, high)}, Q on {_interval(bottom, top)}"
        return Closed(math.inf, 0.0, "", "", f"{LEFT_OUT}: {where}")
    return _by_moments(forms_p, forms_q)


def _told(p: Known, q: Known, pair: Formula[tuple[float, ...]]) -> tuple[str, str]:
    """Return formula and source, in the family's own parameters where that is simple."""
    if p.family == q.family and dict(p.values).get("loc") == dict(q.values).get("loc"):
        return FAMILIAR.get(p.family, (pair.text, pair.source))
    return pair.text, pair.source


def forms(side: Known) -> tuple[Form, ...]:
    """Return the forms of a distribution; none if its family has no formula."""
    family = FAMILIES.get(side.family)
    return family.forms(dict(side.values)) if family else ()


def closed_entropy(side: Known) -> tuple[float, float] | None:
    """Return the entropy in nats and its error bound, or None where it has to be integrated."""
    from klcli.divergences.entropies import discrete_entropy, vector_entropy

    found = forms(side)
    if found and found[0].chart[0] == "count":
        return discrete_entropy(found[0])
    if found:
        value = entropy(found[0])
        return value, ROUNDING * max(abs(value), 1.0) + entropy_error(found[0])
    whole = vector_entropy(side)
    return None if whole is None else (whole, ROUNDING * max(abs(whole), 1.0))


def _by_moments(p: tuple[Form, ...], q: tuple[Form, ...]) -> Closed | None:
    """Use that log q of a normal or an exponential needs only P's mean and variance."""
    target = next((form for form in q if form.chart[0] == "real"), None)
    if target is None or target.group not in {"normal", "exponential"}:
        return None
    moments = next((m for m in map(real_moments, p) if not math.isnan(m.variance)), None)
    if moments is None:
        return None
    mean, variance = moments.mean, moments.variance
    at, size = target.values
    if target.group == "normal":
        if math.isinf(variance):
            return Closed(
                math.inf, 0.0, _NORMAL, BY_PARTS, "the integral diverges: P's variance is infinite"
            )
        terms = [math.log(size * math.sqrt(2 * math.pi)), variance / (2 * size**2)]
        terms.append(((mean - at) / size) ** 2 / 2)
        lost = moments.variance_error / (2 * size**2)
        lost += (abs(mean - at) + moments.mean_error) * moments.mean_error / size**2
        text = _NORMAL
    else:
        if math.isinf(mean):
            return Closed(
                math.inf, 0.0, _EXPON, BY_PARTS, "the integral diverges: P's mean is infinite"
            )
        terms, text = [-math.log(size), size * (mean - at)], _EXPON
        lost = size * moments.mean_error
    if math.isnan(math.fsum(terms)):
        return None
    found = _summed([*terms, -entropy(p[0])], text, BY_PARTS)
    lost += entropy_error(p[0])
    if found is None or lost > _TOO_MUCH * max(found.value, _TOO_MUCH):
        return None
    return replace(found, error=found.error + lost)


#: Rounding beyond this share of a result is left to quadrature; so are results below it.
_TOO_MUCH: Final = 1e-11

_NORMAL: Final = "log(σ2·√(2π)) + (Var P + (E P − μ2)²)/(2σ2²) − h(P)"
_EXPON: Final = "(E P − loc2)/scale2 + log(scale2) − h(P)"


def _summed(answer: Answer, text: str, source: str) -> Closed | None:
    if answer is None:
        return None
    if isinstance(answer, str):
        return Closed(math.inf, 0.0, text, source, answer)
    sizes = [abs(term) for term in answer]
    if any(map(math.isnan, sizes)):
        return None
    if any(map(math.isinf, sizes)):
        return Closed(math.inf, 0.0, text, source, "it exceeds the largest number of a computer")
    value = math.fsum(answer)
    # Rounding can push a value near 0 below it; the error bound holds that difference.
    return Closed(max(value, 0.0), ROUNDING * math.fsum(sizes), text, source)


def _interval(low: float, high: float) -> str:
    return f"({low:.6g}, {high:.6g})"
