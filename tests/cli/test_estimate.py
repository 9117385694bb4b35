from __future__ import annotations

import json
from dataclasses import replace

import pytest
from render.reports import HEAVY, INFINITE, MIXED, OK, UNDEFINED, both, report

from klcli.errors import InputError
from klcli.render import markdown, records, table

RENDERED = {
    "table": table.table(MIXED),
    "json": records.as_json(MIXED),
    "jsonl": records.as_jsonl(MIXED),
    "csv": records.as_csv(MIXED),
    "tsv": records.as_tsv(MIXED),
    "markdown": markdown.markdown(MIXED),
}
EXTENSIONS = {
    "table": "txt", "json": "json", "jsonl": "jsonl", "csv": "csv", "tsv": "tsv", "markdown": "md",
}  # fmt: skip


def test_defaults_are_those_of_the_library(estimation, kl):
    assert kl("estimate", "a.csv", "b.csv")[0] == 0
    assert estimation.sources == ("a.csv", "b.csv")
    assert estimation.asked == {
        "column": (),
        "exclude": (),
        "divergence": ("kl",),
        "direction": "both",
        "density": "auto",
        "estimator": "auto",
        "interval": "auto",
        "confidence": 0.95,
        "base": "e",
        "missing": "category",
        "categorical": (),
        "numeric": (),
        "weight": None,
        "smoothing": None,
        "bins": None,
        "bandwidth": None,
        "neighbors": None,
        "joint": False,
        "max_rows": None,
        "resamples": 999,
        "seed": 0,
        "input_format": None,
        "progress": None,
    }


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--column", "x", "-c", "y"], "column", ["x", "y"]),
        (["--exclude", "x", "--exclude", "y"], "exclude", ["x", "y"]),
        (["--divergence", "js", "--divergence", "ks"], "divergence", ["js", "ks"]),
        (["--direction", "reverse"], "direction", "reverse"),
        (["--density", "kde"], "density", "kde"),
        (["--estimator", "monte-carlo"], "estimator", "monte-carlo"),
        (["--interval", "bca"], "interval", "bca"),
        (["--confidence", "0.9"], "confidence", 0.9),
        (["--base", "2"], "base", "2"),
        (["--base", "10"], "base", "10"),
        (["--missing", "drop"], "missing", "drop"),
        (["--categorical", "x", "--categorical", "y"], "categorical", ["x", "y"]),
        (["--numeric", "x"], "numeric", ["x"]),
        (["--weight", "w"], "weight", "w"),
        (["--smoothing", "laplace"], "smoothing", "laplace"),
        (["--smoothing", "0.5"], "smoothing", 0.5),
        (["--bins", "knuth"], "bins", "knuth"),
        (["--bins", "20"], "bins", 20),
        (["--bins", "0,10,20.5"], "bins", [0.0, 10.0, 20.5]),
        (["--bandwidth", "cv"], "bandwidth", "cv"),
        (["--bandwidth", "0.25"], "bandwidth", 0.25),
        (["--neighbors", "7"], "neighbors", 7),
        (["--neighbors", "cv"], "neighbors", "cv"),
        (["--bins", "cv"], "bins", "cv"),
        (["--joint"], "joint", True),
        (["--max-rows", "500"], "max_rows", 500),
        (["--resamples", "99"], "resamples", 99),
        (["--seed", "7"], "seed", 7),
        (["--input-format", "csv"], "input_format", "csv"),
    ],
)
def test_options_reach_the_library(estimation, kl, words, name, value):
    assert kl("estimate", "a.csv", "b.csv", *words)[0] == 0
    assert estimation.asked[name] == value


@pytest.mark.parametrize("name", RENDERED)
def test_format(estimation, kl, name):
    code, out, err = kl("estimate", "a", "b", "--format", name, "-q")
    assert (code, out, err) == (0, RENDERED[name], "")


def test_a_pipe_gets_tsv(estimation, kl):
    assert kl("estimate", "a", "b")[1] == RENDERED["tsv"]


def test_notes_go_to_standard_error_unless_quiet(estimation, kl):
    assert kl("estimate", "a", "b")[2] == "note: only in P: gate\n"
    assert kl("estimate", "a", "b", "--quiet")[2] == ""


