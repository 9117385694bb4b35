"""Every family of scipy.stats: against itself, and against another of its own by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.stats._distr_params import distcont, distdiscrete

from klcli.divergences.build import FAMILIES, distribution
from klcli.divergences.exact import exact
from klcli.divergences.models import model
from klcli.divergences.names import NUMERIC
from klcli.divergences.trapezoid import SLOW

#: SciPy's own examples of parameters; the first of each family.
EXAMPLES = {
    name: arguments
    for name, arguments in reversed([*distcont, *distdiscrete])
    if isinstance(name, str)
}
#: An end that moves, few values, a slow density, heavy tails, kinks, an endless sum.
QUICK = ("genextreme", "hypergeom", "kstwo", "t", "trapezoid", "yulesimon")
#: What brute force gets right: SciPy's own densities of slow families are good to so much.
TOLERANCE = 1e-6
QUIET = pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore::scipy.integrate.IntegrationWarning"
)


def written(name, **others):
    parts = [repr(np.asarray(value, dtype=float).tolist()) for value in EXAMPLES[name]]
    return f"{name}({', '.join(parts + [f'{key}={value}' for key, value in others.items()])})"


def other(name):
    """Return another distribution of the family, on the same support where that is bounded."""
    if isinstance(getattr(stats, name), stats.rv_discrete):
        return written(name, loc=0 if name in FAMILIES else 1)
    return written(name, loc=0.5) if name == "vonmises" else written(name, scale=1.3)


def brute(p, q):
    """Return D(p‖q) by SciPy's densities alone: sums, or quad between quantiles of P."""
    one, two = p.parts[0], q.parts[0]
    if p.discrete:
        low, high = one.ppf(1e-15), one.isf(1e-15)
        k = np.arange(low, min(high, low + 200_000) + 1)
        log_p, log_q = one.logpmf(k), two.logpmf(k)
        return float(np.sum(np.where(log_p > -700, np.exp(log_p) * (log_p - log_q), 0.0)))
    levels = [1e-14, 1e-9, 1e-5, 1e-2, 0.1, 0.3, 0.5]
    cuts = np.unique([*one.ppf(levels), *one.isf(levels), *one.support(), *two.support()])
    low, high = one.support()
    cuts = cuts[np.isfinite(cuts) & (cuts >= low) & (cuts <= high)]

    def term(x):
        log_p, log_q = one.logpdf(x), two.logpdf(x)
        # The ends themselves are no part of the integral.
        inside = -700 < log_p < math.inf and math.isfinite(log_q)
        return math.exp(log_p) * (log_p - log_q) if inside else 0.0

    pieces = [integrate.quad(term, a, b, limit=200)[0] for a, b in itertools.pairwise(cuts)]
    return math.fsum(pieces)


def check(name):
    p, q = written(name), other(name)
    same = exact(p, p).results
    assert [result.value for result in same] == [0, 0]
    assert [result.status for result in same] == ["ok", "ok"]
    for first, second, result in zip((p, q), (q, p), exact(p, q).results, strict=True):
        assert result.status in {"ok", "infinite", "undefined", "lower-bound"}
        assert bool(result.reason) == (result.status != "ok")
        if result.status != "ok":
            assert not result.value < 0
            continue
        assert result.value >= 0
        assert result.error_bound >= 0
        if name in NUMERIC and name not in SLOW:  # closed forms have tests of their own
            truth = brute(model(distribution(first)), model(distribution(second)))
            assert result.value == pytest.approx(
                truth, rel=TOLERANCE, abs=1e-9 + 10 * result.error_bound
            )


def test_the_table_of_scipy_has_every_family():
    numbers = (stats.rv_continuous, stats.rv_discrete)
    found = {name for name, value in vars(stats).items() if isinstance(value, numbers)}
    assert found == {*FAMILIES, *NUMERIC}
    assert found - set(EXAMPLES) == set()


@QUIET
@pytest.mark.parametrize("name", QUICK)
def test_some_families(name):
    check(name)


@pytest.mark.slow
@QUIET
@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - set(QUICK)))
def test_all_other_families(name):
    check(name)
