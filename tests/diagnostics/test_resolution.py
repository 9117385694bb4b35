import numpy as np
import pytest
from tables import number_table

from klcli.densities.ratio import Ratio
from klcli.diagnostics.resolution import unresolved
from klcli.estimators.ratio import RatioPlugIn

RNG = np.random.default_rng(564738291056473829)


def finding(p, q):
    values, counts = np.unique(np.concatenate([p, q]), return_counts=True)
    fine = number_table(p, q, np.union1d(values, np.nextafter(values[counts > 1], np.inf)))
    coarse = Ratio().reduce(fine)
    return unresolved(fine, coarse, 1 - RatioPlugIn(Ratio())(coarse).influence_q)


def alternating(n):
    weights = np.where(np.arange(1000) % 2, 1.9, 0.1)
    return RNG.choice(1000, p=weights / weights.sum(), size=n).astype(float)


def test_structure_between_neighbouring_values_is_noticed():
    found = finding(alternating(5000), RNG.integers(0, 1000, 5000).astype(float))
    assert found.code == "unresolved"


def test_fast_oscillation_is_noticed():
    u = RNG.random(40_000)
    p = u[RNG.random(40_000) * 1.9 < 1 + 0.9 * np.cos(60 * np.pi * u)][:1000]
    assert finding(p, RNG.random(1000)) is not None


@pytest.mark.parametrize(
    "draw",
    [
        lambda n, shift: RNG.normal(shift, 1, n),
        lambda n, shift: np.round(RNG.normal(shift, 1, n), 1),
        lambda n, shift: RNG.poisson(5 + shift, n).astype(float),
        lambda n, shift: np.where(RNG.random(n) < 0.3, 0.0, RNG.exponential(1 + shift, n)),
    ],
    ids=["continuous", "rounded", "counts", "zero-inflated"],
)
def test_smooth_differences_are_resolved(draw):
    found = [finding(draw(1500, 0.0), draw(1000, 0.5)) for _ in range(15)]
    assert all(each is None for each in found)
