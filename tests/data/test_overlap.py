from collections import Counter

import numpy as np
import polars as pl
import pytest
from makers import write_frame

from klcli.data import overlap, table
from klcli.data.overlap import shared_rows, telling
from klcli.data.row_sketch import RowSketch
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate

RNG = np.random.default_rng(173205080756887729352)


def sketch(values, size=1 << 17, batch=1000):
    filled = RowSketch(["a"], [False], size)
    frame = pl.DataFrame({"a": values})
    for start in range(0, len(frame), batch):
        filled.add(frame[start : start + batch])
    return filled


def table_of(rows, offset=0):
    return pl.DataFrame(
        {
            "id": np.arange(rows) + offset,
            "amount": RNG.normal(50, 9, rows).round(6),
            "count": RNG.integers(0, 9, rows),
            "place": [["north", "south", "a, b", None][i] for i in RNG.integers(0, 4, rows)],
        }
    )


def leaked(p, rows):
    """Return other rows with some of P among them, numbered and labelled anew."""
    q = pl.concat([table_of(3 * rows), p.sample(rows, seed=5)]).sample(
        fraction=1, shuffle=True, seed=6
    )
    return q.with_columns(pl.Series("id", np.arange(len(q))))


def warnings(p, q, **selection):
    found = tabulate(p, q, Selection(**selection)).findings
    return [finding.message for finding in found if finding.code == "shared-rows"]


def test_counts_are_those_of_a_dictionary():
    p, q = RNG.integers(0, 10_000_000, 9000) * 1.0, RNG.integers(0, 10_000_000, 5000) * 1.0
    q[:700] = p[:700]
    of_p, of_q = Counter(p), Counter(q)
    rows = sum(count for value, count in of_q.items() if value in of_p)
    assert shared_rows(sketch(p), sketch(q)).message.startswith(f"{rows} rows of Q (14 %)")


def test_a_small_sketch_estimates_the_same_number():
    p = RNG.normal(size=40_000)
    q = np.concatenate([RNG.normal(size=30_000), p[:10_000]])
    small = [sketch(side, size=1 << 11) for side in (p, q)]
    assert all(len(side.distinct(0)[0]) <= 1 << 11 for side in small)
    number = int(shared_rows(*small).message.split()[1].replace(",", ""))
    # 1,250 of 10,000 are kept, so the standard error is 10,000/√1250 · √(7/8) = 265.
    assert number == pytest.approx(10_000, abs=4 * 265)


def test_sketches_of_different_sizes_compare():
    p = RNG.normal(size=20_000)
    assert shared_rows(sketch(p, size=1 << 10), sketch(p[:900])) is not None
    assert shared_rows(sketch(p, size=1 << 10), sketch(RNG.normal(size=900))) is None


def test_batches_do_not_matter():
    p = RNG.integers(0, 3000, 9000)
    one, other = sketch(p, size=500, batch=9000), sketch(p, size=500, batch=77)
    level = max(one.level, other.level)
    for left, right in zip(one.distinct(level), other.distinct(level), strict=True):
        np.testing.assert_array_equal(left, right)


def test_repeated_rows_take_no_memory():
    assert sketch(np.tile([1.0, 2.0, 3.0], 5000), size=64, batch=50).level == 0


@pytest.mark.parametrize(
    ("p", "q"),
    [("p.csv", "q.csv"), ("p.csv", "q.parquet"), ("p.ndjson", "q.csv"), ("p.arrow", "q.tsv.gz")],
)
def test_a_leak_is_found_in_every_format(tmp_path, p, q):
    of_p = table_of(2000)
    of_q = leaked(of_p, 500).with_columns(pl.col("count").cast(pl.Float64))
    paths = write_frame(of_p, tmp_path / p), write_frame(of_q, tmp_path / q)
    (message,) = warnings(*map(str, paths))
    assert message == (
        "500 rows of P (25 %) stand in Q as well, 'id' aside; samples that share rows are not "
        "independent and pull the estimate toward 0"
    )


def test_a_leak_is_found_in_single_precision():
    p = table_of(2000)
    q = leaked(p, 500).with_columns(pl.col("amount").cast(pl.Float32))
    assert warnings(p, q)
    assert warnings(q, p)


def test_a_leak_is_found_in_arrays():
    p = RNG.normal(size=(1000, 3))
    assert warnings(p, np.vstack([RNG.normal(size=(800, 3)), p[:50]]))
    assert warnings(p[:, 0], np.concatenate([RNG.normal(size=800), p[:50, 0]]))


def test_missing_values_are_equal_however_they_are_written():
    values = RNG.normal(size=500)
    p = {"a": values, "b": np.where(np.arange(500) % 3, values**2, np.nan)}
    q = pl.DataFrame(p).with_columns(pl.col("b").fill_nan(None))
    (message,) = warnings(p, q)
    assert message.startswith("500 rows of P (100 %) stand in Q as well;")


