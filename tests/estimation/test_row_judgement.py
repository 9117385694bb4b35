from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from render.reports import HEAVY, OK, UNSEEN

from klcli.estimation.row_judgement import judge_rows
from klcli.results import Finding, Status
from klcli.rows import JointPoint, RowPair, Rows
from klcli.typing import Interval

LIMIT = math.log(200)


def rows(columns=2, n=200, m=200, total=0):
    p, q = (Rows(np.zeros((size, columns)), np.zeros((size, 0), int)) for size in (n, m))
    names = tuple(f"x{i}" for i in range(columns))
    return RowPair(p, q, names, (), (), max(n, total), max(m, total))


def point(value=0.5, **more):
    return JointPoint(value, np.zeros(200), np.zeros(200), **more)


def single(column, **more):
    values = {"estimate": 0.1, "finite_estimate": 0.1, "ci_low": 0.05, "ci_high": 0.2}
    return replace(OK, column=column, **(values | more))


def judged(point, *singles, rows=rows(), low=0.4, high=0.6):  # noqa: B008
    return judge_rows(rows, point, Interval(low, high, 0.05), singles, "PQ")


def codes(verdict):
    return [finding.code for finding in verdict.warnings]


def test_nothing_to_warn_of():
    verdict = judged(point(), single("a"), single("b"))
    assert (verdict.status, verdict.value, verdict.warnings) == (Status.OK, 0.5, ())
    assert (verdict.escaped_mass, verdict.bound) == (0.0, 0.0)


def test_a_column_that_is_infinite_makes_all_infinite_and_is_named():
    worse = single(
        "c", status="infinite", estimate=math.inf, escaped_mass=0.004, warnings=(UNSEEN,)
    )
    verdict = judged(point(math.inf, finite_value=0.5, escaped_mass=0.01), single("a"), worse)
    assert (verdict.status, verdict.value) == (Status.INFINITE, math.inf)
    assert codes(verdict) == ["unseen-categories"]
    assert verdict.warnings[0].message == f"'c' alone: {UNSEEN.message}"
    assert verdict.escaped_mass == 0.01
    sampled = judged(
        point(math.inf, finite_value=0.5, escaped_mass=0.9), worse, rows=rows(total=999)
    )
    assert sampled.escaped_mass == 0.004


def test_what_only_a_sample_of_rows_lacks_is_not_infinite():
    unseen = Finding("unseen-categories", "rows that only P shows")
    verdict = judged(point(math.inf, finite_value=0.5, findings=(unseen,)), single("a"))
    assert (verdict.status, verdict.value, codes(verdict)) == (Status.OK, 0.5, [])


def test_a_lower_bound_of_a_column_bounds_all_from_below():
    heavy = single("a", status="lower-bound", estimate=0.7, ci_low=0.3, warnings=(HEAVY,))
    verdict = judged(point(), heavy, single("b"))
    assert (verdict.status, verdict.value, verdict.bound) == (Status.LOWER_BOUND, 0.7, 0.3)
    assert codes(verdict) == ["heavy-tail"]
    assert judged(point(0.9), heavy).value == 0.9


def test_columns_that_warn_of_the_same_are_told_at_once():
    heavy = [single(name, status="lower-bound", warnings=(HEAVY,)) for name in "abc"]
    (finding,) = judged(point(), *heavy).warnings
    assert finding.message == f"'a' alone: {HEAVY.message}; likewise 'b', 'c'"


def test_a_column_on_its_own_is_not_named_again():
    heavy = single("a", status="lower-bound", warnings=(HEAVY,))
    (finding,) = judged(point(), heavy, rows=rows(columns=1)).warnings
    assert finding == HEAVY


def test_the_estimator_may_call_its_estimate_a_lower_bound():
    own = Finding("heavy-tail", "the fitted ratio has Pareto shape 0.8")
    verdict = judged(point(findings=(own, own), lower_bound=True), single("a"))
    assert (verdict.status, verdict.warnings) == (Status.LOWER_BOUND, (own,))


def test_more_than_the_log_of_the_rows_cannot_be_shown():
    verdict = judged(point(9.0), single("a"), low=8, high=10)
    assert (verdict.status, codes(verdict)) == (Status.LOWER_BOUND, ["saturated"])
    assert verdict.value == pytest.approx(LIMIT)


def test_samples_that_do_not_meet_show_what_their_columns_show():
    apart = Finding("saturated", "100 % of P lies where Q has no rows")
    column = single("a", status="lower-bound", estimate=3.0, ci_low=3.0, warnings=(apart,))
    verdict = judged(point(20.0), column, low=18, high=22)
    assert (verdict.status, verdict.value, verdict.bound) == (Status.LOWER_BOUND, 3.0, 3.0)


def test_less_than_a_column_shows_is_a_lower_bound():
    verdict = judged(point(), single("a", estimate=0.9, ci_low=0.8))
    assert (verdict.status, codes(verdict)) == (Status.LOWER_BOUND, ["below-column"])
    assert (verdict.value, verdict.bound) == (0.9, 0.8)
    assert "'a' alone shows more, 0.8 nats" in verdict.warnings[0].message
    assert judged(point(), single("a", estimate=0.9, ci_low=0.55)).status == Status.OK


def test_no_number_is_undefined():
    why = Finding("extrapolated", "tails decide")
    verdict = judged(point(math.nan, findings=(why,)), single("a"))
    assert (verdict.status, verdict.warnings) == (Status.UNDEFINED, (why,))


@pytest.mark.parametrize(
    ("columns", "n", "code"),
    [
        (50, 1000, "high-dimension"), (20, 3000, None), (5, 199, "high-dimension"),
        (5, 200, None), (2, 19, "few-rows"), (1, 25, None),
    ],
)  # fmt: skip
def test_few_rows_for_the_columns(columns, n, code):
    verdict = judged(point(), rows=rows(columns, n, 4000))
    assert codes(verdict) == ([] if code is None else [code])


def test_the_estimator_and_the_count_of_rows_agree_once():
    own = Finding("high-dimension", "neighbours are far away")
    assert codes(judged(point(findings=(own,)), rows=rows(50))) == ["high-dimension"]
