import numpy as np
import pytest
from joint.joint_pairs import BY_NAME, PAIRS, gaussian_kl, monte_carlo

KNOWN = [pair for pair in PAIRS if pair.p.log_density is not None]


@pytest.mark.parametrize("pair", KNOWN, ids=lambda pair: pair.name)
def test_truths_agree_with_the_mean_of_the_exact_log_ratio(pair):
    rng = np.random.default_rng(24494897427831780981)
    sides = [pair.p.sample(rng, 100_000), pair.q.sample(rng, 100_000)]
    for (x, codes), sign, truth in zip(sides, (1, -1), (pair.forward, pair.reverse), strict=True):
        log_ratio = sign * (pair.p.log_density(x, codes) - pair.q.log_density(x, codes))
        error = log_ratio.std() / len(log_ratio) ** 0.5
        assert abs(log_ratio.mean() - truth) <= 4.5 * error + pair.error


def test_closed_form_of_a_shift():
    assert gaussian_kl([1, 0], np.eye(2), [0, 0], np.eye(2)) == pytest.approx(0.5)


def test_draws_have_the_shape_that_was_asked_for():
    for pair in PAIRS:
        rows = pair.draw(np.random.default_rng(1), 7, 5)
        assert rows.p.numbers.shape == (7, pair.dimension)
        assert rows.q.codes.shape == (5, len(pair.levels))


def test_monte_carlo_reports_its_error():
    (forward, error), _ = monte_carlo(
        BY_NAME["shift 2"], 500_000, np.random.default_rng(26457513110645905905)
    )
    assert abs(forward - 0.5) < 4 * error
