from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from klcli.intervals.influence import score_interval
from klcli.intervals.rows import delta, finite_value, influence, subsampling, variance
from klcli.rows import JointPoint, RowPair, Rows

NONE = np.empty(0)
OPTIONS = {"confidence": 0.95, "resamples": 199, "null_values": NONE}


@dataclass(frozen=True)
class MeanShift:
    """D between normal distributions of unit variance: half the squared distance of the means."""

    name: ClassVar[str] = "mean-shift"
    categorical: ClassVar[bool] = True

    def both(self, rows, rng):  # noqa: ARG002
        p, q = rows.p.numbers, rows.q.numbers
        distance = p.mean(axis=0) - q.mean(axis=0)
        of_p, of_q = (p - p.mean(axis=0)) @ distance, -(q - q.mean(axis=0)) @ distance
        value = float(distance @ distance) / 2
        return JointPoint(value, of_p, of_q), JointPoint(value, of_q, of_p)


def normal_rows(rng, n=1000, m=500, shift=1.0):
    p, q = rng.normal(shift, 1, (n, 2)), rng.normal(0, 1, (m, 2))
    sides = [Rows(side, np.zeros((len(side), 0), int)) for side in (p, q)]
    return RowPair(*sides, ("x", "y"), (), (), n, m)


@pytest.fixture
def rows():
    return normal_rows(np.random.default_rng(31415926535897932384))


@pytest.fixture
def point(rows):
    return MeanShift().both(rows, None)[0]


def test_the_variance_is_that_of_the_influence_values_and_the_excess(point, rows):
    n, m = len(rows.p), len(rows.q)
    expected = np.var(point.influence_p) / n + np.var(point.influence_q) / m
    assert variance(point) == pytest.approx(expected)
    more = JointPoint(1.0, point.influence_p, point.influence_q, excess_variance=0.25)
    assert variance(more) == pytest.approx(expected + 0.25)


def test_influence_is_the_score_interval_that_counts_get(point, rows):
    rng = np.random.default_rng(0)
    found = influence(MeanShift(), rows, point, rng=rng, **OPTIONS)
    assert found == score_interval(point.value, variance(point), 0.0, 1000, 500, 0.95)
    exchanged = np.array([-0.01, 0.0, 0.01, 0.02])
    wider = influence(MeanShift(), rows, point, rng=rng, **(OPTIONS | {"null_values": exchanged}))
    assert wider == score_interval(
        point.value, variance(point), float(np.var(exchanged)), 1000, 500, 0.95
    )


def test_delta_is_symmetric(point, rows):
    found = delta(MeanShift(), rows, point, rng=None, **OPTIONS)
    assert found.high - point.value == pytest.approx(1.959964 * found.standard_error)
    assert point.value - found.low == pytest.approx(1.959964 * found.standard_error)
    assert found.standard_error == pytest.approx(variance(point) ** 0.5)


def test_an_infinite_estimate_has_an_interval_for_what_is_finite(point, rows):
    assert finite_value(point) == point.value
    infinite = JointPoint(np.inf, point.influence_p, point.influence_q, finite_value=0.7)
    assert finite_value(infinite) == 0.7
    for method in (influence, delta):
        found = method(MeanShift(), rows, infinite, rng=None, **OPTIONS)
        assert found.low < 0.7 < found.high < np.inf


def test_the_spread_of_subsamples_is_that_of_samples(point, rows):
    found = subsampling(MeanShift(), rows, point, rng=np.random.default_rng(27182818), **OPTIONS)
    assert found.standard_error == pytest.approx(variance(point) ** 0.5, rel=0.25)
    assert found.low < point.value < found.high


def test_subsampling_covers():
    rng = np.random.default_rng(16180339887498948482)
    covered = 0
    for _ in range(200):
        rows = normal_rows(rng, 400, 300)
        point = MeanShift().both(rows, None)[0]
        found = subsampling(MeanShift(), rows, point, rng=rng, **(OPTIONS | {"resamples": 99}))
        covered += found.low < 1.0 < found.high
    # At 95 %, 200 draws give 180 or more with probability 0.999; subsamples are smaller, so that
    # what the estimate has of curvature shifts the interval a little.
    assert covered >= 180


def test_equal_seeds_give_equal_subsamples(point, rows):
    one, other = (
        subsampling(MeanShift(), rows, point, rng=np.random.default_rng(5), **OPTIONS)
        for _ in range(2)
    )
    assert one == other


def test_a_handful_of_rows_can_be_subsampled():
    rows = normal_rows(np.random.default_rng(3), 4, 3)
    point = MeanShift().both(rows, None)[0]
    found = subsampling(MeanShift(), rows, point, rng=np.random.default_rng(5), **OPTIONS)
    assert found.low <= found.high
