import math
from dataclasses import replace

import numpy as np
import pytest
import tables
from pairs import PAIRS

from klcli.densities.frequency import Frequency
from klcli.densities.ratio import Ratio
from klcli.densities.ratio_models import models
from klcli.estimation.allowances import allow_for_runs
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.ratio import RatioPlugIn
from klcli.intervals.influence import influence
from klcli.intervals.permutation import exchange, permutation

RATIO = RatioPlugIn(Ratio())
RNG = np.random.default_rng(310298475610293847)


def ranks(p, q):
    return Ratio().reduce(tables.ranks(p, q))


NUMERIC = [pair for pair in PAIRS if pair.kind in ("continuous", "discrete")]


@pytest.mark.parametrize("pair", NUMERIC, ids=lambda pair: pair.name)
@pytest.mark.parametrize(("n", "m"), [(10_000, 10_000), (8_000, 12_500)])
def test_known_truths(pair, n, m):
    rng = np.random.default_rng([827364518290, n, sum(map(ord, pair.name))])
    points = RATIO.both(ranks(pair.sample_p(rng, n), pair.sample_q(rng, m)))
    for point, turned, name in zip(
        points, (pair, pair.swapped()), ("forward", "reverse"), strict=True
    ):
        if name in pair.heavy or not math.isfinite(turned.forward):
            continue
        bound = turned.bound(*((n, m) if name == "forward" else (m, n)))
        error = (bound**2 + point.null_variance) ** 0.5
        assert abs(point.value - turned.forward) < 4 * error


def test_rows_in_any_order_and_monotone_maps_change_nothing():
    p, q = RNG.normal(0, 1, 700), RNG.normal(0.4, 1.2, 900)
    base = RATIO(ranks(p, q)).value
    assert RATIO(ranks(RNG.permutation(p), RNG.permutation(q))).value == base
    assert RATIO(ranks(np.exp(p), np.exp(q))).value == pytest.approx(base, rel=1e-12)
    # Reversed, neighbours are merged from the other end.
    assert RATIO(ranks(7 - 3 * p, 7 - 3 * q)).value == pytest.approx(base, rel=2e-3)


def test_swapping_the_samples_swaps_the_directions():
    table = ranks(RNG.normal(0, 1, 400), RNG.normal(1, 1.5, 600))
    forward, reverse = RATIO.both(table)
    assert RATIO(table.swapped()).value == pytest.approx(reverse.value, rel=1e-6)
    assert RATIO.both(table.swapped())[1].value == pytest.approx(forward.value, rel=1e-6)


def test_influence_values_are_centred_and_contributions_add_up():
    table = ranks(RNG.normal(0, 1, 400), RNG.normal(1, 1.5, 600))
    for side, point in zip((table, table.swapped()), RATIO.both(table), strict=True):
        assert side.p @ point.influence_p == pytest.approx(0, abs=1e-8)
        assert side.q @ point.influence_q == pytest.approx(0, abs=1e-8)
        assert point.contributions.sum() == pytest.approx(point.value)


@pytest.mark.parametrize("side", ["p", "q"])
def test_influence_values_are_the_derivative(side):
    """More rows in one cell move the estimate by their influence."""
    table = ranks(RNG.normal(0, 1, 4000), RNG.normal(0.7, 1, 4000))
    point = RATIO(table)
    counts = {"p": np.tile(table.p, (2, 1)), "q": np.tile(table.q, (2, 1))}
    cell = 60
    counts[side][1, cell] += 40
    values = RATIO.values(table, counts["p"], counts["q"])
    influence = getattr(point, f"influence_{side}")[cell]
    assert abs(influence) > 0.3
    assert values[1] - values[0] == pytest.approx(40 * influence / 4040, rel=0.15)


def test_doubt_about_smoothness_widens():
    """The distance to an estimate that assumes none is part of the variance."""
    table = ranks(RNG.uniform(0.1, 0.9, 500), RNG.uniform(0, 1, 500))
    point = RATIO(table)
    rank = (np.cumsum(table.p + table.q) - (table.p + table.q) / 2) / 1000
    cell = np.minimum((rank * 20).astype(int), 19)
    counts = [np.bincount(cell, weights=side)[None] for side in (table.p, table.q)]
    unsmoothed = FrequencyPlugIn(Frequency()).values(table, *counts)[0]
    assert abs(unsmoothed - point.value) > 0.005
    assert point.null_variance > (unsmoothed - point.value) ** 2
    assert point.null_variance < (unsmoothed - point.value) ** 2 + 0.01**2 + point.value / 100


