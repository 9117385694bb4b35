from __future__ import annotations

import math
from dataclasses import replace

import pytest

import klcli

pytest.importorskip("matplotlib")

from klcli.render.plot.fits import _term, drawn


@pytest.fixture(scope="module")
def bimodal():
    target = "0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)"
    return klcli.fit(target, "norm", objective="both", starts=1)


def test_fits_are_drawn(bimodal):
    assert 5_000 < len(drawn(bimodal, "png")) < 60_000


def test_a_density_without_end_and_a_fit_that_misses_do_no_harm(bimodal):
    spike = replace(bimodal.fits[0], density=(math.inf, *bimodal.fits[0].density[1:]))
    gone = replace(
        bimodal.fits[0], density=(0.0,) * len(bimodal.grid),
        forward=replace(bimodal.fits[0].forward, value=math.inf),
    )  # fmt: skip
    assert drawn(replace(bimodal, fits=(spike, gone)), "png").startswith(b"\x89PNG")


def test_whole_numbers_are_drawn_as_steps():
    report = klcli.fit("binom(9, 0.3)", "poisson", objective="forward", starts=1)
    assert drawn(report, "png").startswith(b"\x89PNG")


def test_terms_are_those_of_the_divergence(bimodal):
    fit = bimodal.fits[0]
    step = bimodal.grid[1] - bimodal.grid[0]
    terms = [_term(p, q) for p, q in zip(bimodal.density, fit.density, strict=True)]
    assert sum(terms) * step == pytest.approx(fit.forward.value, rel=0.02)
    assert _term(0.0, 1.0) == 0.0
    assert math.isnan(_term(1.0, 0.0))
