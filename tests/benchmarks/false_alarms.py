"""How often kl drift tells of drift where there is none.

    python tests/benchmarks/false_alarms.py --runs 200 [--jobs N] [--keep FILE] [--evidently [N]]
        [--power N]

Each run compares ten batches of twenty columns with a reference from the same distributions:
numbers with light and heavy tails, rounded, zero-inflated and with missing values, counts, times,
truth values and categories, few and many. Rows of reference and batches: from 100 to 100,000, drawn
anew for each run. With Evidently installed (`--evidently`), its default drift tests with KL and PSI
are counted on the same data, of the first N runs. Power (`--power N`): in each of ten batches of 2000 rows two
of the columns are moved by 0.1 nats, and it is counted which of them get the verdict drift, and
which q < 0.05. With `--keep`, each finished run is a line of a file, and those that the
file has are not run again: so they can be done in parts, and on several machines.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

# Run as a script, this folder must not hide the package evidently from anyone.
sys.path = [each for each in sys.path if Path(each or ".").resolve() != Path(__file__).parent]

import numpy as np

import klcli

if TYPE_CHECKING:
    import polars as pl

BATCHES = 10
SEED = 1618033988
ROWS = (100, 100_000)
METHODS = ("kl_div", "psi")
#: Shifts that are planted, and the rows of each side.
NATS, SHIFT_ROWS = 0.1, 2000
COLUMNS = (
    "normal", "lognormal", "cauchy", "student", "pareto", "uniform", "bimodal", "rounded", "price",
    "count", "geometric", "zeros", "hour", "gaps", "time", "truth", "rare", "few", "many", "labels",
)  # fmt: skip
LABELS = ("truth", "rare", "few", "many", "labels")


def dataset(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Draw twenty columns of mixed kinds."""
    import polars as pl

    def some_missing(values: np.ndarray, share: float) -> pl.Series:
        present = pl.Series(rng.random(rows) >= share)
        return pl.Series(values).zip_with(present, pl.Series([None]))

    def names(letter: str, codes: np.ndarray) -> np.ndarray:
        return np.array([f"{letter}{code}" for code in range(1000)])[codes]

    zipf = 1 / np.arange(1, 1001)
    zero = rng.random(rows) < 0.6
    side = rng.random(rows) < 0.3
    hours = rng.integers(0, 24, rows)
    start = np.datetime64("2024-03-01", "us")
    return pl.DataFrame({
        "normal": rng.normal(size=rows),
        "lognormal": rng.lognormal(0, 1.5, rows),
        "cauchy": rng.standard_cauchy(rows),
        "student": rng.standard_t(2, rows),
        "pareto": rng.pareto(1.1, rows),
        "uniform": rng.random(rows),
        "bimodal": np.where(side, rng.normal(-3, 0.5, rows), rng.normal(2, 1, rows)),
        "rounded": np.round(rng.gamma(2, 1, rows), 1),
        "price": np.floor(rng.lognormal(2, 1, rows)) + 0.99,
        "count": rng.poisson(3, rows),
        "geometric": rng.geometric(0.05, rows),
        "zeros": np.where(zero, 0.0, rng.exponential(1, rows)),
        "hour": hours,
        "gaps": some_missing(rng.normal(size=rows), 0.07),
        "time": start + rng.integers(0, 30 * 86_400_000_000, rows).astype("timedelta64[us]"),
        "truth": rng.random(rows) < 0.1,
        "rare": rng.random(rows) < 0.002,
        "few": rng.choice(["a", "b", "c", "d"], rows, p=[0.5, 0.3, 0.15, 0.05]),
        "many": names("c", rng.choice(1000, rows, p=zipf / zipf.sum())),
        "labels": some_missing(names("k", rng.integers(0, 40, rows)), 0.2),
    })  # fmt: skip


def sizes(rng: np.random.Generator, most: int) -> tuple[int, int]:
    """Draw the rows of a reference and of its batches."""
    low, high = np.log([ROWS[0], most])
    reference, batch = np.exp(rng.uniform(low, high, 2)).astype(int).tolist()
    return reference, batch


