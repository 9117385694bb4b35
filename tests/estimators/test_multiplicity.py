import numpy as np
import pytest

from klcli.estimators.multiplicity import multiplicity, unseen_categories, unseen_mass


def test_each_pair_of_counts_stands_once():
    counts = multiplicity(np.array([2, 0, 1, 2, 0, 1.0]), np.array([1, 0, 0, 1, 3, 1.0]))
    found = sorted(zip(counts.x, counts.y, counts.number, strict=True))
    assert found == [(0, 3, 1), (1, 0, 1), (1, 1, 1), (2, 1, 2)]
    assert (counts.n, counts.m) == (6, 6)


def test_pairs_say_which_cell_shows_them():
    p, q = np.array([2, 0, 1, 2, 0, 0.5]), np.array([1, 0, 0, 1, 3, 1.0])
    counts = multiplicity(p, q)
    shown = counts.pair >= 0
    assert shown.tolist() == [True, False, True, True, True, True]
    assert counts.x[counts.pair[shown]].tolist() == p[shown].tolist()
    assert counts.y[counts.pair[shown]].tolist() == q[shown].tolist()


def test_unseen_mass_is_the_share_of_rows_seen_once():
    rows = np.array([[1, 1, 8, 0], [4, 3, 3, 0], [1, 1, 1, 1.0]])
    assert unseen_mass(rows).tolist() == [0.2, 0, 0.75]


def test_unseen_mass_is_about_the_true_one():
    rng = np.random.default_rng(17320508075688772935)
    shares = 1 / np.arange(1, 2001)
    shares /= shares.sum()
    counts = rng.multinomial(500, shares, size=400)
    truth = np.sum(shares * (counts == 0), axis=1)
    assert unseen_mass(counts * 1.0).mean() == pytest.approx(truth.mean(), rel=0.02)


def test_unseen_categories_are_at_most_those_there_are():
    rng = np.random.default_rng(22360679774997896964)
    counts = rng.multinomial(300, np.full(400, 1 / 400), size=200) * 1.0
    found = [
        unseen_categories(multiplicity(row, np.zeros(400))) + np.count_nonzero(row)
        for row in counts
    ]
    # Chao's bound is reached where all shares are equal.
    assert np.mean(found) == pytest.approx(400, rel=0.02)
    assert unseen_categories(multiplicity(np.array([5, 5.0]), np.array([5, 5.0]))) == 0
