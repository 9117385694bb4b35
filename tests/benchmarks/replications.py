"""Samples of pairs of known divergence, over and over: what both benchmarks of estimates share.

Each replication has a source of randomness of its own, which depends on the seed, the pair, the
numbers of rows and the replication, and on nothing else: not on the number of processes, nor on
which other pairs and methods take part.
"""

from __future__ import annotations

import os

# Many processes of one thread each. It has to stand before NumPy and Polars are imported.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import fnmatch
import json
import math
import multiprocessing
import platform
import shlex
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from pairs import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from laws import Pair

    from klcli.results import Estimate

    #: (setting, rows of P, rows of Q, replication) → a record for each method.
    Measure = Callable[["Setting", np.ndarray, np.ndarray, int], dict[str, tuple[Any, ...]]]

#: Replications that one process works on before the next task: a second or so.
_CHUNK = 10


@dataclass(frozen=True)
class Setting:
    """A pair, the numbers of rows, and the share of values that are missing on both sides."""

    pair: str
    n: int
    m: int
    missing: float = 0.0

    @property
    def law(self) -> Pair:
        """The pair itself."""
        return _NAMED[self.pair]

    @property
    def rows(self) -> str:
        """The numbers of rows in words."""
        return f"{self.n}" if self.n == self.m else f"{self.n}:{self.m}"

    @property
    def truth(self) -> float:
        """D(P‖Q) in nats: by the chain rule, that of the values times the share that is there."""
        return (1 - self.missing) * self.law.forward

    @property
    def bound(self) -> float:
        """The least asymptotic standard error; see `Pair.bound`."""
        there = 1 - self.missing
        variance_p = self.law.bound(1, math.inf) ** 2  # of log p/q where values are there
        square = there * (variance_p + self.law.forward**2) - self.truth**2
        return math.sqrt(square / self.n + there * self.law.bound(math.inf, 1) ** 2 / self.m)

    @property
    def well_sampled(self) -> bool:
        """Whether each cell, if the column has cells, has ten rows on average."""
        return min(self.n, self.m) >= 10 * (self.law.cells or 0)

    def draw(self, seed: int, replication: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the samples of one replication."""
        key = [seed, crc32(self.pair.encode()), self.n, self.m, replication]
        rng = np.random.default_rng(key)
        p, q = self.law.sample_p(rng, self.n), self.law.sample_q(rng, self.m)
        if self.missing:
            p[rng.random(self.n) < self.missing] = np.nan
            q[rng.random(self.m) < self.missing] = np.nan
        return p, q


_NAMED = {pair.name: pair for pair in ALL}


def klcli_estimate(setting: Setting, p: np.ndarray, q: np.ndarray, **options: Any) -> Estimate:
    """Call klcli as its users do, for the forward direction."""
    import klcli

    categorical = ("x0",) if setting.law.kind == "categorical" else ()
    report = klcli.estimate(p, q, direction="forward", categorical=categorical, **options)
    return report.results[0]


def parser(description: str, replications: int) -> argparse.ArgumentParser:
    """Return the options that both commands have."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--rows", type=_rows, default=[(200, 200), (1000, 1000)], metavar="N,...",
                      help="rows of each side, or n:m (default 200,1000)")  # fmt: skip
    made.add_argument("--replications", type=int, default=replications, metavar="N",
                      help=f"samples of each pair (default {replications})")  # fmt: skip
    made.add_argument("--pairs", action="append", metavar="PATTERN",
                      help="only pairs whose name fits (default all; * and ?; repeatable)")  # fmt: skip
    made.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                      help="processes (default one for each core)")  # fmt: skip
    made.add_argument("--seed", type=int, default=20261125, metavar="N", help="of the samples")
    made.add_argument("-o", "--output", action="append", type=Path, default=[], metavar="FILE",
                      help="write the tables (.md) or all figures (.json); repeatable")  # fmt: skip
    made.add_argument("--picture", type=Path, metavar="FILE", help="draw (.png, .svg)")
    made.add_argument("--check", action="store_true",
                      help="fail if a summary is beyond limits that a small sample keeps")  # fmt: skip
    return made


def _rows(text: str) -> list[tuple[int, int]]:
    sides = [[int(side) for side in each.split(":")] for each in text.split(",")]
    if any(len(each) > 2 or min(each) < 2 for each in sides):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 200,1000 or 500:2000")
    return [(each[0], each[-1]) for each in sides]


