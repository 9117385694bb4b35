from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from makers import write_frame

from klcli.data import drawn_rows
from klcli.data.rows import RowReader
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError

FORMATS = ("csv", "tsv", "ndjson", "json", "parquet", "arrow", "csv.gz")


def frame(rows, seed=5477225575051661134, gone=0.1):
    rng = np.random.default_rng(seed)
    number = rng.normal(size=rows).round(3)
    plain = pl.DataFrame(
        {
            "number": number,
            "square": (number**2).round(3),
            "word": rng.choice(["ant", "bee", "cat"], rows),
            "truth": number > 0,
        }
    )
    missing = pl.Series(rng.random(rows) < gone)
    return plain.with_columns(
        pl.when(~missing).then(pl.col("number", "word")).otherwise(None).name.keep()
    )


ALL = Selection()


def every(*_):
    return True


def read(p, q, selection=ALL, *, cap=1000, seed=3, whole=False, include=every):
    reader = RowReader(cap, seed, whole, include)
    tabulate(p, q, selection, rows=reader)
    return reader.sample


def plain(side, pair):
    """Return rows as tuples of numbers and names of levels."""
    names = [
        [levels[code] for code, levels in zip(row, pair.levels, strict=True)] for row in side.codes
    ]
    return [
        (*(None if np.isnan(x) else x for x in numbers), *words)
        for numbers, words in zip(side.numbers.tolist(), names, strict=True)
    ]


