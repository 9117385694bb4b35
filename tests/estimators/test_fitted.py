import numpy as np
import pytest

from klcli.counts import CountTable
from klcli.estimators.fitted import fitted_influence


def table(p, q):
    return CountTable.categorical(tuple("abcd"[: len(p)]), np.array(p, float), np.array(q, float))


def test_true_ratios_give_the_influence_of_the_divergence():
    counts = table([30, 70], [60, 40])
    p, q = counts.p / 100, counts.q / 100
    influence_p, influence_q = fitted_influence(counts, np.log(p / q))
    assert influence_p == pytest.approx(np.log(p / q) - p @ np.log(p / q))
    assert influence_q == pytest.approx(1 - p / q)


def test_it_is_centred_whatever_the_ratio():
    counts = table([3, 0, 9], [5, 6, 1])
    influence_p, influence_q = fitted_influence(counts, np.array([0.3, -np.inf, 2.0]))
    assert counts.p @ influence_p == pytest.approx(0)
    assert counts.q @ influence_q == pytest.approx(0)


def test_huge_ratios_where_q_has_no_rows_do_no_harm():
    counts = table([3, 2], [5, 0])
    influence_p, influence_q = fitted_influence(counts, np.array([0.1, 5_000.0]))
    assert np.isfinite(counts.q @ influence_q**2)
    assert np.isfinite(influence_p).all()


def test_infinite_ratios_have_no_influence_function():
    influence_p, influence_q = fitted_influence(table([3, 2], [5, 0]), np.array([0.1, np.inf]))
    assert np.isnan(influence_p).all()
    assert np.isnan(influence_q).all()
