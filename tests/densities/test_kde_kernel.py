import numpy as np
import pytest
from scipy import special

from klcli.densities.kde_kernel import log_smooth, smooth


def literal_log_sums(counts, width):
    cells = np.arange(len(counts))
    exponent = -0.5 * ((cells[:, None] - cells) / width) ** 2
    return special.logsumexp(exponent, b=counts, axis=1)


@pytest.mark.parametrize("width", [1.0, 3.7, 40.0, 400.0])
def test_sums_are_those_of_the_kernel(width):
    rng = np.random.default_rng(22360679774997896964)
    counts = rng.poisson(0.3, 300) * 1.0
    sums, noise = smooth(counts, width)
    assert np.max(np.abs(sums - np.exp(literal_log_sums(counts, width)))) < noise
    assert noise < 1e-10 * sums.max()


@pytest.mark.parametrize("width", [2.0, 11.3, 60.0])
def test_logs_are_right_however_far_from_the_data(width):
    rng = np.random.default_rng(26457513110645905905)
    counts = np.zeros(1_600)
    counts[1_000:1_020] = rng.integers(0, 50, 20)
    counts[[1_000, 1_200, 1_300]] = 3, 1, 7_000
    logs = log_smooth(counts, width)
    assert logs == pytest.approx(literal_log_sums(counts, width), rel=1e-9, abs=2e-6)
    assert logs.min() < -100


def test_unwanted_cells_may_keep_the_noise():
    counts = np.zeros(2_000)
    counts[0] = 1.0
    wanted = np.zeros(2_000, dtype=bool)
    wanted[1_500] = True
    logs = log_smooth(counts, 5.0, wanted)
    assert logs[1_500] == pytest.approx(-0.5 * 300**2)
    assert logs[1_900] > -50


def test_long_sums_are_cut_into_blocks(monkeypatch):
    counts = np.ones(200)
    counts = np.concatenate([counts, np.zeros(400)])
    whole = log_smooth(counts, 10.0)
    monkeypatch.setattr("klcli.densities.kde_kernel.BLOCK", 64)
    assert log_smooth(counts, 10.0).tolist() == whole.tolist()