def test_values_of_the_table_itself_are_the_estimate():
    table = ranks(RNG.normal(0, 1, 400), RNG.normal(1, 1.5, 600))
    values = RATIO.values(table, table.p[None], table.q[None])
    assert values[0] == pytest.approx(RATIO(table).value, rel=1e-6)


def test_one_step_resamples_agree_with_refits_of_the_same_model(monkeypatch):
    """With the penalty held fixed: choosing it anew on resampled rows would find false detail."""
    table = ranks(RNG.normal(0, 1, 500), RNG.normal(1, 1, 500))
    pooled = table.p + table.q
    smooth = models(pooled, every=False)[0]
    fixed = replace(smooth, weights=smooth.weights[4:5])
    monkeypatch.setattr("klcli.densities.ratio.models", lambda *_: [fixed])
    p = RNG.multinomial(500, table.p / 500, 60).astype(float)
    q = RNG.multinomial(500, table.q / 500, 60).astype(float)
    one_step = RATIO.values(table, p, q)
    monkeypatch.setattr("klcli.densities.ratio.merge", lambda counts, _: np.arange(len(counts)))
    refitted = [RATIO(replace(table, p=a, q=b)).value for a, b in zip(p, q, strict=True)]
    assert np.corrcoef(one_step, refitted)[0, 1] > 0.995
    assert one_step.std() == pytest.approx(np.std(refitted), rel=0.05)


def test_the_null_estimate_is_a_good_approximation():
    """Exchanged labels: the quadratic approximation against the full estimate."""
    rng = np.random.default_rng(1416)
    table = ranks(rng.normal(0, 1, 1000), rng.normal(0, 1, 1000))
    p, q = exchange(table, 60, rng)
    quick = RATIO.null(table, p, q)[1]()
    full = np.array([RATIO(replace(table, p=a, q=b)).value for a, b in zip(p, q, strict=True)])
    # The full estimate also looks for stretches that stick out. In one table of ten it finds what
    # is there by chance, and is larger by thousandths of a nat.
    assert np.quantile(np.abs(quick - full), 0.8) < 0.0006
    assert np.quantile(quick - full, 0.9) < 0.0006
    # One degree of freedom too many would take off half of 1/n + 1/m.
    assert abs(np.median(quick - full)) < 0.0001


def _coverage(pair, n, m, replications, seed):
    rng = np.random.default_rng([seed, n, m])
    covered = above_null = 0
    squares = []
    for _ in range(replications):
        fine = tables.ranks(pair.sample_p(rng, n), pair.sample_q(rng, m))
        table = Ratio().reduce(fine)
        point = allow_for_runs(fine, table, RATIO(table), RATIO.density)
        interval = influence(
            RATIO, table, point, confidence=0.95, resamples=0, null_values=np.empty(0), rng=rng
        )
        covered += max(interval.low, 0) <= pair.forward <= interval.high
        above_null += interval.low > 0
        squares.append((point.value - pair.forward) ** 2)
    return covered / replications, above_null / replications, np.mean(squares) ** 0.5


# A variance of p/q beyond 10 is as good as infinite at a thousand rows; the diagnostics say so.
REGULAR = [pair for pair in NUMERIC if pair.bound(1e9, 1) < 10**0.5]


@pytest.mark.parametrize("name", ["normal, shift", "exponential, rate 2", "gamma", "normal, same"])
def test_coverage_and_efficiency_in_a_sample_of_pairs(name):
    pair = next(pair for pair in REGULAR if pair.name.startswith(name))
    covered, above_null, rmse = _coverage(pair, 400, 500, 60, 7162534891)
    # Binomial: 95 % coverage shows less than 86.7 % of 60 with probability below 1 %.
    assert covered >= 0.866
    if pair.forward == 0:
        assert above_null <= 0.1
        assert rmse < 0.008
    else:
        assert rmse < 1.5 * pair.bound(400, 500)


@pytest.mark.parametrize("inside", [(0, 0.75), (0.05, 0.95)], ids=["one end", "both ends"])
def test_a_support_that_ends_inside_is_found_in_few_rows(inside):
    """Where P is uniform on a part of the unit interval, D is minus the log of its length."""
    rng = np.random.default_rng([60293847102938, int(100 * inside[1])])
    length = inside[1] - inside[0]
    bound = math.sqrt((1 / length - 1) / 200)
    errors = [
        RATIO(ranks(rng.uniform(*inside, 200), rng.random(200))).value + math.log(length)
        for _ in range(25)
    ]
    assert np.mean(np.square(errors)) ** 0.5 < 1.5 * bound


