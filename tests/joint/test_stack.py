import numpy as np
import pytest
from joint.joint_pairs import BY_NAME
from scipy.special import expit

from klcli.joint.features import Pool, curves, kernel, linear, products, within_levels
from klcli.joint.penalised import Logistic
from klcli.joint.score_test import score_test
from klcli.joint.stack import weights


def rng(seed=41231056256176605498):
    return np.random.default_rng(seed)


def problem(rows=3000):
    sample = rng()
    features = sample.normal(size=(rows, 4))
    label = sample.random(rows) < expit(features @ [1.0, -0.5, 0.0, 0.2])
    return features, label


def test_the_ridge_fit_is_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    features, label = problem()
    train = rng(3).random(len(label)) < 0.6
    found = Logistic.prepare([(features, 2.0)], label)(label, train, ~train)
    other = LogisticRegression(C=0.5, tol=1e-8).fit(features[train], label[train])
    share = label[train].mean()
    expected = other.decision_function(features[~train]) - np.log(share / (1 - share))
    assert found == pytest.approx(expected, abs=0.02)


def test_a_second_fit_is_as_if_it_were_the_first():
    features, label = problem()
    model = Logistic.prepare([(features, 2.0)], label)
    parts = [rng(seed).random(len(label)) < 0.6 for seed in (3, 4, 3)]
    first, _, again = (model(label, train, ~train) for train in parts)
    assert np.array_equal(first, again)


def test_weights_are_the_nonnegative_maximum_of_the_likelihood():
    from scipy.optimize import minimize

    features, label = problem()
    found = weights(features, label)
    offset = np.log(label.mean() / (1 - label.mean()))

    def loss(w):
        logit = features @ w[:-1] + w[-1] + offset
        return np.logaddexp(0, logit).sum() - logit[label].sum()

    bounds = [(0, None)] * 4 + [(None, None)]
    best = minimize(loss, np.full(5, 0.1), bounds=bounds, options={"ftol": 1e-14}).x
    assert (found[:-1] >= 0).all()
    assert found == pytest.approx(best, abs=5e-3)
    assert found[1] == pytest.approx(0, abs=1e-9)


def test_members_that_know_nothing_get_no_weight():
    sample = rng()
    label = np.arange(2000) < 1000
    assert weights(sample.normal(size=(2000, 3)), label)[:-1].sum() < 0.3


def test_members_that_agree_share_the_weight():
    features, label = problem()
    twice = np.column_stack([features[:, 0], features[:, 0]])
    found = weights(twice, label)
    assert found[0] == pytest.approx(found[1], abs=1e-6)


@pytest.fixture(scope="module")
def pool():
    rows = BY_NAME["mixed 3"].draw(rng(), 300, 200)
    numbers, codes = (
        np.vstack([getattr(rows.p, name), getattr(rows.q, name)]) for name in ("numbers", "codes")
    )
    return Pool.of(numbers, codes, np.arange(500) < 300)


def test_features_are_finite_and_of_one_scale(pool):
    for block in (linear(pool), products(pool), curves(pool), kernel(pool, 0.5, rng())):
        assert len(block) == 500
        assert np.isfinite(block).all()
        assert block.std(axis=0).max() < 4


def grouped_pool(numbers=2, levels=3, rows=400):
    sample = rng()
    codes = np.repeat(np.arange(levels), -(-rows // levels))[:rows]
    return Pool.of(
        sample.normal(size=(rows, numbers)), sample.permutation(codes)[:, None],
        np.arange(rows) < rows // 2,
    )  # fmt: skip


def test_products_are_as_many_as_rows_can_carry():
    # 3 of scores, 2 × 3 with levels, 3 of two levels; 3 × 3 of two scores and a level.
    pool = grouped_pool()
    assert (products(pool).shape[1], within_levels(pool).shape[1]) == (3 + 6 + 3, 9)
    fewer = grouped_pool(rows=60)
    assert (products(fewer).shape[1], within_levels(fewer).shape[1]) == (3 + 6 + 3, 0)
    assert products(grouped_pool(rows=40)).shape[1] == 3 + 6


@pytest.mark.parametrize(
    ("columns", "knots"), [(71, 7), (72, 6), (125, 4), (250, 2), (251, 1), (500, 1), (501, 0)]
)
def test_powers_are_as_many_as_fits_can_carry(columns, knots):
    rows = rng().normal(size=(600, columns))
    pool = Pool.of(rows, np.empty((600, 0), dtype=int), np.arange(600) < 300)
    powers = curves(pool)
    assert powers.shape == (600, knots * columns)
    if knots:
        # Knots as high as low: no side of the columns is seen better.
        zero_below = [(powers[:, at * columns] == powers[:, at * columns].min()).mean()
                      for at in range(knots)]  # fmt: skip
        assert np.mean(zero_below) == pytest.approx(0.5, abs=0.01)


def test_products_within_levels_are_products_of_three():
    pool = grouped_pool()
    expected = pool.white[:, 0] * pool.white[:, 1] * pool.levels[:, 0]
    differences = np.abs(within_levels(pool) - expected[:, None]).max(axis=0)
    assert differences.min() < 1e-12


def test_the_score_test_finds_what_shows_in_no_pair_of_columns():
    """The sign of x·y agrees with the level in four rows of five; all pairs are independent."""
    sample = rng()
    numbers = sample.normal(size=(1200, 2))
    agrees = sample.random(1200) < np.where(np.arange(1200) < 600, 0.8, 0.5)
    codes = ((numbers.prod(axis=1) > 0) == agrees).astype(int)[:, None]
    assert score_test(numbers, codes, 600, 99, rng())[0] == pytest.approx(0.01)


def test_rare_levels_have_no_term_of_their_own():
    codes = np.zeros((500, 1), dtype=int)
    codes[:200, 0] = 1
    codes[200:205, 0] = 2
    pool = Pool.of(np.empty((500, 0)), codes, np.arange(500) < 300)
    assert pool.levels.shape == (500, 2)


def test_the_kernel_is_that_of_its_centres(pool):
    features = kernel(pool, 0.5, rng())
    assert features.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert features.shape[1] <= 200


def test_the_score_test_finds_what_only_a_kernel_sees():
    rows = BY_NAME["ring 2"].draw(rng(), 200, 200)
    numbers = np.vstack([rows.p.numbers, rows.q.numbers])
    p_value, values = score_test(numbers, np.empty((400, 0), dtype=int), 200, 99, rng())
    assert p_value == pytest.approx(0.01)
    assert abs(values.mean()) < 0.02


def test_the_score_test_of_equal_rows_finds_nothing():
    numbers = np.tile(rng().normal(size=(100, 2)), (2, 1))
    p_value, _ = score_test(numbers, np.empty((200, 0), dtype=int), 100, 99, rng())
    assert p_value > 0.5


def test_the_score_test_does_not_depend_on_the_order_of_the_labels():
    # The features are blind: with other labels they are the same, so only the score changes.
    numbers, none = rng().normal(size=(120, 2)), np.empty((120, 0), dtype=int)
    order = np.concatenate([rng(1).permutation(50), 50 + rng(2).permutation(70)])
    first = score_test(numbers, none, 50, 199, rng())[0]
    second = score_test(numbers[order], none, 50, 199, rng())[0]
    assert first == pytest.approx(second, abs=0.15)
