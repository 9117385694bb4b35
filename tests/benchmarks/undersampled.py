"""How far estimates are from the truth where most categories are rare or were never seen.

    python tests/benchmarks/undersampled.py [--replications 50] [--categories 50,500] [-o table.md]

Draws counts of pairs of known divergence with 50 to 100,000 categories, 50 to 10,000 rows, and
fewer than ten rows per category on one side at least. Compares the root mean squared error of each
method with that of the best of four: the plug-in estimate with Jeffreys smoothing, Zhang-Grabchak,
the augmented plug-in of Bu et al. (2018) and the Dirichlet mixture. Which of them is best differs
from pair to pair, and none of them knows; estimates that are far off in general are the best now
and then, where their bias happens to hit.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from klcli.counts import CountTable
from klcli.densities.frequency import Frequency
from klcli.estimators.dirichlet_mixture import DirichletMixture
from klcli.estimators.empirical_bayes import EmpiricalBayes
from klcli.estimators.frequency import FrequencyPlugIn

if TYPE_CHECKING:
    from collections.abc import Callable

Pair = tuple[np.ndarray, np.ndarray]


def augmented(table: CountTable) -> float:
    """Return Σ p̂ log(p̂ m/(y + 1)): Bu, Zou, Liang & Veeravalli, IEEE Trans. Inf. Theory 64 (2018) 2648."""
    shown = table.p > 0
    p = table.p[shown] / table.n_p
    return float(p @ np.log(p * table.n_q / (table.q[shown] + 1)))


JEFFREYS = FrequencyPlugIn(Frequency("jeffreys"))
CORRECTED = FrequencyPlugIn(Frequency())
MIXTURE = DirichletMixture(Frequency())
DEFAULT = EmpiricalBayes(Frequency())

#: Name → estimate of a count table.
METHODS: dict[str, Callable[[CountTable], float]] = {
    "Jeffreys": lambda table: JEFFREYS(table).value,
    "Zhang-Grabchak": lambda table: CORRECTED(table).value,
    "augmented": augmented,
    "Dirichlet mixture": lambda table: MIXTURE(table).value,
    "empirical Bayes": lambda table: DEFAULT(table).value,
}
FOUR = ("Jeffreys", "Zhang-Grabchak", "augmented", "Dirichlet mixture")
SIZES = (50, 200, 1_000, 10_000)
RATIOS = (0.1, 0.3, 1, 3, 10)


def normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()


def pairs(categories: int) -> dict[str, Pair]:
    """Return pairs of distributions on so many categories, by name; q > 0 wherever p > 0."""
    rng = np.random.default_rng([31622776601683793319, categories])
    rank = np.arange(1.0, categories + 1)
    zipf, flat = normalised(1 / rank), np.full(categories, 1 / categories)
    decay = 100 / categories
    every_fifth = np.arange(categories) % 5 == 0
    half = np.arange(categories) < categories / 2
    shares = {
        "Zipf, same": (zipf, zipf),
        "uniform, same": (flat, flat),
        "Zipf 1 and 1.3": (zipf, rank**-1.3),
        "Zipf 1.3 and 1": (rank**-1.3, zipf),
        "Zipf 0.7 and uniform": (rank**-0.7, flat),
        "uniform and Zipf 0.7": (flat, rank**-0.7),
        "two blocks, 3 to 1": (np.where(half, 3.0, 1), flat),
        "two blocks, 9 to 1 turned": (np.where(half, 1.0, 9), np.where(half, 9.0, 1)),
        "Zipf, tilted": (zipf * np.exp(0.5 * np.sin(rank)), zipf),
        "uniform, tilted": (np.exp(np.sin(rank)), flat),
        "Zipf, lognormal ratios": (zipf * np.exp(rng.normal(0, 1, categories)), zipf),
        "Zipf, labels permuted": (zipf, rng.permutation(zipf)),
        "geometric": (0.9 ** (rank * decay) + 1e-12, 0.93 ** (rank * decay) + 1e-12),
        "exponential shares": (rng.gamma(1, 1, categories), rng.gamma(1, 1, categories)),
        "even and uneven shares": (
            rng.gamma(5, 1, categories), rng.gamma(0.5, 1, categories) + 1e-4,
        ),
        "Zipf, a fifth new": (zipf, np.where(every_fifth, 0.01, 1) * zipf),
        "Zipf, one category grown": (np.where(rank == 3, 8.0, 1) * zipf, zipf),
    }  # fmt: skip
    return {name: (normalised(p), normalised(q)) for name, (p, q) in shares.items()}


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sum(p * np.log(p / q)))


def draw(p: np.ndarray, q: np.ndarray, n: int, m: int, rng: np.random.Generator) -> CountTable:
    """Draw a count table; categories that neither sample shows are not in it."""
    counts = np.array([rng.multinomial(n, p), rng.multinomial(m, q)], float)
    shown = np.flatnonzero(counts.any(axis=0))
    return CountTable.categorical(tuple(map(str, shown)), *counts[:, shown])


@dataclass(frozen=True)
class Row:
    """What one pair came to: errors are root mean squared, by method, in nats."""

    name: str
    categories: int
    n: int
    m: int
    truth: float
    errors: dict[str, float]

    @property
    def best(self) -> float:
        return min(self.errors[name] for name in FOUR)


def settings(categories: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Return (categories, n, m) with fewer than ten rows per category on a side."""
    found = []
    for number in categories:
        for n in SIZES:
            for ratio in RATIOS:
                m = round(n * ratio)
                if 50 <= m <= 10_000 and min(n, m) < 10 * number:
                    found.append((number, n, m))
    return found


