from __future__ import annotations

import math

import numpy as np
import pytest

from klcli.monitoring.changepoint import split

EVEN = np.full(8, 1 / 8)
OTHER = np.array([10, 6, 8, 8, 8, 8, 8, 8]) / 64


def batches(rng, *shares, rows=2000):
    return np.array([rng.multinomial(rows, share) for share in shares], dtype=float)


def test_a_change_is_found_where_it_is():
    rng = np.random.default_rng(48989794855)
    for place in (2, 5, 8):
        counts = batches(rng, *[EVEN] * place, *[OTHER] * (10 - place))
        found, p_value = split(counts)
        assert found == place
        assert p_value < 1e-3


@pytest.mark.parametrize("rows", [60, 1000])
def test_p_values_hold_without_a_change(rows):
    rng = np.random.default_rng(50990195135)
    p_values = np.array([split(batches(rng, *[EVEN] * 10, rows=rows))[1] for _ in range(1000)])
    assert np.mean(p_values <= 0.05) <= 0.05
    assert np.mean(p_values <= 0.01) <= 0.01


def test_batches_that_differ_all_the_time_are_no_change():
    rng = np.random.default_rng(51961524227)
    weekly = [OTHER if day % 7 in (5, 6) else EVEN for day in range(28)]
    hits = sum(split(batches(rng, *weekly))[1] < 0.05 for _ in range(50))
    scattered = 0
    for _ in range(200):
        shares = rng.dirichlet(EVEN * 500, size=12)
        scattered += split(batches(rng, *shares))[1] < 0.05
    assert hits == 0
    assert scattered <= 0.08 * 200


def test_one_odd_batch_is_no_change():
    rng = np.random.default_rng(52915026221)
    odd = np.array([0.5, *[0.5 / 7] * 7])
    place, p_value = split(batches(rng, *[EVEN] * 4, odd, *[EVEN] * 5))
    assert (place, p_value) == (0, 1.0)


def test_what_cannot_be_told_is_not():
    rng = np.random.default_rng(53851648071)
    assert math.isnan(split(batches(rng, EVEN, EVEN, OTHER))[1])
    assert math.isnan(split(np.full((10, 1), 100.0))[1])
    assert math.isnan(split(np.ones((10, 3)) * 0.1)[1])
