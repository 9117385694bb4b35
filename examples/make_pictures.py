"""Draws the pictures of the README: python examples/make_pictures.py [FOLDER]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from klcli.__main__ import main

HERE = Path(__file__).resolve().parent
#: File → the words of the command line that draw it, but for where to.
PICTURES = {
    "air-time.png": (
        "plot", "examples/jan.parquet", "examples/jul.parquet", "-c", "air_time",
        "--direction", "both",
    ),
    "bimodal.png": (
        "plot", "0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)", "norm(0, 2.06)", "--direction", "both",
    ),
    "fit.png": ("fit", "0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)", "--family", "norm"),
    "drift-map.png": (
        "drift", "examples/jan.csv", "examples/jul.csv", "--by", "carrier", "-c", "air_time",
        "-c", "dep_delay", "-c", "hour", "-c", "origin", "-c", "distance",
    ),
}  # fmt: skip


def draw(name: str, folder: Path) -> Path:
    """Draw one picture into a folder and return its path."""
    path = folder.resolve() / name
    before = Path.cwd()
    os.chdir(HERE.parent)  # the pictures name their sources
    try:
        code = main([*PICTURES[name], "-o", str(path), "--quiet"])
    finally:
        os.chdir(before)
    if code:
        raise SystemExit(code)
    return path


if __name__ == "__main__":
    for each in PICTURES:
        print(draw(each, Path(sys.argv[1]) if len(sys.argv) > 1 else HERE))
