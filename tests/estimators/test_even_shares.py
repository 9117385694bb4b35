"""Categories of about the same size: the evidence for them, and what it is good for."""

from math import exp, lgamma, log

import numpy as np
import pytest

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.estimators.dirichlet import CONCENTRATIONS, DirichletPosterior, log_evidence, log_sum
from klcli.estimators.dirichlet_mixture import DirichletMixture
from klcli.estimators.dirichlet_rows import log_evidence_rows
from klcli.estimators.empirical_bayes import EmpiricalBayes
from klcli.estimators.even_shares import FEWEST, even_rows, even_shares
from klcli.estimators.frequency import FrequencyPlugIn
from klcli.estimators.multiplicity import multiplicity

DEFAULT = EmpiricalBayes(Frequency())
TILTED = np.exp(0.5 * np.sin(np.arange(100.0)))
TILTED = TILTED / TILTED.sum()
EVEN = np.full(100, 0.01)


def rng(seed=57445626465380286598):
    return np.random.default_rng(seed)


def table(p, q):
    names = tuple(map(str, range(len(p))))
    return CountTable.categorical(names, np.array(p, float), np.array(q, float))


def test_the_evidence_is_that_of_rows_drawn_one_after_the_other():
    counts = np.array([4.0, 0, 2, 1])
    found = log_evidence(counts, np.ones(4))
    prior = found - [
        # Pólya's urn: each row by what came before it.
        sum(log((a + seen) / (4 * a + before)) for before, seen in
            enumerate([0, 1, 2, 3, 0, 1, 0]))
        for a in CONCENTRATIONS
    ]  # fmt: skip
    assert log_sum(prior) == pytest.approx(0, abs=1e-9)


def test_equal_counts_are_counted_once_each_with_their_number():
    counts = np.array([3.0, 3, 3, 1, 1, 0])
    short = log_evidence(np.array([3.0, 1, 0]), np.array([3.0, 2, 1]))
    assert log_evidence(counts, np.ones(6)) == pytest.approx(short)


def test_common_and_independent_shares_are_compared_on_one_scale():
    # All rows of P in one category, all of Q in others: by hand for a single concentration.
    counts = multiplicity(np.append(np.zeros(40), 9.0), np.append(np.ones(40), 0.0))
    number = np.append(counts.number, 0.0)
    x, y = np.append(counts.x, 0.0), np.append(counts.y, 0.0)

    def rising(a, times):
        return lgamma(a + times) - lgamma(a)

    for place in (10, 20):
        a = CONCENTRATIONS[place]
        by_hand = rising(a, 9) - rising(41 * a, 9)
        found = log_evidence(x, number)[place] - log_evidence(y, number)[place]
        other = 40 * rising(a, 1) - rising(41 * a, 40)
        assert found == pytest.approx(by_hand - other)


def test_few_or_uneven_categories_have_no_even_shares():
    sample = rng()
    few = sample.multinomial(500, np.ones(FEWEST - 1) / (FEWEST - 1), size=2) * 1.0
    assert even_shares(multiplicity(*few)) is None
    zipf = 1 / np.arange(1, 301)
    uneven = sample.multinomial(1_000, zipf / zipf.sum(), size=2) * 1.0
    assert even_shares(multiplicity(*uneven)) is None


def test_even_shares_are_found():
    sample = rng()
    counts = multiplicity(sample.multinomial(2_000, TILTED) * 1.0, sample.multinomial(2_000, EVEN))
    shares = even_shares(counts)
    assert shares.even > 0.99
    assert shares.log_evidence > 5
    weight = shares.posterior.weight
    assert weight.sum() == pytest.approx(1)
    assert not weight[CONCENTRATIONS < 1].any()
    assert not weight[:, CONCENTRATIONS < 1].any()
    full = DirichletPosterior.of(counts)
    assert shares.posterior.value == pytest.approx(full.value, rel=1e-3)


