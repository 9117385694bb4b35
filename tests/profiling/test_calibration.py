"""Intervals and p-values from profiles hold what they promise, merged and large ones too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

import klcli

pytestmark = pytest.mark.slow


def appended(parts):
    """Merge one part after the other: the way that adds most error."""
    whole = parts[0]
    for part in parts[1:]:
        whole = klcli.merge_profiles([whole, part])
    return whole


def profile_of(values, parts, how):
    pieces = [klcli.profile(piece) for piece in np.array_split(values, parts)]
    return appended(pieces) if how == "appended" else klcli.merge_profiles(pieces)


PAIRS = {
    # name: sample of P, sample of Q, D(P‖Q)
    "shift": (
        lambda rng, n: rng.normal(0.3, 1, n),
        lambda rng, n: rng.normal(0, 1, n),
        0.045,
    ),
    "rounded": (
        lambda rng, n: np.round(rng.normal(0.3, 1, n) * 1000),
        lambda rng, n: np.round(rng.normal(0, 1, n) * 1000),
        0.045,
    ),
    "zeros": (
        lambda rng, n: np.where(rng.random(n) < 0.6, 0, rng.exponential(1, n)),
        lambda rng, n: np.where(rng.random(n) < 0.5, 0, rng.exponential(2, n)),
        0.6 * np.log(0.6 / 0.5) + 0.4 * np.log(0.4 / 0.5) + 0.4 * (np.log(2) + 0.5 - 1),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(("parts", "how"), [(1, "whole"), (30, "merged"), (30, "appended")])
def test_intervals_cover(name, parts, how):
    draw_p, draw_q, truth = PAIRS[name]
    rng = np.random.default_rng([31415926535897, parts, len(how)])
    replications, covered = 100, 0
    for _ in range(replications):
        profile = profile_of(draw_q(rng, 150_000), parts, how)
        new = draw_p(rng, 3_000)
        result = klcli.estimate(new, profile, direction="forward", resamples=0).results[0]
        covered += result.ci_low <= truth <= result.ci_high
    # As in the tests of the estimators themselves: at least 90 %.
    assert binomtest(covered, replications, 0.9, alternative="less").pvalue > 0.01


@pytest.mark.parametrize("how", ["merged", "appended"])
def test_no_false_alarms_where_the_error_of_merging_outweighs_that_of_sampling(how):
    rng = np.random.default_rng([27182818284590, len(how)])
    replications, alarms = 60, 0
    for _ in range(replications):
        profile = profile_of(np.round(rng.lognormal(6, 1, 1_000_000), 1), 25, how)
        new = np.round(rng.lognormal(6, 1, 300_000), 1)
        result = klcli.estimate(new, profile, direction="forward", resamples=199).results[0]
        alarms += result.p_value <= 0.05
    assert binomtest(alarms, replications, 0.05, alternative="greater").pvalue > 0.01
