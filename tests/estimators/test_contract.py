"""What every classical estimator promises, whatever its formula."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tables import category_table, table_for

from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.densities.kde import Kde
from klcli.estimators.dirichlet_mixture import DirichletMixture
from klcli.estimators.empirical_bayes import EmpiricalBayes
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.histogram import HistogramPlugIn
from klcli.estimators.kde import KdePlugIn
from klcli.estimators.monte_carlo import MonteCarlo

ESTIMATORS = [
    FrequencyPlugIn(Frequency()),
    FrequencyPlugIn(Frequency("none")),
    FrequencyPlugIn(Frequency("laplace")),
    EmpiricalBayes(Frequency()),
    DirichletMixture(Frequency()),
    HistogramPlugIn(Histogram("sturges")),
    HistogramPlugIn(Histogram("blocks", "jeffreys")),
    KdePlugIn(Kde("isj")),
    KdePlugIn(Kde("cv")),
    MonteCarlo(Frequency("jeffreys")),
    MonteCarlo(Histogram(6, 0.5)),
    MonteCarlo(Kde("scott")),
]


def rows(numeric: bool):
    rng = np.random.default_rng(26457513110645905905)
    if numeric:
        return rng.normal(0.3, 1, 300), rng.normal(0, 1.2, 450)
    return rng.binomial(5, 0.4, 300), rng.binomial(5, 0.5, 450)


def table_of(estimator, p, q):
    density = estimator.density
    return table_for(density, p, q) if density.numeric else category_table(p, q)


@pytest.fixture(params=ESTIMATORS, ids=lambda each: f"{each.name} {each.density}")
def estimator(request):
    return request.param


@pytest.fixture
def table(estimator):
    return table_of(estimator, *rows(estimator.density.numeric))


def test_contributions_sum_to_the_value(estimator, table):
    point = estimator(table)
    assert point.contributions.shape == table.p.shape
    assert point.contributions.sum() == pytest.approx(point.value, rel=1e-12)


def test_influence_is_centred(estimator, table):
    point = estimator(table)
    assert table.p @ point.influence_p == pytest.approx(0, abs=1e-9)
    assert table.q @ point.influence_q == pytest.approx(0, abs=1e-9)


def test_the_order_of_rows_does_not_matter(estimator, table):
    rng = np.random.default_rng(27386127875258305674)
    p, q = (rng.permutation(side) for side in rows(estimator.density.numeric))
    again = estimator(table_of(estimator, p, q))
    assert again.value == estimator(table).value


def test_the_other_direction_is_that_of_the_swapped_table(estimator, table):
    p, q = rows(estimator.density.numeric)
    turned = estimator(table_of(estimator, q, p))
    assert estimator(table.swapped()).value == pytest.approx(turned.value)


def test_values_of_the_own_counts_are_the_estimate(estimator, table):
    values = estimator.values(table, table.p[None], table.q[None])
    assert values == pytest.approx(estimator(table).value, rel=1e-9)


def test_identical_samples_are_not_far_apart(estimator, table):
    same = replace(table, q=table.p)
    cells = np.count_nonzero(table.p)
    assert abs(estimator(same).value) <= (cells - 1) / table.n_p + 1e-9


def test_nothing_is_changed_by_the_call(estimator, table):
    before = table.p.copy(), table.q.copy()
    first = estimator(table)
    assert estimator(table).value == first.value
    assert table.p.tolist() == before[0].tolist()
    assert table.q.tolist() == before[1].tolist()


def test_no_classical_estimate_waits_for_scipy():
    program = """
import sys
import numpy as np
from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.densities.kde import Kde
from klcli.estimators.empirical_bayes import EmpiricalBayes
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.kde import KdePlugIn
from klcli.intervals.bootstrap import bca

cells = np.arange(50.0)
counts = CountTable(cells + 1, 60 - cells, np.zeros(50, np.int8), (), cells, cells + 1)
estimator = FrequencyPlugIn(Frequency())
bca(estimator, counts, estimator(counts), confidence=0.9, resamples=9,
    null_values=cells, rng=np.random.default_rng(1))
KdePlugIn(Kde())(counts)
rare = CountTable.categorical(tuple("abcdefghij"), cells[:10] // 3, cells[:10] // 4)
EmpiricalBayes(Frequency())(rare)
print([name for name in ("scipy", "sklearn", "polars") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
