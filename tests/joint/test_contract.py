"""What every joint estimator promises, whatever its formula."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from functools import cache

import numpy as np
import pytest
from joint.joint_pairs import BY_NAME, pair_of

from klcli.errors import InputError, UsageError
from klcli.joint.gaussian import Gaussian
from klcli.joint.kde import Kde
from klcli.joint.knn import Knn
from klcli.joint.mixture import Mixture
from klcli.joint.ratio import JointRatio
from klcli.registry import JOINT, load
from klcli.rows import Rows

ESTIMATORS = [Knn(), Kde(), Gaussian(), Mixture(components=2), JointRatio()]
NUMERIC = [estimator for estimator in ESTIMATORS if not estimator.categorical]


def rng(seed=28284271247461900976):
    return np.random.default_rng(seed)


def drawn(name="shift 2", n=200, m=300):
    return BY_NAME[name].draw(rng(), n, m)


@cache
def standard(estimator):
    """Return both directions for the rows that most tests look at."""
    return estimator.both(drawn(), rng())


def taken(rows, order_p, order_q, columns=slice(None)):
    sides = [
        Rows(side.numbers[order][:, columns], side.codes[order])
        for side, order in ((rows.p, order_p), (rows.q, order_q))
    ]
    return replace(rows, p=sides[0], q=sides[1])


def standard_error(point):
    parts = [np.mean(each**2) / len(each) for each in (point.influence_p, point.influence_q)]
    return (sum(parts) + point.excess_variance) ** 0.5


pytestmark = pytest.mark.usefixtures("folds_once")


@pytest.fixture(params=ESTIMATORS, ids=lambda each: each.name)
def estimator(request):
    return request.param


@pytest.fixture(params=NUMERIC, ids=lambda each: each.name)
def numeric(request):
    return request.param


def test_the_registry_names_them_all():
    assert [type(each) for each in ESTIMATORS] == [load(JOINT[each.name]) for each in ESTIMATORS]
    assert {each.name for each in ESTIMATORS} == set(JOINT)


def test_parameters_are_frozen(estimator):
    with pytest.raises((FrozenInstanceError, TypeError, AttributeError)):
        estimator.other = 1


def test_influence_has_a_value_for_each_row_and_is_centred(estimator):
    for point, n, m in zip(standard(estimator), (200, 300), (300, 200), strict=True):
        assert point.influence_p.shape == (n,)
        assert point.influence_q.shape == (m,)
        assert point.influence_p.sum() == pytest.approx(0, abs=1e-6)
        assert point.influence_q.sum() == pytest.approx(0, abs=1e-6)


def test_equal_seeds_give_equal_estimates(estimator):
    assert estimator(drawn(), rng()).value == standard(estimator)[0].value


def test_nothing_is_changed_by_the_call(estimator):
    rows = drawn()
    before = rows.p.numbers.copy(), rows.q.numbers.copy()
    estimator.both(rows, rng())
    assert np.array_equal(rows.p.numbers, before[0])
    assert np.array_equal(rows.q.numbers, before[1])


def test_the_order_of_rows_does_not_matter(estimator):
    rows = drawn()
    order = rng(5).permutation(200), rng(6).permutation(300)
    first, second = standard(estimator)[0], estimator(taken(rows, *order), rng())
    # What is cross-fitted or chosen by some of the rows depends on which rows those are.
    exact = estimator.name in ("knn", "gaussian", "kde")
    assert first.value == pytest.approx(
        second.value, abs=1e-8 if exact else 1.5 * standard_error(first)
    )


def test_the_order_of_columns_does_not_matter(estimator):
    rows = drawn("general 3")
    turned = taken(rows, slice(None), slice(None), [2, 0, 1])
    first, second = (estimator(each, rng()) for each in (rows, turned))
    exact = estimator.name in ("knn", "gaussian", "kde")
    assert first.value == pytest.approx(
        second.value, abs=1e-3 if exact else 0.5 * standard_error(first)
    )


def test_the_reverse_is_that_of_the_swapped_rows(estimator):
    rows = drawn()
    reverse, swapped = standard(estimator)[1], estimator(rows.swapped(), rng())
    exact = estimator.name in ("knn", "gaussian", "kde")
    assert reverse.value == pytest.approx(
        swapped.value, abs=1e-8 if exact else 1.5 * standard_error(reverse)
    )


def test_one_column_is_enough(estimator):
    sample = rng()
    rows = pair_of(sample.normal(0.5, 1, (500, 1)), sample.normal(0, 1, (400, 1)))
    point = estimator(rows, rng())
    assert abs(point.value - 0.125) < 3 * standard_error(point) + 0.02


def test_a_constant_column_changes_nothing(estimator):
    rows = drawn()
    constant = [
        Rows(np.hstack([side.numbers, np.full((len(side), 1), 7.0)]), side.codes)
        for side in (rows.p, rows.q)
    ]
    more = replace(
        rows, p=constant[0], q=constant[1], number_names=(*rows.number_names, "constant")
    )
    assert estimator(more, rng()).value == pytest.approx(standard(estimator)[0].value, abs=1e-9)


def test_a_column_given_twice_changes_little(estimator):
    rows = drawn()
    twice = taken(rows, slice(None), slice(None), [0, 1, 0])
    twice = replace(twice, number_names=("x0", "x1", "again"))
    first = standard(estimator)[0]
    assert estimator(twice, rng()).value == pytest.approx(
        first.value, abs=2 * standard_error(first)
    )


def test_repeated_rows_leave_everything_finite(estimator):
    sample = rng()
    p = sample.integers(0, 4, (400, 2)).astype(float)
    q = sample.integers(0, 4, (300, 2)).astype(float)
    for point in estimator.both(pair_of(p, q), rng()):
        # Smooth densities cannot follow, and have to say so.
        unfit = "ties" in {finding.code for finding in point.findings}
        assert abs(point.value) < 0.2 or unfit
        assert np.isfinite(point.influence_p).all()
        assert np.isfinite(point.influence_q).all()


def test_missing_values_count_as_a_pattern(estimator):
    sample = rng()
    p, q = sample.normal(size=(600, 2)), sample.normal(size=(600, 2))
    p[:300, 0] = np.nan
    q[:100, 0] = np.nan
    point = estimator(pair_of(p, q), rng())
    truth = 0.5 * np.log(0.5 / (1 / 6)) + 0.5 * np.log(0.5 / (5 / 6))
    assert abs(point.value - truth) < 3 * standard_error(point) + 0.05


def test_a_pattern_that_only_one_side_shows_is_infinite_and_shifts_nothing(estimator):
    sample = rng()
    p, q = sample.normal(0.5, 1, (600, 2)), sample.normal(size=(500, 2))
    p[:60, 1] = np.nan
    forward, reverse = estimator.both(pair_of(p, q), rng())
    assert forward.value == np.inf
    assert forward.escaped_mass == pytest.approx(0.1)
    assert "unseen-categories" in {finding.code for finding in forward.findings}
    assert np.isfinite(reverse.value)
    alone = estimator(pair_of(p[60:], q), rng())
    within = forward.finite_value - _escaped(60, 540, 500)
    assert within == pytest.approx(0.9 * alone.value, abs=1e-6 + 2 * standard_error(alone))


def _escaped(gone, kept, m):
    """Zhang and Grabchak's two-cell estimate where Q has rows in one cell only."""
    from scipy.special import psi

    n = gone + kept
    first = gone / n * (psi(m + 1) - psi(1) - psi(n) + psi(gone))
    return first + kept / n * (psi(m + 1) - psi(m + 1) - psi(n) + psi(kept))