def measure(categories: tuple[int, ...], replications: int, every: int = 1) -> list[Row]:
    """Measure all pairs at every so many-th setting."""
    rows = []
    for number, n, m in settings(categories)[::every]:
        for index, (name, (p, q)) in enumerate(pairs(number).items()):
            rng = np.random.default_rng([14142135623730950488, number, n, m, index])
            truth = divergence(p, q)
            squares = dict.fromkeys(METHODS, 0.0)
            for _ in range(replications):
                table = draw(p, q, n, m, rng)
                for method, estimate in METHODS.items():
                    squares[method] += (estimate(table) - truth) ** 2 / replications
            errors = {method: square**0.5 for method, square in squares.items()}
            rows.append(Row(name, number, n, m, truth, errors))
    return rows


def ratios(rows: list[Row], method: str) -> np.ndarray:
    """Return the errors of a method as multiples of those of the best of four."""
    return np.array([row.errors[method] / row.best for row in rows])


def summary(rows: list[Row]) -> str:
    """Return a Markdown table, a line for each method."""
    lines = [
        "| method | geometric mean | at most 1 | at most 1.25 | 90th percentile | largest |",
        "|---|---|---|---|---|---|",
    ]
    for method in METHODS:
        each = ratios(rows, method)
        lines.append(
            f"| {method} | {np.exp(np.log(each).mean()):.2f} | {np.mean(each <= 1):.0%} "
            f"| {np.mean(each <= 1.25):.0%} | {np.quantile(each, 0.9):.1f} | {each.max():.1f} |"
        )
    return "\n".join(lines)


def by_pair(rows: list[Row]) -> str:
    """Return a Markdown table of geometric means, a line for each pair."""
    lines = [f"| pair | {' | '.join(METHODS)} |", "|---" * (len(METHODS) + 1) + "|"]
    for name in dict.fromkeys(row.name for row in rows):
        own = [row for row in rows if row.name == name]
        means = [np.exp(np.log(ratios(own, method)).mean()) for method in METHODS]
        lines.append(f"| {name} | {' | '.join(f'{mean:.2f}' for mean in means)} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print and write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--replications", type=int, default=50)
    options.add_argument("--categories", default="50,500,5000,100000")
    options.add_argument("--every", type=int, default=1, help="only every so many-th setting")
    options.add_argument("-o", "--output", type=Path)
    options.add_argument("-v", "--verbose", action="store_true", help="each pair at each size")
    chosen = options.parse_args()
    categories = tuple(int(number) for number in chosen.categories.split(","))
    rows = measure(categories, chosen.replications, chosen.every)
    if chosen.verbose:
        for row in rows:
            errors = ", ".join(f"{name} {error:.3g}" for name, error in row.errors.items())
            print(f"{row.categories} {row.name} {row.n} {row.m} D {row.truth:.3g}: {errors}")
    text = (
        f"Root mean squared error as a multiple of the best of four, {len(rows)} pairs and sizes, "
        f"{chosen.replications} replications\n\n{summary(rows)}\n\n{by_pair(rows)}\n"
    )
    print(text)
    if chosen.output:
        chosen.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