def test_verbose_reaches_tables_and_markdown(estimation, kl):
    verbose = kl("estimate", "a", "b", "--format", "table", "-v")[1]
    assert verbose == table.table(MIXED, verbose=True) != RENDERED["table"]
    verbose = kl("estimate", "a", "b", "--format", "markdown", "-v")[1]
    assert verbose == markdown.markdown(MIXED, verbose=True) != RENDERED["markdown"]


def test_an_error_of_the_library_is_two_lines(estimation, kl):
    estimation.error = InputError("a.csv is empty", "give a file with rows")
    assert kl("estimate", "a.csv", "b.csv") == (
        2,
        "",
        "error: a.csv is empty\nhint: give a file with rows\n",
    )


@pytest.mark.usefixtures("estimation")
class TestOutput:
    @pytest.mark.parametrize("name", RENDERED)
    def test_the_extension_chooses_and_standard_output_stays_empty(self, kl, tmp_path, name):
        path = tmp_path / f"drift.{EXTENSIONS[name]}"
        assert kl("estimate", "a", "b", "-q", "-o", path) == (0, "", "")
        assert path.read_text(encoding="utf-8") == RENDERED[name]
        assert list(tmp_path.iterdir()) == [path]

    def test_several_files_and_a_format(self, kl, tmp_path):
        one, two = tmp_path / "1.JSON", tmp_path / "2.md"
        code, out, _ = kl(
            "estimate", "a", "b", "--output", one, "--output", two, "--format", "csv"
        )
        assert (code, out) == (0, RENDERED["csv"])
        assert json.loads(one.read_text(encoding="utf-8")) == MIXED.to_dict()
        assert two.read_text(encoding="utf-8") == RENDERED["markdown"]

    def test_what_cannot_be_written_is_refused_before_the_work(self, estimation, kl, tmp_path):
        path = tmp_path / "missing" / "drift.json"
        code, out, err = kl("estimate", "a", "b", "-o", path)
        assert (code, out) == (2, "")
        assert err.startswith(f"error: --output {path}: the folder {path.parent} does not exist\n")
        assert "hint: create it first: mkdir -p" in err
        assert estimation.sources == ()

    def test_inputs_are_not_overwritten(self, kl, tmp_path):
        data = tmp_path / "a.csv"
        data.write_text("x\n1\n")
        code, _, err = kl("estimate", data, "b.csv", "-o", data)
        assert code == 2
        assert "would overwrite the data it is computed from" in err
        assert data.read_text() == "x\n1\n"

    def test_a_failure_leaves_the_old_file(self, estimation, kl, tmp_path):
        path = tmp_path / "drift.json"
        path.write_text("old")
        estimation.error = InputError("a.csv is empty", "")
        assert kl("estimate", "a.csv", "b", "-o", path)[0] == 2
        assert path.read_text() == "old"


@pytest.mark.usefixtures("estimation")
class TestValue:
    @pytest.mark.parametrize(
        ("result", "shown"),
        [
            (replace(OK, estimate=0.1 + 0.2), "0.30000000000000004"),
            (INFINITE, "inf"),
            (UNDEFINED, "nan"),
        ],
    )
    def test_the_number_alone_in_full(self, estimation, kl, result, shown):
        estimation.report = report(result)
        assert kl("estimate", "a", "b", "-c", "x", "--value")[:2] == (0, f"{shown}\n")

    def test_it_is_forward_unless_told_otherwise(self, estimation, kl):
        estimation.report = report(OK)
        kl("estimate", "a", "b", "--value")
        assert estimation.asked["direction"] == "forward"
        kl("estimate", "a", "b", "--value", "--direction", "reverse")
        assert estimation.asked["direction"] == "reverse"

    def test_its_warnings_go_to_standard_error(self, estimation, kl):
        estimation.report = report(replace(OK, warnings=(HEAVY,)))
        assert kl("estimate", "a", "b", "--value")[2] == f"note: {HEAVY.message}\n"
        assert kl("estimate", "a", "b", "--value", "-q")[2] == ""

    def test_several_columns_are_refused(self, estimation, kl):
        estimation.report = report(OK, replace(OK, column="y"))
        assert kl("estimate", "a", "b", "--value") == (
            2,
            "",
            "error: --value needs exactly one column, not 2\nhint: choose one with --column: x, y\n",
        )

    def test_it_excludes_format(self, kl):
        code, out, err = kl("estimate", "a", "b", "--value", "--format", "json")
        assert (code, out) == (2, "")
        assert err.startswith("error: --value and --format exclude each other\n")

    def test_files_are_written_as_well(self, estimation, kl, tmp_path):
        estimation.report = report(OK)
        path = tmp_path / "x.json"
        assert kl("estimate", "a", "b", "--value", "-o", path)[:2] == (0, "0.1234\n")
        assert json.loads(path.read_text(encoding="utf-8")) == report(OK).to_dict()


