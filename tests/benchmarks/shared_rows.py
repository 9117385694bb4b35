"""What looking for shared rows costs, and how often it raises a false alarm.

    python tests/benchmarks/shared_rows.py [--rows N] [--repeats N] [--tables N]

Times the counting of two files of five columns (CSV and Parquet; held in memory, and read in
batches) with and without the search, in turns, and prints the median of the pairwise ratios of
processor time. Then draws pairs of independent tables of many shapes, and of whole numbers so sparse
that chance meetings are as frequent as the bound of the test allows, and counts alarms.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from klcli.data import table
from klcli.data.overlap import Overlap, shared_rows
from klcli.data.row_sketch import RowSketch
from klcli.data.tabulate import tabulate

SEED = 387298334620741688518
KINDS = ("float", "rounded", "whole", "zipf", "flag", "number")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--repeats", type=int, default=7, metavar="N")
    parser.add_argument("--tables", type=int, default=2000, metavar="N")
    chosen = parser.parse_args()
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        costs(Path(folder), chosen.rows, chosen.repeats, rng)
    shapes = sum(alarm(rng) for _ in range(chosen.tables))
    print(f"independent tables: {shapes} alarms in {chosen.tables:,} pairs")
    sparse = sum(sparse_alarm(rng) for _ in range(10 * chosen.tables))
    print(f"sparse whole numbers: {sparse} alarms in {10 * chosen.tables:,} pairs")


def costs(folder: Path, rows: int, repeats: int, rng: np.random.Generator) -> None:
    """Print the ratio of processor times for each way of reading."""
    for side in "pq":
        numbers = {f"x{i}": rng.normal(size=rows) for i in range(4)}
        frame = pl.DataFrame(numbers | {"label": rng.choice([*"abcdefgh"], rows)})
        frame.write_csv(folder / f"{side}.csv")
        frame.write_parquet(folder / f"{side}.parquet")
    search, budget = Overlap.sketches, table.MEMORY_BUDGET
    for extension in ("csv", "parquet"):
        paths = [folder / f"{side}.{extension}" for side in "pq"]
        for way, size in (("in memory", budget), ("in batches", 0)):
            table.MEMORY_BUDGET = size
            pairs = []
            for _ in range(repeats + 1):
                seconds = []
                for look in (lambda _, __: (None, None), search):
                    Overlap.sketches = look  # type: ignore[assignment]
                    start = time.process_time()
                    tabulate(*paths)
                    seconds.append(time.process_time() - start)
                pairs.append(seconds)
            ratio = median(searched / plain for plain, searched in pairs[1:])
            plain = median(each[0] for each in pairs[1:])
            print(f"{extension:<8} {way:<11} {plain:.2f} s without, times {ratio:.2f} with")
    Overlap.sketches, table.MEMORY_BUDGET = search, budget  # type: ignore[method-assign]


def alarm(rng: np.random.Generator) -> bool:
    """Tell whether two independent tables of some shape raise an alarm."""
    kinds, parameters = rng.choice(KINDS, int(rng.integers(1, 5))), rng.random(4)
    others = parameters if rng.random() < 0.6 else rng.random(4)
    p, q = (
        pl.DataFrame(
            {f"x{i}": draw(rng, kind, rows, own[i]) for i, kind in enumerate(kinds)}
        )
        for rows, own in zip((10 ** rng.uniform(1, 4, 2)).astype(int), (parameters, others), strict=True)
    )  # fmt: skip
    return any(finding.code == "shared-rows" for finding in tabulate(p, q).findings)


def draw(rng: np.random.Generator, kind: str, rows: int, parameter: float) -> np.ndarray:
    """Draw a column."""
    match kind:
        case "rounded":
            return rng.normal(parameter, 1, rows).round(int(4 * parameter))
        case "whole":
            return rng.integers(0, int(10 ** (1 + 6 * parameter)), rows)
        case "zipf":
            return np.minimum(rng.zipf(1.1 + parameter, rows), 10**6)
        case "flag":
            return rng.random(rows) < parameter
        case "number":
            return np.arange(rows)
    return rng.normal(parameter, 1, rows)


def sparse_alarm(rng: np.random.Generator) -> bool:
    """Tell whether sparse whole numbers of one distribution raise an alarm."""
    rows, meetings = int(10 ** rng.uniform(1.5, 4)), 10 ** rng.uniform(0, 3)
    most = max(2, int(rows**2 / meetings))
    sketches = []
    for _ in range(2):
        sketch = RowSketch(["x"], [False])
        sketch.add(pl.DataFrame({"x": rng.integers(0, most, rows).astype(float)}))
        sketches.append(sketch)
    return shared_rows(*sketches) is not None


if __name__ == "__main__":
    main()
