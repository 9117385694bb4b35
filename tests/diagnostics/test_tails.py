import numpy as np
import pytest
from tables import number_table

from klcli.diagnostics.tails import heavy_tail, tail_shape

RNG = np.random.default_rng(928374651029384756)


def ranks(p, q):
    return number_table(p, q, np.unique(np.concatenate([p, q])))


@pytest.mark.parametrize("shape", [0.0, 0.3, 0.6, 0.9])
def test_the_shape_is_recovered(shape):
    """P(V < v) = v^(1-k) exactly: V = U^(1/(1-k)) in Q's upper tail."""
    estimates = []
    for _ in range(40):
        p = 1 - RNG.random(4000) ** (1 / (1 - shape))
        table = ranks(p, RNG.random(4000))
        estimates.append(tail_shape(table.p, table.q))
    mean, error = np.mean(estimates, axis=0)
    assert mean == pytest.approx(shape, abs=0.05)
    if shape <= 0.6:  # beyond, where nothing hangs on it, Q's few extremes decide
        assert error == pytest.approx(np.std([one[0] for one in estimates]), rel=0.4)


def test_too_few_rows_say_nothing():
    table = ranks(RNG.normal(size=20), RNG.normal(size=20))
    assert np.isnan(tail_shape(table.p, table.q)[0])
    assert heavy_tail(table, "P", "Q") is None


def flagged(draw_p, draw_q, n=1000, replications=60):
    found = [heavy_tail(ranks(draw_p(n), draw_q(n)), "P", "Q") for _ in range(replications)]
    return np.mean([finding is not None for finding in found])


def test_regular_pairs_are_not_flagged():
    assert flagged(lambda n: RNG.normal(size=n), lambda n: RNG.normal(size=n)) == 0
    assert flagged(lambda n: RNG.normal(size=n), lambda n: RNG.normal(0, 2, n)) == 0
    assert flagged(lambda n: RNG.normal(size=n), lambda n: RNG.normal(1, 1, n)) <= 0.1
    assert flagged(lambda n: RNG.exponential(1, n), lambda n: RNG.exponential(2, n)) == 0


def test_infinite_variances_are_flagged():
    assert flagged(lambda n: RNG.normal(0, 2, n), lambda n: RNG.normal(size=n)) >= 0.95
    assert flagged(lambda n: RNG.laplace(size=n), lambda n: RNG.normal(0, 0.8, n)) >= 0.95
    assert flagged(lambda n: RNG.uniform(0, 1.2, n), RNG.random) >= 0.95
    # Student's and Laplace's tails have less than a shape of ½ where the tail is taken to begin.
    assert flagged(lambda n: RNG.standard_t(3, n), lambda n: RNG.normal(size=n)) >= 0.95
    assert flagged(lambda n: RNG.laplace(size=n), lambda n: RNG.normal(size=n)) >= 0.85
    # A shape of 2/3 throughout; a thousand rows tell it to within 0.08.
    assert flagged(lambda n: -RNG.exponential(3, n), lambda n: -RNG.exponential(1, n)) >= 0.85


def test_a_value_that_repeats_is_no_part_of_the_tail_beyond_it():
    """Once, the tail was taken to begin in the middle of the value, and 60 % were marked."""

    def draw(mean):
        return lambda n: np.where(RNG.random(n) < 0.1, 2.0, RNG.normal(mean, 1, n))

    assert flagged(draw(0.3), draw(0.0), n=3000) <= 0.05


def test_shapes_that_fall_outwards_are_not_flagged():
    """Between normal distributions a shift of 2 apart it is 0.66 on average, and 0 in the end."""
    assert flagged(lambda n: RNG.normal(2, 1, n), lambda n: RNG.normal(size=n)) <= 0.05
    assert flagged(lambda n: RNG.normal(2.5, 1, n), lambda n: RNG.normal(size=n)) <= 0.05


def test_the_message_names_tail_and_sides():
    table = ranks(-RNG.exponential(4, 2000), -RNG.exponential(1, 2000))
    finding = heavy_tail(table, "Q", "P")
    assert finding.code == "heavy-tail"
    assert "lower tail of Q is too heavy for P" in finding.message
