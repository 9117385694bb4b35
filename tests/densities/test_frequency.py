import numpy as np
import pytest
from scipy import special
from tables import number_table, pooled_sample

from klcli.counts import CountTable
from klcli.densities.frequency import MAX_DISTINCT, Frequency, fit_masses, masses
from klcli.errors import InputError, UsageError


def table(p, q):
    return CountTable.categorical(
        tuple("abcdef"[: len(p)]), np.array(p, float), np.array(q, float)
    )


@pytest.mark.parametrize(
    ("smoothing", "added"),
    [("none", 0), ("laplace", 1), ("jeffreys", 0.5), ("krichevsky-trofimov", 0.5), (0.25, 0.25)],
)
def test_smoothing_adds_to_each_count(smoothing, added):
    counts = table([3, 1, 0], [2, 2, 4])
    fitted = Frequency(smoothing).fit(counts)
    assert fitted.log_q == pytest.approx(np.log((np.array([2, 2, 4]) + added) / (8 + 3 * added)))
    expected = (np.array([3, 1, 0]) + added) / (4 + 3 * added)
    assert np.exp(fitted.log_p) == pytest.approx(expected)


def test_models_without_a_choice_are_smoothed_by_a_half():
    counts = table([3, 1, 0], [0, 2, 4])
    assert Frequency().fit(counts).log_p.tolist() == Frequency(0.5).fit(counts).log_p.tolist()


def test_without_smoothing_unseen_cells_have_no_mass():
    fitted = Frequency("none").fit(table([3, 1, 0], [0, 2, 4]))
    assert fitted.log_p[2] == -np.inf
    assert fitted.log_q[0] == -np.inf
    assert special.logsumexp(fitted.log_p) == pytest.approx(0)


def test_cells_that_neither_side_shows_are_not_smoothed():
    with_gap = masses(np.array([3.0, 0, 1]), np.array([1.0, 0, 4]), 1)
    without = masses(np.array([3.0, 1]), np.array([1.0, 4]), 1)
    assert with_gap[0][1] == 0
    assert with_gap[0][[0, 2]] == pytest.approx(without[0])
    assert with_gap[1][[0, 2]] == pytest.approx(without[1])


def test_rows_are_normalised_on_their_own():
    p, q = np.array([[1.0, 3], [5, 5]]), np.array([[2.0, 2], [0, 8]])
    together = fit_masses(p, q, 0.5)
    for row in range(2):
        alone = fit_masses(p[row], q[row], 0.5)
        assert together.log_p[row] == pytest.approx(alone.log_p)
        assert together.log_q[row] == pytest.approx(alone.log_q)


def test_a_side_without_rows_has_no_mass():
    mass_p, mass_q = masses(np.zeros(2), np.array([1.0, 3]), 0.0)
    assert mass_p.tolist() == [0, 0]
    assert mass_q.tolist() == [0.25, 0.75]


def test_layout_gives_each_distinct_number_a_cell_of_its_own():
    p, q = np.array([0.0, -1.5, 0.0, 2.0]), np.array([7.0, 2.0, np.finfo(float).max])
    bounds = Frequency().layout(pooled_sample(p, q))
    assert np.all(np.isfinite(bounds))
    assert np.all(np.diff(bounds) > 0)
    counted = number_table(p, q, bounds)
    assert counted.lower.tolist() == [-1.5, 0, 2, 7, np.finfo(float).max]
    assert counted.p.tolist() == [1, 2, 1, 0, 0]
    assert counted.q.tolist() == [0, 0, 1, 1, 1]


def test_layout_of_an_incomplete_sample_still_counts_every_row():
    rng = np.random.default_rng(61803398874989484820)
    p, q = rng.integers(0, 40, 500), rng.integers(0, 40, 400)
    counted = number_table(p, q, Frequency().layout(pooled_sample(p, q, keep=20)))
    assert counted.n_p == 500
    assert counted.n_q == 400


def test_layout_refuses_numbers_that_are_no_categories():
    values = np.arange(MAX_DISTINCT + 1.0)
    with pytest.raises(InputError, match="100,001 distinct"):
        Frequency().layout(pooled_sample(values, values))


@pytest.mark.parametrize("smoothing", [-1, float("nan"), float("inf")])
def test_impossible_pseudocounts_are_refused(smoothing):
    with pytest.raises(UsageError, match="smoothing"):
        Frequency(smoothing)


def test_unknown_smoothing_names_the_choices():
    with pytest.raises(UsageError) as caught:
        Frequency("lapalce")
    assert "krichevsky-trofimov" in caught.value.hint
