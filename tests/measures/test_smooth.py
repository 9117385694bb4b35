"""The functions of the log ratio that make up each f-divergence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from klcli.divergences import functionals as exact
from klcli.errors import UsageError
from klcli.measures.frequencies import frequencies, plain
from klcli.measures.names import measures
from klcli.measures.smooth import ChiSquared, Hellinger, Jeffreys, JensenShannon, Renyi

GENERATORS = {
    "jeffreys": Jeffreys(),
    "js": JensenShannon(),
    "hellinger": Hellinger(),
    "chi2": ChiSquared(),
    "renyi:0.5": Renyi(0.5),
    "renyi:2": Renyi(2.0),
    "renyi:0.1": Renyi(0.1),
}
EXACT = {
    "jeffreys": exact.jeffreys,
    "js": exact.jensen_shannon,
    "hellinger": exact.hellinger,
    "chi2": exact.chi_squared,
    "renyi:0.5": lambda p, q: exact.renyi(p, q, 0.5),
    "renyi:2": lambda p, q: exact.renyi(p, q, 2),
    "renyi:0.1": lambda p, q: exact.renyi(p, q, 0.1),
}
P, Q = np.array([0.2, 0.3, 0.5, 0.0]), np.array([0.4, 0.35, 0.05, 0.2])
LOGS = np.linspace(-3, 3, 41)


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize(("p", "q"), [(P, Q), (Q, P), (P, P)])
def test_sums_are_the_exact_divergence(name, p, q):
    generator = GENERATORS[name]
    shown = generator.shown(plain(generator, p, q))
    assert shown == pytest.approx(EXACT[name](p, q), rel=1e-12, abs=1e-7)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_functions_belong_together(name):
    generator, step = GENERATORS[name], 1e-5
    r = np.exp(LOGS)

    def slope(function):
        return (function(LOGS + step) - function(LOGS - step)) / (2 * step)

    # d f′ / d log r = r·f″ and d (r f′ − f) / d log r = r²·f″.
    assert slope(generator.gain) * r == pytest.approx(generator.bend(LOGS), rel=1e-6)
    assert slope(generator.cost) == pytest.approx(generator.bend(LOGS), rel=1e-6)
    assert generator.bend(np.zeros(1))[0] == pytest.approx(generator.curvature)
    assert generator.gain(np.zeros(1))[0] == pytest.approx(0)
    assert generator.cost(np.zeros(1))[0] == pytest.approx(0)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_correction_removes_the_bias(name):
    generator = GENERATORS[name]
    rng = np.random.default_rng(918273645546372819)
    p, q = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.2, 0.3, 0.3, 0.2])
    truth = plain(generator, p, q)
    draws = [
        frequencies(generator, rng.multinomial(200, p) * 1.0, rng.multinomial(300, q) * 1.0, None)
        for _ in range(1000)
    ]
    values = np.array([each.finite for each in draws])
    plugged = np.array([each.variance for each in draws])
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean() - truth) < 4 * error
    assert np.median(plugged) == pytest.approx(values.var(), rel=0.3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("renyi", "needs its order"),
        ("renyi:x", "no number"),
        ("renyi:0", "out of range"),
        ("renyi:-1", "out of range"),
        ("renyi:nan", "out of range"),
        ("renyi:1", "Kullback-Leibler"),
        ("js:2", "takes nothing"),
        ("tv:2", "takes nothing"),
        ("ks:2", "takes nothing"),
        ("kl:2", "takes nothing"),
        ("psi:1", "out of range"),
        ("psi:x", "names no bins"),
        ("psi:3,2", "must increase"),
        ("psi:1,inf", "must increase"),
        ("JS", "unknown divergence"),
        ("", "unknown divergence"),
    ],
)
def test_wrong_names_are_refused(name, message):
    with pytest.raises(UsageError, match=message):
        measures([name])


def test_names():
    labels = [each.label for each in measures(["all"])]
    assert labels[:3] == ["kl", "jeffreys", "js"]
    assert len(labels) == len(set(labels)) == 12
    twice = measures(["renyi:.5", "renyi:0.50", "psi:10", "psi", "all"])
    assert [each.label for each in twice][:3] == ["renyi:0.5", "psi", "kl"]
    assert len(twice) == 12
    assert [each.label for each in measures(["psi:0,10.5", "psi:20"])] == ["psi:0,10.5", "psi:20"]
