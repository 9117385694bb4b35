from __future__ import annotations

import numpy as np
import pytest
from onesample.one_sample_makers import named, points
from scipy import stats

from klcli.onesample.diagnose import doubt_forward, doubt_reverse, few_rows, pareto_shape
from klcli.results import Status


def quantiles(law, n=2000):
    return law.ppf((np.arange(n) + 0.5) / n)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.4, 0.8])
def test_the_shape_of_a_generalised_pareto_tail_is_found(shape):
    values = quantiles(stats.genpareto(shape), 4000)
    found, error = pareto_shape(values, np.ones(4000))
    assert found == pytest.approx(shape, abs=2.5 * error)
    assert 0.05 < error < 0.15


def test_repeated_values_count_as_rows():
    values = quantiles(stats.genpareto(0.4), 500)
    twice = pareto_shape(np.repeat(values, 2), np.ones(1000))
    assert pareto_shape(values, np.full(500, 2.0)) == pytest.approx(twice, rel=1e-6)


def test_too_few_values_have_no_shape():
    assert np.isnan(pareto_shape(np.ones(40), np.ones(40))[0])


@pytest.mark.parametrize(
    ("law", "heavy"),
    [
        (stats.norm(0, 1), False),
        (stats.norm(2, 1.5), False),
        (stats.laplace(), False),
        (stats.t(6), False),
        (stats.t(2), True),
        (stats.cauchy(), True),
    ],
)
def test_a_tail_is_too_heavy_where_the_log_ratio_has_no_variance(law, heavy):
    doubt = doubt_forward(points(quantiles(law)), "P", "Q")
    assert (doubt.status is Status.LOWER_BOUND) == heavy
    assert [finding.code for finding in doubt.findings] == ["heavy-tail"] * heavy


@pytest.mark.parametrize(
    ("law", "codes"),
    [
        (stats.norm(0, 1), []),
        (stats.norm(0, 1.3), []),
        (stats.norm(1.5, 1), ["outside-range"]),
        (stats.uniform(-1, 2), ["outside-range", "heavy-tail"]),
        (stats.norm(0, 0.6), ["outside-range"]),
    ],
)
def test_rows_must_be_where_q_is(law, codes):
    doubt = doubt_reverse(points(quantiles(law)), "P", "Q")
    assert [finding.code for finding in doubt.findings] == codes
    assert (doubt.status is Status.OK) == (not codes)


def test_a_gap_bounds_the_reverse():
    z = quantiles(stats.norm(0, 1), 4000)
    doubt = doubt_reverse(points(z[(z < -0.3) | (z > 0.3)]), "P", "Q")
    assert "between two of its neighbouring values" in doubt.findings[0].message
    # The truth is −log(1 − 0.236), if nothing but the gap was there.
    assert doubt.bound > 0.15
    assert doubt.mass == pytest.approx(0.2358, abs=0.002)


def test_a_sample_of_q_raises_no_doubt():
    rng = np.random.default_rng(20261127)
    doubts = [
        judge(points(rng.normal(size=300)), "P", "Q")
        for _ in range(100)
        for judge in (doubt_forward, doubt_reverse)
    ]
    assert sum(doubt.status is not Status.OK for doubt in doubts) <= 6


def test_names_that_rows_never_show():
    never = doubt_reverse(named([50, 50, 0], [0.4, 0.4, 0.2]), "P", "Q")
    assert never.status is Status.INFINITE
    assert "P never shows 'c'" in never.findings[0].message
    seldom = doubt_reverse(named([50, 50, 0], [0.5, 0.49, 0.01]), "P", "Q")
    assert seldom.status is Status.LOWER_BOUND
    assert doubt_reverse(named([50, 50], [0.5, 0.5]), "P", "Q").status is Status.OK


def test_few_rows():
    assert few_rows(20) == []
    assert few_rows(1)[0].message.startswith("only 1 row to")
