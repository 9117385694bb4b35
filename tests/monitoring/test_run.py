from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from monitoring.scenarios import data

import klcli
from klcli.data import kept
from klcli.data.count import in_order
from klcli.errors import InputError, UsageError
from klcli.monitoring import compare as comparing
from klcli.monitoring import grid
from klcli.monitoring.options import DriftOptions
from klcli.monitoring.rules import ColumnRule

ROWS = 400
FAST = {"resamples": 99}


def small(seed, rows=ROWS):
    """Return a few columns of different kinds: what each costs is paid often here."""
    return data(seed, rows).select("city", "flag", "sensor", "hour")


@pytest.fixture
def folder(tmp_path):
    small(0).write_parquet(tmp_path / "ref.parquet")
    for number in (1, 2, 10):
        small(number).write_csv(tmp_path / f"day{number}.csv")
    return tmp_path


def names(report):
    return [batch.name for batch in report.batches]


def test_estimates_are_those_of_kl_estimate(folder):
    batch, reference = folder / "day1.csv", folder / "ref.parquet"
    report = klcli.drift(reference, batch, seed=3)
    alone = klcli.estimate(batch, reference, direction="forward", seed=3)
    expected = {each.column: each for each in alone.results}
    assert len(report.results) == len(expected) == 4
    permuted = {"p_value", "noise_floor"}
    for result in report.results:
        found, known = result.estimate, expected[result.estimate.column]
        if known.p_value > 0.12:  # a first look is enough where nothing shows
            assert found.p_value == pytest.approx(known.p_value, abs=0.12)
            assert found.noise_floor == pytest.approx(known.noise_floor, rel=0.4)
            found, known = (replace(one, **dict.fromkeys(permuted)) for one in (found, known))
        # NaN is not equal to itself, but written alike.
        assert repr(found) == repr(known)


@pytest.mark.parametrize("rows", [1000, 150_000])
def test_a_reference_that_is_kept_gives_what_a_fresh_one_does(rows):
    # Above 131,072 rows cells come from a sample, and counts from rows that are sorted once.
    rng = np.random.default_rng(55677643628)
    reference = {"x": rng.normal(size=rows)}
    batches = {f"b{k}": {"x": rng.normal(0.1 * k, 1, rows)} for k in range(3)}
    report = klcli.drift(reference, batches, **FAST)
    for result in report.results:
        (alone,) = klcli.estimate(
            batches[result.batch], reference, direction="forward", **FAST
        ).results
        assert result.estimate.estimate == alone.estimate
        assert result.estimate.ci_high == alone.ci_high


def test_a_reference_in_memory_is_sorted_once(monkeypatch):
    rng = np.random.default_rng(56568542494)
    sorted_rows = []

    def counted(values):
        sorted_rows.append(len(values))
        return in_order(values)

    monkeypatch.setattr(kept, "in_order", counted)
    reference = {"x": rng.normal(size=140_001)}
    before = reference["x"].copy()
    klcli.drift(reference, {f"b{k}": rng.normal(size=500) for k in range(4)}, **FAST)
    assert sorted_rows == [140_001]
    assert np.array_equal(reference["x"], before)


def test_cells_sum_to_the_estimate(folder):
    report = klcli.drift(folder / "ref.parquet", folder / "day1.csv", base=2, **FAST)
    for result in report.results:
        total = sum(cell.contribution for cell in result.cells)
        assert total == pytest.approx(result.estimate.finite_estimate, abs=1e-12)


def test_batches_of_a_folder_in_order(folder):
    report = klcli.drift(folder / "ref.parquet", f"{folder}/day*.csv", **FAST)
    assert names(report) == ["day1.csv", "day2.csv", "day10.csv"]
    assert report.reference.rows == ROWS
    assert report.complete
    assert [result.estimate.column for result in report.results[:4]] == small(0).columns


