"""The search for a minimum."""

from __future__ import annotations

import math

import numpy as np
import pytest

from klcli.fitting.differences import curvature, slope
from klcli.fitting.optimise import minimise


def rosenbrock(x):
    return float((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2)


def test_a_narrow_valley_is_followed_to_its_end():
    found = minimise(rosenbrock, np.array([-1.2, 1.0]))
    assert found.free == pytest.approx([1, 1], abs=1e-5)
    assert found.converged
    assert not found.flat


def test_a_saddle_is_left():
    found = minimise(lambda x: float((x[0] ** 2 - 1) ** 2 + x[1] ** 2), np.array([0.0, 0.5]))
    assert abs(found.free[0]) == pytest.approx(1, abs=1e-5)


def test_a_plain_is_flat():
    found = minimise(lambda x: float(x[0] ** 2), np.array([1.0, 3.0]))
    assert found.flat
    assert not found.plain


def test_a_wall_is_a_minimum_without_derivatives():
    found = minimise(lambda x: float(x[0]) if x[0] >= 0 else math.inf, np.array([1.0]), rough=True)
    assert found.free[0] == pytest.approx(0, abs=1e-6)
    assert found.settled
    assert not found.converged


def test_a_function_without_a_floor_is_no_minimum():
    found = minimise(lambda x: -float(x[0] ** 2), np.array([1.0]))
    assert not found.settled


def test_derivatives():
    at = np.array([0.3, -0.7])
    assert slope(lambda x: float(np.sin(x[0]) * x[1] ** 2), at) == pytest.approx(
        [math.cos(0.3) * 0.49, math.sin(0.3) * -1.4], abs=1e-9
    )
    expected = [
        [-math.sin(0.3) * 0.49, math.cos(0.3) * -1.4],
        [math.cos(0.3) * -1.4, 2 * math.sin(0.3)],
    ]
    assert curvature(lambda x: float(np.sin(x[0]) * x[1] ** 2), at) == pytest.approx(
        np.array(expected), abs=1e-6
    )
