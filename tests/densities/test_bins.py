from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tables import number_table, pooled_sample

from klcli.densities.bins import MAX_BINS, check_bins, choose_edges, pooled_values
from klcli.densities.bins_rules import UNEQUAL, WIDTHS
from klcli.errors import InputError, UsageError

NUMPY_RULES = ["auto", "fd", "scott", "sturges", "doane", "sqrt", "rice", "stone"]


def samples(name: str):
    rng = np.random.default_rng(31415926535897932384)
    return {
        "normal": (rng.normal(0, 1, 400), rng.normal(1, 2, 700)),
        "exponential": (rng.exponential(1, 300), rng.exponential(3, 200)),
        "integers": (rng.poisson(4, 500) * 1.0, rng.poisson(5, 300) * 1.0),
        "few": (np.array([1.0, 4.0]), np.array([2.0])),
    }[name]


@pytest.mark.filterwarnings("ignore:The number of bins estimated may be suboptimal")
# `auto` follows NumPy ≥ 2.2, so that it is held against its parts below.
@pytest.mark.parametrize("rule", [rule for rule in NUMPY_RULES if rule != "auto"])
@pytest.mark.parametrize("name", ["normal", "exponential", "integers", "few"])
def test_rules_agree_with_numpy(rule, name):
    p, q = samples(name)
    expected = np.histogram_bin_edges(np.concatenate([p, q]), rule)
    edges = choose_edges(pooled_sample(p, q), rule)
    assert edges == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_auto_is_the_finer_of_relaxed_fd_and_sturges():
    for name in ("normal", "exponential", "integers", "few"):
        pooled = np.sort(np.concatenate(samples(name)))
        fd, sqrt, sturges = (
            WIDTHS[rule](pooled, len(pooled), np.ptp(pooled)) for rule in ("fd", "sqrt", "sturges")
        )
        auto = WIDTHS["auto"](pooled, len(pooled), np.ptp(pooled))
        assert auto == min(max(fd, sqrt / 2), sturges)


@pytest.mark.parametrize("bins", [*WIDTHS, *UNEQUAL, 1, 7, 500])
@pytest.mark.parametrize("name", ["normal", "exponential", "integers", "few"])
def test_every_row_is_counted_between_the_edges_as_numpy_counts_it(bins, name):
    p, q = samples(name)
    edges = choose_edges(pooled_sample(p, q), bins)
    assert np.all(np.diff(edges) > 0)
    table = number_table(p, q, edges)
    assert np.all(np.isfinite(table.lower))
    assert np.all(np.isfinite(table.upper))
    by_numpy = np.array([np.histogram(side, edges)[0] for side in (p, q)])
    kept = by_numpy.any(axis=0)
    assert table.p.tolist() == by_numpy[0][kept].tolist()
    assert table.q.tolist() == by_numpy[1][kept].tolist()


def test_a_number_of_bins_counts_as_numpy_does():
    p, q = samples("integers")
    table = number_table(p, q, choose_edges(pooled_sample(p, q), 10))
    counts, _ = np.histogram(p, 10, range=(min(p.min(), q.min()), max(p.max(), q.max())))
    assert np.array_equal(table.p[table.p > 0], counts[counts > 0])


def test_explicit_edges_leave_two_cells_outside():
    p, q = np.array([-1.0, 0, 1, 2, 3]), np.array([0.5, 2, 2, 9])
    table = number_table(p, q, choose_edges(pooled_sample(p, q), [0, 1, 2]))
    assert table.p.tolist() == [1, 1, 2, 1]
    assert table.q.tolist() == [0, 1, 2, 1]
    assert table.lower[0] == -np.inf
    assert table.upper[-1] == np.inf


def test_a_constant_column_has_one_bin_around_it():
    edges = choose_edges(pooled_sample(np.full(3, 5.0), np.full(2, 5.0)), "auto")
    assert edges == pytest.approx([4.5, 5.5])