def test_the_same_seed_gives_the_same_report(folder):
    sources = folder / "ref.parquet", folder / "day1.csv"
    assert repr(klcli.drift(*sources, **FAST)) == repr(klcli.drift(*sources, **FAST))


def test_first_previous_and_rolling_references(folder):
    days = f"{folder}/day*.csv"
    first = klcli.drift(days, reference="first", **FAST)
    assert [batch.reference for batch in first.batches] == ["day1.csv"] * 2
    previous = klcli.drift(days, reference="previous", **FAST)
    assert [batch.reference for batch in previous.batches] == ["day1.csv", "day2.csv"]
    rolling = klcli.drift(days, reference="rolling:2", **FAST)
    assert [batch.reference for batch in rolling.batches] == ["day1.csv", "day1.csv … day2.csv"]
    assert [batch.reference_rows for batch in rolling.batches] == [ROWS, 2 * ROWS]
    last = [each.estimate for each in rolling.results if each.batch == "day10.csv"]
    pooled = pl.concat([small(1), small(2)])
    alone = klcli.estimate(folder / "day10.csv", pooled, direction="forward", **FAST).results
    assert {e.column: e.estimate for e in last} == {e.column: e.estimate for e in alone}


def test_a_column_that_batches_of_a_rolling_reference_lack_is_compared_with_the_others(tmp_path):
    for day in range(1, 5):
        frame = small(day)
        if day in (1, 3):
            frame = frame.drop("sensor")
        frame.write_parquet(tmp_path / f"day{day}.parquet")
    report = klcli.drift(f"{tmp_path}/day*.parquet", reference="rolling:2", **FAST)
    found = {(each.batch, each.estimate.column): each for each in report.results}
    fourth = found["day4.parquet", "sensor"]
    assert fourth.verdict != "drift"
    (alone,) = klcli.estimate(
        small(4), small(2), column=["sensor"], direction="forward", **FAST
    ).results
    assert fourth.estimate.estimate == alone.estimate
    assert (fourth.estimate.n_q, fourth.estimate.missing_q) == (ROWS, 0)
    assert found["day4.parquet", "city"].estimate.n_q == 2 * ROWS
    # In the order of the columns, though it was counted apart.
    names = [column for batch, column in found if batch == "day4.parquet"]
    assert names == small(4).columns
    messages = {batch.name: [each.message for each in batch.findings] for batch in report.batches}
    said = "compared with day2.parquet only, as other batches of the reference lack them: 'sensor'"
    assert said in messages["day4.parquet"]
    assert [code for batch in report.batches for code in batch.changed] == [
        "new-columns",
        "lost-columns",
    ]


def test_a_partial_column_may_be_the_only_one_that_is_asked_for(tmp_path):
    for day in range(1, 4):
        frame = small(day).drop("sensor") if day == 2 else small(day)
        frame.write_parquet(tmp_path / f"day{day}.parquet")
    report = klcli.drift(
        f"{tmp_path}/day*.parquet", reference="rolling:2", column=["sensor"], **FAST
    )
    assert [each.batch for each in report.results] == ["day3.parquet"]
    assert report.results[0].estimate.n_q == ROWS


def test_previous_skips_what_cannot_be_read(folder):
    (folder / "day2.csv").write_text("")
    report = klcli.drift(f"{folder}/day*.csv", reference="previous", **FAST)
    assert [batch.rows for batch in report.batches] == [0, ROWS]
    assert report.batches[1].reference == "day1.csv"


def test_one_table_split_by_a_column_or_by_time(folder):
    table = pl.concat([small(k).with_columns(day=pl.lit(f"d{k}")) for k in (1, 2)])
    report = klcli.drift(folder / "ref.parquet", table, by="day", **FAST)
    assert names(report) == ["d1", "d2"]
    assert {result.estimate.column for result in report.results} == set(small(0).columns)
    assert all(not batch.findings for batch in report.batches)
    whole = data(3, 3000).select("time", "sensor")
    weekly = klcli.drift(whole, time="time", window="1w", reference="previous", **FAST)
    assert names(weekly) == ["2024-03-04", "2024-03-11", "2024-03-18", "2024-03-25"]
    assert {result.estimate.column for result in weekly.results} == {"sensor"}