def expected(data):
    return [
        (number, square, word or "(missing)", str(truth).lower())
        for number, square, word, truth in data.rows()
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_rows_of_every_format_stay_together_and_in_order(tmp_path, name):
    p, q = frame(60), frame(50, seed=2)
    paths = [write_frame(one, tmp_path / f"{side}.{name}") for side, one in (("p", p), ("q", q))]
    pair = read(*paths).together()
    assert (pair.number_names, pair.code_names) == (("number", "square"), ("word", "truth"))
    assert pair.levels == (("ant", "bee", "cat", "(missing)"), ("false", "true"))
    assert plain(pair.p, pair) == expected(p)
    assert plain(pair.q, pair) == expected(q)
    assert (pair.total_p, pair.total_q, pair.findings) == (60, 50, ())


def test_frames_dicts_and_arrays():
    p, q = frame(40, gone=0.0), frame(30, seed=2, gone=0.0)
    of_frames = read(p, q).together()
    for made in (pl.DataFrame.lazy, pl.DataFrame.to_pandas, pl.DataFrame.to_arrow):
        pair = read(made(p), made(q)).together()
        assert plain(pair.p, pair) == plain(of_frames.p, of_frames) == expected(p)
    pair = read(p.select("number", "square").to_numpy(), q.select("number", "square").to_numpy())
    assert pair.together().number_names == ("x0", "x1")
    np.testing.assert_array_equal(pair.together().p.numbers, of_frames.p.numbers)


def test_several_files_are_one_side(tmp_path):
    for part in range(3):
        write_frame(frame(20, seed=part), tmp_path / f"p{part}.csv")
    pair = read(str(tmp_path / "p*.csv"), frame(20)).together()
    assert plain(pair.p, pair) == [row for part in range(3) for row in expected(frame(20, part))]


@pytest.mark.parametrize("whole", [False, True])
def test_a_sample_does_not_depend_on_how_rows_are_batched(tmp_path, monkeypatch, request, whole):
    p, q = (write_frame(frame(700, seed=i), tmp_path / f"{i}.parquet") for i in range(2))
    at_once = read(p, q, cap=50, whole=whole)
    request.getfixturevalue("in_batches")
    monkeypatch.setattr(drawn_rows, "BATCH_ROWS", 5)
    in_batches = read(p, q, cap=50, whole=whole)
    one, other = at_once.together(), in_batches.together()
    np.testing.assert_array_equal(one.p.numbers, other.p.numbers)
    np.testing.assert_array_equal(one.q.codes, other.q.codes)
    assert at_once.p.incomplete == in_batches.p.incomplete


def test_a_sample_is_uniform_and_has_whole_rows():
    number = np.arange(2000.0)
    data = {"a": number, "b": number**2}
    times = np.zeros(2000)
    for seed in range(50):
        pair = read(data, {"a": number[:10], "b": number[:10]}, cap=400, seed=seed).together()
        assert len(pair.p) == 400
        np.testing.assert_array_equal(pair.p.numbers[:, 1], pair.p.numbers[:, 0] ** 2)
        times[pair.p.numbers[:, 0].astype(int)] += 1
    # Each row is drawn in 10 of 50 samples on average, with variance 8: tenths of the rows alike.
    tenths = times.reshape(10, 200).sum(axis=1)
    assert np.abs(tenths - 2000).max() < 4 * (200 * 8) ** 0.5
    assert 7 < times.var() < 9


def test_what_was_drawn_is_said_and_the_seed_decides():
    p, q = frame(300), frame(80, seed=2)
    pair = read(p, q, cap=100).together()
    assert (len(pair.p), len(pair.q), pair.total_p, pair.total_q) == (100, 80, 300, 80)
    (finding,) = pair.findings
    assert finding.code == "sampled-rows"
    assert "100 of 300 rows of P" in finding.message
    assert "80 of 80 rows of Q" in finding.message
    again, other = read(p, q, cap=100).together(), read(p, q, cap=100, seed=4).together()
    np.testing.assert_array_equal(pair.p.codes, again.p.codes)
    assert not np.array_equal(pair.p.codes, other.p.codes)


def test_memory_is_bounded_by_the_cap(monkeypatch, in_batches):
    monkeypatch.setattr(drawn_rows, "BATCH_ROWS", 6)
    most = 0
    shrink = drawn_rows.DrawnRows._shrink

    def watched(self):
        nonlocal most
        most = max(most, sum(map(len, self._held)))
        shrink(self)

    monkeypatch.setattr(drawn_rows.DrawnRows, "_shrink", watched)
    read({"a": np.arange(4000.0)}, {"a": np.arange(9.0)}, cap=20)
    assert most <= 2 * 20 + 2 * 6


def test_dropping_leaves_out_rows_that_miss_anything():
    p, q = frame(200), frame(150, seed=2)
    selection = Selection(missing="drop")
    sample = read(p, q, selection, whole=True)
    pair = sample.together()
    kept = expected(p.drop_nulls())
    assert plain(pair.p, pair) == kept
    assert pair.levels[0] == ("ant", "bee", "cat")
    assert (pair.total_p, sample.p.incomplete) == (len(kept), 200 - len(kept))
    few = read(p, q, selection, whole=True, cap=60).together()
    assert len(few.p) == 60
    assert set(plain(few.p, few)) <= set(kept)


def test_one_column_alone_may_lose_its_missing_values():
    p, q = frame(200), frame(150, seed=2)
    sample = read(p, q)
    assert np.isnan(sample.alone("number", drop=False).p.numbers).any()
    alone = sample.alone("number", drop=True)
    assert alone.number_names == ("number",)
    assert alone.code_names == alone.levels == ()
    np.testing.assert_array_equal(alone.p.numbers[:, 0], p["number"].drop_nulls().to_numpy())
    assert alone.p.codes.shape == (len(alone.p), 0)


def test_levels_of_one_side_are_coded_for_both():
    pair = read({"c": ["b", "a", "b"]}, {"c": ["c", None, "a"]}).together()
    assert pair.levels == (("a", "b", "c", "(missing)"),)
    assert pair.p.codes.ravel().tolist() == [1, 0, 1]
    assert pair.q.codes.ravel().tolist() == [2, 3, 0]


def test_kinds_are_those_of_the_count_tables():
    p = pl.DataFrame(
        {"id": [1, 2, 3, 4], "s": ["1", "2", "x", "4"], "y": [True, False, None, True]}
    )
    pair = read(p, p, Selection(categorical=("id",), numeric=("y",))).together()
    assert pair.number_names == ("y",)
    assert pair.code_names == ("id", "s")
    assert pair.levels[0] == ("1", "2", "3", "4")
    np.testing.assert_array_equal(pair.p.numbers[:, 0], [1, 0, np.nan, 1])
    assert read(p, p, Selection(exclude=("s",))).names == ("id", "y")
    assert read(p, p, Selection(columns=("s", "y"))).names == ("s", "y")


def test_dates_and_infinite_numbers():
    days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    data = {"day": days, "x": [1.0, np.inf, -np.inf]}
    pair = read(data, data).together()
    np.testing.assert_array_equal(np.diff(pair.p.numbers[:, 0]), 86400)
    np.testing.assert_array_equal(pair.p.numbers[:, 1], [1, np.inf, -np.inf])


def test_what_has_no_values_is_not_read():
    nothing = {"a": [1.0, 2.0], "empty": [None, None], "list": [[1], [2]]}
    p = pl.DataFrame(nothing)
    assert read(p, p).names == ("a",)
    assert read(p, p, include=lambda _: False).names == ()


def test_odd_names_and_texts_survive():
    data = pl.DataFrame({"^a.*$": [1.0, 2.0], "*": ["[red]", "x\ty"], "[b]": [3.0, 4.0]})
    pair = read(data, data).together()
    assert (pair.number_names, pair.code_names) == (("^a.*$", "[b]"), ("*",))
    assert pair.levels == (("[red]", "x\\ty"),)
    np.testing.assert_array_equal(pair.p.numbers, [[1, 3], [2, 4]])


def test_more_columns_than_are_read_together():
    wide = {f"x{i}": np.arange(3.0) + i for i in range(300)}
    pair = read(wide, wide).together()
    np.testing.assert_array_equal(pair.p.numbers[1], 1.0 + np.arange(300))


def test_a_side_without_rows_is_refused():
    reader = RowReader(10, 0, False, every)
    with pytest.raises(InputError, match="P holds counts of single columns, not rows"):
        reader.read(object(), object(), [], every)


def test_swapped_rows_are_those_of_the_other_direction():
    pair = read(frame(30), frame(20, seed=2)).together()
    turned = pair.swapped()
    assert turned.p is pair.q
    assert (turned.total_p, turned.total_q) == (20, 30)
