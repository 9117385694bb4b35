import math

import pytest

from klcli.estimation.verdict import Verdict
from klcli.results import Direction, Estimate, Kind, Status
from klcli.typing import Interval

BLANK = Estimate.blank(
    "x", Kind.NUMERIC, Direction.FORWARD, confidence=0.95, method=("", "", "", ""),
    rows=(9, 9), missing=(0, 0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "value", "bound", "ends"),
    [
        (Status.OK, 0.5, 0.0, (0.25, 0.75)),
        (Status.LOWER_BOUND, 0.5, 0.375, (0.375, math.inf)),
        (Status.INFINITE, math.inf, 0.375, (0.375, math.inf)),
        (Status.LOWER_BOUND, 0.125, 0.0, (0.125, math.inf)),
        (Status.OK, -0.5, 0.0, (0.0, 0.75)),
    ],
)
def test_the_interval_holds_the_value_and_is_open_above_where_nothing_bounds_it(
    status, value, bound, ends
):
    verdict = Verdict(status, value, (), 0.0, bound)
    found = verdict.report(BLANK, 0.5, Interval(0.25, 0.75, 0.125))
    assert (found.ci_low, found.ci_high) == ends
    assert (found.status, found.estimate, found.finite_estimate) == (status, value, 0.5)
