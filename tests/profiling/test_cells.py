"""Cells count exactly, answer in between with an error they state, and merge in any order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klcli.data.profiles.cells import MOST_CELLS, Cells, joint_bounds, merged


def of(values):
    distinct, counts = np.unique(np.asarray(values, float), return_counts=True)
    return Cells.of_values(distinct + 0.0, counts.astype(float))


def quantile_cells(values, cells=512):
    distinct = np.unique(values)
    inner = np.quantile(values, np.linspace(0, 1, cells)[1:-1], method="lower")
    at = np.unique(np.searchsorted(distinct, inner))
    bounds = (distinct[at[at > 0] - 1] + distinct[at[at > 0]]) / 2
    ends = [distinct[0], np.nextafter(distinct[-1], np.inf)]
    bounds = np.unique(np.concatenate([bounds, ends]))
    return Cells.counted(bounds, np.histogram(values, bounds)[0].astype(float))


def rank(values, at):
    return np.searchsorted(np.sort(values), at, side="left").astype(float)


finite = st.floats(allow_nan=False, allow_infinity=False)
samples = st.lists(st.one_of(st.integers(-5, 5).map(float), finite), min_size=1, max_size=60)


@given(samples, st.lists(finite, min_size=1, max_size=20))
def test_cells_of_values_know_every_rank(values, at):
    cells, at = of(values), np.sort(np.array(at) + 0.0)
    ranks, known, guessed = cells.ranks(at)
    assert cells.exact
    assert np.array_equal(ranks, rank(values, at))
    assert not known.any()
    assert not guessed.any()


@given(samples, st.integers(1, 6), st.randoms(use_true_random=False))
def test_any_split_merges_to_the_whole_in_any_order(values, parts, random):
    random.shuffle(values)
    split = [part for part in np.array_split(np.array(values), parts) if len(part)]
    together = merged([of(part) for part in split])
    one_by_one = merged([of(part) for part in split[:1]])
    for part in split[1:]:
        one_by_one = merged([one_by_one, of(part)])
    whole = of(values)
    at = np.sort(np.array(values))
    for cells in (together, one_by_one):
        assert cells.total == len(values)
        assert np.array_equal(cells.ranks(at)[0], whole.ranks(at)[0])
        assert not cells.variance.any()


@pytest.mark.parametrize("shape", ["normal", "cauchy", "integers", "rounded", "spikes", "sorted"])
@pytest.mark.parametrize("parts", [2, 12, 90])
def test_merging_guesses_within_the_error_it_states(shape, parts):
    rng = np.random.default_rng(314159265358979)
    rows = 90_000
    values = {
        "normal": lambda: rng.normal(size=rows),
        "cauchy": lambda: rng.standard_cauchy(rows),
        "integers": lambda: rng.integers(0, 30_000, rows).astype(float),
        "rounded": lambda: np.round(rng.lognormal(6, 1.5, rows), 1),
        # Values that repeat, but too seldom for cells of their own.
        "spikes": lambda: np.where(
            rng.random(rows) < 0.3, rng.integers(0, 400, rows) / 100, rng.exponential(size=rows)
        ),
        "sorted": lambda: np.sort(rng.normal(size=rows)),
    }[shape]()
    cells = merged([quantile_cells(part) for part in np.array_split(values, parts)])
    at = np.sort(values)[np.linspace(0, rows - 1, 301).astype(int)[1:-1]]
    ranks, known, guessed = cells.ranks(at)
    variance = known + guessed
    error = ranks - rank(values, at)
    assert cells.total == pytest.approx(rows)
    # Root mean square: stated, and not by far too large to be of use.
    assert np.sqrt(np.mean(error**2)) <= np.sqrt(np.mean(variance)) + 1
    assert np.sqrt(np.mean(variance)) / rows < 1 / 512
    assert np.max(np.abs(error)) / rows < 4 / 512


def test_bounds_that_all_parts_share_stay_exact():
    rng = np.random.default_rng(27182818284590)
    bounds = np.linspace(-10, 10, 201)
    parts = [rng.normal(size=1000) for _ in range(5)]
    cells = merged(
        [Cells.counted(bounds, np.histogram(part, bounds)[0].astype(float)) for part in parts]
    )
    assert not cells.variance.any()
    inside = cells.bounds
    assert np.array_equal(cells.ranks(inside)[0], rank(np.concatenate(parts), inside))


def test_thinning_keeps_counts_at_the_bounds_it_keeps():
    rng = np.random.default_rng(16180339887498)
    values = np.concatenate([rng.normal(size=40_000), np.full(3_000, 0.25)])
    fine = of(values)
    thin = fine.thinned(MOST_CELLS)
    assert np.count_nonzero(thin.counts) <= MOST_CELLS
    assert np.array_equal(thin.ranks(thin.bounds)[0], rank(values, thin.bounds))
    atoms = thin.bounds[:-1][thin.atoms & (thin.counts > 1)]
    assert 0.25 in atoms
    # Both ends are known value by value.
    assert list(thin.counts[:2]) == [1, 1]
    assert thin.counts[-1] == 1


def test_crowded_cells_hold_enough_rows():
    cells = of(np.arange(1000) % 37).crowded(100)
    assert cells.counts.min() >= 100
    assert cells.total == 1000


def test_few_rows_make_one_crowded_cell():
    cells = of([1, 2, 3]).crowded(100)
    assert list(cells.counts) == [3]


@given(samples)
@settings(max_examples=50)
def test_points_of_exact_cells_are_the_values(values):
    assert np.array_equal(of(values).points(1000), np.sort(np.array(values)) + 0.0)


def test_points_are_spread_as_the_rows_are():
    rng = np.random.default_rng(57721566490153)
    values = rng.normal(size=50_000)
    points = quantile_cells(values).points(10_000)
    assert np.all(np.diff(points) >= 0)
    shares = np.linspace(0.01, 0.99, 99)
    assert np.allclose(np.quantile(points, shares), np.quantile(values, shares), atol=0.01)
    assert points[0] == values.min()


def test_the_largest_doubles():
    largest = np.finfo(float).max
    cells = of([-largest, 0.0, 5e-324, largest])
    assert list(cells.ranks(np.array([-largest, 0.0, 5e-324, 1.0, largest]))[0]) == [0, 1, 2, 3, 3]
    wide = Cells.counted(np.array([-largest, largest]), np.array([4.0]))
    assert wide.ranks(np.array([0.0]))[0] == pytest.approx(2)


def test_no_numbers():
    empty = merged([Cells.counted(np.empty(0), np.empty(0))] * 2)
    assert empty.total == 0
    assert len(empty.points(10)) == 0
    assert list(empty.ranks(np.array([1.0]))[0]) == [0]


class TestJointBounds:
    free = np.array([-1.0, 0.5, 1.5, 9.0])
    own = np.array([0.0, 1.0, 2.0])

    def test_are_free_where_both_sides_are(self):
        assert joint_bounds(None, None, self.free) is self.free

    def test_are_those_of_the_profile_and_free_outside(self):
        assert list(joint_bounds(None, self.own, self.free)) == [-1, 0, 1, 2, 9]
        assert list(joint_bounds(self.own, None, self.free)) == [-1, 0, 1, 2, 9]

    def test_of_two_profiles_keep_what_repeats_in_either(self):
        atom = np.array([0.0, 0.25, np.nextafter(0.25, 1), 3.0])
        bounds = joint_bounds(self.own, atom, self.free)
        assert list(bounds) == [-1, 0, 0.25, np.nextafter(0.25, 1), 1, 2, 3, 9]

    def test_are_finite(self):
        open_above = np.array([0.0, np.inf])
        assert list(joint_bounds(open_above, None, self.free)) == [-1, 0]