def test_an_outlier_cannot_ask_for_billions_of_bins():
    p, q = samples("normal")
    with pytest.raises(InputError, match="fd asks for") as caught:
        choose_edges(pooled_sample(np.append(p, 1e9), q), "fd")
    assert "quantile" in caught.value.hint


def test_a_range_beyond_the_largest_float_is_refused_but_has_quantiles():
    p, q = np.array([-1.7e308, 0, 1]), np.array([2, 1.7e308])
    with pytest.raises(InputError, match="too wide"):
        choose_edges(pooled_sample(p, q), "sturges")
    assert number_table(p, q, choose_edges(pooled_sample(p, q), "quantile")).n_p == 3


def test_two_rows_have_no_skewness():
    edges = choose_edges(pooled_sample(np.array([1.0]), np.array([4.0])), "doane")
    assert edges == pytest.approx([1, 4])


def test_no_numbers_have_no_bins():
    sample = pooled_sample(np.array([1.0]), np.array([4.0]))
    nothing = replace(sample.summary_p, minimum=np.nan, maximum=np.nan)
    empty = replace(sample, p=sample.p[:0], q=sample.q[:0], summary_p=nothing, summary_q=nothing)
    with pytest.raises(InputError, match="no finite values"):
        choose_edges(empty, "auto")


def test_bins_finer_than_floating_point_collapse():
    p = 1 + np.arange(4) * np.spacing(1.0)
    edges = choose_edges(pooled_sample(p, p), 100)
    assert np.all(np.diff(edges) > 0)
    assert number_table(p, p, edges).p.tolist() == [1, 1, 2]


def test_the_largest_float_is_counted():
    top = np.finfo(float).max
    edges = choose_edges(pooled_sample(np.array([0, top]), np.array([1.0, top])), "quantile")
    assert np.all(np.isfinite(edges))
    assert number_table(np.array([0, top]), np.array([1.0, top]), edges).n_p == 2


def test_an_incomplete_sample_keeps_range_and_number_of_rows():
    rng = np.random.default_rng(27182818284590452353)
    p, q = rng.normal(0, 1, 40_000), rng.normal(0, 1, 40_000)
    whole = choose_edges(pooled_sample(p, q), "scott")
    part = choose_edges(pooled_sample(p, q, keep=4_000), "scott")
    assert part[[0, -1]].tolist() == whole[[0, -1]].tolist()
    assert len(part) == pytest.approx(len(whole), rel=0.05)


def test_an_incomplete_sample_is_pooled_in_proportion_to_rows():
    sample = pooled_sample(np.arange(1000.0), np.arange(5000.0, 9000.0), keep=500)
    pooled = pooled_values(sample)
    assert np.mean(pooled < 4000) == pytest.approx(0.2, abs=0.005)
    assert np.all(np.diff(pooled) >= 0)


@given(
    arrays(float, st.integers(1, 30), elements=st.integers(-5, 5).map(float)),
    arrays(float, st.integers(1, 30), elements=st.floats(-100, 100)),
    st.sampled_from([*WIDTHS, *UNEQUAL]),
)
def test_no_row_is_lost_whatever_the_values(p, q, rule):
    try:
        edges = choose_edges(pooled_sample(p, q), rule)
    except InputError:
        # Only a tiny spread beside the range can make a rule ask for too many.
        assert rule in {"fd", "scott"}
        return
    table = number_table(p, q, edges)
    assert table.n_p == len(p)
    assert table.n_q == len(q)
    assert np.all(np.isfinite(table.lower))


@pytest.mark.parametrize(
    ("bins", "words"),
    [
        ("sturgess", "unknown bins"),
        (0, "0 bins"),
        (MAX_BINS + 1, "65,537 bins"),
        ([1.0], "no edges"),
        ([0.0, 0.0, 1.0], "no edges"),
        ([0.0, float("nan")], "no edges"),
    ],
)
def test_what_is_no_bins_is_refused(bins, words):
    with pytest.raises(UsageError, match=words):
        check_bins(bins)
