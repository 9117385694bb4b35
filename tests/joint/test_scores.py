import numpy as np
import pytest

from klcli.joint.scores import aligned_scores, pooled_scores


def rng():
    return np.random.default_rng(34641016151377545871)


def samples(shift, scale, n=2000, m=1500):
    sample = rng()
    return sample.normal(shift, scale, n), sample.normal(0, 1, m)


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (1, 1), (0, 2), (2, 0.5)])
def test_normal_samples_keep_their_scale(shift, scale):
    p, q = samples(shift, scale)
    pooled = np.concatenate([p, q])
    assert np.corrcoef(aligned_scores(p, q), pooled)[0, 1] > 0.998


@pytest.mark.parametrize(
    "function", [np.exp, lambda x: x**3, lambda x: 5 * x - 2], ids=["exp", "cube", "line"]
)
def test_only_ranks_matter(function):
    p, q = samples(1, 2)
    assert aligned_scores(function(p), function(q)) == pytest.approx(
        aligned_scores(p, q), abs=1e-9
    )


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (5, 0.1), (100, 1)])
def test_scores_never_decrease(shift, scale):
    p, q = samples(shift, scale, 200, 300)
    order = np.argsort(np.concatenate([p, q]))
    scores = aligned_scores(p, q)
    assert (np.diff(scores[order]) >= 0).all()
    assert scores.mean() == pytest.approx(0, abs=1e-9)
    assert scores.std() == pytest.approx(1)


def test_equal_values_have_equal_scores():
    sample = rng()
    p, q = (sample.integers(0, 5, size).astype(float) for size in (80, 120))
    pooled, scores = np.concatenate([p, q]), aligned_scores(p, q)
    assert len(np.unique(scores.round(9))) == 5
    assert all(np.ptp(scores[pooled == value]) == 0 for value in range(5))


def test_a_constant_on_one_side_is_no_obstacle():
    scores = aligned_scores(np.zeros(10), np.arange(1.0, 21.0))
    assert np.isfinite(scores).all()
    assert (aligned_scores(np.ones(4), np.ones(5)) == 0).all()


def test_pooled_scores_do_not_know_the_labels():
    p, q = samples(1, 2)
    pooled = np.concatenate([p, q])
    order = rng().permutation(len(pooled))
    assert pooled_scores(pooled)[order] == pytest.approx(pooled_scores(pooled[order]))
