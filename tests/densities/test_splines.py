import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from klcli.densities.splines import linear, natural_cubic

KNOTS = np.array([-2.0, -1.2, -1.0, 0.3, 0.9, 2.5])
X = np.linspace(-2, 2.5, 301)


@pytest.fixture
def values():
    return np.random.default_rng(590128375610982736).normal(size=len(KNOTS))


def test_linear_interpolates(values):
    design, _ = linear(X, KNOTS)
    assert np.allclose(design @ values, np.interp(X, KNOTS, values))


def test_linear_roughness_is_the_integral_of_the_squared_slope(values):
    _, roughness = linear(X, KNOTS)
    slopes = np.diff(values) / np.diff(KNOTS)
    assert values @ roughness @ values == pytest.approx(np.sum(slopes**2 * np.diff(KNOTS)))


def test_natural_cubic_is_the_natural_spline(values):
    design, _ = natural_cubic(X, KNOTS)
    assert np.allclose(design @ values, CubicSpline(KNOTS, values, bc_type="natural")(X))


def test_natural_cubic_roughness_is_the_integral_of_the_squared_curvature(values):
    _, roughness = natural_cubic(X, KNOTS)
    spline = CubicSpline(KNOTS, values, bc_type="natural")
    # f″ is linear between knots: Simpson's rule is exact for its square.
    middle = (KNOTS[1:] + KNOTS[:-1]) / 2
    curvature = [spline(at, 2) ** 2 for at in (KNOTS[:-1], middle, KNOTS[1:])]
    integral = np.sum(np.diff(KNOTS) * (curvature[0] + 4 * curvature[1] + curvature[2]) / 6)
    assert values @ roughness @ values == pytest.approx(integral)


def test_straight_lines_have_no_roughness():
    line = 3 - 2 * KNOTS
    assert line @ natural_cubic(X, KNOTS)[1] @ line == pytest.approx(0, abs=1e-12)
    assert np.allclose(natural_cubic(X, KNOTS)[0] @ line, 3 - 2 * X)