def test_infinite_values_are_no_numbers(estimator):
    rows = drawn()
    p, q = rows.p.numbers.copy(), rows.q.numbers.copy()
    p[:9, 0] = q[:12, 0] = np.inf
    assert np.isfinite(estimator(pair_of(p, q), rng()).value) or estimator.name == "kde"


def test_no_rows_are_refused(estimator):
    with pytest.raises(InputError, match="no rows"):
        estimator(pair_of(np.empty((0, 2)), np.zeros((5, 2))), rng())


def test_few_rows_are_a_finding_not_a_number(estimator):
    sample = rng()
    point = estimator(pair_of(sample.normal(size=(3, 2)), sample.normal(size=(4, 2))), rng())
    assert "few-rows" in {finding.code for finding in point.findings}
    assert point.lower_bound


def test_levels_are_refused_where_only_numbers_are_modelled(numeric):
    with pytest.raises(InputError, match="categories: c0"):
        numeric(drawn("mixed 3"), rng())


def test_p_values_are_probabilities_and_find_a_difference(estimator):
    p_value, values = estimator.null(drawn("shift 2"), 99, rng())
    assert p_value == pytest.approx(0.01)
    assert 20 <= len(values) <= 99
    assert abs(np.median(values)) < 0.05
    p_value, _ = estimator.null(drawn("null 2"), 99, rng())
    assert 0.01 < p_value <= 1


def test_wild_values_do_no_harm_to_the_default():
    rows = drawn("shift 2", 500, 500)
    p, q = rows.p.numbers.copy(), rows.q.numbers.copy()
    p[0, 0], q[0, 1] = 1e12, -1e300
    wild, tame = (JointRatio()(each, rng()) for each in (pair_of(p, q), rows))
    assert wild.value == pytest.approx(tame.value, abs=standard_error(tame))


@pytest.mark.parametrize(
    "build",
    [
        lambda: Knn(neighbors=0),
        lambda: Kde(bandwidth="wide"),
        lambda: Kde(bandwidth=0),
        lambda: Mixture(components=0),
    ],
    ids=["neighbors", "rule", "bandwidth", "components"],
)
def test_parameters_that_make_no_sense_are_refused(build):
    with pytest.raises(UsageError):
        build()


def test_nothing_heavy_is_imported_before_it_is_needed():
    names = ", ".join(sorted({entry.split(":")[0] for entry in JOINT.values()}))
    code = f"import {names}, sys; print([m for m in ('scipy', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
