import re

import numpy as np
import polars as pl
import pytest
from tables import number_table

import klcli
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
    assert re.search(r"by \d+ standard errors", found.message)


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


def weighted(draw, x, y):
    """Return the codes of warnings about two samples whose rows have weights."""
    frames = [pl.DataFrame({"x": each, "w": draw(len(each))}) for each in (x, y)]
    (found,) = klcli.estimate(*frames, weight="w", direction="forward").results
    return [warning.code for warning in found.warnings]


def test_rows_of_much_weight_are_no_structure():
    rng = np.random.default_rng(27182818284)
    for draw in (rng.standard_exponential, lambda n: rng.lognormal(0, 1.5, n)):
        for _ in range(3):
            assert weighted(draw, rng.normal(size=1500), rng.normal(size=2500)) == []


def test_weights_do_not_hide_structure():
    rng = np.random.default_rng(27182818284)
    comb = np.floor(60 * rng.normal(size=4000)) / 60 + rng.random(4000) * 0.004
    found = weighted(rng.standard_exponential, comb, rng.normal(size=6000))
    assert "unresolved" in found
