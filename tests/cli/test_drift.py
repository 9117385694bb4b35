from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from klcli.cli import progress
from klcli.cli.drift import GATES
from klcli.cli.output import DRAWN, DRIFT_EXTENSIONS, DRIFT_FORMATS
from klcli.errors import UsageError

KL = [sys.executable, "-m", "klcli"]
FAST = ["--resamples", "99"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(58309518948)
    for name, shift in (("ref", 0.0), ("day1", 0.0), ("day2", 1.0)):
        frame = pl.DataFrame({"x": rng.normal(shift, 1, 2000), "k": rng.integers(0, 5, 2000)})
        frame.write_csv(tmp_path / f"{name}.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_verdicts_on_standard_output(kl, folder):
    code, out, err = kl("drift", "ref.csv", "day1.csv", "day2.csv", "--format", "json", *FAST)
    assert (code, err) == (0, "")
    document = json.loads(out)
    schema = json.loads(kl("schema", "drift")[1])
    jsonschema.Draft202012Validator(schema).validate(document)
    verdicts = {(each["batch"], each["column"]): each["verdict"] for each in document["results"]}
    assert verdicts["day1.csv", "x"] == verdicts["day2.csv", "k"] == "stable"
    assert verdicts["day2.csv", "x"] == "drift"
    assert document["reference"] == {"source": "ref.csv", "rows": 2000}


def test_a_batch_without_a_name_is_told(kl, folder):
    frame = pl.read_csv("day2.csv").with_columns(shop=pl.lit(""))
    frame.write_parquet("shops.parquet")
    words = ["--by", "shop", "-c", "x", "--fail-on", "drift", "--format", "table"]
    code, out, err = kl("drift", "ref.csv", "shops.parquet", *words, *FAST)
    assert code == 1
    assert out.startswith("P  (empty name)  2,000 rows\n")
    assert err.startswith("drift: (empty name), x: D(P‖Q) = ")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "drift"], 1),
        (["--fail-on", "drift", "--tolerance", "0.9"], 0),
        (["--fail-on", "undecided"], 0),
        (["--fail-on", "undecided", "--fail-on", "drift"], 1),
        (["--fail-on", "schema"], 0),
        (["--fail-on", "changes"], 0),
    ],
)
def test_gates(kl, folder, words, code):
    done, _, err = kl("drift", "ref.csv", "day1.csv", "day2.csv", *words, *FAST, "--format", "csv")
    assert done == code
    assert ("drift: day2.csv, x: D(P‖Q) = " in err) is (code == 1)


def test_the_gates_of_schema_and_changes(kl, folder):
    pl.read_csv("day1.csv").select("x", z=pl.lit(1)).write_csv("new.csv")
    code, _, err = kl("drift", "ref.csv", "new.csv", "--fail-on", "schema", *FAST)
    assert code == 1
    assert "schema: new.csv: columns of the reference that are lost: 'k'" in err
    frame = pl.read_csv("day1.csv")
    frame.with_columns(pl.when(pl.int_range(pl.len()) > 200).then("x").alias("x")).write_csv(
        "gap.csv"
    )
    code, _, err = kl("drift", "ref.csv", "gap.csv", "--fail-on", "changes", *FAST)
    assert code == 1
    assert "changes: gap.csv, x: 10 % of the values are missing" in err


def test_a_batch_that_cannot_be_read_is_partial(kl, folder):
    Path("day3.csv").write_text("")
    code, out, err = kl("drift", "ref.csv", "day*.csv", *FAST)
    assert code == 3
    assert out.count("day1.csv") > 0
    assert err == "error: day3.csv: the file is empty; give a file with rows\n"
    code, _, _ = kl("drift", "ref.csv", "day*.csv", "--fail-on", "drift", *FAST)
    assert code == 1


def test_a_detector_that_fails_costs_the_words_about_one_column(kl, folder, monkeypatch):
    def fail(column, *, clock):
        if column.table.name == "x":
            raise ZeroDivisionError("no rows")
        return iter(())

    monkeypatch.setattr("klcli.monitoring.changes.number_changes", fail)
    words = ["--fail-on", "changes", "--format", "json"]
    code, out, err = kl("drift", "ref.csv", "day2.csv", *words, *FAST)
    assert (code, err) == (3, "")
    x, k = json.loads(out)["results"]
    assert x["verdict"] == "drift"
    assert [each["code"] for each in x["changes"]] == ["not-told"]
    assert "internal: ZeroDivisionError: no rows" in x["changes"][0]["message"]
    assert k["changes"] == []


