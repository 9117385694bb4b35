import numpy as np
import pytest
from joint.joint_pairs import pair_of
from scipy.special import psi

from klcli.joint.knn import Knn
from klcli.joint.neighbour_ratio import extrapolated, log_ratios, pooled_values
from klcli.joint.neighbours import nearest, within


def rng(seed=38729833462074168852):
    return np.random.default_rng(seed)


def by_hand(p, q, k):
    """Wang, Kulkarni & Verdú (2009), equation 25, row by row."""
    n, m, d = len(p), len(q), p.shape[1]
    terms = []
    for i in range(n):
        own = np.sort(np.linalg.norm(np.delete(p, i, axis=0) - p[i], axis=1))
        other = np.sort(np.linalg.norm(q - p[i], axis=1))
        radius = max(own[k - 1], other[k - 1])
        l_i, k_i = np.sum(own <= radius), np.sum(other <= radius)
        log_ratio = d * np.log(other[k_i - 1] / own[l_i - 1]) + psi(l_i) - psi(k_i)
        terms.append(log_ratio + np.log(m / (n - 1)))
    return np.array(terms)


@pytest.mark.parametrize("dimension", [1, 3, 10])
@pytest.mark.parametrize("k", [1, 4])
def test_log_ratios_are_those_of_the_formula(dimension, k):
    sample = rng()
    p, q = sample.normal(0.3, 1, (60, dimension)), sample.normal(0, 1, (45, dimension))
    assert log_ratios(p, q, [k])[0] == pytest.approx(by_hand(p, q, k), abs=1e-6)


def test_lists_of_all_rows_give_the_same_as_trees():
    sample = rng()
    p, q = sample.normal(0.3, 1, (80, 2)), sample.normal(0, 1, (70, 2))
    points = np.vstack([p, q])
    distances, places = nearest(points, points, 150)
    label = np.arange(150) < 80
    value = pooled_values(distances[:, 1:], places[:, 1:], label, [3, 12], 2)
    expected = extrapolated(log_ratios(p, q, [3, 12]).mean(axis=1), [3, 12], 2)
    assert value == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.parametrize("dimension", [2, 12])
def test_neighbours_are_exact(dimension):
    points, at = rng().normal(size=(200, dimension)), rng(2).normal(size=(30, dimension))
    distances, places = nearest(points, at, 7)
    exact = np.linalg.norm(at[:, None] - points, axis=2)
    assert distances == pytest.approx(np.sort(exact, axis=1)[:, :7])
    assert np.take_along_axis(exact, places, 1) == pytest.approx(distances)
    radius = distances[:, 4]
    assert within(points, at, radius).tolist() == [5] * 30


def test_values_that_repeat_are_compared_by_their_frequency():
    p, q = np.repeat([0.0, 1.0], [600, 400]), np.repeat([0.0, 1.0], [300, 700])
    point = Knn()(pair_of(p[:, None], q[:, None]), rng())
    truth = 0.6 * np.log(2) + 0.4 * np.log(4 / 7)
    assert point.value == pytest.approx(truth, abs=0.005)


def test_rows_in_both_files_are_no_infinity():
    sample = rng()
    shared = sample.normal(size=(200, 2))
    p = np.vstack([shared, sample.normal(size=(100, 2))])
    q = np.vstack([shared, sample.normal(size=(150, 2))])
    assert abs(Knn()(pair_of(p, q), rng()).value) < 0.5


def test_extrapolation_removes_a_bias_of_the_assumed_order():
    bias = [5 ** (2 / 3), 20 ** (2 / 3)]
    values = np.array([2 - 0.1 * each for each in bias])
    assert float(extrapolated(values, [5, 20], 3)) == pytest.approx(2)
