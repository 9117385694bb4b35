"""Errors, intervals and p-values of one sample against a known distribution, in the long run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.onesample import drawn, truth
from scipy.stats import binomtest, kstest

import klcli

pytestmark = pytest.mark.slow

ROWS = 1000
REPLICATIONS = 300
REGULAR = [
    ("norm(0, 1)", "norm(1, 1)"),
    ("norm(0, 0.7)", "norm(0, 1)"),
    ("t(5)", "norm(0, 1)"),
    ("gamma(2)", "expon()"),
    ("beta(2, 3)", "uniform()"),
    ("0.5*norm(-2, 1) + 0.5*norm(2, 1)", "norm(0, 2.236)"),
    ("poisson(3)", "poisson(4)"),
    ("binom(10, 0.3)", "binom(10, 0.4)"),
]
NULL = [
    ("norm(0, 1)", "norm(0, 1)"),
    ("expon()", "expon()"),
    ("poisson(3)", "poisson(3)"),
    ("norm(3, 2)", "norm(?, ?)"),
    ("gamma(2)", "gamma(?, scale=?)"),
    ("poisson(3)", "poisson(?)"),
]


def forward(p, q, replication, **options):
    x = drawn(p, ROWS, np.random.default_rng([20261127, replication]))
    data_first = {**options, "direction": "forward", "seed": replication}
    return klcli.estimate(x, q, **data_first).results[0]


def test_a_small_shift_is_estimated_as_well_as_can_be():
    found = [forward("norm(0, 1)", "norm(0.2, 1)", each, resamples=0) for each in range(400)]
    error = math.sqrt(np.mean([(result.estimate - 0.02) ** 2 for result in found]))
    assert error <= 1.15 * 0.2 / math.sqrt(ROWS)
    covered = sum(result.ci_low <= 0.02 <= result.ci_high for result in found)
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize(("p", "q"), REGULAR)
def test_intervals_cover_and_errors_are_near_the_least(p, q):
    target, _, spread = truth(p, q)
    found = [forward(p, q, each, resamples=0) for each in range(REPLICATIONS)]
    covered = sum(result.ci_low <= target <= result.ci_high for result in found)
    assert binomtest(covered, REPLICATIONS, 0.92).pvalue > 0.001 or covered > 0.92 * REPLICATIONS
    error = math.sqrt(np.mean([(result.estimate - target) ** 2 for result in found]))
    assert error <= 1.3 * spread / math.sqrt(ROWS)


@pytest.mark.parametrize(("p", "q"), NULL)
def test_where_nothing_differs_intervals_begin_at_0_and_p_is_uniform(p, q):
    found = [forward(p, q, each, resamples=199) for each in range(REPLICATIONS)]
    above = sum(result.ci_low > 0 for result in found)
    assert binomtest(above, REPLICATIONS, 0.05, alternative="greater").pvalue > 0.001
    p_values = [result.p_value for result in found]
    assert kstest(p_values, "uniform").pvalue > 0.0005
    small = sum(value <= 0.05 for value in p_values)
    assert binomtest(small, REPLICATIONS, 0.05, alternative="greater").pvalue > 0.001
