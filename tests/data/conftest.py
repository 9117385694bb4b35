from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from klcli.data import arrays, delimited, sample, table


@pytest.fixture
def in_batches(monkeypatch):
    """Make every source be read in batches of a few rows."""
    monkeypatch.setattr(table, "MEMORY_BUDGET", -1)
    for module in (table, delimited, arrays):
        monkeypatch.setattr(module, "BATCH_ROWS", 7)


@pytest.fixture
def small_sample(monkeypatch):
    """Let layouts see only 40 rows of each side."""
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 40)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(here):
    """Write a file and return its name."""

    def written(name, content):
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return written


@pytest.fixture
def counts():
    """Return the counts of one side of a column by value: of its labels, or lower bounds."""

    def by_value(column, side):
        cells = column.table
        values = getattr(cells, side)
        names = cells.labels or [
            "(missing)" if np.isnan(lower) else float(lower) for lower in cells.lower
        ]
        counted = Counter()
        for name, value in zip(names, values, strict=True):
            if value:
                counted[name] += value
        return dict(counted)

    return by_value
