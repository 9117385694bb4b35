"""Values that repeat, too many for a curve, and unlike their neighbours."""

import numpy as np
import pytest
from scipy import stats

import klcli
from klcli.counts import CountTable, Role
from klcli.densities.apart import joined, uneven
from klcli.densities.groups import merge
from klcli.densities.ratio import Ratio
from klcli.estimators.ratio import RatioPlugIn
from klcli.intervals.influence import influence
from klcli.intervals.permutation import permutation

DEFAULT = RatioPlugIn()


def shares(values, deviation, seed):
    """Return two distributions whose log ratio is a line and a deviation of each value."""
    rng = np.random.default_rng([20261128, seed])
    x = np.linspace(-2.5, 2.5, values)
    q = np.exp(-(x**2) / 2) * rng.lognormal(0, 0.7, values)
    p = q * np.exp(0.3 * x + rng.normal(0, deviation, values))
    return p / p.sum(), q / q.sum()


def table(p, q):
    p, q = np.array(p, float), np.array(q, float)
    at = np.flatnonzero(p + q).astype(float)
    roles = np.full(len(at), np.int8(Role.ATOM))
    return CountTable(p[p + q > 0], q[p + q > 0], roles, (), at, np.nextafter(at, 1e9))


def drawn(values=600, rows=(12_000, 15_000), deviation=0.25, seed=0):
    p, q = shares(values, deviation, seed)
    rng = np.random.default_rng([27182818, seed])
    log_ratio = np.log(p / q)
    truth = float(p @ log_ratio)
    n, m = rows
    bound = np.sqrt((p @ log_ratio**2 - truth**2) / n + (p @ (p / q) - 1) / m)
    return table(rng.multinomial(n, p), rng.multinomial(m, q)), truth, bound


def test_they_add_what_a_curve_hides_and_intervals_hold_the_truth():
    errors, curve, held = [], [], []
    for seed in range(40):
        counts, truth, bound = drawn(seed=seed)
        point = DEFAULT(counts)
        errors.append((point.value - truth) / bound)
        curve.append(
            (DEFAULT(joined(counts, merge(counts.p + counts.q, 256))).value - truth) / bound
        )
        found = influence(
            DEFAULT, counts, point, confidence=0.95, resamples=0, null_values=np.empty(0),
            rng=np.random.default_rng(0),
        )  # fmt: skip
        held.append(found.low <= truth <= found.high)
    assert np.sqrt(np.mean(np.square(errors))) < 1.3
    assert np.mean(curve) < -3  # so there is something to add
    assert stats.binom.cdf(sum(held), 40, 0.95) > 0.01


def test_parts_add_up():
    counts, _, _ = drawn()
    forward, reverse = DEFAULT.both(counts)
    assert forward.contributions.sum() == pytest.approx(forward.value, rel=1e-9)
    assert counts.p @ forward.influence_p == pytest.approx(0, abs=1e-6 * counts.n_p)
    assert counts.q @ forward.influence_q == pytest.approx(0, abs=1e-6 * counts.n_q)
    turned = DEFAULT(counts.swapped())
    assert turned.value == pytest.approx(reverse.value, rel=1e-6)
    assert DEFAULT(counts).value == forward.value
    resampled = DEFAULT.values(counts, counts.p[None], counts.q[None])
    assert resampled == pytest.approx([forward.value], rel=1e-6)


def test_a_smooth_ratio_of_as_many_values_stays_a_curve():
    apart = [Ratio().by_cell(drawn(deviation=0.0, seed=seed)[0]) for seed in range(60)]
    # One in twelve exceeds √2 standard deviations.
    assert sum(one is not None for one in apart) <= stats.binom.ppf(0.999, 60, 0.08)
    assert not any(one is not None and one.surely for one in apart)


def test_what_is_too_rare_too_few_or_weighted_does_not_count_by_itself():
    assert Ratio().by_cell(drawn(deviation=0.4)[0]).surely
    assert Ratio().by_cell(drawn(rows=(5_000, 5_000), deviation=1.0)[0]) is None
    assert Ratio().by_cell(drawn(values=250)[0]) is None
    counts, _, _ = drawn()
    assert Ratio().by_cell(table(counts.p * 0.9, counts.q * 0.9)) is None


def test_chance_makes_one_standard_deviation():
    p, q = shares(600, 0.0, 1)
    rng = np.random.default_rng(57721566)
    pooled = rng.multinomial(30_000, (p + q) / 2)
    exchanged = rng.multivariate_hypergeometric(pooled, 12_000, size=2_000, method="marginals")
    for size in (1, 2, 3, 25):
        excess = uneven(exchanged * 1.0, (pooled - exchanged) * 1.0, np.arange(600) // size)
        assert excess.mean() == pytest.approx(0, abs=0.1)
        assert excess.std() == pytest.approx(float(size > 1), abs=0.06)


def test_permutations_see_the_cells():
    # Only the values differ, not the groups: 1 and 2 in turns, against 2 and 1.
    q = np.tile([1.0, 2.0], 400)
    p = np.tile([1.0, 2.0], 400) * np.exp(0.2 * np.tile([1, -0.5], 400))
    rng = np.random.default_rng(14142135)
    counts = table(rng.multinomial(40_000, p / p.sum()), rng.multinomial(40_000, q / q.sum()))
    heaps = DEFAULT(counts)
    null = permutation(DEFAULT, counts, 199, rng)
    assert null.p_value == 1 / 200
    assert heaps.value > np.quantile(null.values, 0.99)
    assert abs(np.mean(null.values)) < 0.2 * heaps.value


def test_of_values_that_share_cells_the_answer_is_a_lower_bound():
    rng = np.random.default_rng(31622776)
    # Numbers that never repeat, in stretches narrower than the groups.
    stretch = rng.integers(0, 1500, 100_000)
    kept = rng.random(100_000) < np.where(stretch % 2, 0.6, 1.0)
    q = rng.random(100_000) * 1500
    p = (stretch + rng.random(100_000))[kept]
    truth = float(np.mean([w * np.log(w) for w in (0.75, 1.25)]))
    (estimate,) = klcli.estimate(p, q, direction="forward", resamples=0).results
    assert estimate.status == "lower-bound"
    assert "unresolved" in {warning.code for warning in estimate.warnings}
    assert 0.3 * truth < estimate.ci_low <= estimate.estimate < 1.1 * truth
