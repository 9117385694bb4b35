"""Rows that are too few, too flat or too far apart, and choices that are seldom made."""

import sys

import numpy as np
import pytest
from joint.joint_pairs import BY_NAME, pair_of
from scipy import stats

from klcli.errors import InputError, MissingExtraError
from klcli.joint.gaussian import Gaussian
from klcli.joint.kde import Kde
from klcli.joint.knn import Knn
from klcli.joint.labels import p_value
from klcli.joint.mixture import Mixture, chosen
from klcli.joint.neighbour_ratio import extrapolated
from klcli.joint.ratio import JointRatio

NUMERIC = [Knn(), Kde(), Gaussian(), Mixture(2)]


def rng(seed=59160797830996160426):
    return np.random.default_rng(seed)


def codes(point):
    return {finding.code for finding in point.findings}


@pytest.mark.parametrize("estimator", NUMERIC, ids=lambda each: each.name)
def test_few_rows_have_no_p_value(estimator):
    sample = rng()
    rows = pair_of(sample.normal(size=(3, 2)), sample.normal(size=(4, 2)))
    found, values = estimator.null(rows, 19, rng())
    assert np.isnan(found)
    assert not values.size


def test_constant_columns_have_no_p_value():
    found, values = JointRatio().null(pair_of(np.ones((50, 2)), np.ones((60, 2))), 19, rng())
    assert np.isnan(found)
    assert not values.size
    assert np.isnan(p_value(1.0, np.empty(0)))


@pytest.mark.parametrize("estimator", NUMERIC, ids=lambda each: each.name)
def test_constant_columns_do_not_differ(estimator):
    assert estimator(pair_of(np.ones((60, 2)), np.ones((70, 2))), rng()).value == 0


@pytest.mark.parametrize("estimator", [*NUMERIC, JointRatio()], ids=lambda each: each.name)
def test_without_columns_there_is_nothing_to_compare(estimator):
    with pytest.raises(InputError, match="no columns"):
        estimator(pair_of(np.empty((9, 0)), np.empty((9, 0))), rng())


def test_a_plane_has_no_normal_density():
    sample = rng()
    p, q = sample.normal(size=(80, 2)), sample.normal(size=(80, 2))
    p[:, 1] = p[:, 0]
    point = Gaussian()(pair_of(p, q), rng())
    assert "constant" in codes(point)
    assert point.lower_bound


@pytest.mark.parametrize("bandwidth", ["scott", "silverman", "cv", 0.3])
def test_every_bandwidth_gives_about_the_truth(bandwidth):
    pair = BY_NAME["scale 2"]
    # The wider one as Q, so that nothing lies beyond its rows.
    point = Kde(bandwidth=bandwidth)(pair.draw(rng(), 600, 600).swapped(), rng())
    assert point.value == pytest.approx(pair.reverse, abs=0.1)


def test_kernels_say_where_they_guess():
    sample = rng()
    far = pair_of(sample.normal(8, 1, (200, 2)), sample.normal(0, 1, (200, 2)))
    point = Kde()(far, rng())
    assert "extrapolated" in codes(point)
    assert np.isnan(point.value)
    wide = BY_NAME["null 10"].draw(rng(), 200, 200)
    assert "high-dimension" in codes(Kde()(wide, rng()))


def test_one_number_of_neighbours_is_not_extrapolated():
    assert extrapolated(np.array([[1.0, 2]]), [5], 2).tolist() == [1, 2]
    # A bias of k^(2/2) = k: twice as many neighbours have twice as much.
    assert extrapolated(np.array([1.0 + 5, 1 + 10]), [5, 10], 2) == pytest.approx(1)


def test_the_number_of_components_fits_the_rows():
    sample = rng()
    two = np.concatenate([sample.normal(-4, 1, (1_700, 2)), sample.normal(4, 1, (1_700, 2))])
    assert chosen(two, 3, rng()).n_components == 2
    assert chosen(two[::400], 8, rng()).n_components == 1


def test_mixtures_need_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError) as error:
        Mixture()(BY_NAME["shift 2"].draw(rng(), 60, 60), rng())
    assert "joint" in error.value.hint


def test_the_noise_floor_of_mixtures_is_that_of_samples_alike():
    rows = BY_NAME["shift 2"].draw(rng(), 150, 150)
    found, values = Mixture(1).null(rows, 19, rng())
    assert found == pytest.approx(0.05)
    assert len(values) == 19
    # One normal distribution each: under exchanged labels they hardly differ.
    assert np.abs(values).max() < 0.15
    assert stats.ttest_1samp(values, 0.5).pvalue < 1e-6
