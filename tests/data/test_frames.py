from __future__ import annotations

import datetime as dt
import decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError
from klcli.results import Kind

PLAIN = pl.DataFrame({"x": [1.5, 2, None, 4], "c": ["a", None, "a", "b"]})
MAKERS = {
    "polars": PLAIN.clone,
    "polars lazy": PLAIN.lazy,
    "pandas": PLAIN.to_pandas,
    "pandas arrow": lambda: PLAIN.to_pandas(use_pyarrow_extension_array=True),
    "pandas objects": lambda: PLAIN.to_pandas().astype(object),
    "pyarrow": PLAIN.to_arrow,
    "narwhals": lambda: nw.from_native(PLAIN.to_pandas()),
    "dict of lists": lambda: PLAIN.to_dict(as_series=False),
    "dict of series": lambda: PLAIN.to_dict(as_series=True),
    "duckdb": lambda: pytest.importorskip("duckdb").from_arrow(PLAIN.to_arrow()),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("batched", [False, True])
def test_every_make_of_frame(request, maker, batched):
    if batched:
        request.getfixturevalue("in_batches")
    table = tabulate(MAKERS[maker](), PLAIN)
    assert (table.p.source, table.p.rows) == ("<frame>", 4)
    x, c = table.columns
    assert (x.kind, c.kind) == (Kind.NUMERIC, Kind.CATEGORICAL)
    for column in (x, c):
        assert column.table.p.tolist() == column.table.q.tolist()
        assert (column.p.missing, column.undefined) == (1, None)


@pytest.mark.parametrize(
    "series",
    [
        pl.Series("x", [1.0, 2, 2]),
        pd.Series([1.0, 2, 2], name="x"),
        pd.Series([1.0, 2, 2]),
        pd.Series([1.0, 2, 2], name=7),
        pl.Series([1.0, 2, 2]),
    ],
)
def test_series_are_frames_of_one_column(series):
    (column,) = tabulate(series, np.array([1.0, 2, 2])).columns
    assert column.table.p.tolist() == column.table.q.tolist() == [1, 2]


def test_lists_of_numbers_are_arrays():
    table = tabulate([1, 2, 2], (2.0, None))
    (column,) = table.columns
    assert column.table.p.tolist() == [1, 2, 0]
    assert column.table.q.tolist() == [0, 1, 1]


def test_columns_of_odd_objects():
    frame = pd.DataFrame(
        {
            "mixed": [1, "two", None, 3, *range(20)],
            "truth": [True, None, False] * 8,
            "date": [dt.date(2024, 1, 1)] * 24,
            "decimal": [decimal.Decimal("1.5"), None] * 12,
            5: range(24),
        }
    )
    table = tabulate(frame, frame.copy())
    kinds = {column.name: column.kind for column in table.columns}
    assert kinds == {
        "mixed": Kind.NUMERIC,
        "truth": Kind.BOOLEAN,
        "date": Kind.DATETIME,
        "decimal": Kind.NUMERIC,
        "5": Kind.NUMERIC,
    }
    assert table.columns[0].findings[0].code == "not-a-number"
    assert table.columns[0].p.missing == 2


def test_columns_of_complex_numbers():
    frame = pd.DataFrame({"z": [1 + 2j, 2], "x": [1, 2]})
    z, x = tabulate(frame, frame.copy()).columns
    assert (z.undefined.code, x.undefined) == ("unsupported-type", None)


def test_pandas_nullable_types_and_categories():
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 2], dtype="Int64"),
            "c": pd.Categorical(["u", "v", None]),
            "d": pd.to_datetime(["2024-01-01", None, "2024-02-01"]).tz_localize("UTC"),
        }
    )
    for column in tabulate(frame, frame.copy()).columns:
        assert (column.p.missing, column.undefined) == (1, None)


def test_pandas_columns_of_the_same_name():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InputError, match="unique column names"):
        tabulate(frame, frame.copy())


