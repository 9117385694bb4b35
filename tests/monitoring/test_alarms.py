"""False alarms and power of whole grids, in a small version of the benchmark."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from benchmarks.false_alarms import dataset, run

import klcli


@pytest.mark.slow
def test_no_drift_is_told_where_there_is_none():
    # 5 % of runs may; of 12, more than two would have a probability of 2 %.
    found = [run(seed, most=1000)[0] for seed in range(1000, 1012)]
    assert sum(each["drift or q < 0.05"] > 0 for each in found) <= 2
    assert sum(each["any change"] > 0 for each in found) <= 1


@pytest.mark.slow
def test_a_tenth_of_a_nat_is_found_among_two_hundred_results():
    rng = np.random.default_rng(63245553203)
    rows, found, planted = 2000, 0, 0
    # D(N(s, 1)‖N(0, 1)) = s²/2; the categories were drawn with 0.5, 0.3, 0.15, 0.05.
    shift, shares = math.sqrt(0.2), np.array([0.35, 0.3, 0.2, 0.15])
    assert shares @ np.log(shares / [0.5, 0.3, 0.15, 0.05]) == pytest.approx(0.1, abs=0.003)
    for _ in range(2):
        reference = dataset(rows, rng)
        batches = {f"b{k}": dataset(rows, rng) for k in range(10)}
        for number, (name, frame) in enumerate(batches.items()):
            moved = {"normal": frame["normal"] + shift}
            if number % 2:
                moved = {"few": pl.Series(rng.choice(["a", "b", "c", "d"], rows, p=shares))}
            batches[name] = frame.with_columns(**moved)
        report = klcli.drift(reference, batches, tolerance=0.01)
        drifted = {(r.batch, r.estimate.column) for r in report.results if r.verdict == "drift"}
        expected = {(f"b{k}", ("normal", "few")[k % 2]) for k in range(10)}
        planted += len(expected)
        found += len(expected & drifted)
        assert drifted <= expected
    assert found >= 0.95 * planted


@pytest.mark.parametrize("rows", [2, 4, 8])
def test_a_handful_of_weighted_rows_is_no_drift(rows):
    rng = np.random.default_rng(14317821063)

    def frame(rows):
        columns = {"two": rng.integers(0, 2, rows), "three": rng.integers(0, 3, rows)}
        weights = pl.Series("w", rng.uniform(0.5, 2, rows))
        return pl.DataFrame(columns).cast(pl.String).with_columns(weights)

    batches = {f"b{k}": frame(rows) for k in range(30)}
    report = klcli.drift(frame(500), batches, weight="w")
    assert sum(each.verdict == "drift" for each in report.results) <= 1
    # 3 of 60 have a probability of 19 % where each leaves 0 out in 2.5 %, and 9 of 1e-5.
    assert sum(each.estimate.ci_low > 0 for each in report.results) < 9
