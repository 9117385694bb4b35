"""How exact a profile's counts are, beside sketches of Apache DataSketches.

    pip install datasketches
    python tests/benchmarks/profile_sketches.py [--rows N] [--parts N]

For some shapes of a column: the root mean square error of the share of rows below a value, at 256
quantiles, from the whole and from merged parts, in millionths; the same for the share in each of
the 256 cells, in percent of it; bytes on disk; seconds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import klcli
from klcli.data.profiles.file import packed

SEED = 7231980465
QUANTILES = np.linspace(0.002, 0.998, 257)
SHAPES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "Student t, 1.5 degrees": lambda rng, n: rng.standard_t(1.5, n),
    "half zeros": lambda rng, n: np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
    "lognormal, rounded to 0.1": lambda rng, n: np.round(rng.lognormal(6, 1.5, n), 1),
}


class OfProfile:
    """Counts in cells."""

    name = "profile"

    def make(self, values):
        return klcli.profile(values)

    def merge(self, parts):
        return klcli.merge_profiles(parts)

    def shares(self, made, at):
        cells = made.columns[0].values.cells
        return cells.ranks(at)[0] / cells.total

    def size(self, made):
        return len(packed(made))


class OfSketch:
    """A quantile sketch."""

    def __init__(self, name, build):
        self.name, self.build = name, build

    def make(self, values):
        sketch = self.build()
        sketch.update(values)
        return sketch

    def merge(self, parts):
        whole = self.build()
        for part in parts:
            whole.merge(part)
        return whole

    def shares(self, made, at):
        return np.array([made.get_rank(value, False) for value in at])

    def size(self, made):
        return len(made.serialize())


class OfDigest(OfSketch):
    """A t-digest, whose ranks have no such option."""

    def shares(self, made, at):
        return np.array([made.get_rank(value) for value in at])


def contenders():
    """Return all ways to summarize a column."""
    import datasketches as ds

    return [
        OfProfile(),
        OfSketch("KLL, k = 4096", lambda: ds.kll_doubles_sketch(4096)),
        OfSketch("KLL, k = 16384", lambda: ds.kll_doubles_sketch(16384)),
        OfSketch("REQ, k = 200", lambda: ds.req_floats_sketch(200)),
        OfDigest("t-digest, k = 2000", lambda: ds.tdigest_double(2000)),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=30)
    options = parser.parse_args()
    for shape, draw in SHAPES.items():
        values = draw(np.random.default_rng(SEED), options.rows)
        ordered = np.sort(values)
        at = np.unique(ordered[(QUANTILES * options.rows).astype(int)])
        truth = np.searchsorted(ordered, at) / options.rows
        print(f"\n{shape}, {options.rows:,} rows")
        print(f"{'':20}  {'whole':>7} {'merged':>7}  {'cells':>7}  {'kB':>5}  {'s':>5}")
        for one in contenders():
            start = time.perf_counter()
            whole = one.make(values)
            seconds = time.perf_counter() - start
            parts = [one.make(part) for part in np.array_split(values, options.parts)]
            merged = one.merge(parts)
            errors = [one.shares(made, at) - truth for made in (whole, merged)]
            cells = np.std(np.diff(errors[1]) / np.diff(truth))
            print(
                f"{one.name:20}  {1e6 * errors[0].std():7.1f} {1e6 * errors[1].std():7.1f}"
                f"  {100 * cells:6.2f}%  {one.size(whole) / 1000:5.0f}  {seconds:5.2f}"
            )


if __name__ == "__main__":
    main()