@pytest.mark.parametrize(
    ("reference", "expected"), [("fixed", 3), ("first", 0), ("previous", 0), ("rolling:2", 0)]
)
def test_how_batches_are_read_is_told_where_the_reference_is_read_otherwise(
    folder, reference, expected
):
    values = np.random.default_rng(2097919).normal(size=60)
    for number in (1, 2, 3):
        lines = "".join(f"{value:.3f};a\n".replace(".", ",") for value in values + number)
        (folder / f"eu{number}.csv").write_text(f"x;c\n{lines}")
    pl.DataFrame({"x": values, "c": "a"}).write_parquet(folder / "point.parquet")
    first = [folder / "point.parquet"] if reference == "fixed" else []
    state = folder / "state"
    for _ in range(2):
        report = klcli.drift(*first, folder / "eu*.csv", reference=reference, resume=state, **FAST)
        told = [each for batch in report.batches for each in batch.findings]
        told = [each.message for each in told if each.code == "decimal-comma"]
        assert told == ["numbers such as 1,5 are read as 1.5"] * expected
        assert not report.findings


def test_batches_may_write_true_and_false_in_different_ways():
    ways = {"words": ["yes", "no", "no"], "numbers": [1, 0, 1], "truths": [True, False, True]}
    batches = {name: pl.DataFrame({"x": values * 60}) for name, values in ways.items()}
    report = klcli.drift(batches["truths"], batches, **FAST)
    kinds = [str(each.estimate.kind) for each in report.results]
    assert kinds == ["categorical", "numeric", "boolean"]
    assert [len(each.cells) for each in report.results][1:] == [2, 2]


def test_schema_changes_are_findings(folder):
    changed = (
        small(4)
        .drop("flag")
        .with_columns(pl.col("sensor").cast(pl.String) + " °", extra=pl.lit(1))
    )
    report = klcli.drift(folder / "ref.parquet", {"new": changed}, **FAST)
    found = {finding.code: finding.message for finding in report.batches[0].findings}
    assert list(found) == ["new-columns", "lost-columns", "retyped"]
    assert "'extra'" in found["new-columns"]
    assert "'flag'" in found["lost-columns"]
    assert found["retyped"] == "'sensor' holds words in the batch and numbers in the reference"
    verdicts = {result.estimate.column: result.verdict for result in report.results}
    assert verdicts["sensor"] == "undecided"


@pytest.mark.parametrize("value", [[1.0, 2.0], {"a": 1}, b"x"])
def test_lists_records_and_bytes_are_left_out(value, tmp_path):
    frame = small(0).with_columns(odd=pl.Series([value] * ROWS))
    report = klcli.drift(frame, small(1).with_columns(odd=pl.Series([value] * ROWS)))
    (odd,) = (result for result in report.results if result.estimate.column == "odd")
    assert [warning.code for warning in odd.estimate.warnings] == ["unsupported-type"]
    assert len(report.results) == len(frame.columns)
    klcli.profile(frame).save(tmp_path / "ref.klp")
    assert len(klcli.drift(tmp_path / "ref.klp", frame).results) >= len(frame.columns) - 1


def test_columns_that_have_changed_places_are_named():
    reference, batch = data(0, 2000), data(1, 2000)
    names = ["sensor", "temperature", "city", "word", "row"]
    words = {"NY": "red", "LA": "green", "SF": "blue", "Chicago": "black"}
    reference, batch = (
        each.with_columns(word=pl.col("city").reverse().replace_strict(words)).select(names)
        for each in (reference, batch)
    )
    assert not any(result.changes for result in klcli.drift(reference, batch).results)
    swapped = batch.rename({
        "sensor": "temperature", "temperature": "sensor", "city": "word", "word": "city"
    })  # fmt: skip
    found = {
        result.estimate.column: [(change.code, change.message) for change in result.changes]
        for result in klcli.drift(reference, swapped).results
    }
    for one, other in (("sensor", "temperature"), ("city", "word")):
        for this, that in ((one, other), (other, one)):
            ((code, message),) = found.pop(this)
            assert code == "exchanged-columns"
            assert message.startswith(f"the values are those of '{that}' in the reference")
    assert found == {"row": []}