def settings(chosen: argparse.Namespace, missing: float = 0.0) -> list[Setting]:
    """Return every pair that was asked for, at every number of rows."""
    patterns = chosen.pairs or ["*"]
    names = [name for name in _NAMED if any(fnmatch.fnmatchcase(name, one) for one in patterns)]
    if not names:
        sys.exit(f"no pair fits {', '.join(patterns)}")
    return [Setting(name, n, m, missing) for n, m in chosen.rows for name in names]


def replicate(
    measure: Measure, wanted: Sequence[Setting], chosen: argparse.Namespace
) -> dict[tuple[Setting, str], list[tuple[Any, ...]]]:
    """Return the records of every setting and method, in the order of the replications."""
    parts = [
        (setting, range(start, min(start + _CHUNK, chosen.replications)))
        for setting in wanted
        for start in range(0, chosen.replications, _CHUNK)
    ]
    done: dict[int, list[dict[str, tuple[Any, ...]]]] = {}
    begun = time.perf_counter()
    for number, records in _work(measure, parts, chosen):
        done[number] = records
        now = time.perf_counter() - begun
        _tell(len(done) / len(parts), (len(done) - 1) / len(parts), now)
    collected: dict[tuple[Setting, str], list[tuple[Any, ...]]] = {}
    for number, (setting, _) in enumerate(parts):
        for record in done[number]:
            for method, values in record.items():
                collected.setdefault((setting, method), []).append(values)
    return collected


def _work(
    measure: Measure, parts: list[tuple[Setting, range]], chosen: argparse.Namespace
) -> Iterator[tuple[int, list[dict[str, tuple[Any, ...]]]]]:
    if chosen.jobs == 1:
        for number, part in enumerate(parts):
            yield number, _records(measure, *part, chosen.seed)
        return
    # Polars does not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.jobs, mp_context=context) as pool:
        try:
            running = {
                pool.submit(_records, measure, *part, chosen.seed): number
                for number, part in enumerate(parts)
            }
            for finished in as_completed(running):
                yield running[finished], finished.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _records(
    measure: Measure, setting: Setting, replications: range, seed: int
) -> list[dict[str, tuple[Any, ...]]]:
    records = []
    for replication in replications:
        p, q = setting.draw(seed, replication)
        # Some peers draw from NumPy's global state.
        np.random.seed(crc32(f"{seed} {setting} {replication}".encode()))
        records.append(measure(setting, p, q, replication))
    return records


def _tell(share: float, before: float, seconds: float) -> None:
    """Say on stderr how far it is: in place on a terminal, else a line for each tenth."""
    told = f"{share:4.0%} done, {seconds:.0f} s, {seconds / share - seconds:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r{told}  ", end="\n" if share == 1 else "", file=sys.stderr)
    elif int(10 * share) > int(10 * before):
        print(told, file=sys.stderr)


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, its first column to the left and the others to the right."""
    lines = [columns, [":---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float, digits: int = 2) -> str:
    """Return a number for a table; a dash where there is none."""
    if math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value:.{digits}f}"


def provenance(chosen: argparse.Namespace, packages: Sequence[str]) -> dict[str, Any]:
    """Return when, on what and how figures came about."""
    import klcli

    versions = {"klcli": klcli.__version__, "python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    words = iter(sys.argv[1:])
    options = []
    for word in words:  # without where the output goes and on how many cores
        if word in ("-o", "--output", "--picture", "--jobs"):
            next(words)
        elif not word.startswith(("--output=", "--picture=", "--jobs=")):
            options.append(word)
    script = f"tests/benchmarks/{Path(sys.argv[0]).name}"
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": shlex.join(["python", script, *options]),
        "replications": chosen.replications,
        "seed": chosen.seed,
        "versions": versions,
    }


def heading(title: str, known: dict[str, Any]) -> str:
    """Return the head of a Markdown report."""
    versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    return (
        f"# {title}\n\n{known['date']}, `{known['command']}`: {known['replications']:,} "
        f"replications, seed {known['seed']}. {versions}.\n"
    )


def write(paths: Sequence[Path], text: str, figures: dict[str, Any]) -> None:
    """Write Markdown or JSON, by extension."""
    for path in paths:
        if path.suffix == ".json":
            path.write_text(json.dumps(_plain(figures), indent=1) + "\n", encoding="utf-8")
        else:
            path.write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    """Return what JSON can hold: no NaN, no infinity, no NumPy."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf"
    return value
