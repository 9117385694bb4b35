from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from render.reports import INFINITE, OK, UNDEFINED
from scipy.stats import false_discovery_control

from klcli.monitoring.report import DriftResult
from klcli.monitoring.verdicts import adjusted, escaped, judged, rows_to_decide
from klcli.results import Status

NAN = math.nan


def result(model=OK, tolerance=0.01, **changed):
    changed.setdefault("finite_estimate", changed.get("estimate", model.finite_estimate))
    return DriftResult("b", replace(model, **changed), tolerance, NAN, NAN, "undecided", NAN)


def verdict(*results):
    return [each.verdict for each in judged(results)]


@pytest.mark.parametrize(("dependent", "method"), [(False, "bh"), (True, "by")])
def test_adjusted_p_values_are_those_of_scipy(dependent, method):
    p = np.random.default_rng(33166247903).random(57) ** 3
    p[7] = p[8]
    expected = false_discovery_control(p, method=method)
    assert adjusted(p.tolist(), dependent=dependent) == pytest.approx(expected.tolist())


def test_results_without_a_p_value_are_no_tests():
    values = adjusted([0.01, NAN, 0.04])
    assert values[0] == pytest.approx(0.02)
    assert math.isnan(values[1])
    assert adjusted([]) == []


DRIFT = {"estimate": 0.12, "ci_low": 0.11, "ci_high": 0.13, "p_value": 1e-9}
STABLE = {"estimate": 0.001, "ci_low": 0.0, "ci_high": 0.004, "p_value": 0.4}
BETWEEN = {"estimate": 0.012, "ci_low": 0.004, "ci_high": 0.02, "p_value": 1e-9}


def test_verdicts():
    assert verdict(result(**DRIFT), result(**STABLE), result(**BETWEEN)) == [
        "drift",
        "stable",
        "undecided",
    ]
    assert verdict(result(UNDEFINED)) == ["undecided"]
    assert verdict(result(INFINITE, ci_low=0.11, p_value=1e-9)) == ["drift"]


def test_no_drift_without_a_significant_difference():
    assert verdict(result(**{**DRIFT, "p_value": 0.2})) == ["undecided"]


def test_without_p_values_intervals_decide():
    assert verdict(result(**{**DRIFT, "p_value": NAN})) == ["drift"]


def test_an_interval_just_above_the_tolerance_is_no_drift_among_many():
    lucky = {"estimate": 0.03, "ci_low": 0.012, "ci_high": 0.05, "p_value": 1e-5}
    assert verdict(result(**lucky)) == ["drift"]
    grid = [result(**lucky), *[result(**STABLE)] * 199]
    assert verdict(*grid)[0] == "undecided"
    grid[0] = result(**lucky, n_q=10**9)
    assert judged(grid)[0].rows_to_decide > OK.n_p


def test_many_discoveries_make_each_one_easier():
    lucky = {"estimate": 0.03, "ci_low": 0.012, "ci_high": 0.05, "p_value": 1e-5}
    grid = [*[result(**lucky)] * 200]
    assert verdict(*grid) == ["drift"] * 200


def test_samples_that_hardly_meet_are_drift():
    estimate = {
        "status": Status.LOWER_BOUND, "estimate": 6.9, "ci_low": 6.9, "ci_high": math.inf,
        "finite_estimate": 12.0, "escaped_mass": 0.96, "p_value": 1e-300,
    }  # fmt: skip
    assert verdict(result(**estimate), *[result(**STABLE)] * 199)[0] == "drift"


def test_the_bound_on_escaped_mass_holds():
    # 3 % of P, and none of Q, lie in a gap: D ≥ 0.01, so what looks like more is chance.
    rng = np.random.default_rng(36055512754)
    n = m = 300
    hits = 0
    for _ in range(2000):
        q = np.sort(rng.random(m))
        p = rng.random(n)
        inside = np.bincount(np.searchsorted(q, p), minlength=m + 1)
        hits += escaped(inside.max() / n, n, m, 0.01) < 0.05
    assert hits <= 0.05 * 2000
    assert escaped(0.0, 100, 100, 0.01) == 1


def test_rows_to_decide():
    # Twice the room needs a quarter of the rows, as far as the batch makes the noise.
    estimate = replace(OK, estimate=0.02, finite_estimate=0.02, ci_low=0.0, n_p=1000, n_q=10**9)
    rows = rows_to_decide(estimate, 0.01, 0.025)
    assert rows == pytest.approx(4000, rel=1e-3)
    below = replace(estimate, estimate=0.005, ci_low=0.0, ci_high=0.015)
    assert rows_to_decide(below, 0.01, 0.025) == pytest.approx(4000, rel=1e-3)


def test_no_number_of_rows_helps_against_a_small_reference():
    estimate = replace(OK, estimate=0.02, finite_estimate=0.02, ci_low=0.0, n_p=10**6, n_q=100)
    assert math.isnan(rows_to_decide(estimate, 0.01, 0.025))
    assert math.isnan(rows_to_decide(UNDEFINED, 0.01, 0.025))
    open_above = replace(OK, estimate=0.001, ci_low=0.0, ci_high=math.inf)
    assert math.isnan(rows_to_decide(open_above, 0.01, 0.025))


def test_what_rows_to_decide_promises_is_kept():
    from klcli.monitoring.run import drift

    rng = np.random.default_rng(38729833462)
    reference = rng.normal(0, 1, 200_000)
    report = drift(reference, {"b": rng.normal(0.2, 1, 500)}, tolerance=0.01, resamples=99)
    (before,) = report.results
    assert before.verdict == "undecided"
    kept = 0
    for _ in range(20):
        batch = rng.normal(0.2, 1, int(1.5 * before.rows_to_decide))
        (after,) = drift(reference, {"b": batch}, tolerance=0.01, resamples=99).results
        kept += after.verdict != "undecided"
    assert kept >= 10
