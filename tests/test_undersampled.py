"""The benchmark of undersampled categories: what it draws, and what it finds."""

import numpy as np
import pytest
from benchmarks import undersampled
from benchmarks.undersampled import (
    FOUR,
    METHODS,
    divergence,
    draw,
    measure,
    pairs,
    ratios,
    settings,
)
from scipy import special


@pytest.mark.parametrize("categories", [50, 500])
def test_pairs_are_distributions_with_a_finite_divergence(categories):
    for p, q in pairs(categories).values():
        assert p.sum() == pytest.approx(1)
        assert q.sum() == pytest.approx(1)
        assert divergence(p, q) == pytest.approx(special.rel_entr(p, q).sum(), abs=1e-12)


def test_some_side_is_undersampled():
    found = settings((50, 500, 5_000, 100_000))
    assert all(min(n, m) < 10 * categories for categories, n, m in found)
    assert {n == m for _, n, m in found} == {True, False}


def test_tables_hold_what_was_drawn():
    table = draw(*pairs(500)["geometric"], 200, 300, np.random.default_rng(54772255750516611346))
    assert (table.n_p, table.n_q) == (200, 300)
    assert (table.p + table.q).min() > 0


def test_the_augmented_estimate_is_that_of_its_formula():
    table = draw(*pairs(50)["Zipf, same"], 80, 90, np.random.default_rng(55677643628300219221))
    expected = sum(
        x / 80 * np.log((x / 80) / ((y + 1) / 90))
        for x, y in zip(table.p, table.q, strict=True)
        if x > 0
    )
    assert undersampled.augmented(table) == pytest.approx(expected)


def test_tables_of_results(capsys, monkeypatch, tmp_path):
    target = tmp_path / "table.md"
    arguments = ["undersampled.py", "--replications", "1", "--categories", "50", "--every", "8"]
    monkeypatch.setattr("sys.argv", [*arguments, "-o", str(target)])
    assert undersampled.main() == 0
    shown = capsys.readouterr().out
    assert all(f"| {method} |" in shown for method in METHODS)
    assert target.read_text() in shown


@pytest.mark.slow
def test_the_default_is_nearer_than_any_one_of_the_four():
    rows = measure((50, 500, 5_000), replications=10, every=3)
    means = {method: np.exp(np.log(ratios(rows, method)).mean()) for method in METHODS}
    assert means["empirical Bayes"] < 1
    assert all(means["empirical Bayes"] < 0.6 * means[method] for method in FOUR)
