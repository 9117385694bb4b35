from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from klcli.registry import (
    DENSITIES,
    DIVERGENCES,
    ESTIMATORS,
    INTERVALS,
    JOINT,
    JOINT_INTERVALS,
)

EXAMPLES = Path(__file__).parent.parent / "examples"
HEAVY = {
    "jinja2",
    "matplotlib",
    "numpy",
    "scipy",
    "sklearn",
    "polars",
    "pandas",
    "pyarrow",
    "rich",
    "narwhals",
}
PROBE = """
import sys
from klcli.__main__ import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code or 0
sys.stdout.flush()
print(code, *sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def modules_after(*words: str, **environment: str) -> set[str]:
    """Return the top-level modules that a fresh process holds after running ``kl``."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    assert done.stdout
    return set(modules)


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        ["estimate", "--help"],
        ["plot", "--help"],
        ["methods"],
        ["methods", "ratio", "--format", "table"],
        ["schema"],
    ],
    ids=" ".join,
)
def test_what_needs_no_data_imports_nothing_heavy(words):
    assert modules_after(*words) & HEAVY == set()


@pytest.mark.parametrize(
    ("line", "position"),
    [("kl ", "1"), ("kl estimate --de", "2"), ("kl estimate --density k", "3")],
)
def test_completion_imports_nothing_heavy(line, position):
    modules = modules_after(_KL_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=position)
    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    "words",
    [
        ["jan.csv", "jul.csv"],
        ["jan.parquet", "jul.parquet", "--column", "dep_delay", "--format", "json"],
        ["a.npy", "b.npy", "--column", "x0", "--value"],
    ],
    ids=" ".join,
)
def test_the_default_estimate_in_a_pipe_needs_neither_scipy_nor_rich(words):
    p, q, *others = words
    modules = modules_after(
        "estimate", str(EXAMPLES / p), str(EXAMPLES / q), "--resamples", "20", *others
    )
    assert modules & {"scipy", "sklearn", "pandas", "pydantic", "rich"} == set()
    assert "numpy" in modules


def test_times_are_compared_without_masked_arrays():
    """They would take longer to import than a column of times takes."""
    script = """
import sys
import numpy as np
import polars as pl
import klcli
old = "numpy.ma" in sys.modules
seconds = np.random.default_rng(7).integers(0, 20 * 86_400, (2, 2_000)) + 1_700_000_000
p, q = (pl.DataFrame({"at": pl.from_epoch(pl.Series(side))}) for side in seconds.tolist())
print(klcli.drift(p, q).results[0].estimate.kind, old or "numpy.ma" not in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "datetime True\n"


def test_every_entry_of_the_registry_resolves_in_a_fresh_interpreter():
    tables = (DENSITIES, ESTIMATORS, INTERVALS, JOINT, JOINT_INTERVALS, DIVERGENCES)
    entries = sorted({entry for table in tables for entry in table.values()})
    script = (
        "import sys\nfrom klcli.registry import load\nprint(*map(load, sys.argv[1:]), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *entries], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(entries)
