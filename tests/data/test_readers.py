from __future__ import annotations

import re
import sys

import numpy as np
import polars as pl
import pytest
from makers import ARRAY_FORMATS, FRAME_FORMATS, write_frame

from klcli.data.readers import FORMAT_NAMES, FORMATS
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError, MissingExtraError
from klcli.results import Kind

FRAME = pl.DataFrame({"x": [1.5, 2, 2, 4], "c": ["a", "b", "a", "ü"]})


def failure(p, q=FRAME):
    with pytest.raises(InputError) as caught:
        tabulate(p, q)
    assert "\n" not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("compression", ["", ".gz", ".zst"])
@pytest.mark.parametrize("extension", [*FRAME_FORMATS, *ARRAY_FORMATS, "xlsx"])
def test_every_format_and_compression(here, extension, compression):
    frame = FRAME.select("x") if extension == "npy" else FRAME
    path = write_frame(frame, here / f"a.{extension}{compression}")
    table = tabulate(path, frame)
    assert table.p.rows == 4
    assert table.columns[0].kind is Kind.NUMERIC
    assert len(table.columns) == len(frame.columns)
    for column in table.columns:
        assert column.table.p.tolist() == column.table.q.tolist()
        assert column.undefined is None


def test_the_tests_know_every_format():
    assert {*FRAME_FORMATS, *ARRAY_FORMATS, "xlsx", "tab", "pq"} == set(FORMAT_NAMES)
    assert set(FORMAT_NAMES.values()) == set(FORMATS)


class TestParquetAndArrow:
    @pytest.mark.parametrize("extension", ["parquet", "arrow"])
    @pytest.mark.parametrize("part", [0.5, 0.98])
    def test_cut_off(self, here, extension, part):
        path = write_frame(FRAME, here / f"a.{extension}")
        content = path.read_bytes()
        path.write_bytes(content[: int(part * len(content))])
        assert "not a whole" in failure(path).message

    def test_cut_off_stream(self, here):
        FRAME.write_ipc_stream(here / "a.arrow")
        content = (here / "a.arrow").read_bytes()
        (here / "a.arrow").write_bytes(content[:300])
        assert "not a whole Arrow file" in failure("a.arrow").message

    def test_damaged(self, here):
        path = here / "a.parquet"
        pl.DataFrame({"x": np.arange(5000.0)}).write_parquet(path)
        content = bytearray(path.read_bytes())
        content[100:140] = b"\xa7" * 40
        path.write_bytes(content)
        error = failure(path)
        assert error.message == f"{path}: damaged data"
        assert "again" in error.hint

    @pytest.mark.parametrize("extension", ["parquet", "arrow"])
    def test_text_in_disguise(self, write, extension):
        assert "not a whole" in failure(write(f"a.{extension}", "x,c\n1,a\n" * 20)).message

    @pytest.mark.parametrize("extension", ["parquet", "arrow"])
    def test_no_rows(self, here, extension):
        path = write_frame(FRAME.clear(), here / f"a.{extension}")
        assert failure(path).message == f"{path}: no rows"

    def test_declared_text_stays_text(self, here):
        path = write_frame(pl.DataFrame({"zip": ["02139", "10001"]}), here / "a.parquet")
        (column,) = tabulate(path, path).columns
        assert column.kind is Kind.CATEGORICAL
        assert column.table.labels == ("02139", "10001")


class TestJson:
    def test_types_and_columns_that_show_late(self, write):
        early = "".join(f'{{"x": {i}}}\n' for i in range(3000))
        path = write("a.ndjson", early + '{"x": "none", "late": "a"}\n{"x": 1.5}\n')
        x, late = tabulate(path, pl.DataFrame({"x": [1.5], "late": ["a"]})).columns
        assert (x.kind, x.p.missing, x.p.maximum) == (Kind.NUMERIC, 1, 2999)
        assert x.findings[0].code == "not-a-number"
        assert (late.p.rows, late.p.missing) == (3002, 3001)

    def test_lines_in_a_json_file(self, write):
        path = write("a.json", '{"x": 1}\n{"x": 2}\n')
        assert tabulate(path, FRAME).p.rows == 2

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.json", '[{"x": 1}, {"x"', "not valid JSON"),
            ("a.json", "[1, 2]", "not an array of JSON objects"),
            ("a.json", "[]", "no columns"),
            ("a.json", '{\n  "x": [1, 2]\n}', "not valid JSON"),
            ("a.ndjson", '{"x": 1}\n{"x":\n', "not valid JSON"),
            ("a.ndjson", '{"x": NaN}\n', "not valid JSON"),
            ("a.json", '[{"x": 1}, {"x": {"a": 1}}, {"x": {"b": "c"}}]', "do not go together"),
            ("a.ndjson", "[1, 2]\n", "a line is not a JSON object"),
            ("a.ndjson", "\n\n", "the file is empty"),
        ],
    )
    def test_not_what_it_should_be(self, write, name, content, said):
        assert said in failure(write(name, content)).message

    def test_nested_values_are_not_compared(self, write):
        path = write("a.ndjson", '{"x": {"y": 1}, "c": "a", "l": [1]}\n')
        x, c, items = tabulate(path, path).columns
        assert x.undefined.code == items.undefined.code == "unsupported-type"
        assert len(x.table.p) == 0
        assert c.undefined is None
        assert (x.p.rows, x.p.missing) == (1, 0)


