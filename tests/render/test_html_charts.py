from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from render.drift_reports import DRIFTED, category_cells, numeric_cells, result

from klcli.monitoring.report import Verdict
from klcli.render.html.charts import HEIGHT, SLOT, Scale, bar, distributions, scale, trend


def heights(path):
    """Return how high each step of an outline is."""
    tops = re.findall(r"V(\d+)h", path)
    return [HEIGHT - int(top) for top in tops]


def test_steps_are_as_high_as_their_shares():
    cells = numeric_cells(24)
    chart = distributions(cells)
    most = max(max(cell.share_p, cell.share_q) for cell in cells)
    for shown, shares in [
        (chart.p, [cell.share_p for cell in cells]),
        (chart.q, [cell.share_q for cell in cells]),
    ]:
        wanted = [100 * share / most for share in shares]
        assert heights(shown) == pytest.approx(wanted, abs=1)
    assert chart.width == 24 * SLOT


def test_a_single_value_among_ranges_is_a_bar():
    low = 5.0
    atom = replace(numeric_cells(1)[0], lower=low, upper=math.nextafter(low, math.inf))
    first, last = numeric_cells(2)
    chart = distributions([first, atom, last])
    assert chart.q.count("M") == 3
    assert chart.q.endswith(f"V{HEIGHT}")


def test_one_outline_runs_over_all_numbers_and_ends_on_the_base_line():
    chart = distributions(numeric_cells(5))
    assert chart.q.count("M") == 1
    assert chart.q.startswith(f"M0 {HEIGHT}V")
    assert chart.q.endswith(f"V{HEIGHT}")


def test_missing_values_and_categories_are_bars_apart():
    missing = distributions(numeric_cells(5, missing=0.1))
    assert missing.q.count("M") == 2
    categories = distributions(category_cells("abc", [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]))
    assert categories.q.count("M") == 3
    assert categories.p.count("M") == 2  # what is not there is not drawn


def test_a_share_too_small_to_be_drawn_is_seen():
    chart = distributions(category_cells("ab", [0.9999, 0.0001], [0.5, 0.5]))
    assert heights(chart.p) == [100, 1]


def test_contributions_go_up_and_down_in_proportion():
    cells = [
        replace(cell, contribution=part)
        for cell, part in zip(numeric_cells(3), [0.4, -0.2, 0.1], strict=True)
    ]
    chart = distributions(cells)
    assert [int(height) for height in re.findall(r"v-(\d+)h", chart.up)] == [50, 12]
    assert [int(height) for height in re.findall(r"v(\d+)h", chart.down)] == [25]


def test_an_infinite_contribution_fills_its_side():
    chart = distributions(category_cells("ab", [0.5, 0.5], [1.0, 0.0]))
    assert [int(height) for height in re.findall(r"v-(\d+)h", chart.up)] == [50]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, 0.0])
def test_charts_hold_nothing_but_numbers(value):
    cells = [
        replace(cell, share_p=value, share_q=value, contribution=value)
        for cell in numeric_cells(4)
    ]
    chart = distributions(cells)
    made = result("x", value=0.1, ci_high=value, ci_low=value, finite_estimate=value)
    interval = bar(made, scale([made], 200))
    series = trend([made], {"feb": 0}, None)
    for path in (
        chart.p,
        chart.q,
        chart.up,
        chart.down,
        interval.line,
        interval.point,
        series.intervals,
        series.stable,
        series.tolerance,
    ):
        assert re.fullmatch(r"[MVHhvz0-9. -]*", path)


def test_the_axis_is_logarithmic():
    axis = Scale(0.001, 10.0, 200)
    assert [axis(number) for number in (0.001, 0.01, 0.1, 1, 10)] == [0, 50, 100, 150, 200]
    assert [axis(number) for number in (-1, 0, math.nan, 1e-9)] == [0, 0, 0, 0]
    assert [axis(number) for number in (11, math.inf)] == [200, 200]
    assert axis.middle == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("value", "tolerance", "low", "high"),
    [
        (0.01, 0.05, 1e-3, 0.1),
        (0.2, 0.05, 1e-4, 1.0),
        (5.0, 0.05, 1e-3, 10.0),
        (0.01, 0.001, 1e-5, 0.1),
        (0.01, 0.0, 1e-3, 0.1),
        (math.inf, 0.05, 1e-3, 0.1),
    ],
)
def test_the_axis_runs_over_an_even_number_of_powers_of_ten(value, tolerance, low, high):
    made = result("x", value=value, error=0.0, tolerance=tolerance, cells=())
    axis = scale([made], 200)
    assert (axis.low, axis.high) == (pytest.approx(low), pytest.approx(high))


def test_no_results_have_an_axis_too():
    assert scale([], 200)(0.05) > 0


def test_an_interval_without_end_has_an_arrow():
    axis = Scale(0.01, 1.0, 200)
    assert bar(result("x", value=0.1, error=0.0), axis).line == "M100 8H100"
    assert bar(result("x", value=0.1), axis).arrow == ""
    assert bar(result("x", value=0.1, ci_high=math.inf), axis).arrow
    assert bar(result("x", ci_low=math.nan), axis).line == ""
    assert bar(result("x", tolerance=0.1), axis).tolerance == 100


def test_a_trend_marks_each_batch_by_its_verdict():
    made = trend(
        [
            result("x", batch="a", value=0.1, error=0.0, tolerance=1.0),
            result("x", batch="c", value=1.0, error=0.0, tolerance=1.0, verdict=Verdict.DRIFT),
        ],
        {"a": 0, "b": 1, "c": 2},
        "c",
    )
    assert (made.low, made.high) == (0.0001, 1.0)
    assert made.width == 3 * SLOT
    assert made.stable == "M5 25h.1"
    assert made.drift == "M25 0h.1"
    assert made.undecided == ""
    assert made.tolerance == "M0 0h10M20 0h10"
    assert made.change == 20


def test_no_change_point_no_line():
    assert trend([DRIFTED], {"feb": 0}, None).change == -1
