import pytest

from klcli.variances import slope


def test_the_slope_goes_from_that_near_zero_to_the_observed_one():
    n, m = 100, 400
    near = 2 * (1 / n + 1 / m)
    assert slope(0.0, 0.0, 0.0, n, m) == slope(-1.0, 0.0, 0.0, n, m) == near
    assert slope(0.0, 0.0, 1e-4, n, m) == pytest.approx(near)
    assert slope(1.0, 0.5, 0.0, n, m) == 0.5
    assert near < slope(1.0, 0.5, 1e-2, n, m) < 0.5