def run(seed: int, beside: bool = False, most: int = ROWS[1]) -> tuple[Counter[str], list[str]]:
    """Count what one run without drift tells, and say what it was."""
    rng = np.random.default_rng([SEED, seed])
    rows, batch_rows = sizes(rng, most)
    data = {"reference": dataset(rows, rng)}
    data |= {f"batch {number}": dataset(batch_rows, rng) for number in range(BATCHES)}
    batches = {name: frame for name, frame in data.items() if name != "reference"}
    report = klcli.drift(data["reference"], batches, tolerance=0.01, seed=seed)
    found: Counter[str] = Counter()
    told = []
    for result in report.results:
        where = f"{result.estimate.column}"
        found["verdict drift"] += result.verdict == "drift"
        found["q < 0.05"] += result.q_value < 0.05
        found["drift or q < 0.05"] += result.verdict == "drift" or result.q_value < 0.05
        found["95 % interval above 0.01"] += result.estimate.ci_low > 0.01
        for change in result.changes:
            found[f"change {change.code}"] += 1
            found["any change"] += 1
            told.append(f"{rows} against {batch_rows} rows, {where}: {change.message}")
        if result.verdict == "drift" or result.q_value < 0.05:
            told.append(
                f"{rows} against {batch_rows} rows, {result.batch}, {where}: "
                f"{result.verdict}, q = {result.q_value:.3g}, p = {result.estimate.p_value:.3g}, "
                f"interval from {result.estimate.ci_low:.3g}"
            )
    found["change point"] += len(report.change_points)
    if beside:
        found += evidently(data)
    return found, told


def evidently(data: dict[str, pl.DataFrame]) -> Counter[str]:
    """Count the columns that Evidently's tests call drifted, at their default threshold.

    It is told which columns are numbers and which are categories, as its guess takes small
    tables' categories for text and then fails. Times it does not compare.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    labels = [name for name in COLUMNS if name in LABELS]
    numbers = [name for name in COLUMNS if name not in (*LABELS, "time")]
    kinds = DataDefinition(numerical_columns=numbers, categorical_columns=labels)
    sets = {
        name: Dataset.from_pandas(frame.drop("time").to_pandas(), data_definition=kinds)
        for name, frame in data.items()
    }
    tests = [ValueDrift(column=name, method=one) for one in METHODS for name in numbers + labels]
    found: Counter[str] = Counter({f"Evidently {method}": 0 for method in METHODS})
    for name, batch in sets.items():
        if name == "reference":
            continue
        metrics = Report(tests).run(batch, sets["reference"]).dict()["metrics"]
        for metric in metrics:
            found[f"Evidently {metric['config']['method']}"] += metric["value"] > 0.1
    return found


def planted(seed: int) -> Counter[str]:
    """Move two columns of each batch by `NATS`, and count which of them are found.

    Rows of a large table are drawn with probabilities ∝ exp(θs), where s is the rank of the value
    among all, or a number drawn for each category, and θ such that the divergence is as asked.
    """
    rng = np.random.default_rng([SEED, 1, seed])
    pool = dataset(50 * SHIFT_ROWS, rng)
    reference = dataset(SHIFT_ROWS, rng)
    batches, moved = {}, set()
    for number in range(BATCHES):
        name, frame = f"batch {number}", dataset(SHIFT_ROWS, rng)
        for column in (COLUMNS[number], COLUMNS[number + BATCHES]):
            frame = frame.with_columns(tilted(pool[column], rng).alias(column))
            moved.add((name, column))
        batches[name] = frame
    report = klcli.drift(reference, batches, tolerance=0.01, seed=seed)
    found: Counter[str] = Counter(f"planted {column}" for _, column in moved)
    for result in report.results:
        here = result.estimate.column
        planted_here = (result.batch, here) in moved
        if result.verdict == "drift":
            found[f"drift {here}" if planted_here else "other"] += 1
        if result.q_value < 0.05:
            found[f"q < 0.05 {here}" if planted_here else "other"] += 1
    return found


def tilted(values: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Draw `SHIFT_ROWS` of some values so that they diverge from them by `NATS`."""
    import polars as pl

    if values.dtype == pl.String:
        codes = values.rank("dense").fill_null(0).to_numpy().astype(int)
        score = rng.permutation(codes.max() + 1)[codes] / codes.max()
    else:
        score = values.rank("average").fill_null(0.0).to_numpy() / len(values)

    def divergence(slope: float) -> float:
        weight = np.exp(slope * (score - score.max()))
        return float(
            weight @ (slope * (score - score.max())) / weight.sum() - np.log(weight.mean())
        )

    low, high = 0.0, 1.0
    while divergence(high) < NATS and high < 1e6:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if divergence(middle) < NATS else (low, middle)
    weight = np.exp(high * (score - score.max()))
    chosen = rng.choice(len(values), SHIFT_ROWS, replace=False, p=weight / weight.sum())
    return values.gather(chosen)


