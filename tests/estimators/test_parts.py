import numpy as np
import pytest
from tables import number_table

from klcli.counts import CountTable, Role
from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.densities.ratio import Ratio
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.histogram import HistogramPlugIn
from klcli.estimators.parts import ByParts
from klcli.estimators.ratio import RatioPlugIn

RNG = np.random.default_rng(561029384756102938)
NUMBERS = number_table(RNG.normal(0, 1, 300), RNG.normal(1, 1, 400), np.linspace(-3, 4, 30))
INNER = [RatioPlugIn(Ratio()), HistogramPlugIn(Histogram())]


def with_parts(table, missing=(60.0, 20.0), minus=(0.0, 0.0), plus=(0.0, 0.0)):
    """Add −inf, +inf and missing cells to a table of numbers."""
    around = [minus, plus, missing]
    keep = [sum(cell) > 0 for cell in around]
    lower, upper = [-np.inf, np.inf, np.nan], [-np.inf, np.inf, np.nan]
    roles = [Role.ATOM, Role.ATOM, Role.MISSING]

    def join(values, extra):
        front = extra[:1] if keep[0] else []
        return np.concatenate(
            [front, values, [e for e, k in zip(extra[1:], keep[1:], strict=True) if k]]
        )

    return CountTable(
        join(table.p, [cell[0] for cell in around]),
        join(table.q, [cell[1] for cell in around]),
        join(table.roles, roles).astype(np.int8),
        (),
        join(table.lower, lower),
        join(table.upper, upper),
    )


@pytest.mark.parametrize("inner", INNER, ids=lambda inner: type(inner).__name__)
def test_numbers_alone_are_left_to_the_inner_estimator(inner):
    assert ByParts(inner)(NUMBERS).value == inner(NUMBERS).value


@pytest.mark.parametrize("inner", INNER, ids=lambda inner: type(inner).__name__)
def test_the_chain_rule(inner):
    table = with_parts(NUMBERS, (60.0, 20.0), (5.0, 9.0), (3.0, 1.0))
    parts = CountTable.categorical(
        ("a", "b", "c", "d"),
        np.array([5.0, 3, 60, NUMBERS.n_p]),
        np.array([9.0, 1, 20, NUMBERS.n_q]),
    )
    expected = FrequencyPlugIn(Frequency())(parts).value
    expected += NUMBERS.n_p / table.n_p * inner(NUMBERS).value
    point = ByParts(inner)(table)
    assert point.value == pytest.approx(expected)
    assert point.contributions.sum() == pytest.approx(expected)
    assert table.p @ point.influence_p == pytest.approx(0, abs=1e-8)
    assert table.q @ point.influence_q == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("side", ["p", "q"])
def test_influence_values_are_the_derivative(side):
    table = with_parts(NUMBERS, (900.0, 20.0))
    estimator = ByParts(HistogramPlugIn(Histogram()))
    point = estimator(table)
    for cell in (12, 16, len(table.p) - 1):
        counts = {"p": table.p[None].copy(), "q": table.q[None].copy()}
        counts[side][0, cell] += 1e-3
        slope = (estimator.values(table, counts["p"], counts["q"])[0] - point.value) / 1e-3
        total = getattr(table, side).sum()
        influence = getattr(point, f"influence_{side}")[cell]
        assert slope * total == pytest.approx(influence, rel=0.08, abs=0.05)


@pytest.mark.parametrize("inner", INNER, ids=lambda inner: type(inner).__name__)
def test_values_agree_with_the_point(inner):
    table = with_parts(NUMBERS)
    values = ByParts(inner).values(table, table.p[None], table.q[None])
    assert values[0] == pytest.approx(ByParts(inner)(table).value, rel=1e-6)


@pytest.mark.parametrize("inner", INNER, ids=lambda inner: type(inner).__name__)
def test_both_directions(inner):
    table = with_parts(NUMBERS)
    forward, reverse = ByParts(inner).both(table)
    assert ByParts(inner)(table.swapped()).value == pytest.approx(reverse.value, rel=1e-6)
    assert forward.value != pytest.approx(reverse.value)


def test_mostly_missing_is_a_large_divergence():
    half = number_table(RNG.normal(0, 1, 100), RNG.normal(0, 1, 950), np.linspace(-3, 3, 20))
    forward, reverse = ByParts(RatioPlugIn(Ratio())).both(with_parts(half, (900.0, 50.0)))
    assert forward.value == pytest.approx(0.9 * np.log(18) + 0.1 * np.log(0.1 / 0.95), abs=0.15)
    assert reverse.value > 1


@pytest.mark.parametrize("side", ["p", "q"])
def test_one_side_without_any_number(side):
    from dataclasses import replace

    table = replace(with_parts(NUMBERS), **{side: np.zeros(len(NUMBERS.p) + 1)})
    getattr(table, side)[-1] = 50.0
    for point in ByParts(RatioPlugIn(Ratio())).both(table):
        assert np.isfinite(point.value)


def test_a_difference_in_missing_alone_is_found():
    from klcli.intervals.permutation import permutation

    same = number_table(RNG.normal(0, 1, 500), RNG.normal(0, 1, 500), np.linspace(-3, 3, 20))
    estimator = ByParts(RatioPlugIn(Ratio()))
    rng = np.random.default_rng(81726354)
    assert permutation(estimator, with_parts(same, (60.0, 20.0)), 199, rng).p_value < 0.05
    assert permutation(estimator, with_parts(same, (40.0, 40.0)), 199, rng).p_value > 0.05
