"""How long ``kl exact`` takes, against ``import scipy.stats``.

    python tests/benchmarks/exact.py [--check] [--repeats N]

Times whole processes, in pairs one after the other as `startup.py` does: a pair of families with a
closed form, one that is integrated, a mixture, and one that is summed. With ``--check`` the exit code
is 1 if the median of the pairwise ratios exceeds `LIMIT` both for the clock on the wall and for the
processor.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

from startup import Cost, run, summary

LIMIT = 1.5
PAIRS = {
    "closed form": ("norm(0, 1)", "norm(1, 2)"),
    "closed form, special functions": ("gamma(2)", "gamma(3)"),
    "quadrature": ("norm(0, 1)", "t(3)"),
    "quadrature of a mixture": ("0.3*norm(-2, 1) + 0.7*norm(2, 0.5)", "norm(0, 2)"),
    "summation": ("poisson(3)", "nbinom(3, 0.5)"),
}


def main() -> int:
    """Measure, print, and compare with the limit if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail if a ratio is above {LIMIT}")
    parser.add_argument("--repeats", type=int, default=9, metavar="N", help="pairs (default 9)")
    chosen = parser.parse_args()

    kl = str(Path(sysconfig.get_path("scripts"), "kl"))
    imports = [sys.executable, "-c", "import scipy.stats"]
    failed = False
    for name, pair in PAIRS.items():
        words = [kl, "exact", *pair]
        costs: list[tuple[Cost, Cost]] = []
        for number in range(chosen.repeats + 1):
            both = run(words, "."), run(imports, ".")
            if number:  # the first pair writes bytecode and warms the caches of the disk
                costs.append(both)
        ratio = {
            kind: median(getattr(a, kind) / getattr(b, kind) for a, b in costs)
            for kind in ("wall", "cpu")
        }
        print(f"{name:<30}  {summary('cpu', [a for a, _ in costs])}", end="   ")
        print(f"ratio wall {ratio['wall']:.2f}   cpu {ratio['cpu']:.2f}")
        failed |= min(ratio.values()) > LIMIT
    print(f"limit {LIMIT}")
    return int(chosen.check and failed)


if __name__ == "__main__":
    sys.exit(main())
