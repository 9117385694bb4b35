"""How long ``kl drift`` of two files takes, and how much memory, beside Evidently.

    python tests/benchmarks/evidently.py [--rows 100000,1000000] [--repeats N]
        [--python PYTHON] [--data mixed|numeric] [--check]

Makes two Parquet files of 20 columns as a nightly table has them (numbers of several shapes, counts,
flags, categories, times, some nulls), and times whole processes on them, in turns so that a busy
machine slows both: ``kl drift reference.parquet batch.parquet --tolerance 0.05 -o report.json``,
and a script that reads the same files with pandas, runs Evidently's DataDriftPreset with the method
``kl_div`` for all columns, and saves its JSON. Prints a Markdown table of medians: wall and processor time,
the peak of memory, and the ratios of each pair. Memory is that of a run of its own, of all its processes
together (on Linux, where what they share counts once; elsewhere that of the first process). Evidently and pandas
are those of PYTHON (this one by default), so that they may live in an environment of their own; without them only
``kl`` is timed. With ``--check`` the exit code is 1 if a ratio misses `LIMITS`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

# Run as a script, this folder must not hide the package of the same name from anyone.
sys.path = [each for each in sys.path if Path(each or ".").resolve() != Path(__file__).parent]

import numpy as np
import polars as pl

SEED = 20261128
#: Rows → least ratio of wall times, Evidently's to that of kl.
LIMITS = {100_000: 12.0, 1_000_000: 25.0}
#: Most that the peak of memory of kl may be of Evidently's.
MEMORY_LIMIT = 0.5

EVIDENTLY = """
import sys, pandas
from evidently import Report
from evidently.presets import DataDriftPreset
reference, batch = (pandas.read_parquet(path) for path in sys.argv[1:3])
snapshot = Report([DataDriftPreset(method="kl_div")]).run(batch, reference)
snapshot.save_json(sys.argv[3])
"""


@dataclass(frozen=True)
class Cost:
    """Of one process: seconds by the clock, seconds of processors, bytes of memory at most."""

    wall: float
    cpu: float
    memory: float


def main() -> int:
    """Measure, print, and compare with the limits if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", default="100000,1000000", metavar="N,…")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="pairs (default 5)")
    parser.add_argument("--python", default=sys.executable, help="that has Evidently")
    parser.add_argument("--data", choices=list(TABLES), default="mixed")
    parser.add_argument("--check", action="store_true", help="fail if a ratio misses its limit")
    chosen = parser.parse_args()
    peer = version(chosen.python)
    if not peer:
        print("Evidently cannot be imported: kl alone is timed", file=sys.stderr)
    print(
        f"{chosen.data} table, 20 columns, {chosen.repeats} pairs, {os.cpu_count()} processors, {peer}"
    )
    print()
    print("| rows | tool | wall, s | processor, s | peak memory, MB |")
    print("|---:|---|---:|---:|---:|")
    met = True
    for rows in map(int, chosen.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            for name, seed in (("reference", SEED), ("batch", SEED + 1)):
                frame = TABLES[chosen.data](rows, np.random.default_rng(seed))
                frame.write_parquet(Path(folder, f"{name}.parquet"))
            costs = measured(folder, chosen.repeats, chosen.python if peer else "")
        for name, each in costs.items():
            wall, cpu = (median(getattr(cost, kind) for cost in each) for kind in ("wall", "cpu"))
            memory = median(cost.memory for cost in each) / 1e6
            print(f"| {rows:,} | {name} | {wall:.2f} | {cpu:.2f} | {memory:.0f} |")
        if peer:
            wall, cpu, memory = (
                median(
                    getattr(evidently, kind) / getattr(kl, kind)
                    for kl, evidently in zip(*costs.values(), strict=True)
                )
                for kind in ("wall", "cpu", "memory")
            )
            print(f"| {rows:,} | times | {wall:.1f} | {cpu:.1f} | {memory:.1f} |")
            met &= wall >= LIMITS.get(rows, 0.0) and 1 / memory <= MEMORY_LIMIT
    return int(chosen.check and not met)


def measured(folder: str, repeats: int, python: str) -> dict[str, list[Cost]]:
    """Run both commands in turns."""
    files = ["reference.parquet", "batch.parquet"]
    kl = str(Path(sysconfig.get_path("scripts"), "kl"))
    commands = {
        "kl drift": [kl, "drift", *files, "--tolerance", "0.05", "--quiet", "-o", "report.json"]
    }
    if python:
        commands["Evidently"] = [python, "-c", EVIDENTLY, *files, "evidently.json"]
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    peaks = {}
    for name, words in commands.items():  # writes bytecode and warms the caches of the disk
        run(words, folder)
        peaks[name] = run(words, folder, watched=True).memory
    for _ in range(repeats):
        for name, words in commands.items():
            costs[name].append(replace(run(words, folder), memory=peaks[name]))
    return costs


def run(words: list[str], folder: str, *, watched: bool = False) -> Cost:
    """Run one process, and those that it starts, to the end; only a watched one tells its memory."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    # Not to tell anyone that it was used is what a nightly job would ask of Evidently.
    environment["DO_NOT_TRACK"] = "1"
    start = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    peak = 0.0
    while watched and sys.platform == "linux" and not has_ended(process.pid):
        peak = max(peak, sum(map(memory, family(process.pid))))
        time.sleep(0.01)
    errors = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words[0]} ended with {process.returncode}:\n{errors[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak or usage.ru_maxrss * unit)


def has_ended(process: int) -> bool:
    """Tell whether a process waits for us to ask what became of it."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def family(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [process]
    for each in found:
        with suppress(OSError):
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
            found += map(int, children.split())
    return found


def memory(process: int) -> float:
    """Return the bytes that a process holds, those it shares in proportion; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024.0 * int(line.split()[1])
    return 0.0


def version(python: str) -> str:
    """Return name and version of what klcli is compared with; empty if it is not installed."""
    words = [python, "-c", "import evidently; print('Evidently', evidently.__version__)"]
    found = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    return found.stdout.strip() if found.returncode == 0 else ""


def mixed(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return a table as a nightly job meets it: orders, with customers and deliveries."""
    shops = np.array([f"shop {number:03}" for number in range(200)])
    popular = 1 / np.arange(1, 201)
    price = np.round(rng.lognormal(3, 1, rows), 2)
    ordered = 1_770_000_000 + rng.integers(0, 30 * 86400, rows)
    columns = {
        "order": rng.integers(0, 2**40, rows),
        "price": price,
        "discount": np.where(rng.random(rows) < 0.7, 0.0, np.round(rng.beta(2, 8, rows), 2)),
        "shipping": rng.choice([0.0, 3.9, 5.9, 9.9], rows, p=[0.4, 0.3, 0.2, 0.1]),
        "weight": rng.gamma(2, 1.5, rows),
        "distance": rng.gamma(1.5, 80, rows),
        "delay": rng.standard_t(3, rows) * 12,
        "temperature": np.round(rng.normal(12, 8, rows), 1),
        "score": rng.beta(5, 2, rows),
        "balance": rng.normal(0, 1000, rows) + rng.choice([0, 5000], rows),
        "age": np.clip(rng.normal(45, 17, rows), 18, 99).astype(int),
        "items": 1 + rng.poisson(2.5, rows),
        "visits": rng.geometric(0.15, rows),
        "shop": rng.choice(shops, rows, p=popular / popular.sum()),
        "country": rng.choice([*"ABCDEFGHIJ"], rows, p=np.arange(10, 0, -1) / 55),
        "payment": rng.choice(["card", "transfer", "cash", "voucher"], rows),
        "returned": rng.random(rows) < 0.08,
        "new_customer": rng.random(rows) < 0.3,
        "ordered": (ordered * 1_000_000).astype("datetime64[us]"),
        "delivery": (ordered // 86400 + rng.poisson(3, rows)).astype("datetime64[D]"),
    }
    frame = pl.DataFrame(columns)
    gone = {"temperature": 0.03, "score": 0.2, "country": 0.01}
    return frame.with_columns(
        pl.when(pl.Series(rng.random(rows) >= share)).then(pl.col(name)).alias(name)
        for name, share in gone.items()
    )


def numeric(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return 20 columns of normal numbers: where nothing repeats, counting is dearest."""
    return pl.DataFrame({f"x{number}": rng.normal(number, 1, rows) for number in range(20)})


TABLES = {"mixed": mixed, "numeric": numeric}

if __name__ == "__main__":
    sys.exit(main())
