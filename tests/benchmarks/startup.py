"""How long ``kl estimate`` of two small files takes, against importing what it is built on.

    python tests/benchmarks/startup.py [--check] [--repeats N]

Times whole processes, in pairs one after the other so that a busy machine slows both: the command
on two CSV files of 1,000 rows with its default settings, and ``import typer, numpy, polars``. Run
it with the Python of an environment that has klcli installed from a wheel, as users have it. With
``--check`` the exit code is 1 if the median of the pairwise ratios exceeds `LIMIT` both for the clock
on the wall and for the processor: the imports start threads that wait for a second core, so that the
ratio of wall times alone tells whether the machine was busy.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LIMIT = 1.8
ROWS = 1000
SEED = 7231980465


@dataclass(frozen=True)
class Cost:
    """Seconds of one process: by the clock on the wall, and of the processor."""

    wall: float
    cpu: float


def main() -> int:
    """Measure, print, and compare with the limit if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail if the ratio is above {LIMIT}")
    parser.add_argument("--repeats", type=int, default=15, metavar="N", help="pairs (default 15)")
    chosen = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        write_samples(Path(folder))
        commands = {
            "kl estimate": [str(Path(sysconfig.get_path("scripts"), "kl")),
                            "estimate", "p.csv", "q.csv"],
            "imports": [sys.executable, "-c", "import typer, numpy, polars"],
        }  # fmt: skip
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for words in commands.values():  # writes bytecode and warms the caches of the disk
            run(words, folder)
        for _ in range(chosen.repeats):
            for name, words in commands.items():
                costs[name].append(run(words, folder))

    for name, each in costs.items():
        print(f"{name:<12}  {summary('wall', each)}   {summary('cpu', each)}")
    ratio = {
        kind: median(
            getattr(kl, kind) / getattr(imports, kind)
            for kl, imports in zip(*costs.values(), strict=True)
        )
        for kind in ("wall", "cpu")
    }
    print(f"median ratio  wall {ratio['wall']:.2f}   cpu {ratio['cpu']:.2f}   limit {LIMIT}")
    return int(chosen.check and min(ratio.values()) > LIMIT)


def write_samples(folder: Path) -> None:
    """Write two files with one column of normal numbers each, one standard deviation apart."""
    source = random.Random(SEED)
    for name, mean in (("p.csv", 0.0), ("q.csv", 1.0)):
        numbers = (f"{source.gauss(mean, 1)}" for _ in range(ROWS))
        (folder / name).write_text("\n".join(["value", *numbers, ""]), encoding="ascii")


def run(words: list[str], folder: str) -> Cost:
    """Run one process to its end with its output in a pipe."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, start = os.times(), time.perf_counter()
    subprocess.run(words, stdout=subprocess.PIPE, cwd=folder, env=environment, check=True)
    wall, after = time.perf_counter() - start, os.times()
    user = after.children_user - before.children_user
    system = after.children_system - before.children_system
    return Cost(wall, user + system)


def summary(kind: str, costs: list[Cost]) -> str:
    """Return the least and the median of the times in milliseconds."""
    times = [1000 * getattr(cost, kind) for cost in costs]
    return f"{kind} min {min(times):4.0f} ms, median {median(times):4.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
