"""Rows of a batch as hashes for the file of ``--resume``, so that later runs know them again."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import numpy as np

from klcli.data.row_sketch import RowSketch


def as_record(rows: RowSketch) -> dict[str, Any]:
    """Return what `of_record` makes the same rows of, for JSON."""
    import polars as pl

    hashes, counts = rows.distinct(rows.level)
    record = {
        # Another version may hash otherwise.
        "polars": pl.__version__,
        "columns": list(rows.columns),
        "rows": rows.rows,
        "level": rows.level,
        "hashes": b64encode(hashes.astype("<u8").tobytes()).decode(),
    }
    return record if (counts == 1).all() else {**record, "counts": counts.tolist()}


def of_record(record: dict[str, Any]) -> RowSketch | None:
    """Return the rows; None where they are of another version and cannot be compared."""
    import polars as pl

    if record["polars"] != pl.__version__:
        return None
    hashes = np.frombuffer(b64decode(record["hashes"], validate=True), "<u8").astype(np.uint64)
    counts = np.array(record.get("counts", np.ones(len(hashes))), dtype=np.int64)
    return RowSketch.of(record["columns"], record["rows"], record["level"], hashes, counts)
