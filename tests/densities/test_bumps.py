import itertools
import math

import numpy as np
import pytest

from klcli.densities.bumps import bumps, ends

RNG = np.random.default_rng(271828182845904523)


def counts(cells, rows, ratio=None):
    """Return counts of P and Q in cells; P's expected count is `ratio` times Q's."""
    ratio = np.ones(cells) if ratio is None else np.asarray(ratio)
    return RNG.poisson(rows * ratio).astype(float), RNG.poisson(rows, cells).astype(float)


def test_nothing_sticks_out_of_noise():
    found = sum(bool(bumps(np.zeros(100), *counts(100, 8))[0]) for _ in range(300))
    # The gain of a stretch is a log Bayes factor, so at most some e⁻⁰ in a few dozen pass zero.
    assert found <= 15


@pytest.mark.parametrize(("first", "stop"), [(40, 50), (0, 7), (93, 100)])
def test_a_stretch_is_found_where_it_is(first, stop):
    ratio = np.ones(100)
    ratio[first:stop] = 4
    stretches, log_prior = bumps(np.zeros(100), *counts(100, 20, ratio))
    assert len(stretches) == 1
    assert abs(stretches[0][0] - first) <= 1
    assert abs(stretches[0][1] - stop) <= 1
    assert log_prior < 0


def test_tails_are_likelier_than_places_inside():
    p, q = np.full(64, 5.0), np.full(64, 5.0)
    p[:4], q[:4] = 10, 0
    at_the_end = bumps(np.zeros(64), p, q)
    inside = bumps(np.zeros(64), np.roll(p, 30), np.roll(q, 30))
    assert at_the_end[0] == [(0, 4)]
    assert inside[0] == [(30, 34)]
    assert at_the_end[1] > inside[1]


def test_two_stretches_are_disjoint_and_in_order():
    ratio = np.ones(120)
    ratio[20:30], ratio[70:75] = 5, 0.05
    stretches, _ = bumps(np.zeros(120), *counts(120, 30, ratio))
    assert len(stretches) == 2
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(stretches))
    assert 18 <= stretches[0][0] <= 22
    assert 68 <= stretches[1][0] <= 72


def test_what_the_smooth_fit_explains_is_no_stretch():
    log_ratio = np.linspace(-2, 2, 100)
    p, q = counts(100, 20, np.exp(log_ratio))
    assert bumps(log_ratio, p, q)[0] == []
    assert bumps(np.zeros(100), p, q)[0] != []


def test_exchanging_the_samples_changes_nothing():
    ratio = np.ones(80)
    ratio[10:16] = 6
    p, q = counts(80, 10, ratio)
    log_odds = np.linspace(-0.3, 0.3, 80)
    forward, backward = bumps(log_odds, p, q), bumps(-log_odds, q, p)
    assert forward[0] == backward[0]
    assert forward[1] == pytest.approx(backward[1])


@pytest.mark.parametrize("cells", [1, 2, 3])
def test_few_cells(cells):
    assert bumps(np.zeros(cells), np.full(cells, 9.0), np.full(cells, 9.0)) == ([], 0.0)


def apart(ends_p, ends_q):
    """Return 64 cells with three rows of each sample, but for the first two and the last two."""
    p, q = np.full(64, 3.0), np.full(64, 3.0)
    for side, (left, right) in ((p, ends_p), (q, ends_q)):
        side[:2], side[-2:] = left, right
    return p, q


def test_both_ends_are_found_together():
    """Five rows at either end are nothing special alone."""
    p, q = apart((0, 0), (2.5, 2.5))
    assert bumps(np.zeros(64), p, q)[0] == []
    stretches, log_prior = ends(np.zeros(64), p, q)
    assert stretches == [(0, 2), (62, 64)]
    assert log_prior < 0
    turned = ends(np.zeros(64), q, p)
    assert turned[0] == stretches
    assert turned[1] == pytest.approx(log_prior)


def test_ends_that_differ_in_opposite_directions_are_no_pair():
    """That is a shift, which smooth fits follow."""
    assert ends(np.zeros(64), *apart((0, 2.5), (2.5, 0))) == ([], 0.0)


def test_an_end_without_rows_of_one_sample_may_be_where_its_support_ends():
    """A level of any height is worse than none of them, and one row of the other rules that out."""
    none, few = (bumps(np.zeros(64), *apart((of_p, 3), (8, 3))) for of_p in (0, 0.5))
    assert none[0] == few[0] == [(0, 2)]
    # Sixteen rows have a probability of 2^-16 without a difference, of 1 where the support ends,
    # and as likely as not it does; the level's part is what a fit of it has anyhow.
    determined = 4 * 16 / 4
    level = 16 * math.log(2) * determined / (1 + determined) - math.log1p(determined) / 2
    assert none[1] - few[1] == pytest.approx(
        math.log((math.exp(16 * math.log(2) - level) + 1) / 2), abs=0.2
    )


def test_ends_without_a_difference_weigh_little():
    found = sum(bool(ends(np.zeros(100), *counts(100, 8))[0]) for _ in range(200))
    assert found <= 60
    assert ends(np.zeros(2), np.ones(2), np.ones(2)) == ([], 0.0)


def test_ends_with_as_many_rows_as_expected_are_of_neither_sample():
    """Whether rounding puts such a stretch above or below must not matter."""
    rng = np.random.default_rng(40)
    offset = np.full(110, math.log(60 / 50))
    found = 0
    for _ in range(60):
        p = np.zeros(110)
        p[rng.permutation(110)[:60]] = 1
        p[:2], p[-2:] = 1, 1
        p[rng.choice(np.flatnonzero(p[2:-2]) + 2, int(p.sum()) - 60, replace=False)] = 0
        forward, backward = ends(offset, p, 1 - p), ends(-offset, 1 - p, p)
        found += forward[0] != []
        assert forward[0] == backward[0]
        assert forward[1] == pytest.approx(backward[1])
    assert found >= 20
