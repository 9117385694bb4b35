from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.onesample.normal import log_mass, middle


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.0), (3.0, 3.5), (-9.0, -8.0), (-np.inf, 0.3)])
def test_log_mass_is_that_of_the_normal_distribution(low, high):
    expected = np.log(stats.norm.cdf(high) - stats.norm.cdf(low))
    if low >= 0:
        expected = np.log(stats.norm.sf(low) - stats.norm.sf(high))
    found = log_mass(np.array([low]), np.array([high]))[0]
    assert found == pytest.approx(expected, rel=1e-9)


def test_log_mass_holds_where_probabilities_underflow():
    far = log_mass(np.array([60.0]), np.array([61.0]))[0]
    assert far == pytest.approx(stats.norm.logsf(60.0), rel=1e-12)
    assert log_mass(np.array([1.0]), np.array([1.0]))[0] == -np.inf
    assert log_mass(np.array([-np.inf]), np.array([np.inf]))[0] == pytest.approx(0.0)


def test_the_middle_halves_the_mass():
    low, high = np.array([-np.inf, -2.0, 1.0, 40.0]), np.array([-1.0, 3.0, np.inf, np.inf])
    half = middle(low, high)
    left, whole = log_mass(low, half), log_mass(low, high)
    assert left == pytest.approx(whole - np.log(2), rel=1e-9, abs=1e-9)