def test_a_leak_is_found_in_what_is_read_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MEMORY_BUDGET", 0)
    monkeypatch.setattr(table, "BATCH_ROWS", 256)
    p = table_of(2000)
    paths = [write_frame(p, tmp_path / "p.csv"), write_frame(leaked(p, 500), tmp_path / "q.csv")]
    assert len(warnings(*map(str, paths))) == 1


def test_a_leak_is_found_where_words_turn_up_late(tmp_path):
    # The column is first read as numbers, and again once a third of it is seen to be words.
    p = table_of(30_000)
    q = leaked(p, 500)
    late = p.with_columns(
        pl.when(pl.col("id") < 20_000).then(pl.col("count").cast(pl.String)).otherwise(pl.lit("no"))
        .alias("count")
    )  # fmt: skip
    paths = [write_frame(late, tmp_path / "p.csv"), write_frame(q, tmp_path / "q.csv")]
    kinds = {"categorical": ("count",)}
    assert len(warnings(*map(str, paths), **kinds)) == len(warnings(*map(str, paths))) == 1


def test_labels_of_the_sides_do_not_hide_a_leak():
    p = table_of(1000)
    q = leaked(p, 200).with_columns(part=pl.lit("test"))
    assert len(warnings(p.with_columns(part=pl.lit("train")), q)) == 1


def test_hours_in_common_are_no_shared_rows():
    p, q = (
        pl.DataFrame({"hour": np.arange(3000), "sales": RNG.poisson(2, 3000)}) for _ in range(2)
    )
    assert not warnings(p, q)
    assert not warnings(p.select("hour"), q.select("hour"))


def test_tables_of_frequencies_may_list_the_same_values():
    p, q = (
        pl.DataFrame({"value": RNG.permutation(500), "weight": RNG.poisson(9, 500) + 1})
        for _ in range(2)
    )
    assert not warnings(p, q, weight="weight")


def test_one_source_twice_has_one_finding(tmp_path):
    path = str(write_frame(table_of(500), tmp_path / "p.csv"))
    assert [finding.code for finding in tabulate(path, path).findings] == ["same-source"]


def test_few_shared_rows_among_many_are_no_news():
    p = RNG.normal(size=30_000)
    assert not warnings(p, np.concatenate([p[:20], RNG.normal(size=29_980)]))


def test_columns_that_number_or_label_rows_do_not_tell():
    frame = pl.DataFrame(
        {
            "number": np.arange(50.0),
            "constant": ["x"] * 50,
            "time": np.cumsum(RNG.integers(1, 9, 50)) * 60.0,
            "float": np.sort(RNG.random(50)),
            "repeats": np.repeat(np.arange(25.0), 2),
            "gaps": [None, *np.arange(49.0)],
        }
    )
    assert telling(frame, frame) == [False, False, False, True, True, True]
    assert telling(frame[:5], frame[:5]) == [True] * 6


def draw(kind, rows, parameter):
    match kind:
        case "rounded":
            return RNG.normal(0, 1, rows).round(int(4 * parameter))
        case "whole":
            return RNG.integers(0, int(10 ** (1 + 6 * parameter)), rows)
        case "zipf":
            return np.minimum(RNG.zipf(1.1 + parameter, rows), 10**6)
        case "flag":
            return RNG.random(rows) < parameter
    return RNG.normal(size=rows)


def test_independent_tables_give_no_alarm():
    kinds = ["float", "rounded", "whole", "zipf", "flag"]
    for _ in range(150):
        chosen, parameters = RNG.choice(kinds, int(RNG.integers(1, 4))), RNG.random(4)
        p, q = (
            pl.DataFrame(
                {
                    f"x{i}": draw(kind, rows, parameter)
                    for i, (kind, parameter) in enumerate(zip(chosen, parameters, strict=False))
                }
            )
            for rows in (10 ** RNG.uniform(1, 3.7, 2)).astype(int)
        )
        assert not warnings(p, q), (chosen, parameters, len(p), len(q))


def test_chance_meetings_at_the_bound_give_no_alarm(monkeypatch):
    # Sparse whole numbers of one distribution: there the bound on the mean is met. At the level
    # of one in a hundred, at most 20 alarms in 500 are expected of a sound test (p < 1e-6).
    monkeypatch.setattr(overlap, "_SURPRISE", -np.log(0.01))
    alarms = 0
    for _ in range(500):
        rows, meetings = int(10 ** RNG.uniform(2, 3.5)), 10 ** RNG.uniform(0.5, 2)
        p, q = RNG.integers(0, int(rows**2 / meetings), (2, rows)) * 1.0
        alarms += shared_rows(sketch(p, batch=rows), sketch(q, batch=rows)) is not None
    assert alarms <= 20
