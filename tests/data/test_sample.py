from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from klcli.data.sample import RowSample


def taken(values, size, batches, seed=(914267035, 1)):
    rows = RowSample(seed, size)
    for batch in np.array_split(values, batches):
        chosen = rows.choose(len(batch))
        rows.add([batch[chosen], -batch[chosen]])
    return rows


@pytest.mark.parametrize("batches", [1, 3, 10])
def test_all_rows_are_kept_while_they_fit(batches):
    values = np.arange(50.0)
    rows = taken(values, 50, batches)
    assert rows.complete
    kept, negated = rows.columns()
    assert kept.tolist() == values.tolist()
    assert negated.tolist() == (-values).tolist()


@pytest.mark.parametrize("batches", [2, 7, 100])
def test_the_sample_does_not_depend_on_the_batches(batches):
    values = np.arange(1000.0)
    whole = taken(values, 60, 1)
    assert not whole.complete
    expected = np.sort(whole.columns()[0])
    assert len(expected) == len(np.unique(expected)) == 60
    kept, negated = taken(values, 60, batches).columns()
    assert np.sort(kept).tolist() == expected.tolist()
    assert kept.tolist() == (-negated).tolist()


def test_each_row_is_as_likely_as_any_other():
    hits = np.zeros(40)
    for seed in range(2000):
        kept = taken(np.arange(40.0), 10, 4, (6620174583, seed)).columns()[0]
        hits[kept.astype(int)] += 1
    assert hits.sum() == 20_000
    assert stats.chisquare(hits).pvalue > 1e-4


def test_another_seed_gives_another_sample():
    values = np.arange(1000.0)
    one, other = (taken(values, 60, 1, (seed, 0)).columns()[0] for seed in (31, 32))
    assert set(one) != set(other)