def test_a_file_that_comes_again_trips_the_gate_also_when_resumed(kl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(57721566490)
    for name in ("ref", "day1", "day2", "day3"):
        frame = pl.DataFrame({"x": rng.normal(size=300), "y": rng.normal(size=300)})
        frame.write_csv(f"{name}.csv")
    frame.write_csv("day4.csv")
    for _ in range(2):
        code, _, err = kl(
            "drift", "ref.csv", "day*.csv", "--fail-on", "changes", "--resume", "state", *FAST
        )
        assert code == 1
        assert err.endswith(
            "day4.csv: all rows stand in 'day3.csv' as well: the same data once more?\n"
        )
        assert "day3.csv: " not in err


def test_a_file_that_an_earlier_run_has_seen_is_known_again(kl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(14134725141)
    for name in ("ref", "day1", "day2", "day3"):
        frame = pl.DataFrame({"x": rng.normal(size=9000), "y": rng.integers(0, 9, 9000)})
        frame.write_csv(f"{name}.csv")
    words = ["--fail-on", "changes", "--resume", "state", *FAST]
    for night in ("day1.csv", "day2.csv", "day3.csv"):
        assert kl("drift", "ref.csv", night, *words)[0] == 0
    pl.read_csv("day2.csv").write_csv("day4.csv")
    code, _, err = kl("drift", "ref.csv", "day4.csv", *words)
    assert code == 1
    assert (
        err
        == "changes: day4.csv: all rows stand in 'day2.csv' as well: the same data once more?\n"
    )
    half = pl.concat([pl.read_csv("day3.csv").head(3000), frame.with_columns(x=-pl.col("x"))])
    half.write_csv("day5.csv")
    code, out, _ = kl("drift", "ref.csv", "day5.csv", *words, "--format", "markdown")
    assert code == 0
    assert "25 % of the rows stand in 'day3.csv' as well" in out
    # The same file once more, or written anew, is not another delivery.
    pl.read_csv("day3.csv").write_csv("day3.csv")
    assert kl("drift", "ref.csv", "day3.csv", *words, "--seed", "1")[0] == 0
    state = tmp_path / "state"
    damaged = tmp_path / "damaged"
    damaged.write_text(state.read_text().replace('"hashes": "', '"hashes": "?'))
    code, _, err = kl("drift", "ref.csv", "day4.csv", "--resume", "damaged", *FAST)
    assert code == 2
    assert err.startswith("error: --resume damaged: not a file of finished batches\nhint: ")
    # As if Polars had hashed the rows otherwise.
    state.write_text(state.read_text().replace(pl.__version__, "0.0.1"))
    assert kl("drift", "ref.csv", "day4.csv", *words, "--seed", "1")[0] == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--fail-on", "fire"], "unknown --fail-on 'fire'"),
        (["--fail-on", "never", "--fail-on", "drift"], "excludes"),
        (["--tolerance", "-1"], "no tolerance"),
        (["--reference", "last"], "no such reference"),
        (["--time", "x"], "go together"),
        (["-o", "report.gif"], "unknown extension"),
        (["-o", "day1.csv"], "overwrite"),
        (["-c", "y"], "no column 'y'"),
        (["--format", "pdf"], "unknown --format"),
    ],
)
def test_what_makes_no_sense_is_an_error(kl, folder, words, part):
    code, out, err = kl("drift", "ref.csv", "day1.csv", *words)
    assert (code, out) == (2, "")
    assert part in err
    assert "hint: " in err


def test_every_format_is_written_to_a_file_of_its_extension(kl, folder):
    written = {name: form for name, form in DRIFT_EXTENSIONS.items() if name not in DRAWN}
    files = [f"report{extension}" for extension in written]
    words = [word for name in files for word in ("-o", name)]
    code, out, _ = kl("drift", "ref.csv", "day1.csv", *words, *FAST)
    assert (code, out) == (0, "")
    assert all(Path(name).stat().st_size > 100 for name in files)
    assert set(written.values()) == set(DRIFT_FORMATS)


@pytest.mark.parametrize("form", DRIFT_FORMATS)
def test_every_format_is_printed(kl, folder, form):
    code, out, _ = kl("drift", "ref.csv", "day2.csv", "--format", form, *FAST)
    assert code == 0
    assert "drift" in out