def main() -> None:
    """Run all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=ROWS[1], help="most rows of a dataset")
    parser.add_argument("--first", type=int, default=0, help="number of the first run")
    parser.add_argument(
        "--evidently", type=int, nargs="?", const=1 << 30, default=0, metavar="N",
        help="count its alarms, too, in the first N runs (all)",
    )  # fmt: skip
    parser.add_argument(
        "--power", type=int, default=0, metavar="N", help="runs with planted shifts"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--keep", type=Path, help="file of finished runs")
    chosen = parser.parse_args()
    started = time.perf_counter()
    asked = range(chosen.first, chosen.first + chosen.runs)
    beside = {seed: seed - chosen.first < chosen.evidently for seed in asked}
    done = kept(chosen.keep, chosen.rows, beside)
    todo = [seed for seed in asked if seed not in done]
    work = partial(run, most=chosen.rows)
    context = multiprocessing.get_context("spawn")  # Polars does not survive a fork
    with ProcessPoolExecutor(chosen.jobs, mp_context=context) as pool:
        running = pool.map(work, todo, [beside[seed] for seed in todo])
        for seed, (found, told) in zip(todo, running, strict=True):
            done[seed] = found
            for what in told:
                print(f"  run {seed}, {what}", flush=True)
            if chosen.keep:
                settings = {"seed": seed, "rows": chosen.rows, "evidently": beside[seed]}
                with chosen.keep.open("a") as file:
                    file.write(
                        json.dumps(
                            {
                                **settings,
                                "found": {k: int(v) for k, v in found.items()},
                                "told": told,
                            }
                        )
                        + "\n"
                    )
            print(
                f"run {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True
            )
        shifts = Counter[str]()
        for found in pool.map(planted, range(chosen.power)):
            shifts += found
    if chosen.runs:
        table(done, beside, time.perf_counter() - started)
    if chosen.power:
        print(
            f"\nplanted shifts of {NATS} nats at {SHIFT_ROWS} rows, {shifts['other']} others told"
        )
        for told in ("drift", "q < 0.05"):
            hits, trials = (
                sum(shifts[f"{one} {c}"] for c in COLUMNS) for one in (told, "planted")
            )
            low, high = wilson(hits, trials)
            missed = [c for c in COLUMNS if shifts[f"{told} {c}"] < shifts[f"planted {c}"]]
            print(
                f"{told:10}{hits} of {trials}: {hits / trials:.1%}, {low:.1%} … {high:.1%}", end=""
            )
            print(f"; missed: {', '.join(missed) or 'none'}")


def table(done: dict[int, Counter[str]], beside: dict[int, bool], seconds: float) -> None:
    """Print how many runs and results without drift raised an alarm of each kind."""
    runs, cells = Counter[str](), Counter[str]()
    for seed in beside:
        for name, number in done[seed].items():
            runs[name] += number > 0
            cells[name] += number
    print(f"\n{len(beside)} runs of 20 columns × {BATCHES} batches without drift, {seconds:.0f} s")
    print(f"{'':28}{'runs with any':>14}{'95 % interval':>18}{'of all results':>16}{'runs':>6}")
    for name in sorted(runs):
        trials = sum(beside.values()) if name.startswith("Evidently") else len(beside)
        low, high = wilson(runs[name], trials)
        share = cells[name] / (trials * BATCHES * 20)
        ends = f"{low:>9.1%} … {high:.1%}"
        print(f"{name:28}{runs[name] / trials:>13.1%} {ends}{share:>15.3%}{trials:>6}")


def kept(file: Path | None, rows: int, beside: dict[int, bool]) -> dict[int, Counter[str]]:
    """Return the runs that a file has of these settings."""
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {
        line["seed"]: Counter(line["found"])
        for line in lines
        if line["rows"] == rows
        and line["seed"] in beside
        and line["evidently"] >= beside[line["seed"]]
    }


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    z = 1.96
    share = hits / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = (
        z
        / (1 + z * z / trials)
        * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
    )
    return max(0.0, middle - half), min(1.0, middle + half)


if __name__ == "__main__":
    main()
