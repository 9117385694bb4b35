"""Trees and mixtures keep to one thread, and give the others back."""

import sys

import numpy as np
import pytest
import threadpoolctl
from joint.joint_pairs import BY_NAME

from klcli.joint.mixture import Mixture
from klcli.joint.ratio import JointRatio
from klcli.joint.threads import one_thread_each

# Loads the libraries whose threads are counted.
pytest.importorskip("sklearn.ensemble")


def threads():
    return {one["num_threads"] for one in threadpoolctl.threadpool_info()}


@pytest.fixture
def free(monkeypatch):
    """Two threads of everything, as if nobody had chosen."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    with threadpoolctl.threadpool_limits(2):
        yield


@pytest.mark.parametrize(
    ("estimator", "watched"),
    [
        (JointRatio(), "klcli.joint.members.boosting"),
        (Mixture(1), "klcli.joint.mixture.log_ratio"),
    ],
    ids=["ratio", "mixture"],
)
def test_fits_keep_to_one_thread_and_give_the_others_back(free, monkeypatch, estimator, watched):
    seen = []
    module, _, name = watched.rpartition(".")
    original = getattr(sys.modules[module], name)

    def watching(*arguments):
        seen.append(threads())
        return original(*arguments)

    monkeypatch.setattr(watched, watching)
    estimator.both(BY_NAME["shift 2"].draw(np.random.default_rng(3), 60, 60),
                   np.random.default_rng(4))  # fmt: skip
    assert seen
    assert all(found == {1} for found in seen)
    assert threads() == {2}


def test_a_number_that_was_chosen_is_kept(free, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with one_thread_each():
        assert threads() == {2}


def test_it_does_without_scikit_learn(free, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with one_thread_each():
        assert threads() == {2}
