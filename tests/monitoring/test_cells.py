from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from klcli.data.table import frame_table
from klcli.data.tabulate import tabulate
from klcli.monitoring.cells import MISSING, MOST_VALUES, NEW, OTHER, coarse, plan
from klcli.monitoring.options import DriftOptions
from klcli.monitoring.reference import kept

RNG = np.random.default_rng(54772255750)
N = 5000


def cells(batch, reference):
    """Return coarse cells, with the counts of the batch as contributions."""
    sides = [
        kept(frame_table("t", pl.DataFrame({"x": values}, strict=False)), DriftOptions(), side=k)
        for k, values in enumerate((batch, reference))
    ]
    for side in sides:
        side.table.needed = ("x",)
    (column,) = tabulate(*sides).columns
    chosen = plan(sides[1], "x", column.kind)
    table = column.table
    return coarse(chosen, table, table, table.p / table.n_p, 1.0)


SAMPLES = {
    "normal": lambda: RNG.normal(size=N),
    "lognormal": lambda: RNG.lognormal(0, 3, N),
    "few values": lambda: RNG.integers(0, 7, N),
    "counts": lambda: RNG.poisson(30, N),
    "zeros": lambda: np.where(RNG.random(N) < 0.6, 0.0, RNG.exponential(1, N)),
    "atoms": lambda: np.where(RNG.random(N) < 0.9, RNG.integers(0, 6, N), RNG.normal(size=N)),
    "infinite": lambda: np.where(RNG.random(N) < 0.01, np.inf, RNG.normal(size=N)),
    "missing": lambda: np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(size=N)),
    "labels": lambda: RNG.choice(["a", "b", "c"], N),
    "many labels": lambda: [f"k{k}" for k in RNG.zipf(1.5, N) % 997],
    "constant": lambda: np.full(N, 3.0),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_shares_and_contributions_add_up(name):
    found = cells(SAMPLES[name](), SAMPLES[name]())
    assert sum(cell.share_p for cell in found) == pytest.approx(1)
    assert sum(cell.share_q for cell in found) == pytest.approx(1)
    assert sum(cell.contribution for cell in found) == pytest.approx(1)
    # Here a cell contributes what it holds of P.
    assert [cell.contribution for cell in found] == pytest.approx(
        [cell.share_p for cell in found], abs=1e-9
    )
    assert len(found) <= 24
    assert len({cell.label for cell in found}) == len(found)


@pytest.mark.parametrize("name", ["normal", "counts", "zeros", "few values"])
def test_shares_are_those_of_the_rows(name):
    p, q = SAMPLES[name](), SAMPLES[name]()
    for cell in cells(p, q):
        if np.isnan(cell.lower):
            continue
        for share, values in ((cell.share_p, p), (cell.share_q, q)):
            inside = np.mean((values >= cell.lower) & (values < cell.upper))
            # Fine cells that a bound cuts are divided in proportion.
            assert share == pytest.approx(inside, abs=2e-3)


def test_all_batches_have_the_same_cells():
    reference = RNG.normal(size=N)
    first, second = (
        {(cell.label, cell.lower, cell.upper) for cell in cells(batch, reference)}
        for batch in (RNG.normal(size=N), RNG.normal(0.3, 1, 2 * N))
    )
    assert first == second


def test_labels_that_are_rare_new_or_missing_have_cells_of_their_own():
    reference = [f"k{k:02}" for k in range(40) for _ in range(100 - k)]
    batch = [*reference, *["new"] * 50, *[None] * 30]
    found = {cell.label: cell for cell in cells(batch, reference)}
    assert list(found) == [*(f"k{k:02}" for k in range(MOST_VALUES)), OTHER, NEW, MISSING]
    assert found[NEW].share_p == pytest.approx(50 / len(batch))
    assert found[NEW].share_q == 0


def test_what_rounding_leaves_is_no_share():
    rng = np.random.default_rng(55787)
    for _ in range(5):
        for cell in cells(rng.poisson(3, 3000) + 1, rng.poisson(3, 5000)):
            assert cell.share_p == 0 or cell.share_p > 1e-6


def test_numbers_are_easy_to_read():
    labels = [cell.label for cell in cells(RNG.normal(0, 100, N), RNG.normal(0, 100, N))]
    assert all(len(label) <= len("-100 … -100") for label in labels)
    assert labels[0].startswith("below ")
    assert labels[-1].startswith("from ")


def test_times_are_written_as_times():
    start = np.datetime64("2024-03-01", "us")
    times = start + np.sort(RNG.integers(0, 30, N)).astype("timedelta64[D]")
    labels = [cell.label for cell in cells(times, times)]
    assert any("2024-03-" in label for label in labels)
