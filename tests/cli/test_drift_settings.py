"""Settings of ``kl drift`` from files, baselines, and the numbers of other tools."""

from __future__ import annotations

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from klcli.cli.output import DRIFT_FORMATS
from klcli.monitoring import run

FAST = ["--resamples", "99"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(31622776601)
    for name, shift in (("ref", 0.0), ("day1", 0.0), ("day2", 1.0)):
        frame = pl.DataFrame({"x": rng.normal(shift, 1, 2000), "k": rng.integers(0, 5, 2000)})
        frame.write_csv(tmp_path / f"{name}.csv")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(text):
    return json.loads(text)


def settings(text, name="kl.toml"):
    Path(name).write_text(text)


def test_a_file_says_everything(kl, folder):
    settings("""
[drift]
sources = ["ref.csv", "day*.csv"]
resamples = 99
fail-on = ["drift"]
output = "report.json"
[columns.k]
exclude = true
[columns."x*"]
tolerance = 0.3
""")
    code, out, err = kl("drift")
    assert (code, out) == (1, "")
    assert "drift: day2.csv, x: " in err
    results = document(Path("report.json").read_text())["results"]
    assert [(each["column"], each["tolerance"]) for each in results] == [("x", 0.3)] * 2


def test_a_file_is_found_from_folders_below_and_its_paths_are_its_own(kl, folder, monkeypatch):
    settings('[drift]\nsources = ["ref.csv", "day1.csv"]\nresamples = 99\noutput = "r.json"\n')
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    code, _, err = kl("drift", "-v")
    assert code == 0
    assert err == f"settings: {folder / 'kl.toml'}\n"
    assert (folder / "r.json").exists()


def test_flags_beat_the_file(kl, folder):
    settings("""
[tool.klcli.drift]
tolerance = 0.7
seed = 5
confidence = 0.9
fail-on = "drift"
[tool.klcli.columns.x]
tolerance = 0.9
""", "pyproject.toml")  # fmt: skip
    words = ["drift", "ref.csv", "day2.csv", "--format", "json", *FAST]
    code, out, _ = kl(*words)
    found = document(out)
    assert (code, found["seed"], found["confidence"]) == (0, 5, 0.9)
    assert [each["tolerance"] for each in found["results"]] == [0.9, 0.7]
    code, out, _ = kl(*words, "--tolerance", "0.1", "--confidence", "0.95", "--fail-on", "drift")
    found = document(out)
    assert (code, found["seed"], found["confidence"]) == (1, 5, 0.95)
    assert {each["tolerance"] for each in found["results"]} == {0.1}
    assert kl(*words, "--tolerance", "0.1", "--fail-on", "never")[0] == 0


def test_a_flag_with_its_default_beats_the_file_too(kl, folder):
    settings('[drift]\nmissing = "drop"\nseed = 7\n')
    words = ["drift", "ref.csv", "day1.csv", "-c", "k", "--format", "json", *FAST]
    assert document(kl(*words)[1])["seed"] == 7
    assert document(kl(*words, "--seed", "0")[1])["seed"] == 0


def test_no_config_and_config(kl, folder):
    settings("[drift]\nseed = 5\n")
    settings("[drift]\nseed = 6\n", "other.toml")
    words = ["drift", "ref.csv", "day1.csv", "-c", "k", "--format", "json", *FAST]
    seeds = [
        document(kl(*words, *more)[1])["seed"]
        for more in ([], ["--config", "other.toml"], ["--no-config"])
    ]
    assert seeds == [5, 6, 0]
    assert kl(*words, "--no-config", "-v")[2] == "settings: no file\n"


@pytest.mark.parametrize(
    ("text", "words", "parts"),
    [
        ("[drift]\ntolerence = 1", [], ["kl.toml: unknown key 'tolerence'", "did you mean"]),
        ("[drift]\ntolerance = 'a'", [], ["tolerance in [drift] is 'a'", "a number"]),
        ("[drift]\nfail-on = 'fire'", [], ["kl.toml: unknown --fail-on 'fire'", "choose one of"]),
        ("[drift]\nformat = 'pdf'", [], ["kl.toml: unknown format 'pdf'", "junit"]),
        ("[drift]\noutput = 'r.doc'", [], ["kl.toml: ", "unknown extension", ".html"]),
        (
            "[drift]\nformat = 'pdf'",
            ["--format", "doc"],
            ["error: unknown --format 'doc'", "junit"],
        ),
        ("", ["--config", "none.toml"], ["none.toml: No such file", "--no-config"]),
        ("", ["--config", "kl.toml", "--no-config"], ["exclude each other", "one of them"]),
        ("", ["--baseline", "none.json"], ["baseline none.json: No such file", "--write-base"]),
        ("", ["--write-baseline", "no/b.json"], ["--write-baseline no/b.json", "another file"]),
        ("", ["--write-baseline", "day1.csv"], ["overwrite the data", "another file"]),
        ("", ["-o", "x.json", "--resume", "x.json"], ["--output and --resume name the same"]),
        ("", ["-o", "x.json", "--write-baseline", "./x.json"], ["--output and --write-baseline"]),
        ("", ["--compare-binnings", "--weight", "k"], ["exclude each other", "know no weights"]),
        ("", ["--init"], ["does not overwrite kl.toml", "--config FILE"]),
        (
            "",
            ["--init", "--config", "n.toml", "--write-baseline", "b.json"],
            ["exclude", "one of"],
        ),
        ("", ["--init", "--config", "no/kl.toml"], ["cannot write no/kl.toml", "exists"]),
    ],
)
def test_what_is_wrong_is_an_error_with_a_hint(kl, folder, text, words, parts):
    settings(text)
    code, out, err = kl("drift", "ref.csv", "day1.csv", *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "hint: " in err
    assert all(part in err for part in parts)


def test_without_sources_the_remedy_is_told(kl, folder):
    code, _, err = kl("drift")
    assert code == 2
    assert "sources = " in err
    assert kl("drift", "--init")[0] == 2


def test_a_pattern_for_no_column_is_told(kl, folder):
    settings('[columns."price*"]\ntolerance = 1\n')
    code, _, err = kl("drift", "ref.csv", "day1.csv", *FAST)
    assert code == 0
    assert "note: settings for 'price*' match no column" in err


def test_init_writes_what_the_next_run_takes(kl, folder):
    words = ["drift", "--init", "ref.csv", "day1.csv", "day2.csv", "--missing", "drop", *FAST]
    code, out, err = kl(*words)
    assert (code, out) == (0, "")
    assert err == "kl.toml: settings of 2 columns; look through them, then: kl drift\n"
    written = tomllib.loads(Path("kl.toml").read_text())
    assert written["drift"]["sources"] == ["ref.csv", "day1.csv", "day2.csv"]
    assert (written["drift"]["missing"], written["drift"]["resamples"]) == ("drop", 99)
    assert set(written["columns"]) == {"x", "k"}
    before = Path("kl.toml").read_bytes()
    assert kl(*words)[0] == 2
    assert Path("kl.toml").read_bytes() == before
    code, out, _ = kl("drift", "--format", "json")
    assert code == 0
    tolerances = {each["column"]: each["tolerance"] for each in document(out)["results"]}
    assert tolerances == {name: own["tolerance"] for name, own in written["columns"].items()}
    (folder / "deep").mkdir()
    assert kl(*words, "--config", "deep/kl.toml")[0] == 0
    below = tomllib.loads(Path("deep/kl.toml").read_text())
    assert below["drift"]["sources"][0] == "../ref.csv"


def test_init_without_a_batch_is_partial(kl, folder):
    Path("day3.csv").write_text("")
    code, _, err = kl("drift", "--init", "ref.csv", "day*.csv", *FAST)
    assert code == 3
    assert "error: day3.csv: " in err
    assert set(tomllib.loads(Path("kl.toml").read_text())["columns"]) == {"x", "k"}


def test_an_interrupted_init_or_baseline_writes_nothing(kl, folder, monkeypatch):
    whole = run.drift

    def interrupted(*sources, **settings):
        return replace(whole(*sources, **settings), complete=False)

    monkeypatch.setattr(run, "drift", interrupted)
    code, _, err = kl("drift", "--init", "ref.csv", "day1.csv", *FAST)
    assert code == 130
    assert "interrupted: kl.toml is not written" in err
    code, _, err = kl("drift", "ref.csv", "day1.csv", "--write-baseline", "known.json", *FAST)
    assert code == 130
    assert "interrupted: known.json is not written" in err
    assert not list(folder.glob("k*"))


def test_a_baseline_that_the_settings_name_can_be_written_for_the_first_time(kl, folder):
    settings('[drift]\nbaseline = "known.json"\n')
    words = ["drift", "ref.csv", "day2.csv", "--fail-on", "drift", *FAST]
    assert "known.json: No such file" in kl(*words)[2]
    assert kl(*words, "--write-baseline", "known.json")[0] == 1
    assert kl(*words)[0] == 0
    assert (
        "no.json: No such file"
        in kl(*words, "--write-baseline", "k.json", "--baseline", "no.json")[2]
    )


def test_a_baseline_lets_known_drift_pass(kl, folder):
    words = ["drift", "ref.csv", "day2.csv", "--fail-on", "drift", *FAST]
    code, _, _ = kl(*words, "--write-baseline", "known.json")
    assert code == 1
    assert kl(*words, "--baseline", "known.json")[0] == 0
    settings('[drift]\nbaseline = "known.json"\n')
    code, out, err = kl(*words, "--format", "table")
    assert (code, err) == (0, "")
    assert "No new drift; known drift in 1 of 2 columns" in out
    assert "known drift" in out
    frame = pl.read_csv("day2.csv").with_columns(pl.col("x") + 1)
    frame.write_csv("day3.csv")
    code, _, err = kl("drift", "ref.csv", "day3.csv", "--fail-on", "drift", *FAST)
    assert code == 1
    assert "drift: day3.csv, x: " in err
    frame.with_columns(x="k", k="x").write_csv("day4.csv")
    assert kl("drift", "ref.csv", "day4.csv", "--fail-on", "drift", *FAST)[0] == 1
    code, _, err = kl("drift", "ref.csv", "day1.csv", "--tolerance", "0.2", *FAST)
    assert code == 0
    assert "note: 1 entry of the baseline no longer holds: 'drift of x'" in err


def test_a_baseline_lets_known_changes_pass(kl, folder):
    frame = pl.read_csv("day1.csv")
    gap = pl.when(pl.int_range(pl.len()) > 200).then("x").alias("x")
    frame.select(gap, z=pl.lit(1)).write_csv("new.csv")
    words = ["drift", "ref.csv", "new.csv", "--fail-on", "changes", "--fail-on", "schema", *FAST]
    assert kl(*words, "--write-baseline", "known.json")[0] == 1
    assert kl(*words, "--baseline", "known.json")[0] == 0
    frame.select(gap, z=pl.lit(1), zz=pl.lit(1)).write_csv("new.csv")
    code, _, err = kl(*words, "--baseline", "known.json")
    assert code == 1
    assert "schema: new.csv: columns that the reference lacks: 'z', 'zz'" in err
    assert "null-rate" not in err
    assert "lost" not in err


def test_a_column_that_is_written_otherwise_is_named(kl, folder):
    frame = pl.read_csv("day1.csv")
    frame.rename({"x": "X_"}).write_csv("new.csv")
    _, _, err = kl("drift", "ref.csv", "new.csv", "--fail-on", "schema", *FAST)
    assert "columns of the reference that are lost: 'x'; 'x' may be 'X_' of the batch" in err


@pytest.mark.parametrize("form", DRIFT_FORMATS)
def test_every_format_shows_what_other_tools_print(kl, folder, form):
    words = ["drift", "ref.csv", "day2.csv", "--format", form, *FAST]
    code, out, _ = kl(*words, "--compare-binnings")
    assert code == 0
    assert "Evidently" in out or "evidently-kl" in out
    assert "vidently" not in kl(*words)[1]


def test_records_mark_what_is_known(kl, folder):
    words = ["drift", "ref.csv", "day2.csv", "--tolerance", "0.1", *FAST]
    kl(*words, "--write-baseline", "known.json")
    rows = csv.DictReader(
        kl(*words, "--baseline", "known.json", "--format", "csv")[1].splitlines()
    )
    assert [(row["column"], row["verdict"], row["known"]) for row in rows] == [
        ("x", "drift", "drift"),
        ("k", "stable", ""),
    ]
    metrics = kl(*words, "--baseline", "known.json", "--format", "prometheus")[1]
    assert 'kl_drift_known_results{reference="ref.csv",column="x"} 1.0' in metrics


@pytest.mark.parametrize("form", ["table", "json", "markdown", "html", "junit"])
def test_every_format_marks_what_is_known(kl, folder, form):
    words = ["drift", "ref.csv", "day2.csv", *FAST]
    kl(*words, "--write-baseline", "known.json")
    code, out, _ = kl(*words, "--baseline", "known.json", "--format", form)
    assert code == 0
    mark = '"known": [\n        "drift"' if form == "json" else "known drift"
    assert mark in out


def test_resumed_batches_keep_what_other_tools_print(kl, folder):
    words = ["drift", "ref.csv", "day1.csv", "day2.csv", "--resume", "state", "--format", "json"]
    first = kl(*words, "--compare-binnings", *FAST)
    assert len(Path("state").read_text().splitlines()) == 2
    assert kl(*words, "--compare-binnings", *FAST) == first
    kl(*words, *FAST)
    assert len(Path("state").read_text().splitlines()) == 4


def test_what_was_tried_is_kept_between_runs(kl, folder):
    settings("""
[drift]
neighbors = "cv"
max-rows = 300
resamples = 19
column = ["x"]
""")
    words = ("drift", "ref.csv", "day1.csv", "--resume", "state.jsonl", "--format", "json", "-q")
    first, again = (document(kl(*words)[1]) for _ in range(2))
    (result,) = [each for each in first["results"] if each["direction"] == "forward"]
    assert [each["option"] for each in result["tuning"]] == ["neighbors"]
    assert len(result["tuning"][0]["tried"]) > 4
    assert first["results"] == again["results"]