def test_options_reach_the_run(kl, folder):
    words = ["--base", "2", "--seed", "5", "--confidence", "0.9", "-c", "x", "--tolerance", "0.3"]
    out = kl("drift", "ref.csv", "day1.csv", *words, *FAST, "--format", "json")[1]
    document = json.loads(out)
    assert (document["unit"], document["seed"], document["confidence"]) == ("bits", 5, 0.9)
    assert [(each["column"], each["tolerance"]) for each in document["results"]] == [("x", 0.3)]


def test_standard_input_is_a_batch(folder):
    done = subprocess.run(
        [*KL, "drift", "ref.csv", "-", "--format", "csv", *FAST],
        input=Path("day1.csv").read_bytes(), capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode().splitlines()[1].startswith("stdin,x,")


def test_resume(kl, folder):
    words = ["drift", "ref.csv", "day1.csv", "day2.csv", "--resume", "state", "--format", "json"]
    first = kl(*words, *FAST)
    assert len(Path("state").read_text().splitlines()) == 2
    assert kl(*words, *FAST) == first


def test_an_interrupted_run_reports_what_is_done(folder):
    for number in range(3, 40):
        Path(f"day{number}.csv").write_bytes(Path("day1.csv").read_bytes())
    process = subprocess.Popen(
        [*KL, "drift", "ref.csv", "day*.csv", "--resume", "state", "-o", "report.json"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    state, patience = Path("state"), time.monotonic() + 60
    while time.monotonic() < patience:
        if state.exists() and state.read_text().count("\n") >= 2:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "finished batches are in the report; the same command goes on from here" in err
    document = json.loads(Path("report.json").read_text())
    assert document["complete"] is False
    assert 2 <= len(document["batches"]) < 39
    assert not list(folder.glob(".report*"))


def test_a_killed_run_leaves_no_report_and_loses_no_batch(folder):
    for number in range(3, 40):
        Path(f"day{number}.csv").write_bytes(Path("day1.csv").read_bytes())
    command = [*KL, "drift", "ref.csv", "day*.csv", "--resume", "state", "-o", "report.json"]
    process = subprocess.Popen([*command, "-q", *FAST], stderr=subprocess.DEVNULL)
    state, patience = Path("state"), time.monotonic() + 60
    while time.monotonic() < patience:
        if state.exists() and state.read_text().count("\n") >= 2:
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not Path("report.json").exists()
    before = state.read_bytes().count(b"\n")
    assert subprocess.run([*command, "-q", *FAST], check=False).returncode == 0
    assert state.read_bytes().count(b"\n") == 39
    assert before >= 2
    assert len(json.loads(Path("report.json").read_text())["batches"]) == 39


def test_the_bar_can_show_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.ProgressBar(time_left=True) as bar:
        bar("day1: reading", 0.5)
        time.sleep(0.05)
        bar("day1: reading", 0.6)
    assert "day1: reading" in capsys.readouterr().err


def test_gates_are_completed(kl, monkeypatch):
    from typer.main import get_command

    from klcli.cli.app import application

    command = get_command(application()).commands["drift"]
    (option,) = [each for each in command.params if "--fail-on" in each.opts]
    context = command.make_context("drift", ["a", "b"], resilient_parsing=True)
    assert {item.value for item in option.shell_complete(context, "")} == set(GATES)


def test_a_picture_is_drawn(kl, folder):
    pytest.importorskip("matplotlib")
    code, out, _ = kl("drift", "ref.csv", "day1.csv", "-o", "drift.png", *FAST)
    assert (code, out) == (0, "")
    assert Path("drift.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_extra_is_named_before_any_work(kl, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = kl("drift", "no.csv", "no.csv", "-o", "drift.svg")
    assert (code, out) == (2, "")
    assert "pip install 'klcli[plot]'" in err


def test_a_file_that_cannot_be_written_does_not_hinder_the_rest(kl, folder, monkeypatch):
    """Once neither later files were written nor the gate was looked at."""

    def write(path, content):
        if path == Path("a.json"):
            raise UsageError(f"cannot write {path}: No space left on device", "name another file")
        path.write_text(content)

    monkeypatch.setattr("klcli.cli.output.write_file", write)
    words = ["-o", "a.json", "-o", "b.md", "--format", "csv", "--fail-on", "drift"]
    code, out, err = kl("drift", "ref.csv", "day2.csv", "-c", "x", *words, *FAST)
    assert (code, len(out.splitlines())) == (2, 2)
    assert "drift: day2.csv, x: " in err
    assert "error: cannot write a.json: No space left on device" in err
    assert Path("b.md").read_text(encoding="utf-8").startswith("**Drift in 1 of 1 column**")
