import math

import numpy as np
import pytest
from scipy import stats

from klcli.intervals.noncentral import noncentral_ends


@pytest.mark.parametrize("freedom", [0.01, 0.5, 1.0, 2.0, 19.0, 400.0])
@pytest.mark.parametrize("times", [0.3, 1.0, 1.5, 5.0])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_ends_are_refused_by_chance(freedom, times, confidence):
    """SciPy's distribution reaches the levels at both ends; an end is 0 where it cannot."""
    statistic = times * freedom
    ends = noncentral_ends(statistic, freedom, confidence)
    for end, chance in zip(ends, ((1 + confidence) / 2, (1 - confidence) / 2), strict=True):
        if end > 0:
            reached = stats.ncx2.cdf(statistic, freedom, end)
            assert reached == pytest.approx(chance, abs=1e-3 if freedom == 400 else 1e-6)
        else:
            assert stats.chi2.cdf(statistic, freedom) <= chance


def test_one_degree_of_freedom_is_a_squared_normal_variable():
    low, high = noncentral_ends(25.0, 1.0, 0.95)
    assert math.sqrt(low) == pytest.approx(5 - 1.959964, abs=1e-4)
    assert math.sqrt(high) == pytest.approx(5 + 1.959964, abs=1e-4)


def test_without_freedom_nothing_seen_bounds_the_noncentrality():
    assert noncentral_ends(0.0, 0.0, 0.95) == (0.0, pytest.approx(-2 * math.log(0.025)))
    assert noncentral_ends(1e-9, 1e-9, 0.95)[1] == pytest.approx(-2 * math.log(0.025))


def test_both_ways_of_working_it_out_meet():
    below, above = (noncentral_ends(statistic, 3.0, 0.95) for statistic in (996.9, 997.1))
    for one, other in zip(below, above, strict=True):
        assert other - one == pytest.approx(0.2, abs=0.2)


def test_far_from_zero_it_is_normal():
    low, high = noncentral_ends(1e8, 5.0, 0.95)
    spread = 1.959964 * math.sqrt(4e8)
    assert (1e8 - low, high - 1e8) == pytest.approx((spread, spread), rel=1e-3)


def test_it_covers():
    """Binomial test: 95 % coverage gives 92.2 to 97.4 % of 1,000 but for one run in ten thousand."""
    rng = np.random.default_rng(7261543098152)
    covered = 0
    for statistic in rng.noncentral_chisquare(4, 6.0, size=1000):
        low, high = noncentral_ends(float(statistic), 4.0, 0.95)
        covered += low <= 6 <= high
    assert 0.922 <= covered / 1000 <= 0.974