@pytest.mark.usefixtures("estimation")
class TestFailAbove:
    def test_a_whole_interval_above_trips_and_is_named(self, kl):
        code, out, err = kl("estimate", "a", "b", "--fail-above", "0.195", "-q")
        assert code == 1
        assert out == RENDERED["tsv"]
        assert err == (
            "above: air_time D(P‖Q) = 0.2123 nats, interval 0.2001 … 0.2245, all above 0.195\n"
            "above: air_time D(Q‖P) ≥ 0.3123 nats, interval 0.273 … 0.352, all above 0.195\n"
        )

    def test_an_interval_across_is_undecided(self, estimation, kl):
        estimation.report = report(*both("x", OK, replace(OK, estimate=0.115)))
        code, _, err = kl("estimate", "a", "b", "--fail-above", "0.12")
        assert code == 0
        assert err == (
            "undecided: x D(P‖Q) = 0.1234 nats, above 0.12, "
            "but its interval 0.1112 … 0.1353 is not\n"
        )
        assert kl("estimate", "a", "b", "--fail-above", "0.12", "-q")[2] == ""

    def test_nothing_is_said_below(self, estimation, kl):
        estimation.report = report(OK)
        code, _, err = kl("estimate", "a", "b", "--fail-above", "0.2")
        assert (code, err) == (0, "")

    def test_what_has_no_number_is_not_passed_in_silence(self, estimation, kl):
        estimation.report = report(INFINITE, replace(UNDEFINED, column="y"))
        code, _, err = kl("estimate", "a", "b", "--fail-above", "0.2")
        assert code == 0
        assert err == (
            "undecided: x D(P‖Q) = inf nats, but the data only show that it is above 0.1112, "
            "not 0.2\n"
            "undecided: y D(P‖Q) has no estimate to compare with 0.2\n"
        )

    def test_files_and_values_are_written_before_it_fails(self, estimation, kl, tmp_path):
        estimation.report = report(OK)
        path = tmp_path / "x.csv"
        code, out, _ = kl("estimate", "a", "b", "--value", "-o", path, "--fail-above", "0")
        assert (code, out) == (1, "0.1234\n")
        assert path.exists()

    def test_nan_is_refused(self, estimation, kl):
        assert kl("estimate", "a", "b", "--fail-above", "nan")[0] == 2
        assert estimation.sources == ()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--density", "kd"], "unknown --density 'kd'", "choose one of: auto, frequency,"),
        (["--format", "xml"], "unknown --format 'xml'", "choose one of: table, json, jsonl,"),
        (["--base", "3"], "unknown --base '3'", "choose one of: e, 2, 10"),
        (["--bins", "1,x"], "--bins '1,x' is not a list of numbers", "--bins 0,10,20.5"),
        (["--seed", "x"], "'--seed'", "see kl estimate --help"),
        (["--densty", "kde"], "no such option: --densty", "see kl estimate --help"),
        (["extra"], "extra", "see kl estimate --help"),
    ],
)
def test_wrong_usage_is_two_lines_and_2(estimation, kl, words, message, hint):
    code, out, err = kl("estimate", "a", "b", *words)
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith("hint: ")
    assert hint in second
    assert estimation.sources == ()


def test_a_missing_argument(kl):
    assert kl("estimate", "a") == (
        2,
        "",
        "error: missing argument 'Q'\nhint: see kl estimate --help\n",
    )
