import math

import numpy as np
import pytest
from scipy import fft, optimize, special, stats

from klcli.densities.bandwidth import (
    RULES,
    check_bandwidth,
    choose_bandwidth,
    cv,
    isj,
    scott,
    silverman,
)
from klcli.errors import InputError, UsageError

CELLS = 2_048


def sample(name):
    rng = np.random.default_rng(33166247903553998491)
    return {
        "normal": rng.normal(3, 2, 1_000),
        "bimodal": np.concatenate([rng.normal(-10, 1, 400), rng.normal(10, 0.5, 600)]),
        "gamma": rng.gamma(2, 1, 700),
    }[name]


def binned(values, cells=CELLS):
    counts, edges = np.histogram(values, cells)
    return counts.astype(float), edges[1] - edges[0], (edges[:-1] + edges[1:]) / 2


def literal_isj(counts):
    """Botev's program: SciPy's cosine transform, products written out, Brent's method."""
    padded = np.pad(counts, len(counts) // 10 + 1)
    cells, rows = len(padded), counts.sum()
    power = (fft.dct(padded / rows)[1:] / 2) ** 2
    squares = np.arange(1.0, cells) ** 2

    def norm(order, t):
        total = np.sum(squares**order * power * np.exp(-squares * np.pi**2 * t))
        return 2 * np.pi ** (2 * order) * total

    def fixed_point(t):
        f = norm(7, t)
        for s in (6, 5, 4, 3, 2):
            odd = np.prod(np.arange(1.0, 2 * s, 2)) / np.sqrt(2 * np.pi)
            factor = (1 + 0.5 ** (s + 0.5)) / 3
            f = norm(s, (2 * factor * odd / rows / f) ** (2 / (3 + 2 * s)))
        return t - (2 * rows * np.sqrt(np.pi) * f) ** -0.4

    end = 1e-5
    while fixed_point(end) < 0:
        end *= 1.5
    return np.sqrt(optimize.brentq(fixed_point, end / 1.5, end)) * cells


@pytest.mark.parametrize("name", ["normal", "bimodal", "gamma"])
def test_isj_is_that_of_the_literal_program(name):
    counts, _, _ = binned(sample(name))
    assert isj(counts) == pytest.approx(literal_isj(counts), rel=1e-6)


def test_isj_is_near_the_best_bandwidth_for_a_normal_density():
    counts, step, _ = binned(np.random.default_rng(36055512754639892931).normal(size=20_000))
    assert isj(counts) * step == pytest.approx((4 / 60_000) ** 0.2, rel=0.1)


def test_isj_does_not_mistake_distant_peaks_for_width():
    counts, step, _ = binned(sample("bimodal"))
    assert isj(counts) * step < 0.5
    assert silverman(counts) * step > 1


def test_rounded_values_fall_back_to_silverman_and_say_so():
    counts, step, _ = binned(np.round(sample("normal"), 1))
    chosen = choose_bandwidth("isj", counts, step)
    assert chosen.rule == "silverman"
    assert chosen.width == silverman(counts) * step


def test_isj_without_a_root_is_nan():
    counts = np.zeros(100)
    counts[[0, 99]] = 1
    assert math.isnan(isj(counts))


@pytest.mark.parametrize("name", ["normal", "bimodal", "gamma"])
def test_scott_is_that_of_scipy(name):
    values = sample(name)
    counts, step, _ = binned(values)
    theirs = np.sqrt(stats.gaussian_kde(values, "scott").covariance[0, 0])
    assert scott(counts) * step == pytest.approx(theirs, rel=1e-3)


def test_silverman_takes_the_lesser_spread():
    values = np.append(sample("normal"), 500.0)
    counts, step, _ = binned(values, 1 << 15)
    quartiles = np.subtract(*np.percentile(values, [75, 25]))
    expected = 0.9 * quartiles / 1.34 * len(values) ** -0.2
    assert silverman(counts) * step == pytest.approx(expected, rel=0.02)


def test_silverman_does_without_quartiles_that_coincide():
    counts = np.array([100.0, 1, 1])
    assert silverman(counts) == pytest.approx(0.9 * scott(counts))


def test_cv_maximises_the_likelihood_of_left_out_rows():
    values = np.random.default_rng(37416573867739413855).gamma(3, 1, 60)
    counts, step, centres = binned(values, 512)
    rows = np.repeat(centres, counts.astype(int))

    def literal(width):
        kernel = stats.norm.logpdf(rows[:, None], rows, width)
        np.fill_diagonal(kernel, -np.inf)
        return special.logsumexp(kernel, axis=1).sum()

    best = max(np.geomspace(0.05, 4, 200), key=literal)
    assert cv(counts) * step == pytest.approx(best, rel=0.08)
    assert literal(cv(counts) * step) >= literal(best) - 0.05


def test_cv_judges_isolated_rows_by_their_neighbours():
    rng = np.random.default_rng(38729833462074168851)
    values = np.append(rng.normal(size=200), 60.0)
    counts, step, _ = binned(values, 1 << 13)
    assert cv(counts) * step > 1


@pytest.mark.parametrize("rule", RULES)
def test_bandwidths_scale_with_the_data_and_shrink_with_rows(rule):
    few, many = (np.random.default_rng(39872629).normal(size=n) for n in (200, 20_000))
    widths = []
    for values, unit in ((few, 1), (few, 1000), (many, 1)):
        counts, step, _ = binned(values * unit)
        widths.append(choose_bandwidth(rule, counts, step).width)
    assert widths[1] == pytest.approx(1000 * widths[0])
    assert widths[2] < 0.7 * widths[0]


def test_a_number_is_taken_as_it_is():
    chosen = choose_bandwidth(0.25, np.array([5.0]), 0.1)
    assert (chosen.width, chosen.rule) == (0.25, "given")


def test_a_single_value_has_no_bandwidth():
    with pytest.raises(InputError, match="all alike"):
        choose_bandwidth("isj", np.array([0.0, 9.0, 0.0]), 1.0)


@pytest.mark.parametrize("bandwidth", [0, -1.0, float("nan"), float("inf"), "wide"])
def test_what_is_no_bandwidth_is_refused(bandwidth):
    with pytest.raises(UsageError, match="bandwidth"):
        check_bandwidth(bandwidth)
