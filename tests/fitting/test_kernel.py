"""Kernel densities, and the entropy of data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.fitting.kernel import KernelDensity, Tabulated, bandwidth
from klcli.fitting.points import Points, panels
from klcli.fitting.target import _entropy, _entropy_of_counts

VALUES = np.sort(np.random.default_rng(577215664901).standard_t(2, 300))
WIDTH, _ = bandwidth(VALUES, "silverman")
X = np.concatenate([np.linspace(-6, 6, 101), [-900.0, 40.0, 3e6]])


def plain(x):
    logs = stats.norm.logpdf(x[:, None], VALUES, WIDTH)
    return np.logaddexp.reduce(logs, axis=1) - np.log(len(VALUES))


def test_the_log_density_is_that_of_kernels_at_the_rows():
    density = KernelDensity.of(VALUES, WIDTH)
    assert density.log(X) == pytest.approx(plain(X), abs=2e-3, rel=2e-3)
    exact = KernelDensity(VALUES, np.ones(len(VALUES)), WIDTH)
    assert exact.log(X) == pytest.approx(plain(X), rel=1e-12)


def test_its_table_agrees():
    density = KernelDensity.of(VALUES, WIDTH)
    assert Tabulated.of(density).log(X) == pytest.approx(density.log(X), abs=1e-4, rel=1e-9)


def test_densities_and_masses_sum_to_1():
    density = KernelDensity.of(VALUES, WIDTH)
    x, weights = panels(density.ends())
    assert weights @ np.exp(density.log(x)) == pytest.approx(1, abs=1e-9)
    counts = np.sort(np.random.default_rng(1618033988).poisson(2, 200)).astype(float)
    for lowest in (0.0, -np.inf):
        whole = KernelDensity.of(counts, 0.6, discrete=True, lowest=lowest)
        masses = np.exp(whole.log(np.arange(-12.0, 30)))
        assert masses.sum() == pytest.approx(1, abs=1e-12)
        assert (masses[:12] > 0).all() == np.isinf(lowest)


@pytest.mark.parametrize("name", ["norm", "expon", "lognorm"])
def test_entropy_from_spacings(name):
    shapes = {"lognorm": (1.0,)}.get(name, ())
    family = getattr(stats, name)
    rng = np.random.default_rng(141421356237)
    errors = []
    for _ in range(60):
        values = np.sort(family.rvs(*shapes, size=500, random_state=rng))
        found, variance = _entropy(values, KernelDensity.of(values, 0.1))
        errors.append(found + family.logpdf(values, *shapes).mean())
    assert np.mean(errors) == pytest.approx(0, abs=0.01)
    assert np.std(errors) == pytest.approx(np.sqrt(variance), rel=0.35)


def test_entropy_of_counts():
    rng = np.random.default_rng(141421356237)
    truth = float(stats.poisson(3).entropy())
    found = [
        _entropy_of_counts(Points.of_rows(rng.poisson(3, 200).astype(float))) for _ in range(100)
    ]
    assert np.mean(found) == pytest.approx(truth, abs=0.015)