def test_independent_shares_need_not_be_even():
    sample = rng()
    p, q = sample.dirichlet(np.full(200, 0.3), size=2)
    counts = multiplicity(sample.multinomial(900, p) * 1.0, sample.multinomial(900, q) * 1.0)
    shares = even_shares(counts)
    assert shares is None or shares.even < exp(-5)


@pytest.mark.parametrize(("p", "q"), [(TILTED, EVEN), (EVEN, TILTED)], ids=["tilted", "even"])
def test_even_categories_are_estimated_better_than_by_their_rows_alone(p, q):
    sample = rng()
    truth = float(p @ np.log(p / q))
    errors = {DEFAULT: [], FrequencyPlugIn(Frequency()): [], DirichletMixture(Frequency()): []}
    for _ in range(40):
        counts = table(sample.multinomial(1_000, p), sample.multinomial(1_000, q))
        for estimator, found in errors.items():
            found.append(estimator(counts).value - truth)
    default, corrected, mixture = (np.mean(np.square(each)) ** 0.5 for each in errors.values())
    assert default < corrected
    assert default < 1.5 * mixture


def test_resampled_values_are_those_of_each_row():
    sample = rng()
    p, q = sample.multinomial(700, TILTED, 4) * 1.0, sample.multinomial(600, EVEN, 4) * 1.0
    values = DEFAULT.values(table(p[0], q[0]), p, q)
    each = [DEFAULT(table(*row)) for row in zip(p, q, strict=True)]
    assert values == pytest.approx([point.value for point in each], rel=1e-9)
    for point in each:
        assert point.contributions.sum() == pytest.approx(point.value)


def tables(kind):
    """Three dozen pairs of samples: of fixed totals in each category, or drawn anew."""
    sample = rng()
    even = np.full({"few": 40, "sparse": 300, "uneven": 60}.get(kind, 100), 1.0)
    shares = {"tilted": (TILTED, even), "uneven": (1 / np.arange(1, 61) ** 1.2,) * 2}
    p, q = (
        sample.multinomial(rows, side / side.sum(), 36) * 1.0
        for rows, side in zip((400, 300), shares.get(kind, (even, even)), strict=True)
    )
    if kind == "exchanged":
        pooled = (p + q)[0].astype(int)
        p = sample.multivariate_hypergeometric(pooled, 400, 36, method="marginals") * 1.0
        q = pooled - p
    if kind == "weighted":
        p, q = p * 0.37, q * 0.81
        p[:, ::7] *= 1.1
    return p, q


KINDS = ["exchanged", "tilted", "uneven", "sparse", "few", "weighted"]


@pytest.mark.parametrize("kind", KINDS)
def test_many_tables_at_once_have_the_evidence_and_the_mean_of_each(kind):
    p, q = tables(kind)
    found = even_rows(p, q)
    each = [even_shares(multiplicity(*row)) for row in zip(p, q, strict=True)]
    assert [*found.place] == [place for place, one in enumerate(each) if one is not None]
    some = [one for one in each if one is not None]
    assert found.log_evidence == pytest.approx([one.log_evidence for one in some], abs=1e-8)
    assert found.even == pytest.approx([one.even for one in some], rel=1e-8)
    if some:
        values = found.values(p, q, np.arange(len(some)))
        assert values == pytest.approx([one.posterior.value for one in some], rel=1e-8)


def test_all_kinds_of_tables_are_among_those_that_are_compared():
    held = {kind: len(even_rows(*tables(kind)).place) for kind in KINDS}
    assert 0 < held.pop("uneven") < 36
    assert set(held.values()) == {36}


def test_evidence_of_exchanged_rows_is_worked_out_for_all_of_them_together(monkeypatch):
    p, q = tables("exchanged")
    asked = []
    monkeypatch.setattr(
        "klcli.estimators.even_shares.log_evidence_rows",
        lambda counts, categories: (
            asked.append(len(counts)) or log_evidence_rows(counts, categories)
        ),
    )
    DEFAULT.null(table(p[0], q[0]), p, q)[1]()
    assert asked == [1, 36, 36]
