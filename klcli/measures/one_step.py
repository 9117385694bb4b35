"""Smooth f-divergences of one column: estimate, variance, interval, status."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from klcli.intervals.delta import averaged_error
from klcli.intervals.influence import noncentral_interval
from klcli.intervals.permutation import Null
from klcli.measures.contract import Measured
from klcli.measures.ensembles import from_ensemble
from klcli.measures.frequencies import frequencies, shrunk
from klcli.measures.status import judged
from klcli.quantiles import upper_quantile
from klcli.typing import Interval

if TYPE_CHECKING:
    from klcli.counts import CountTable
    from klcli.measures.generator import Estimated, Generator
    from klcli.measures.material import Material
    from klcli.results import Finding


def estimated(measure: Generator, material: Material) -> Measured | Finding:
    """Estimate a smooth f-divergence with an interval that is calibrated near zero, too.

    Near zero every smooth f-divergence is f″(1) times D(P‖Q) [1]_: in units of f″(1) it has the
    null distribution of that, and the same interval. What is reported is an increasing function
    of it, applied to the estimate and to both ends.

    References
    ----------
    .. [1] I. Csiszár, P. C. Shields, "Information Theory and Statistics: A Tutorial" (2004),
       theorem 4.1, doi:10.1561/0100000004.
    """
    found = evaluate(measure, material)
    unit = measure.curvature
    scored = interval(found, unit, material.table, material.confidence)
    low, high = scored.low, min(scored.high, measure.largest)
    floor = math.nan
    null = material.null_values
    if null.size:
        floor = unit * upper_quantile(null, material.confidence)
        low = low if Null(material.p_value, null).refuses_equality(material.confidence) else 0.0
    verdict = judged(measure, material, found)
    spread = scored.standard_error
    error = (measure.shown(found.finite + spread) - measure.shown(found.finite - spread)) / 2
    if not math.isfinite(error):
        error = spread
    value = measure.shown(verdict.value)
    if verdict.value != found.value and math.isfinite(value):
        # What D(P‖Q) proves has an error of its own.
        z = NormalDist().inv_cdf(0.5 + material.confidence / 2)
        error = max(value - measure.shown(verdict.bound), 0.0) / z
    return Measured(
        value=value,
        finite=measure.shown(found.finite),
        low=min(max(0.0, measure.shown(max(low, verdict.bound))), max(value, 0.0)),
        high=max(0.0, measure.shown(measure.largest if verdict.open_above else high)),
        standard_error=error,
        p_value=material.p_value,
        noise_floor=measure.shown(floor) if math.isfinite(floor) else floor,
        density=material.density,
        estimator="plug-in",
        interval="influence",
        reason=_REASONS[material.density],
        status=verdict.status,
        findings=verdict.findings,
    )


def interval(found: Estimated, unit: float, table: CountTable, confidence: float) -> Interval:
    """Return the interval that D(P‖Q) has, in units of f″(1), in the scale of f."""
    scored = noncentral_interval(
        found.finite / (1 - found.alike) / unit, found.variance / unit**2,
        found.at_null / unit**2, table.n_p, table.n_q, confidence,
    )  # fmt: skip
    error = averaged_error(found.finite, max(found.variance, found.at_null), found.alike)
    return Interval(scored.low * unit, scored.high * unit, error)


_REASONS: Final = {
    "ratio": "from the fitted density ratio, with its first-order correction",
    "frequency": "from frequencies, corrected for bias to second order",
    "histogram": "from the bins, corrected for bias to second order",
}


def evaluate(measure: Generator, material: Material) -> Estimated:
    """Estimate in the scale of f."""
    if material.density != "ratio":
        table = material.table
        found = frequencies(measure, table.p, table.q, material.added)
        if material.density == "frequency" and material.added is None:
            return shrunk(measure, table, found)
        return found
    return from_ensemble(measure, material)
