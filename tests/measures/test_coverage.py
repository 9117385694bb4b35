"""How often intervals hold the truth, and how often they lie above zero where nothing differs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measures.truths import truth
from pairs import ALL
from scipy import stats

import klcli

NAMED = {pair.name: pair for pair in ALL}
LABELS = (
    "jeffreys", "js", "hellinger", "tv", "chi2", "renyi:0.5", "renyi:2", "wasserstein", "energy",
    "ks",
)  # fmt: skip
PAIRS = (
    "normal, small shift",
    "normal, shift",
    "normal, scale 1 and 1.3",
    "exponential, rate 1.5 and 1",
    "beta",
    "poisson",
    "letters",
    "200 categories",
    "exponential with more zeros",
    "two categories, one rare",
    "cauchy, shift",
)
NULL = ("normal, same", "letters, same", "exponential with zeros, same", "cauchy, same")
REPLICATIONS = 100
ROWS = 1000
#: Counts that are less likely than this, if the coverage is what it should be, are no accident.
SURPRISE = 1e-3


def samples(name):
    pair = NAMED[name]
    rng = np.random.default_rng([161803398874989484, sum(map(ord, name))])
    for _ in range(REPLICATIONS):
        p, q = pair.sample_p(rng, ROWS), pair.sample_q(rng, ROWS + 200)
        options = {}
        if pair.kind == "categorical":
            p, q = {"x": p.astype(int).astype(str)}, {"x": q.astype(int).astype(str)}
            options = {"categorical": ["x"]}
        report = klcli.estimate(
            p, q, divergence=LABELS, direction="forward", resamples=99, **options,
            seed=int(rng.integers(1 << 30)),
        )  # fmt: skip
        yield {each.divergence: each for each in report.results if each.status != "undefined"}


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_intervals_hold_the_truth(name):
    found = list(samples(name))
    for label in found[0]:
        expected = truth(NAMED[name], label)
        if label == "wasserstein" and name == "cauchy, shift":
            expected = 1.0  # that of a shift, whatever its density
        if not math.isfinite(expected):
            continue
        held = sum(each[label].ci_low <= expected <= each[label].ci_high for each in found)
        assert stats.binom.cdf(held, REPLICATIONS, 0.9) > SURPRISE, (label, held)


@pytest.mark.slow
@pytest.mark.parametrize("name", NULL)
def test_no_difference_is_rarely_seen(name):
    found = list(samples(name))
    for label in found[0]:
        above = sum(each[label].ci_low > 0 for each in found)
        assert stats.binom.sf(above - 1, REPLICATIONS, 0.05) > SURPRISE, (label, above)
        tested = sum(each[label].p_value <= 0.05 for each in found)
        assert stats.binom.sf(tested - 1, REPLICATIONS, 0.05) > SURPRISE, (label, tested)
