"""What no test of tails can tell: whether the variance of p/q is finite, from 1,000 rows.

    python tests/benchmarks/tails.py [--rows 1000] [--replications 20000]

Beside a regular pair stands one with the same Q, whose P is the same up to a point, far out, from
where p/q is a Pareto tail of shape ½ or more: its variance is infinite. Beside a heavy pair stands
one that is the same up to a point and has a bounded ratio from there. The most powerful test of
one against the other (Neyman and Pearson) knows both distributions, which no user does. The table
shows in how many samples of the heavy one of both it finds the infinite variance, if it marks the
regular one in 3 %. No rule that looks at samples can do better on both.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

# The folder above, in place of this one.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.replications import markdown

if TYPE_CHECKING:
    from numpy.random import Generator

#: Share of regular samples that may be marked.
LEVEL = 0.03


@dataclass(frozen=True)
class Twins:
    """A pair, and another that differs in P's tails alone.

    Attributes
    ----------
    name : str
        Of the pair.
    p, q : distribution
        The pair: frozen distributions of SciPy, or what looks like them.
    shape : float
        Of p/q beyond the split, in the twin: p is in proportion to q·V^−shape, with V the upper
        tail of Q. At least ½ makes the variance infinite, less leaves it finite.
    heavy : bool
        Whether the pair itself, not its twin, has the infinite variance.
    split : float or None
        Where the tails part; None where two rows of P lie beyond, on average.
    tails : int
        In how many tails they differ alike.
    """

    name: str
    p: Any
    q: Any
    shape: float
    heavy: bool
    split: float | None = None
    tails: int = 1


class Mixture:
    """A mixture of distributions of SciPy, as far as it is needed here."""

    def __init__(self, *parts: tuple[float, Any]) -> None:
        self.parts = parts

    def logsf(self, x: np.ndarray) -> np.ndarray:
        """Return the log of the upper tail probability."""
        return np.logaddexp.reduce([math.log(share) + part.logsf(x) for share, part in self.parts])

    def logpdf(self, x: np.ndarray) -> np.ndarray:
        """Return the log of the density."""
        return np.logaddexp.reduce(
            [math.log(share) + part.logpdf(x) for share, part in self.parts]
        )


RARE = Mixture((0.95, stats.norm()), (0.05, stats.norm(3)))
LOGNORMAL, GAMMA = stats.lognorm(0.5), stats.gamma(4, scale=0.28)
TWINS = (
    Twins("normal, far shift", stats.norm(2), stats.norm(), 0.5, heavy=False, split=3.4),
    Twins("normal with a rare part", RARE, stats.norm(), 0.5, heavy=False, split=5.6),
    Twins(
        "normal, scale 1.3 and 1", stats.norm(0, 1.3), stats.norm(), 0.5, heavy=False, split=2.0
    ),
    Twins("beta", stats.beta(5, 2), stats.beta(3, 3), 0.5, heavy=False, split=0.75),
    Twins("student t and normal", stats.t(3), stats.norm(), 0.49, heavy=True, tails=2),
    Twins("student t5 and normal", stats.t(5), stats.norm(), 0.49, heavy=True, tails=2),
    Twins("laplace and normal", stats.laplace(), stats.norm(), 0.49, heavy=True, tails=2),
    Twins("lognormal and gamma", LOGNORMAL, GAMMA, 0.49, heavy=True),
    Twins("uniform and triangular", stats.uniform(), stats.triang(0), 0.4, heavy=True, split=0.9),
    Twins(
        "exponential, rate 1 and 2",
        stats.expon(),
        stats.expon(scale=0.5),
        0.4,
        heavy=True,
        split=1.15,
    ),
)


def power(
    twins: Twins, rows: int, replications: int, rng: Generator
) -> tuple[float, float, float]:
    """Return the split, the mean number of rows of P beyond, and the power of the best test.

    Both laws agree up to the split and in the mass beyond. So the number of rows there says
    nothing, and given it they are independent: each has the log-likelihood ratio of its law in
    the pair against that in the twin. Rows of Q are the same under both and say nothing either.
    """
    split = twins.split
    if split is None:
        split = float(twins.p.isf(2 / (rows * twins.tails)))
    beyond, edge = float(twins.p.logsf(split)), float(twins.q.logsf(split))
    expected = rows * twins.tails * math.exp(beyond)
    numbers = rng.poisson(expected, replications)
    owner = np.repeat(np.arange(replications), numbers)
    own = _upper(twins.p, split, beyond + np.log(rng.random(len(owner))))
    # In terms of u = V/V(split), uniform under Q, the twin has the density (1 − k)·u^−k.
    other = _upper(twins.q, split, edge + np.log(rng.random(len(owner))) / (1 - twins.shape))

    def log_ratio(x: np.ndarray) -> np.ndarray:
        twin = twins.q.logpdf(x) - edge + math.log(1 - twins.shape)
        twin -= twins.shape * (twins.q.logsf(x) - edge)
        return twins.p.logpdf(x) - beyond - twin

    sums = [np.bincount(owner, log_ratio(x), replications) for x in (own, other)]
    heavy, regular = sums if twins.heavy else (-sums[1], -sums[0])
    bar = np.quantile(regular, 1 - LEVEL)
    # Where many samples have nothing beyond the split, the test marks some of the ties by lot.
    above, ties = float(np.mean(regular > bar)), float(np.mean(regular == bar))
    lot = (LEVEL - above) / ties if ties else 0.0
    return split, expected, float(np.mean(heavy > bar) + lot * np.mean(heavy == bar))


def _upper(law: Any, split: float, log_tail: np.ndarray) -> np.ndarray:
    """Return where the log of the upper tail probability of a law is this, by interpolation."""
    least = max(float(log_tail.min(initial=0.0)), -600.0)
    span = 1e-3
    while law.logsf(split + span) > least:
        span *= 1.5
    grid = split + span * np.concatenate([[0.0], np.geomspace(1e-9, 1, 20_000)])
    with np.errstate(divide="ignore"):
        logs = law.logsf(grid)
    finite = np.isfinite(logs)
    return np.interp(-log_tail, -logs[finite], grid[finite])


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--rows", type=int, default=1000, metavar="N", help="of P (default 1000)")
    options.add_argument("--replications", type=int, default=20_000, metavar="N",
                         help="samples of each (default 20000)")  # fmt: skip
    chosen = options.parse_args()
    rng = np.random.default_rng(5629103847261950)
    lines = []
    for twins in TWINS:
        split, number, found = power(twins, chosen.rows, chosen.replications, rng)
        lines.append((twins.name, "infinite" if twins.heavy else "finite", f"{split:.3g}",
                      f"{twins.shape:g}", f"{number:.1f}", f"{100 * found:.1f} %"))  # fmt: skip
    print(markdown(("pair", "its variance of p/q", "twin differs beyond", "shape of the twin",
                    "rows of P there", "infinite variance found by the best test"), lines))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