def test_columns_that_are_shifted_are_named():
    names = ["sensor", "height", "temperature", "price", "row"]
    reference, batch = data(0, 2000).select(names), data(1, 2000).select(names)
    # As if a separator in the first column had made two of it.
    shifted = batch.select(
        sensor=pl.lit(1.5), height="sensor", temperature="height", price="temperature", row="price"
    )
    found = {
        result.estimate.column: [change.message for change in result.changes]
        for result in klcli.drift(reference, shifted).results
    }
    for one, other in (("height", "sensor"), ("temperature", "height"), ("row", "price")):
        (message,) = found[one]
        assert message.startswith(f"the values are those of '{other}' in the reference, and so on")


def test_a_bad_batch_does_not_take_the_others_down(folder):
    (folder / "day2.csv").write_bytes(b"PAR1 but cut off")
    (folder / "day3.parquet").write_bytes(b"PAR1 but cut off")
    report = klcli.drift(folder / "ref.parquet", f"{folder}/day*", **FAST)
    rows = {batch.name: batch.rows for batch in report.batches}
    assert rows == {"day1.csv": ROWS, "day2.csv": 0, "day3.parquet": 0, "day10.csv": ROWS}
    codes = [finding.code for batch in report.batches for finding in batch.findings]
    assert codes == ["unreadable", "unreadable"]
    messages = [finding.message for batch in report.batches for finding in batch.findings]
    assert not any("day" in message for message in messages)  # the batch has its name
    assert len(report.results) == 8


def test_errors_of_the_whole_run(folder):
    reference = folder / "ref.parquet"
    with pytest.raises(UsageError, match="no batch"):
        klcli.drift(reference)
    with pytest.raises(InputError, match="no such file"):
        klcli.drift(folder / "nothing.csv", reference)
    with pytest.raises(InputError, match="no column 'sensr'"):
        klcli.drift(reference, reference, column=["sensr"])
    with pytest.raises(InputError, match="no batch can be compared"):
        klcli.drift(reference, folder / "nothing.csv")
    with pytest.raises(UsageError, match="at least two"):
        klcli.drift(reference, reference="previous")
    with pytest.raises(UsageError, match="unknown setting"):
        klcli.drift(reference, reference, tolerence=1)
    with pytest.raises(UsageError, match="given twice"):
        klcli.drift(reference, reference, options=DriftOptions(), seed=1)
    with pytest.raises(InputError, match="one source only"):
        klcli.drift("-", "-")
    (folder / "empty.csv").write_text("x\n")
    with pytest.raises(InputError, match="no rows"):
        klcli.drift(folder / "empty.csv", reference)


def test_rules_for_single_columns(folder):
    rules = (
        ColumnRule("s*", tolerance=0.5, density="histogram", bins=5),
        ColumnRule("hour", kind="categorical"),
        ColumnRule("flag", exclude=True),
    )
    options = DriftOptions(rules=rules, resamples=99)
    report = klcli.drift(folder / "ref.parquet", folder / "day1.csv", options=options)
    found = {result.estimate.column: result for result in report.results}
    assert list(found) == ["city", "sensor", "hour"]
    assert (found["sensor"].tolerance, found["sensor"].estimate.density) == (0.5, "histogram")
    assert found["hour"].estimate.kind == "categorical"
    alone = klcli.estimate(
        folder / "day1.csv", folder / "ref.parquet", column=["sensor"], bins=5,
        direction="forward", **FAST,
    )  # fmt: skip
    assert found["sensor"].estimate.estimate == alone.results[0].estimate