@pytest.mark.parametrize(
    ("array", "kind", "minimum"),
    [
        (np.array([1, 2], dtype=np.int8), Kind.NUMERIC, 1),
        (np.array([1, 2], dtype=">f8"), Kind.NUMERIC, 1),
        (np.array([1, 2], dtype=np.float16), Kind.NUMERIC, 1),
        (np.array([1, 2], dtype=np.longdouble), Kind.NUMERIC, 1),
        (np.array(["1970-01-02", "NaT"], dtype="M8[D]"), Kind.DATETIME, 86400),
        (np.array(["1970-01-02"], dtype="M8[s]"), Kind.DATETIME, 86400),
        (np.array([90], dtype="m8[m]"), Kind.NUMERIC, 5400),
        (np.ma.masked_array([1.0, 9.0, 2.0], [False, True, False]), Kind.NUMERIC, 1),
    ],
)
def test_types_of_arrays(array, kind, minimum):
    (column,) = tabulate(array, array.copy()).columns
    assert (column.kind, column.p.minimum) == (kind, minimum)


@pytest.mark.parametrize(
    ("array", "labels"),
    [
        (np.array(["b", "a"]), ("a", "b")),
        (np.array([b"b", b"a"]), ("a", "b")),
        (np.array(["b", None, "a"], dtype=object), ("a", "b", "(missing)")),
        (np.array([True, False]), ("false", "true")),
    ],
)
def test_labels_in_arrays(array, labels):
    (column,) = tabulate(array, array.copy()).columns
    assert column.table.labels == labels


@pytest.mark.parametrize("values", [np.array([1.0, 2, 3]), np.array([1, None, "a"], dtype=object)])
def test_a_column_without_a_name(values):
    data = {"": values, "x": np.arange(3)}
    assert [column.name for column in tabulate(data, data).columns] == ["", "x"]


def test_masked_values_are_missing():
    (column,) = tabulate(np.ma.masked_array([1, 9, 2], [0, 1, 0]), np.array([1, 2])).columns
    assert column.p.missing == 1
    assert column.p.maximum == 2


def test_matrix_in_any_memory_order():
    values = np.random.default_rng(6120398457).normal(size=(30, 4))
    table = tabulate(values, np.asfortranarray(values))
    assert [column.name for column in table.columns] == ["x0", "x1", "x2", "x3"]
    for column in table.columns:
        assert column.table.p.tolist() == column.table.q.tolist()


def test_arrays_are_not_changed():
    values = np.array([3.0, np.nan, 1.0, np.inf])
    before = values.copy()
    tabulate(values, values[:2], Selection(missing="drop"))
    np.testing.assert_array_equal(values, before)


class Tensor:
    def __array__(self, dtype=None, copy=None):
        return np.array([[1.0, 2.0], [3.0, 4.0]])


def test_anything_that_becomes_an_array():
    assert len(tabulate(Tensor(), Tensor()).columns) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (np.zeros((2, 2, 2)), "3 dimensions"),
        (np.array(1.0), "0 dimensions"),
        (np.array([1 + 2j]), "complex"),
        ({"a": [1, 2], "b": [1]}, "'b' has 1, 'a' has 2"),
        ({"a": np.zeros((2, 2))}, "'a' has 2 dimensions"),
        ({}, "no columns"),
        (pl.DataFrame(), "no columns"),
        (pl.DataFrame({"x0": []}), "no rows"),
        (pl.col("a"), "cannot read data of type Expr"),
    ],
)
def test_what_cannot_be_compared(data, said):
    with pytest.raises(InputError, match=said) as caught:
        tabulate(data, np.ones(2))
    assert caught.value.hint


def test_a_lazy_frame_that_fails():
    lazy = pl.LazyFrame({"x": ["a"]}).select(pl.col("x").cast(pl.Int64))
    with pytest.raises(InputError, match="<frame>"):
        tabulate(lazy, {"x": [1]})


def test_arrow_extension_of_strings():
    table = pa.table({"c": pa.array(["a", "b"], type=pa.large_string())})
    assert tabulate(table, table).columns[0].table.labels == ("a", "b")
