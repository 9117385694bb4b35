"""How long one column of many rows takes, against sorting it.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/sorting.py [--check] [--rows N] [--repeats N]

Both directions with intervals, p-value and noise floor, from two arrays in memory, in pairs with
``numpy.sort`` of both arrays together, so that a busy machine slows both. One thread, as the
command ``kl`` sets it: on a busy machine threads of linear algebra wait for each other.

NumPy's default sort uses vector instructions where the processor has them (AVX-512, AVX2), and is
then some three times as fast as its merge sort (``kind="stable"``), which has none. So the ratio to the
default depends on the processor; that to the merge sort hardly does, and ``--check`` looks at it: the
exit code is 1 if the median of its pairwise ratios exceeds `LIMIT`.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

import klcli

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 4.0
SEED = 5820974491


def main() -> int:
    """Measure, print, and compare with the limit if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail if the ratio is above {LIMIT}")
    parser.add_argument("--rows", type=int, default=10**6, metavar="N", help="rows of each array")
    parser.add_argument("--repeats", type=int, default=9, metavar="N", help="pairs (default 9)")
    chosen = parser.parse_args()

    rng = np.random.default_rng(SEED)
    columns = {
        "normal": (rng.normal(0, 1, chosen.rows), rng.normal(0.2, 1.1, chosen.rows)),
        "lognormal": (rng.lognormal(0, 1, chosen.rows), rng.lognormal(0.1, 1, chosen.rows)),
        "rounded": tuple(np.round(rng.normal(at, 1, chosen.rows), 1) for at in (0, 0.1)),
    }
    worst = 0.0
    for name, (p, q) in columns.items():
        pooled = np.concatenate([p, q])
        klcli.estimate(p, q)  # imports what it needs
        trios = [
            (
                seconds(lambda p=p, q=q: klcli.estimate(p, q)),
                seconds(lambda pooled=pooled: np.sort(pooled)),
                seconds(lambda pooled=pooled: np.sort(pooled, kind="stable")),
            )
            for _ in range(chosen.repeats)
        ]
        to_default, to_merge = (median(t[0] / t[kind] for t in trios) for kind in (1, 2))
        worst = max(worst, to_merge)
        ours, default, merge = (median(each) for each in zip(*trios, strict=True))
        print(
            f"{name:<10} klcli {ours:.3f} s   numpy.sort {default:.3f} s, ratio {to_default:.2f}"
            f"   merge sort {merge:.3f} s, ratio {to_merge:.2f}"
        )
    return int(chosen.check and worst > LIMIT)


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes by the clock on the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