def test_columns_that_a_batch_lacks_are_no_reason_to_compare_all(folder):
    report = klcli.drift(
        folder / "ref.parquet",
        {"a": small(1), "b": small(2).drop("city")},
        column=["city"],
        **FAST,
    )
    assert [batch.rows > 0 for batch in report.batches] == [True, False]
    assert {result.estimate.column for result in report.results} == {"city"}


def test_weights_and_missing(folder):
    weighted = small(1).with_columns(w=pl.Series(np.tile([1.0, 2.0], ROWS // 2)))
    report = klcli.drift(folder / "ref.parquet", {"b": weighted}, weight="w", **FAST)
    assert "w" not in {result.estimate.column for result in report.results}
    assert all(np.isnan(result.q_value) for result in report.results)


class StopError(Exception):
    """Ends a run in the middle, as a crash does."""


def fail_at(monkeypatch, name, error):
    real = comparing.compare

    def compare(batch, *arguments, **options):
        if batch == name:
            raise error
        return real(batch, *arguments, **options)

    monkeypatch.setattr(grid, "compare", compare)
    return real


def test_an_interrupted_run_keeps_what_is_done(folder, monkeypatch):
    fail_at(monkeypatch, "day10.csv", KeyboardInterrupt)
    report = klcli.drift(folder / "ref.parquet", f"{folder}/day*.csv", **FAST)
    assert not report.complete
    assert names(report) == ["day1.csv", "day2.csv"]
    fail_at(monkeypatch, "day1.csv", KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        klcli.drift(folder / "ref.parquet", f"{folder}/day*.csv", **FAST)


def test_a_killed_run_is_taken_up_where_it_was(folder, monkeypatch):
    state, given = folder / "state", (folder / "ref.parquet", f"{folder}/day*.csv")
    whole = repr(klcli.drift(*given, **FAST))
    real = fail_at(monkeypatch, "day10.csv", StopError)
    with pytest.raises(StopError):
        klcli.drift(*given, resume=state, **FAST)
    assert [json.loads(line)["batch"] for line in state.read_text().splitlines()] == [
        "day1.csv",
        "day2.csv",
    ]
    compared = []

    def compare(batch, *arguments, **options):
        compared.append(batch)
        return real(batch, *arguments, **options)

    monkeypatch.setattr(grid, "compare", compare)
    # A line that a killed process left unfinished is no loss.
    with state.open("a") as file:
        file.write('{"key": "torn')
    assert repr(klcli.drift(*given, resume=state, **FAST)) == whole
    assert compared == ["day10.csv"]
    assert repr(klcli.drift(*given, resume=state, **FAST)) == whole
    assert compared == ["day10.csv"]
    # Another tolerance only judges anew; anything else computes anew.
    klcli.drift(*given, resume=state, tolerance=0.2, **FAST)
    assert compared == ["day10.csv"]
    klcli.drift(*given, resume=state, seed=1, **FAST)
    assert compared == ["day10.csv", "day1.csv", "day2.csv", "day10.csv"]
    del compared[:]
    os.utime(folder / "day2.csv", (1, 1))
    klcli.drift(*given, resume=state, **FAST)
    assert compared == ["day2.csv"]
    small(7).write_parquet(folder / "ref.parquet")
    klcli.drift(*given, resume=state, **FAST)
    assert compared == ["day2.csv", "day1.csv", "day2.csv", "day10.csv"]


def test_a_file_that_is_something_else_is_not_overwritten(folder):
    (folder / "state").write_text("my thesis\n")
    with pytest.raises(UsageError, match="not a file of finished batches"):
        klcli.drift(folder / "ref.parquet", folder / "day1.csv", resume=folder / "state")
    assert (folder / "state").read_text() == "my thesis\n"
    with pytest.raises(UsageError, match="does not exist"):
        klcli.drift(folder / "ref.parquet", folder / "day1.csv", resume=folder / "no" / "state")


def test_unreadable_batches_are_tried_again(folder):
    (folder / "day2.csv").write_text("")
    given = (folder / "ref.parquet", f"{folder}/day*.csv")
    klcli.drift(*given, resume=folder / "state", **FAST)
    small(2).write_csv(folder / "day2.csv")
    report = klcli.drift(*given, resume=folder / "state", **FAST)
    assert [batch.rows for batch in report.batches] == [ROWS] * 3


def test_progress_grows_to_one(folder):
    told = []
    klcli.drift(
        folder / "ref.parquet", f"{folder}/day*.csv",
        progress=lambda step, share: told.append((share, step)), **FAST,
    )  # fmt: skip
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(step.startswith("day2.csv: ") for _, step in told)


def test_a_change_point_is_found_and_named():
    rng = np.random.default_rng(57445626465)
    batches = {f"b{k}": {"x": rng.normal(0.5 * (k >= 4), 1, 800)} for k in range(8)}
    report = klcli.drift({"x": rng.normal(size=3000)}, batches, **FAST)
    (point,) = report.change_points
    assert (point.column, point.batch) == ("x", "b4")
    assert point.before < 0.02
    assert 0.08 < point.after < 0.2


def pairs(rng, correlation, rows=1000):
    covariance = [[1, correlation], [correlation, 1]]
    return dict(zip("ab", rng.multivariate_normal([0, 0], covariance, rows).T, strict=True))


def test_a_joint_row_sees_what_columns_alone_do_not():
    rng = np.random.default_rng(59160797831)
    batches = {"same": pairs(rng, 0), "tied": pairs(rng, 0.8)}
    report = klcli.drift(pairs(rng, 0), batches, joint=True, tolerance=0.05, **FAST)
    verdicts = {(each.batch, each.estimate.column): each.verdict for each in report.results}
    assert verdicts["tied", "*"] == "drift"
    assert verdicts["same", "*"] != "drift"
    assert verdicts["tied", "a"] == verdicts["tied", "b"] == "stable"
    (row,) = [r for r in report.results if (r.batch, r.estimate.column) == ("tied", "*")]
    assert row.estimate.columns == ("a", "b")
    assert row.q_value == pytest.approx(2 * row.estimate.p_value)


def test_one_column_has_no_joint_row_and_says_so():
    rng = np.random.default_rng(60827625303)
    report = klcli.drift(rng.normal(size=200), rng.normal(size=200), joint=True, **FAST)
    assert [result.estimate.column for result in report.results] == ["x0"]
    assert [finding.code for finding in report.batches[0].findings] == ["not-applicable"]


def test_densities_that_look_at_rows():
    rng = np.random.default_rng(61644140030)
    reference, batch = pairs(rng, 0, 300), pairs(rng, 0, 300)
    report = klcli.drift(reference, {"b": batch}, density="knn", **FAST)
    alone = klcli.estimate(batch, reference, density="knn", direction="forward", **FAST)
    expected = {each.column: each.estimate for each in alone.results}
    assert {r.estimate.column: r.estimate.estimate for r in report.results} == expected


def test_a_profile_stands_for_the_reference_and_for_batches(folder):
    klcli.profile(folder / "ref.parquet").save(folder / "ref.klp")
    klcli.profile(folder / "day1.csv").save(folder / "day1.klp")
    rows = klcli.drift(folder / "ref.parquet", folder / "day1.csv", **FAST)
    counts = klcli.drift(folder / "ref.klp", folder / "day1.klp", joint=True, **FAST)
    assert [result.verdict for result in counts.results] == [r.verdict for r in rows.results]
    for one, other in zip(counts.results, rows.results, strict=True):
        assert one.estimate.estimate == pytest.approx(other.estimate.estimate, abs=2e-3)
        assert one.cells
    assert "not-applicable" in [finding.code for finding in counts.batches[0].findings]
