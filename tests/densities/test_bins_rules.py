import itertools
import math

import numpy as np
import pytest
from scipy import special

from klcli.densities.bins_rules import blocks, knuth, quantile

RNG_SEED = 14142135623730950488


def test_knuth_maximises_the_posterior_of_its_paper():
    values = np.sort(np.random.default_rng(RNG_SEED).gamma(2, 1, 150))
    size = len(values)

    def log_posterior(number):
        counts, _ = np.histogram(values, number)
        return (
            size * np.log(number)
            + special.gammaln(number / 2)
            - number * special.gammaln(0.5)
            - special.gammaln(size + number / 2)
            + special.gammaln(counts + 0.5).sum()
        )

    best = max(range(1, size + 1), key=log_posterior)
    assert np.ptp(values) / knuth(values, size, np.ptp(values)) == pytest.approx(best)


def test_knuth_finds_one_bin_for_few_uniform_values():
    values = np.linspace(0, 1, 20)
    assert knuth(values, 20, 1.0) == 1.0


def brute_force_blocks(values):
    """Try every set of change points between distinct values."""
    distinct, counts = np.unique(values, return_counts=True)
    edges = np.concatenate([distinct[:1], (distinct[1:] + distinct[:-1]) / 2, distinct[-1:]])
    penalty = 4 - math.log(73.53 * 0.05 * len(values) ** -0.478)

    def fitness(cuts):
        ends = [0, *cuts, len(counts)]
        total = 0.0
        for start, end in itertools.pairwise(ends):
            number, length = counts[start:end].sum(), edges[end] - edges[start]
            total += number * math.log(number / length) - penalty
        return total

    inner = range(1, len(counts))
    choices = itertools.chain.from_iterable(
        itertools.combinations(inner, size) for size in range(len(counts))
    )
    return edges[[0, *max(choices, key=fitness)]]


@pytest.mark.parametrize("case", range(5))
def test_blocks_are_the_best_of_all_partitions(case):
    rng = np.random.default_rng([RNG_SEED, case])
    dense, sparse = rng.normal(0, 0.01, 5 + case), rng.uniform(-5, 5, 5)
    values = np.sort(np.concatenate([dense, sparse]).round(3 if case % 2 else 6))
    assert blocks(values, len(values)).tolist() == brute_force_blocks(values).tolist()


def test_blocks_of_many_values_find_a_jump():
    rng = np.random.default_rng(RNG_SEED)
    values = np.sort(np.concatenate([rng.uniform(0, 1, 6_000), rng.uniform(1, 2, 2_000)]))
    starts = blocks(values, len(values))
    assert len(starts) == 2
    assert starts[1] == pytest.approx(1, abs=0.01)


def test_quantile_bins_hold_equal_counts():
    values = np.sort(np.random.default_rng(RNG_SEED).normal(size=1_000))
    starts = quantile(values, 1_000)
    assert len(starts) == 20
    counts = np.diff(np.searchsorted(values, [*starts, np.inf]))
    assert set(counts) == {50}


def test_quantile_bins_are_the_same_on_any_increasing_scale():
    values = np.sort(np.random.default_rng(RNG_SEED).normal(size=777))
    assert quantile(np.exp(values), 777) == pytest.approx(np.exp(quantile(values, 777)))


def test_a_value_that_fills_a_quantile_bin_gets_one_of_its_own():
    values = np.sort(np.concatenate([np.zeros(500), np.linspace(0.1, 1, 500)]))
    starts = quantile(values, 1_000)
    assert starts[:2].tolist() == [0.0, np.nextafter(0, 1)]
