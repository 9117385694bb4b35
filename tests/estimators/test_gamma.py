import numpy as np
import pytest
from scipy import special

from klcli.estimators.gamma import log_gamma, log_rising


@pytest.mark.parametrize("x", [np.logspace(-6, 10, 4_001), np.arange(1.0, 5_000)])
def test_log_gamma_is_that_of_scipy(x):
    expected = special.gammaln(x)
    assert np.max(np.abs(log_gamma(x) - expected) / np.maximum(1, np.abs(expected))) < 3e-13


@pytest.mark.parametrize("shape", [0.01, 0.5, 30.0])
@pytest.mark.parametrize(
    "counts",
    [[0, 1, 2, 2, 0, 1, 4], [900, 3], [0.5, 2.25, 0, 7]],
    ids=["repeated", "few", "weighted"],
)
def test_log_rising_is_a_ratio_of_gamma_functions(shape, counts):
    counts = np.array([counts, counts[::-1], [0, *counts[1:]]], float)
    expected = (special.gammaln(shape + counts) - special.gammaln(shape)).sum(axis=1)
    assert log_rising(shape, counts) == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_log_rising_of_integers_is_that_of_the_same_numbers():
    counts = np.random.default_rng(530).poisson(20.0, (300, 100))
    assert np.array_equal(log_rising(0.7, counts), log_rising(0.7, counts.astype(float)))
    expected = (special.gammaln(0.7 + counts) - special.gammaln(0.7)).sum(axis=1)
    assert log_rising(0.7, counts) == pytest.approx(expected, rel=1e-11)


def test_log_rising_keeps_the_rows():
    assert log_rising(1.0, np.ones((3, 4))).shape == (3,)


@pytest.mark.parametrize("counts", [np.arange(6.0).reshape(2, 3), np.array([[0.5, 900.0]])])
def test_log_rising_of_several_shapes_is_that_of_each(counts):
    shapes = np.array([0.01, 0.5, 30.0])
    each = [log_rising(float(shape), counts) for shape in shapes]
    assert np.array_equal(log_rising(shapes, counts), each)