@pytest.mark.slow
@pytest.mark.parametrize("pair", REGULAR, ids=lambda pair: pair.name)
def test_coverage_and_efficiency_everywhere(pair):
    covered, above_null, rmse = _coverage(pair, 1000, 800, 200, 9182736455)
    # 95 % coverage shows less than 90 % of 200 with probability below 0.4 %.
    assert covered >= 0.90
    if pair.forward == 0:
        assert above_null <= 0.05
    else:
        assert rmse < 1.6 * pair.bound(1000, 800)


def test_thirty_values_with_ratios_of_their_own_are_covered():
    """The smoothed log ratio varies less than the true one; 88 % were covered before it was told."""
    rng = np.random.default_rng(20261127)
    q = np.full(30, 1 / 30)
    p = np.exp(0.4 * np.sin(np.arange(30.0)))
    p /= p.sum()
    truth = float(p @ np.log(p / q))
    width, covered = [], 0
    for _ in range(150):
        table = ranks(rng.choice(30, 3_000, p=p), rng.choice(30, 3_000, p=q))
        result = influence(
            RATIO, table, RATIO(table), confidence=0.95, resamples=0,
            null_values=np.empty(0), rng=rng,
        )  # fmt: skip
        covered += result.low <= truth <= result.high
        width.append(result.high - result.low)
    # 95 % coverage shows less than 90 % of 150 with probability below 0.5 %.
    assert covered >= 135
    spread = math.sqrt((p @ np.log(p / q) ** 2 - truth**2 + q @ (p / q - 1) ** 2) / 3_000)
    assert np.mean(width) == pytest.approx(2 * 1.96 * spread, rel=0.15)


def test_what_finer_cells_show_leaves_room_above():
    """Twenty peaks of ten rows each are more than the smooth ratio takes for certain."""
    rng = np.random.default_rng(5647382910192837465)
    room = []
    for peaks in (0, 20):
        value = rng.random(3_000)
        p = value[np.sin(2 * peaks * np.pi * value) >= 0][:200]
        room.append(RATIO(ranks(p, rng.random(200))))
    assert room[0].beyond_support < 0.03
    assert room[1].beyond_support > 0.06 > room[1].value  # the truth is 0.69


def test_where_one_sample_is_small_chance_in_fine_cells_is_no_hidden_difference():
    rng = np.random.default_rng(502938475610293)
    beyond = []
    for _ in range(20):
        point = RATIO(ranks(rng.normal(size=50), rng.normal(size=5_000)))
        beyond.append(point.beyond_support)
    # With as many cells as for 2,525 rows of each, it was 0.8 nats.
    assert np.median(beyond) < 0.2


def test_a_cluster_between_neighbours_is_more_than_chance():
    """Forty rows at about the same place are too few for any smooth fit, and no accident."""
    rng = np.random.default_rng(8273645019283)
    values = []
    for _ in range(12):
        p = np.concatenate([rng.random(960), 0.5 + 0.001 * rng.random(40)])
        table = ranks(p, rng.random(1000))
        values.append(permutation(RATIO, table, 199, rng).p_value)
    # By the smooth models alone, none is below .02.
    assert np.sum(np.array(values) <= 0.02) >= 10


def _relative_error(p, q, rows=1_000, samples=40):
    """Return the root mean squared error over the bound, for weights of the values 0, 1, 2, …."""
    rng = np.random.default_rng([715243, len(p)])
    p, q = p / p.sum(), q / q.sum()
    truth = float(p @ np.log(p / q))
    bound = math.sqrt((p @ np.log(p / q) ** 2 - truth**2 + q @ (p / q - 1) ** 2) / rows)
    values = [
        RATIO(
            ranks(rng.choice(len(p), rows, p=p) * 1.0, rng.choice(len(q), rows, p=q) * 1.0)
        ).value
        for _ in range(samples)
    ]
    return float(np.mean((np.array(values) - truth) ** 2)) ** 0.5 / bound


def test_rows_heaped_at_some_values_are_seen_together():
    """Ages of which more end in 0 or 5 in P than in Q: 1.75 without a term for all of them."""
    age = np.arange(18, 81)
    smooth = np.exp(-(((age - 40) / 22) ** 2))
    heaped = [smooth * np.where(age % 5 == 0, factor, 1) for factor in (3, 1.5)]
    assert _relative_error(*heaped) < 1.4


def test_values_that_differ_from_both_neighbours_are_seen():
    """Even and odd numbers, as no smooth curve can follow: 2.2 without deviations of their own."""
    assert _relative_error(np.where(np.arange(40) % 2, 1.4, 0.6), np.ones(40)) < 1.7