class TestExcel:
    def test_not_a_workbook(self, write):
        error = failure(write("a.xlsx", b"PK\x03\x04 and nonsense"))
        assert error.message == "a.xlsx: not a whole Excel workbook"

    def test_without_the_extra(self, here, monkeypatch):
        path = write_frame(FRAME, here / "a.xlsx")
        monkeypatch.setitem(sys.modules, "fastexcel", None)
        with pytest.raises(MissingExtraError) as caught:
            tabulate(path, FRAME)
        assert re.search(r"klcli\[excel\]", caught.value.hint)

    def test_header_only(self, here):
        path = write_frame(FRAME.clear(), here / "a.xlsx")
        assert "no rows" in failure(path).message


class TestNumpyFiles:
    @pytest.mark.usefixtures("in_batches", "small_sample")
    def test_mapped_not_loaded(self, here):
        values = np.random.default_rng(1502938476).normal(size=(100, 3))
        np.save(here / "a.npy", values)
        table = tabulate("a.npy", values, Selection(columns=("x1",)))
        (column,) = table.columns
        assert column.name == "x1"
        np.testing.assert_array_equal(column.table.p, column.table.q)

    def test_fields(self, here):
        records = np.array(
            [(1, b"a", 2.5), (2, b"b", 3.5)], dtype=[("x", ">i4"), ("c", "S1"), ("y", "f2")]
        )
        np.save(here / "a.npy", records)
        table = tabulate("a.npy", pl.DataFrame({"x": [1, 2], "c": ["a", "b"], "y": [2.5, 3.5]}))
        for column in table.columns:
            assert column.table.p.tolist() == column.table.q.tolist() == [1, 1]

    def test_archive_of_vectors_and_matrices(self, here):
        np.savez_compressed(here / "a.npz", w=np.arange(4.0), m=np.arange(8).reshape(4, 2))
        table = tabulate("a.npz", {"m_0": [0, 2, 4, 6], "w": np.arange(4), "m_1": [1, 3, 5, 7]})
        assert [column.name for column in table.columns] == ["w", "m_0", "m_1"]
        for column in table.columns:
            assert column.table.p.tolist() == column.table.q.tolist() == [1, 1, 1, 1]

    @pytest.mark.parametrize(
        ("array", "said"),
        [
            (np.array(3.0), "0 dimensions"),
            (np.zeros((2, 2, 2)), "3 dimensions"),
            (np.zeros(3, complex), "complex"),
            (np.array([1, "a", None], dtype=object), "never unpickled"),
            (np.zeros(3, dtype=[("x", float, 2)]), "column 'x' holds arrays"),
            (np.zeros(3, dtype=[("x", [("y", float)])]), "column 'x' holds records"),
            (np.zeros((0, 2)), "no rows"),
            (np.zeros((5, 0)), "no columns"),
        ],
    )
    @pytest.mark.parametrize("kind", ["npy", "npz"])
    def test_arrays_without_columns_to_compare(self, here, array, said, kind):
        if kind == "npy":
            np.save(here / "a.npy", array)
        else:
            np.savez(here / "a.npz", x=array)
        assert said in failure(f"a.{kind}", {"x0": [1.0], "x": [2.0], "x_0": [1.0]}).message

    @pytest.mark.parametrize("kind", ["npy", "npz"])
    @pytest.mark.parametrize("left", [20, 90, -3])
    def test_cut_off(self, here, kind, left):
        path = write_frame(FRAME.select("x"), here / f"a.{kind}")
        path.write_bytes(path.read_bytes()[:left])
        assert "not a whole NumPy file" in failure(path).message

    def test_lengths_differ(self, here):
        np.savez(here / "a.npz", x=np.arange(3), y=np.arange(5))
        assert "'x' has 3, 'y' has 5" in failure("a.npz").message

    def test_empty_archive(self, here):
        np.savez(here / "a.npz")
        assert "no columns" in failure("a.npz").message
